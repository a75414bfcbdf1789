// SPDX-License-Identifier: MIT
#include "ui/session/picture_stages.h"

#include "ui/session/drawing.h"
#include "ui/session/path.h"
#include "ui/session/picture_codec.h"

#include "core/base/error.h"
#include "core/base/file.h"

#include <QDir>

#include <algorithm>

namespace reverie::ui {

namespace {

namespace fs = std::filesystem;

constexpr int largest_side = 256, quality = 90;
constexpr std::size_t most_frames = 100;
constexpr int frame_ms = 40; ///< that reads back how many steps look the same

fs::path folderOf(const fs::path& picture)
{
    return picture.string() + ".reverie";
}

std::vector<AnimationFrame> framesOf(const std::vector<Image>& steps)
{
    std::vector<AnimationFrame> frames;
    const std::size_t count = std::min(steps.size(), most_frames);
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t step = count == 1 ? 0 : i * (steps.size() - 1) / (count - 1);
        QImage image = toQImage(steps[step]);
        if (image.width() > largest_side || image.height() > largest_side)
            image = image.scaled(largest_side, largest_side, Qt::KeepAspectRatio, Qt::SmoothTransformation);
        frames.push_back({ image, frame_ms });
    }
    return frames;
}

std::vector<QImage> stepsOf(const std::vector<AnimationFrame>& frames)
{
    std::vector<QImage> steps;
    for (const AnimationFrame& frame : frames)
        steps.insert(steps.end(), static_cast<std::size_t>(std::max(1, frame.milliseconds / frame_ms)),
                     frame.image);
    return steps;
}

} // namespace

void writeStages(const fs::path& picture, const Picture& drawn, const PictureMaking& making)
{
    const auto drawnStages = std::count_if(drawn.stages.begin(), drawn.stages.end(),
                                           [](const Image& image) { return !image.empty(); });
    const fs::path folder = folderOf(picture);
    std::error_code error; // the files say it better
    if (drawnStages > 1)
        fs::create_directories(folder, error);
    for (std::size_t i = 0; drawnStages > 1 && i < drawn.stages.size(); ++i) {
        if (drawn.stages[i].empty())
            continue;
        PictureMaking stage = making;
        stage.width = drawn.stages[i].width;
        stage.height = drawn.stages[i].height;
        write_picture(folder / ("stage-" + std::to_string(i + 1) + ".png"), drawn.stages[i], stage);
    }
    for (std::size_t i = 0; i < drawn.steps.size(); ++i) {
        if (drawn.steps[i].empty())
            continue;
        fs::create_directories(folder, error);
        write_file(folder / ("steps-" + std::to_string(i + 1) + ".webp"),
                   encodeAnimation(framesOf(drawn.steps[i]), quality).toStdString());
    }
}

PictureStages readStages(const QString& picture)
{
    PictureStages kept;
    const QDir folder(toQString(folderOf(toPath(picture))));
    for (const QString& name : folder.entryList({ QStringLiteral("stage-*.png") }, QDir::Files, QDir::Name))
        if (const QImage image = readPicture(folder.filePath(name)); !image.isNull())
            kept.stages.push_back(image);
    for (const QString& name :
         folder.entryList({ QStringLiteral("steps-*.webp") }, QDir::Files, QDir::Name)) {
        QFile file(folder.filePath(name));
        if (!file.open(QFile::ReadOnly))
            continue;
        if (auto steps = stepsOf(decodeAnimation(file.readAll())); !steps.empty())
            kept.steps.push_back(std::move(steps));
    }
    return kept;
}

Picture readDrawn(const QString& picture, const PictureMaking& making)
{
    const QImage image = readPicture(picture);
    if (image.isNull())
        throw Error("The picture " + picture.toStdString() + " can't be read.");
    Picture drawn;
    drawn.prompt = making.prompt;
    drawn.seed = making.seed;
    drawn.complete = making.complete;
    drawn.image = toImage(image);
    const auto toImages = [](const std::vector<QImage>& kept) {
        std::vector<Image> images;
        std::transform(kept.begin(), kept.end(), std::back_inserter(images), toImage);
        return images;
    };
    const PictureStages kept = readStages(picture);
    drawn.stages = toImages(kept.stages);
    std::transform(kept.steps.begin(), kept.steps.end(), std::back_inserter(drawn.steps), toImages);
    return drawn;
}

} // namespace reverie::ui
