// SPDX-License-Identifier: MIT
#include "app/dream/commands.h"

#ifdef REVERIE_WITH_QT

#include "app/dream/generate_options.h"
#include "app/dream/interrupt.h"
#include "app/dream/output.h"
#include "core/base/error.h"
#include "ui/session/export.h"
#include "ui/session/gallery.h"
#include "ui/session/gallery_errors.h"
#include "ui/session/path.h"
#include "ui/session/verdict.h"

#include <QDir>
#include <QDirIterator>
#include <QFileInfo>
#include <QGuiApplication>
#include <clocale>
#include <cstdlib>
#include <cstring>
#include <langinfo.h>

namespace {

using namespace reverie::ui;
using nlohmann::json;

struct Options {
    std::vector<std::string> words; ///< a query, folders or pictures
    std::string out, format = "folder", image = "png", pattern, title;
    std::string model, device = "auto";
    std::vector<std::string> sidecars;
    int limit = 0, quality = 90, size = 0, columns = 5, milliseconds = 500;
    bool strip = false;
    bool json = false;
};

/// Qt for a command line: it asks for no display and says nothing of its own.
class QtProgram
{
public:
    enum class Fonts { No, Yes };

    explicit QtProgram(Fonts fonts)
    {
        qInstallMessageHandler([](QtMsgType, const QMessageLogContext&, const QString&) {});
        std::setlocale(LC_CTYPE, "");
        if (std::strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
            setenv("LC_ALL", "C.UTF-8", 1);
        if (fonts == Fonts::Yes) {
            setenv("QT_QPA_PLATFORM", "offscreen", 1);
            m_program = std::make_unique<QGuiApplication>(m_argc, m_argv);
        } else {
            m_program = std::make_unique<QCoreApplication>(m_argc, m_argv);
        }
    }

private:
    char m_name[6] = "dream";
    char* m_argv[2] = { m_name, nullptr };
    int m_argc = 1;
    std::unique_ptr<QCoreApplication> m_program;
};

QString toQString(const std::string& text)
{
    return QString::fromStdString(text);
}

/// The gallery as it is on the disk now.
class OpenGallery
{
public:
    explicit OpenGallery(Output& output)
        : gallery(GalleryPlaces::standard())
    {
        try {
            gallery.check();
        } catch (const DamagedDatabase&) {
            gallery.startAnew();
        }
        if (!gallery.warning().isEmpty())
            output.warning(gallery.warning().toStdString());
        const QStringList changes = gallery.findChanges();
        constexpr int slice = 500;
        for (int i = 0; i < changes.size(); i += slice) {
            output.progress("Reading pictures: " + std::to_string(i) + " of "
                            + std::to_string(changes.size()));
            gallery.index(changes.mid(i, slice));
        }
        output.clearProgress();
    }

    Gallery gallery;
};

QList<GalleryEntry> picturesIn(const QString& folder)
{
    QStringList paths;
    QDirIterator files(folder,
                       { QStringLiteral("*.png"), QStringLiteral("*.jpg"), QStringLiteral("*.jpeg"),
                         QStringLiteral("*.webp") },
                       QDir::Files, QDirIterator::Subdirectories);
    while (files.hasNext())
        if (const QString path = files.next(); !path.contains(QLatin1String(".reverie/")))
            paths << path;
    paths.sort();
    QList<GalleryEntry> entries;
    for (const QString& path : paths)
        if (const auto entry = readEntry(path); entry.width > 0)
            entries << entry;
    return entries;
}

/// Words that are files or folders stand for themselves; else all of them together are a query.
QList<GalleryEntry> chosen(const Options& options, Output& output)
{
    QList<GalleryEntry> entries;
    bool paths = false;
    for (const std::string& word : options.words) {
        const QFileInfo info(QFile::decodeName(word.c_str()));
        if (info.isDir())
            entries += picturesIn(info.absoluteFilePath());
        else if (info.isFile())
            entries << readEntry(info.absoluteFilePath());
        paths = paths || info.exists();
    }
    if (paths)
        return entries;
    QStringList query;
    for (const std::string& word : options.words)
        query << toQString(word);
    const auto parsed = GalleryQuery::parse(query.join(QLatin1Char(' ')));
    OpenGallery open(output);
    return open.gallery.entries(open.gallery.find(parsed));
}

json toJson(const GalleryEntry& entry)
{
    const auto text = [](const QString& value) { return value.toStdString(); };
    json tags = json::array(), boards = json::array();
    for (const QString& tag : entry.tags)
        tags.push_back(text(tag));
    for (const QString& board : entry.boards)
        boards.push_back(text(board));
    return { { "type", "picture" },
             { "path", text(entry.path) },
             { "prompt", text(entry.prompt) },
             { "seed", entry.seed ? json(*entry.seed) : json() },
             { "width", entry.width },
             { "height", entry.height },
             { "model", text(entry.model) },
             { "tool", text(entry.tool) },
             { "kind", text(entry.kind) },
             { "rating", entry.rating },
             { "starred", entry.starred },
             { "tags", tags },
             { "boards", boards } };
}

int list(const Options& options)
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

int add(const Options& options)
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

int rebuild(const Options& options)
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

int verify(const Options& options)
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

ExportOptions exportOptions(const Options& options)
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

int exportAll(const Options& options)
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

using Run = int (*)(const Options&);

CLI::App* addVerb(CLI::App& gallery, const char* name, const char* text, Run run, int& status,
                  const std::shared_ptr<Options>& options)
{
    auto* verb = gallery.add_subcommand(name, text);
    addJsonFlag(*verb, options->json);
    verb->callback([run, options, &status] { status = run(*options); });
    return verb;
}

} // namespace

void addGalleryCommand(CLI::App& app, int& status)
{
    auto* gallery = app.add_subcommand("gallery", "Find, check and hand on pictures");
    gallery->require_subcommand(1);
    const auto options = std::make_shared<Options>();
    constexpr const char* query
        = "Words of prompts and model: tag: board: kind: tool: seed: size: rating: starred: date: sort:";

    auto* listVerb
        = addVerb(*gallery, "list", "Print the pictures that a query finds", list, status, options);
    listVerb->add_option("QUERY", options->words, query);
    listVerb->add_option("--limit", options->limit, "At most so many")->check(CLI::PositiveNumber);

    auto* addVerbApp
        = addVerb(*gallery, "add", "Add pictures, or folders that are looked through from then on", add,
                  status, options);
    addVerbApp->add_option("PATH", options->words, "Pictures and folders")->required();

    addVerb(*gallery, "rebuild", "Make the index again from the pictures and library.jsonl", rebuild, status,
            options);

    auto* verifyVerb = addVerb(*gallery, "verify", "Draw pictures again from their record and compare",
                               verify, status, options);
    verifyVerb->add_option("PICTURE", options->words, "Pictures, folders or a query")->required();
    verifyVerb->add_option("--model", options->model, "Model file, or the name of an installed model");
    verifyVerb->add_option("--device", options->device, "auto, cpu, cuda or cuda:N")->capture_default_str();

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
