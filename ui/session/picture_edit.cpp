// SPDX-License-Identifier: MIT
#include "ui/session/picture_edit.h"

#include "core/api/inpainting_square.h"
#include "core/api/source_picture.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "ui/session/drawing.h"
#include "ui/session/picture_codec.h"

#include <QCoreApplication>
#include <QCryptographicHash>

#include <algorithm>

namespace reverie::ui {

namespace {

namespace fs = std::filesystem;

constexpr const char* mask_name = "mask.png";
constexpr int feather_share = 32; ///< of the picture's shorter side
constexpr int least_feather = 2, most_feather = 64;

QString tr(const char* text)
{
    return QCoreApplication::translate("reverie::ui::PictureEdit", text);
}

QByteArray maskFile(const Image& mask)
{
    return encodePicture(toQImage(mask), ImageFormat::Png, 100);
}

} // namespace

PictureEdit::PictureEdit(SourcePicture source)
    : picture(std::move(source))
    , mask(size())
    , feather(
          std::clamp(std::min(size().width(), size().height()) / feather_share, least_feather, most_feather))
{
}

std::optional<PictureEdit> PictureEdit::of(const Recipe& recipe)
{
    if (recipe.inpaint) {
        PictureEdit edit(recipe.inpaint->picture);
        edit.mask = PictureMask(recipe.inpaint->mask.image);
        edit.feather = PictureMask::featherOf(recipe.inpaint->mask.image);
        edit.resampleTimes = recipe.inpaint->resample_times;
        return edit;
    }
    if (recipe.outpaint) {
        const auto& wanted = *recipe.outpaint;
        PictureEdit edit(wanted.picture);
        edit.kind = Kind::Extend;
        const QSize size = edit.size();
        const int width = wanted.width > 0 ? wanted.width : 2 * size.width();
        const int height = wanted.height > 0 ? wanted.height : 2 * size.height();
        const int left = wanted.left.value_or((width - size.width()) / 2);
        const int top = wanted.top.value_or((height - size.height()) / 2);
        edit.frame = { left, top, width - size.width() - left, height - size.height() - top };
        edit.resampleTimes = wanted.resample_times;
        edit.overlap = wanted.overlap;
        return edit;
    }
    if (recipe.start) {
        PictureEdit edit(recipe.start->picture);
        edit.kind = Kind::Start;
        edit.strength = recipe.start->strength;
        return edit;
    }
    return {};
}

std::optional<PictureEdit> PictureEdit::takenFrom(Recipe& recipe)
{
    const auto sources = sources_of(recipe);
    const bool isWhole = std::none_of(sources.begin(), sources.end(),
                                      [](const SourcePicture* source) { return source->image.empty(); });
    auto edit = isWhole ? of(recipe) : std::nullopt;
    recipe.start.reset();
    recipe.inpaint.reset();
    recipe.outpaint.reset();
    return edit;
}

QString PictureEdit::problem(int side) const
{
    if (kind == Kind::Repaint && mask.isEmpty())
        return tr("Paint over what is to be drawn anew first.");
    try {
        if (kind == Kind::Repaint)
            square_to_inpaint(toImage(mask.image()));
    } catch (const Error& error) {
        return QString::fromStdString(error.what());
    }
    if (kind == Kind::Extend && frame.isNull())
        return tr("Drag the frame larger than the picture first.");
    if (kind == Kind::Extend && (frameSize().width() < side || frameSize().height() < side))
        return tr("This model draws %1 by %1 pixels at a time; make the frame at least that large.")
            .arg(side);
    return {};
}

void PictureEdit::applyTo(Recipe& recipe) const
{
    recipe.start.reset();
    recipe.inpaint.reset();
    recipe.outpaint.reset();
    switch (kind) {
    case Kind::Repaint: {
        SourcePicture painted{ .image = toImage(mask.feathered(feather)), .file = mask_name };
        painted.sha256 = QCryptographicHash::hash(maskFile(painted.image), QCryptographicHash::Sha256)
                             .toHex()
                             .toStdString();
        painted.drawn = picture.drawn; // it says nothing about where the picture comes from
        recipe.inpaint = InpaintPicture{ picture, std::move(painted), resampleTimes };
        return;
    }
    case Kind::Extend: {
        OutpaintPicture wanted{ .picture = picture };
        wanted.width = frameSize().width();
        wanted.height = frameSize().height();
        wanted.left = frame.left();
        wanted.top = frame.top();
        wanted.overlap = overlap;
        wanted.resample_times = resampleTimes;
        recipe.outpaint = std::move(wanted);
        return;
    }
    case Kind::Start:
        recipe.start = StartPicture{ picture, strength };
    }
}

void writeMask(const fs::path& picture, const Recipe& recipe)
{
    if (!recipe.inpaint || recipe.inpaint->mask.file != mask_name || recipe.inpaint->mask.image.empty())
        return;
    const fs::path folder = kept_beside(picture);
    std::error_code error; // the file says it better
    fs::create_directories(folder, error);
    write_file(folder / mask_name, maskFile(recipe.inpaint->mask.image).toStdString());
}

} // namespace reverie::ui
