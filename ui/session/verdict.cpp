// SPDX-License-Identifier: MIT
#include "ui/session/verdict.h"

#include "ui/session/path.h"
#include "ui/session/picture_codec.h"

#include "core/api/picture_file.h"
#include "core/api/source_picture.h"
#include "core/base/error.h"

#include <QCoreApplication>

#include <cmath>
#include <limits>

namespace reverie::ui {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("reverie::ui::Verdict", text);
}

} // namespace

double psnr(const Image& a, const Image& b)
{
    double squares = 0;
    for (std::size_t i = 0; i < a.rgb.size(); ++i)
        squares += std::pow(double(a.rgb[i]) - double(b.rgb[i]), 2);
    if (squares == 0)
        return std::numeric_limits<double>::infinity();
    return 10 * std::log10(255.0 * 255.0 * static_cast<double>(a.rgb.size()) / squares);
}

QString Verdict::sentence() const
{
    if (stopped)
        return tr("Stopped before the picture was drawn again.");
    const QString other = otherModel ? tr(" It was drawn by another model than the open one.") : QString();
    if (same)
        return tr("Drawn again, it is the same in every pixel.");
    const QString near = psnr >= 40 ? tr("the same to the eye")
        : psnr >= 25                ? tr("similar")
                                    : tr("another picture");
    return tr("Drawn again, it is %1 (PSNR %2 dB).").arg(near).arg(psnr, 0, 'f', 1) + other;
}

Verdict verifyPicture(Generator& generator, const std::filesystem::path& file, std::stop_token stop)
{
    const PictureMaking making = read_making(file);
    if (!making.axes.empty())
        throw Error(file.string()
                    + " is a grid, which is not drawn in one piece; choose one of its pictures.");
    if (!making.complete)
        throw Error(file.string()
                    + " was stopped early, so it can't be drawn again; choose a finished picture.");
    const Image kept = toImage(readPicture(toQString(file)));
    GenerateRequest request = request_from(making);
    restore_sources(request.recipe, source_folders(file));
    request.preview_every = 0;
    const GenerateResult result = generator.generate(request, {}, stop);
    Verdict verdict;
    verdict.stopped = result.stopped || result.pictures.empty();
    if (verdict.stopped)
        return verdict;
    verdict.otherModel
        = !making.settings.model_hash.empty() && making.settings.model_hash != result.settings.model_hash;
    const Image& drawn = result.pictures.front().image;
    if (drawn.width != kept.width || drawn.height != kept.height)
        throw Error(file.string() + " has " + std::to_string(kept.width) + " by "
                    + std::to_string(kept.height) + " pixels and its record draws "
                    + std::to_string(drawn.width) + " by " + std::to_string(drawn.height)
                    + "; it was scaled, or open the model it was drawn with.");
    verdict.psnr = psnr(kept, drawn);
    verdict.same = kept == drawn;
    return verdict;
}

} // namespace reverie::ui
