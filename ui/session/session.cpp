// SPDX-License-Identifier: MIT
#include "ui/session/session.h"

#include "ui/session/compute_thread.h"
#include "ui/session/path.h"
#include "ui/session/picture_stages.h"
#include "ui/session/settings.h"
#include "ui/session/update_inbox.h"

#include "core/api/prompt_file.h"
#include "core/api/prompt_weights.h"
#include "core/api/source_picture.h"
#include "core/base/error.h"
#include "core/base/file.h"

#include <QDirIterator>
#include <QPointer>

namespace reverie::ui {

namespace {

constexpr int linger_ms = 1500;

/// From beside the picture, or from where pictures are drawn to, with the folders of its days.
void restoreSources(Recipe& recipe, const std::filesystem::path& picture, const QString& output)
{
    if (sources_of(recipe).empty())
        return;
    auto folders = source_folders(picture);
    folders.push_back(toPath(output));
    for (QDirIterator days(output, QDir::Dirs | QDir::NoDotAndDotDot); days.hasNext();)
        folders.push_back(toPath(days.next()));
    restore_sources(recipe, folders);
}

} // namespace

/// The open generator. Opening another model, or the same one for another device, closes it.
struct Session::Loaded {
    std::filesystem::path path;
    std::string device;
    std::string hash; ///< of the file, once it was asked for
    std::unique_ptr<Generator> generator;

    Generator& open(const Engine& engine, const std::filesystem::path& wantedPath,
                    const std::string& wantedDevice)
    {
        if (!generator || path != wantedPath || device != wantedDevice) {
            generator.reset();
            hash.clear();
            generator = engine.openGenerator(wantedPath, { .device = wantedDevice });
            path = wantedPath;
            device = wantedDevice;
        }
        return *generator;
    }

    /// On the device where it is, so that nobody's choice is undone.
    Generator& openAnywhere(const Engine& engine, const std::filesystem::path& wantedPath)
    {
        return open(engine, wantedPath, generator && path == wantedPath ? device : "auto");
    }

    const std::string& hashOfOpen(const Engine& engine)
    {
        if (hash.empty())
            hash = engine.hashModel(path);
        return hash;
    }
};

Session::Session(Engine engine, QObject* parent)
    : QObject(parent)
    , m_engine(std::move(engine))
    , m_loaded(std::make_shared<Loaded>())
    , m_pause(std::make_shared<TrainingPause>(m_engine.needsPause))
    , m_outputFolder(Settings::outputFolder())
{
    setUpComputeThread(m_computeThread);
    m_readers.setMaxThreadCount(1);
    m_saver.setNamePattern(Settings::namePattern().toStdString());
    m_letTrainingSoon.setSingleShot(true);
    m_letTrainingSoon.setInterval(linger_ms);
    connect(&m_letTrainingSoon, &QTimer::timeout, this, &Session::letTrainingGoOn);
    connect(&m_saver, &PictureSaver::saved, this, [this](quint64 id, const QString& path) {
        m_pictures.setPath(id, path);
        Q_EMIT pictureSaved(path, id);
        announceIdle();
    });
    connect(&m_saver, &PictureSaver::failed, this, [this](quint64, const QString& message) {
        Q_EMIT saveFailed(message);
        announceIdle();
    });
}

Session::~Session()
{
    m_opening.silence();
    m_job.silence();
    m_advising.silence();
    m_reading.silence();
    m_readingSource.silence();
    m_readingWritten.silence();
    m_verifying.silence();
    letTrainingGoOn();
    m_computeThread.start([loaded = m_loaded] { loaded->generator.reset(); });
    m_computeThread.waitForDone();
    m_readers.waitForDone();
}

void Session::openModel(const QString& model, const QString& device)
{
    Q_EMIT modelOpening();
    struct Opened {
        ModelInfo model;
        std::shared_ptr<const CaptionIndex> captions;
    };
    m_opening.start(
        [engine = m_engine, name = QFile::encodeName(model).toStdString()](const std::stop_token&,
                                                                           const JobRunner::Post&) {
            ModelInfo info = engine.readInfo(engine.findModel(name));
            auto captions = std::make_shared<const CaptionIndex>(info.captions);
            return Opened{ std::move(info), std::move(captions) };
        },
        [this, device](Opened opened) {
            m_captions = std::move(opened.captions);
            showModel(std::move(opened.model), device);
        },
        [this](const QString& message) { Q_EMIT modelFailed(message); });
}

void Session::showModel(ModelInfo model, const QString& device)
{
    if (!model.is_pipeline()) {
        Q_EMIT modelFailed(tr("%1 holds only a part of a model; choose a file with CLIP, prior and decoder.")
                               .arg(toQString(model.path.filename())));
        return;
    }
    m_model = std::make_unique<ModelInfo>(std::move(model));
    Q_EMIT modelOpened(*m_model);
    loadWeights(device);
}

void Session::loadWeights(const QString& device)
{
    m_opening.start(
        [engine = m_engine, loaded = m_loaded, pause = m_pause, path = m_model->path,
         device = device.toStdString()](const std::stop_token&, const JobRunner::Post&) {
            if (!pause->isNeeded(device)) // otherwise they wait for the first drawing
                loaded->open(engine, path, device);
            return true;
        },
        [this](bool) { Q_EMIT modelReady(); },
        [this](const QString& message) { Q_EMIT modelFailed(message); });
}

void Session::draw(const GenerateRequest& request, const QString& device)
{
    if (m_model && (!m_isDrawing || isExploring()))
        start(request, device, Purpose::Draw);
}

void Session::explore(const GenerateRequest& request, const QString& device)
{
    exploreOn(m_board, request, device);
}

void Session::sketch(const GenerateRequest& request, const QString& device)
{
    exploreOn(m_sketch, request, device);
}

void Session::exploreOn(Board& board, const GenerateRequest& request, const QString& device)
{
    if (!m_model || (m_isDrawing && m_purpose == Purpose::Draw))
        return;
    board = Board(request);
    m_target = &board;
    start(board.request(), device, Purpose::Explore);
}

void Session::finishPicks(const QString& device)
{
    finishOn(m_board, device);
}

void Session::finishSketch(const QString& device)
{
    if (!m_isDrawing)
        m_sketch.toggle(0);
    finishOn(m_sketch, device);
}

void Session::finishOn(Board& board, const QString& device)
{
    if (!m_model || m_isDrawing || board.picks().empty())
        return;
    m_target = &board;
    start(board.takePicks(), device, Purpose::FinishPicks);
}

void Session::start(const GenerateRequest& request, const QString& device, Purpose purpose)
{
    m_purpose = purpose;
    m_recipe = request.recipe;
    m_kept.clear();
    m_drawing = Drawing(static_cast<int>(request.prompts.size()) * request.count,
                        static_cast<int>(m_model->stages.size()));
    for (size_t i = 0; i < request.kept.size(); ++i)
        m_drawing.keep(static_cast<int>(i), request.kept[i].stage, request.kept[i].image);
    setDrawing(true);
    m_job.start(
        [this, request, engine = m_engine, loaded = m_loaded, pause = m_pause, path = m_model->path,
         device = device.toStdString()](const std::stop_token& stop, const JobRunner::Post& post) {
            if (!pause->begin(
                    device, [&] { post([this] { Q_EMIT waitingForTraining(); }); }, stop)) {
                GenerateResult nothing;
                nothing.stopped = true;
                return nothing;
            }
            const auto inbox = std::make_shared<UpdateInbox>();
            const auto report = [&](const GenerateUpdate& update) {
                if (inbox->put(update))
                    post([this, inbox] { receive(inbox->take()); });
            };
            return loaded->open(engine, path, device).generate(request, report, stop);
        },
        [this](const GenerateResult& result) { finish(result); },
        [this](const QString& message) {
            setDrawing(false);
            Q_EMIT failed(message);
            announceIdle();
        });
}

void Session::stop()
{
    m_job.stop();
}

void Session::receive(const std::vector<GenerateUpdate>& updates)
{
    for (const GenerateUpdate& update : updates) {
        m_drawing.apply(update);
        if (!update.warning.empty())
            Q_EMIT warned(QString::fromStdString(update.warning));
        for (const Picture& picture : update.finished)
            keep(picture, update.settings);
    }
    Q_EMIT progressed();
}

void Session::keep(const Picture& picture, const ResolvedSettings& settings)
{
    if (picture.image.empty() || !m_kept.insert(picture.index).second)
        return;
    if (m_purpose == Purpose::Explore) {
        m_target->add(picture);
        return;
    }
    const bool picked = m_purpose == Purpose::FinishPicks;
    const quint64 id = m_pictures.add(picked ? m_target->completed(picture) : picture, settings, m_recipe);
    if (picked)
        m_target->setFinished(picture.index, id);
    const FinishedPicture& kept = m_pictures.at(0);
    m_saver.save(id, m_outputFolder, kept.picture, kept.making());
    Q_EMIT pictureFinished(0);
}

void Session::finish(const GenerateResult& result)
{
    for (const Picture& picture : result.pictures)
        keep(picture, result.settings);
    setDrawing(false);
    if (m_purpose == Purpose::Explore && !result.stopped)
        Q_EMIT explored();
    Q_EMIT drawingEnded(result.stopped);
    announceIdle();
}

int Session::addWritten(const Picture& picture, const PictureMaking& making, const QString& path)
{
    const quint64 id = m_pictures.add(picture, making.settings, making.recipe);
    m_pictures.setPath(id, path);
    Q_EMIT pictureSaved(path, id);
    return m_pictures.rowOf(id);
}

void Session::addWritten(const QStringList& paths, QObject* context, const std::function<void(int)>& done)
{
    using Written = std::vector<std::tuple<Picture, PictureMaking, QString>>;
    m_readingWritten.start(
        [paths](const std::stop_token& stop, const JobRunner::Post&) {
            Written all;
            for (const QString& path : paths) {
                if (stop.stop_requested())
                    break;
                try {
                    const PictureMaking making = read_making(toPath(path));
                    all.emplace_back(readDrawn(path, making), making, path);
                } catch (const Error&) { // it is gone, or another one by now
                }
            }
            return all;
        },
        [this, context = QPointer<QObject>(context), done](const Written& all) {
            for (const auto& [picture, making, path] : all)
                if (context)
                    done(addWritten(picture, making, path));
        },
        [](const QString&) {});
}

void Session::saveUnsaved()
{
    for (const FinishedPicture& picture : m_pictures.unsaved())
        if (!m_saver.isSaving(picture.id))
            m_saver.save(picture.id, m_outputFolder, picture.picture, picture.making());
}

void Session::setDrawing(bool drawing)
{
    m_isDrawing = drawing;
    if (drawing)
        m_letTrainingSoon.stop();
    else
        m_letTrainingSoon.start();
    Q_EMIT drawingChanged(drawing);
}

/// Those that stood aside for a drawing get their memory back.
void Session::letTrainingGoOn()
{
    m_computeThread.start([engine = m_engine, loaded = m_loaded, pause = m_pause] {
        if (!pause->isHolding())
            return;
        loaded->generator.reset();
        engine.releaseMemory();
        pause->end();
    });
}

void Session::announceIdle()
{
    if (isIdle())
        Q_EMIT idle();
}

void Session::preview(const GenerateRequest& request, QObject* context,
                      const std::function<void(const DrawingPreview&)>& answer)
{
    if (!m_model)
        return;
    m_readers.start(
        [engine = m_engine, model = m_model->path, request, answer, context = QPointer<QObject>(context)] {
            try {
                const DrawingPreview preview = engine.previewDrawing(model, request);
                QMetaObject::invokeMethod(
                    qApp,
                    [context, answer, preview] {
                        if (context)
                            answer(preview);
                    },
                    Qt::QueuedConnection);
            } catch (const std::exception&) { // it is drawn without being foretold
            }
        });
}

void Session::advise(const QString& prompt)
{
    m_advising.start(
        [captions = m_captions, prompt](const std::stop_token&, const JobRunner::Post&) {
            return captions->advise(QString::fromStdString(without_weights(prompt.toStdString())));
        },
        [this](const PromptAdvice& advice) { Q_EMIT advised(advice); }, [](const QString&) {});
}

QStringList Session::captionSelection(int count, quint32 turn) const
{
    return m_captions->selection(count, turn);
}

void Session::readMaking(const QString& path)
{
    m_reading.start(
        [file = toPath(path), output = m_outputFolder](const std::stop_token&, const JobRunner::Post&) {
            PictureMetadata picture = read_metadata(read_file(file));
            if (!picture.making && (picture.tool.empty() || picture.tool == "Reverie"))
                picture.making = read_making(file); // which says what is wrong with it
            if (picture.making)
                restoreSources(picture.making->recipe, file, output);
            return picture;
        },
        [this, path](const PictureMetadata& picture) {
            picture.making ? Q_EMIT makingRead(*picture.making, path) : Q_EMIT foreignRead(picture, path);
        },
        [this](const QString& message) { Q_EMIT makingFailed(message); });
}

void Session::readPrompts(const QString& path)
{
    m_reading.start(
        [file = toPath(path)](const std::stop_token&, const JobRunner::Post&) {
            QStringList prompts;
            for (const std::string& prompt : read_prompt_file(file))
                prompts << QString::fromStdString(prompt);
            return prompts;
        },
        [this, path](const QStringList& prompts) { Q_EMIT promptsRead(prompts, path); },
        [this](const QString& message) { Q_EMIT makingFailed(message); });
}

void Session::readSource(const QString& path)
{
    m_readingSource.start(
        [file = toPath(path)](const std::stop_token&, const JobRunner::Post&) { return read_source(file); },
        [this, path](const SourcePicture& source) { Q_EMIT sourceRead(source, path); },
        [this](const QString& message) { Q_EMIT sourceFailed(message); });
}

void Session::verify(const QString& path, const QString& device)
{
    if (!m_model) {
        Q_EMIT verifyFailed(tr("There is no model to draw with; open one first."));
        return;
    }
    m_verifying.start(
        [engine = m_engine, loaded = m_loaded, pause = m_pause, model = m_model->path, file = toPath(path),
         device = device.toStdString()](const std::stop_token& stop, const JobRunner::Post&) {
            pause->begin(
                device, [] {}, stop);
            return verifyPicture(loaded->open(engine, model, device), file, stop);
        },
        [this, path](const Verdict& verdict) {
            m_letTrainingSoon.start();
            Q_EMIT verified(verdict, path);
        },
        [this](const QString& message) {
            m_letTrainingSoon.start();
            Q_EMIT verifyFailed(message);
        });
}

void Session::askEmbedder(QObject* context, const AskEmbedder& work,
                          const std::function<void(const QString& error)>& done)
{
    if (!m_model) {
        done(tr("There is no model that understands pictures; open one first."));
        return;
    }
    m_computeThread.start([this, context = QPointer<QObject>(context), engine = m_engine, loaded = m_loaded,
                           model = m_model->path, work, done] {
        QString message;
        try {
            Generator& generator = loaded->openAnywhere(engine, model);
            work(generator.embedder(), loaded->hashOfOpen(engine));
        } catch (const std::exception& error) {
            message = describe(error);
        }
        QMetaObject::invokeMethod(
            this,
            [context, done, message] {
                if (context)
                    done(message);
            },
            Qt::QueuedConnection);
    });
}

} // namespace reverie::ui
