// SPDX-License-Identifier: MIT
#ifdef REVERIE_WITH_QT

#include "app/dream/commands.h"
#include "app/dream/gallery_program.h"
#include "app/dream/interrupt.h"
#include "core/api/model_info.h"
#include "core/base/error.h"
#include "ui/session/gallery_meaning.h"
#include "ui/session/path.h"

#include <QFileInfo>

namespace dream_gallery {

using namespace reverie::ui;
using nlohmann::json;

namespace {

/// The CLIP that places pictures, and the hash of its model's file.
struct Clip {
    std::unique_ptr<reverie::Generator> generator;
    QString hash;
};

Clip openClip(const GalleryOptions& options, Output& output)
{
    const auto model = reverie::find_model(options.model);
    output.progress("Loading " + model.filename().string() + " ...");
    return { reverie::open_generator(model, { .device = options.device }),
             QString::fromStdString(reverie::hash_file(model)) };
}

/// False if it was interrupted; what was placed until then stays.
bool placeAll(Gallery& gallery, Clip& clip, Output& output)
{
    const Interrupt interrupt;
    const auto ids = gallery.unplaced(clip.hash);
    constexpr int slice = 32;
    for (int i = 0; i < ids.size(); i += slice) {
        if (interrupt.token().stop_requested())
            return false;
        output.progress(progressBar(double(i) / double(ids.size())) + " looking at " + std::to_string(i)
                        + " of " + std::to_string(ids.size()));
        gallery.place(clip.hash,
                      placePictures(clip.generator->embedder(), gallery.entries(ids.mid(i, slice))));
    }
    output.clearProgress();
    return true;
}

reverie::Embedding pointOf(const GalleryOptions& options, Clip& clip)
{
    if (!options.meaning.empty())
        return clip.generator->embedder().texts({ options.meaning }).front();
    GalleryEntry entry;
    entry.path = QFileInfo(QFile::decodeName(options.like.c_str())).absoluteFilePath();
    auto point = placePictures(clip.generator->embedder(), { entry }).front().second;
    if (point.empty())
        throw reverie::Error(options.like + " can't be read as a picture; give a PNG, JPEG or WebP.");
    return point;
}

void print(const GalleryFound& found, const QList<GalleryEntry>& entries, Output& output)
{
    for (const GalleryEntry& entry : entries) {
        const int folded = found.folded.value(entry.id);
        const auto place = static_cast<std::size_t>(found.ids.indexOf(entry.id));
        json object = toJson(entry);
        object["near_duplicates"] = folded;
        if (place < found.nearness.size())
            object["nearness"] = found.nearness[place];
        output.result(entry.path.toStdString() + (folded > 0 ? " (" + std::to_string(folded + 1) + ")" : ""));
        output.object(object);
    }
    if (entries.isEmpty())
        output.note("There is no such picture.");
}

} // namespace

int search(const GalleryOptions& options)
{
    if (!options.meaning.empty() && !options.like.empty())
        throw reverie::UsageError("Give either --meaning or --like.");
    if (!options.like.empty() && !QFileInfo(QFile::decodeName(options.like.c_str())).isFile())
        throw reverie::UsageError("There is no picture " + options.like + "; check the path of --like.");
    const QtProgram program(QtProgram::Fonts::No);
    Output output(options.json);
    GalleryQuery query = queryOf(options);
    OpenGallery open(output);
    if (options.fold || !options.meaning.empty() || !options.like.empty()) {
        Clip clip = openClip(options, output);
        if (!placeAll(open.gallery, clip, output))
            return Interrupted;
        query.placedBy = clip.hash;
        query.fold = options.fold;
        if (!options.meaning.empty() || !options.like.empty())
            query.point = pointOf(options, clip);
    }
    const GalleryFound found = open.gallery.search(query);
    const auto ids = options.limit > 0 ? found.ids.mid(0, options.limit) : found.ids;
    print(found, open.gallery.entries(ids), output);
    return Done;
}

} // namespace dream_gallery

#endif
