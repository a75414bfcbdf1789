// SPDX-License-Identifier: MIT
#include "app/dream/commands.h"

#ifdef REVERIE_WITH_QT

#include "app/dream/gallery_program.h"
#include "app/dream/generate_options.h"
#include "app/dream/interrupt.h"
#include "core/base/error.h"
#include "ui/session/export.h"
#include "ui/session/path.h"
#include "ui/session/verdict.h"

namespace {

using namespace reverie::ui;
using namespace dream_gallery;
using nlohmann::json;

QString toQString(const std::string& text)
{
    return QString::fromStdString(text);
}

int list(const GalleryOptions& options)
{
    const QtProgram program(QtProgram::Fonts::No);
    Output output(options.json);
    auto entries = chosen(options, output);
    if (options.limit > 0)
        entries = entries.mid(0, options.limit);
    for (const GalleryEntry& entry : entries) {
        output.result(entry.path.toStdString());
        output.object(toJson(entry));
    }
    if (entries.isEmpty())
        output.note("There is no such picture.");
    return Done;
}

int add(const GalleryOptions& options)
{
    const QtProgram program(QtProgram::Fonts::No);
    Output output(options.json);
    Gallery gallery(GalleryPlaces::standard());
    for (const std::string& path : options.words)
        gallery.add(QFile::decodeName(path.c_str()));
    const auto before = gallery.facets().pictures;
    const QStringList changes = gallery.findChanges();
    gallery.index(changes);
    const int pictures = gallery.facets().pictures;
    output.result(countText(pictures) + " pictures in the gallery, " + std::to_string(pictures - before)
                  + " of folders");
    output.object({ { "type", "result" }, { "pictures", pictures } });
    return Done;
}

int rebuild(const GalleryOptions& options)
{
    const QtProgram program(QtProgram::Fonts::No);
    Output output(options.json);
    Gallery gallery(GalleryPlaces::standard());
    gallery.rebuild([&output](int done, int of) {
        output.progress(progressBar(double(done) / of) + " " + std::to_string(done) + " of "
                        + std::to_string(of));
    });
    output.clearProgress();
    const int pictures = gallery.facets().pictures;
    output.result(countText(pictures) + " pictures");
    output.object({ { "type", "result" }, { "pictures", pictures } });
    return Done;
}

int verify(const GalleryOptions& options)
{
    const QtProgram program(QtProgram::Fonts::No);
    Output output(options.json);
    const auto entries = chosen(options, output);
    if (entries.isEmpty())
        throw reverie::UsageError("There is no such picture; give a file or other words.");
    const Interrupt interrupt;
    std::unique_ptr<reverie::Generator> generator;
    std::string opened;
    bool allSame = true;
    for (const GalleryEntry& entry : entries) {
        GenerateOptions from;
        from.from = toPath(entry.path).string();
        from.model = options.model;
        from.device = options.device;
        const GenerateJob job = makeJob(from);
        const std::string key = job.model.path.string() + '\n' + job.generator.dtype;
        output.progress("Drawing " + entry.path.toStdString() + " again ...");
        if (key != opened)
            generator = reverie::open_generator(job.model.path, job.generator);
        opened = key;
        const Verdict verdict = verifyPicture(*generator, toPath(entry.path), interrupt.token());
        output.clearProgress();
        if (verdict.stopped)
            return Interrupted;
        allSame = allSame && verdict.same;
        output.result(entry.path.toStdString() + ": " + verdict.sentence().toStdString());
        output.object({ { "type", "verdict" },
                        { "path", entry.path.toStdString() },
                        { "same", verdict.same },
                        { "psnr", verdict.same ? json() : json(verdict.psnr) },
                        { "other_model", verdict.otherModel } });
    }
    return allSame ? Done : Failed;
}

ExportOptions exportOptions(const GalleryOptions& options)
{
    ExportOptions made;
    made.kind = exportKindFromName(toQString(options.format));
    made.image = imageFormatFromName(toQString(options.image));
    made.quality = options.quality;
    made.longestSide = options.size;
    made.columns = options.columns;
    made.frameMilliseconds = options.milliseconds;
    made.stripMetadata = options.strip;
    made.title = toQString(options.title);
    if (!options.pattern.empty())
        made.pattern = toQString(options.pattern);
    for (const std::string& sidecar : options.sidecars) {
        if (sidecar == "txt")
            made.textFiles = true;
        else if (sidecar == "json")
            made.jsonFiles = true;
        else if (sidecar == "jsonl")
            made.metadataFile = true;
        else
            throw reverie::UsageError("There are no sidecars '" + sidecar + "'; choose txt, json or jsonl.");
    }
    return made;
}

int exportAll(const GalleryOptions& options)
{
    const ExportOptions how = exportOptions(options);
    const bool fonts = how.kind == ExportKind::Pdf || how.kind == ExportKind::Sheet;
    const QtProgram program(fonts ? QtProgram::Fonts::Yes : QtProgram::Fonts::No);
    Output output(options.json);
    const auto entries = chosen(options, output);
    const Interrupt interrupt;
    const auto progress = [&output](int done, int of) {
        output.progress(progressBar(double(done) / of) + " " + std::to_string(done) + " of "
                        + std::to_string(of));
    };
    const QString path
        = exportPictures(entries, QFile::decodeName(options.out.c_str()), how, progress, interrupt.token());
    output.clearProgress();
    if (path.isEmpty()) {
        output.note("Stopped; nothing was written.");
        return Interrupted;
    }
    output.result(path.toStdString());
    output.object({ { "type", "result" }, { "path", path.toStdString() }, { "pictures", entries.size() } });
    return Done;
}

using Run = int (*)(const GalleryOptions&);

CLI::App* addVerb(CLI::App& gallery, const char* name, const char* text, Run run, int& status,
                  const std::shared_ptr<GalleryOptions>& options)
{
    auto* verb = gallery.add_subcommand(name, text);
    addJsonFlag(*verb, options->json);
    verb->callback([run, options, &status] { status = run(*options); });
    return verb;
}

void addModelOptions(CLI::App& verb, GalleryOptions& options)
{
    verb.add_option("--model", options.model, "Model file, or the name of an installed model");
    verb.add_option("--device", options.device, "auto, cpu, cuda or cuda:N")->capture_default_str();
}

} // namespace

void addGalleryCommand(CLI::App& app, int& status)
{
    auto* gallery = app.add_subcommand("gallery", "Find, check and hand on pictures");
    gallery->require_subcommand(1);
    const auto options = std::make_shared<GalleryOptions>();
    constexpr const char* query
        = "Words of prompts and model: tag: board: kind: tool: seed: size: rating: starred: date: sort:";

    auto* listVerb
        = addVerb(*gallery, "list", "Print the pictures that a query finds", list, status, options);
    listVerb->add_option("QUERY", options->words, query);
    listVerb->add_option("--limit", options->limit, "At most so many")->check(CLI::PositiveNumber);

    auto* searchVerb = addVerb(*gallery, "search", "Find pictures by what they show, the most alike first",
                               search, status, options);
    searchVerb->add_option("QUERY", options->words, query);
    searchVerb->add_option("--meaning", options->meaning, "What the pictures show, in words");
    searchVerb->add_option("--like", options->like, "A picture that they are like");
    searchVerb->add_flag("--fold", options->fold, "Near-duplicates once, with their count");
    searchVerb->add_option("--limit", options->limit, "At most so many")->check(CLI::PositiveNumber);
    addModelOptions(*searchVerb, *options);

    auto* addVerbApp
        = addVerb(*gallery, "add", "Add pictures, or folders that are looked through from then on", add,
                  status, options);
    addVerbApp->add_option("PATH", options->words, "Pictures and folders")->required();

    addVerb(*gallery, "rebuild", "Make the index again from the pictures and library.jsonl", rebuild, status,
            options);

    auto* verifyVerb = addVerb(*gallery, "verify", "Draw pictures again from their record and compare",
                               verify, status, options);
    verifyVerb->add_option("PICTURE", options->words, "Pictures, folders or a query")->required();
    addModelOptions(*verifyVerb, *options);

    auto* exportVerb = addVerb(*gallery, "export", "Hand pictures on", exportAll, status, options);
    exportVerb->add_option("FOLDER", options->words, "Folders, pictures or a query; nothing is all");
    exportVerb->add_option("-o,--out", options->out, "Where to; nothing is overwritten")->required();
    exportVerb->add_option("--format", options->format, "folder, zip, html, pdf, sheet, animation or gif")
        ->capture_default_str();
    exportVerb->add_option("--image", options->image, "png, jpeg or webp")->capture_default_str();
    exportVerb->add_option("--quality", options->quality, "Of JPEG and WebP")
        ->check(CLI::Range(1, 100))
        ->capture_default_str();
    exportVerb->add_option("--size", options->size, "Scale larger pictures down to so many pixels")
        ->check(CLI::Range(1, 16384));
    exportVerb->add_option("--names", options->pattern,
                           "Names, with [number] [seed] [prompt] [date] [model] [name]");
    exportVerb->add_option("--sidecars", options->sidecars, "txt, json, jsonl: what lies beside the pictures")
        ->delimiter(',')
        ->allow_extra_args(false);
    exportVerb->add_option("--columns", options->columns, "Of a sheet or PDF")
        ->check(CLI::Range(1, 12))
        ->capture_default_str();
    exportVerb->add_option("--milliseconds", options->milliseconds, "For each picture of an animation or GIF")
        ->check(CLI::Range(20, 10000))
        ->capture_default_str();
    exportVerb->add_option("--title", options->title, "Of a web page or PDF");
    exportVerb->add_flag("--strip-metadata", options->strip,
                         "No prompt, seed or model in anything that is written");
}

#else

#include "core/base/error.h"

void addGalleryCommand(CLI::App& app, int&)
{
    auto* gallery = app.add_subcommand("gallery", "Find, check and hand on pictures (needs a build with Qt)");
    gallery->allow_extras();
    gallery->callback(
        [] { throw reverie::Error("The gallery needs Qt; build Reverie with REVERIE_QT=ON."); });
}

#endif
