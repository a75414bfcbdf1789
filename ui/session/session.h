// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/board.h"
#include "ui/session/caption_index.h"
#include "ui/session/drawing.h"
#include "ui/session/engine.h"
#include "ui/session/job_runner.h"
#include "ui/session/picture_list.h"
#include "ui/session/picture_saver.h"
#include "ui/session/verdict.h"

#include "core/api/picture_metadata.h"

#include <QObject>
#include <QThreadPool>
#include <QTimer>

#include <memory>
#include <set>

namespace reverie::ui {

/// The model, the running job and the finished pictures. Lives on the application's thread and never blocks
/// it: networks run on one compute thread, files are read and written on another.
class Session : public QObject
{
    Q_OBJECT
public:
    explicit Session(Engine engine = {}, QObject* parent = nullptr);
    ~Session() override; ///< stops what runs and waits for it, at most one denoising step

    /// `model` is a path, a name, or empty for whichever is found. Also opens the model library; ends with
    /// modelOpened(), and then perhaps modelFailed() once the weights were read, or with modelFailed() alone.
    void openModel(const QString& model, const QString& device);
    /// Null until a model is open.
    [[nodiscard]] const ModelInfo* model() const { return m_model.get(); }

    /// Does nothing without a model or while another drawing runs.
    void draw(const GenerateRequest& request, const QString& device);
    /// Draws the first stage of every picture onto the board. Does nothing without a model or while a drawing
    /// runs; what runs for a board gives way.
    void explore(const GenerateRequest& request, const QString& device);
    /// The same of one picture, beside the board: for what changes while one looks. The newest wins.
    void sketch(const GenerateRequest& request, const QString& device);
    [[nodiscard]] bool isExploring() const { return m_isDrawing && m_purpose == Purpose::Explore; }
    [[nodiscard]] Board& board() { return m_board; }
    /// Draws what is picked on the board, or the newest sketch, to the end. Does nothing while something is
    /// drawn.
    void finishPicks(const QString& device);
    void finishSketch(const QString& device);
    /// Ends the drawing within one step; what there is of its pictures is kept.
    void stop();
    [[nodiscard]] bool isDrawing() const { return m_isDrawing; }
    /// The running drawing, or the last one.
    [[nodiscard]] const Drawing& drawing() const { return m_drawing; }
    [[nodiscard]] const Recipe& recipe() const { return m_recipe; } ///< of that drawing

    [[nodiscard]] PictureList& pictures() { return m_pictures; }
    [[nodiscard]] const QString& outputFolder() const { return m_outputFolder; }
    void setOutputFolder(const QString& folder) { m_outputFolder = folder; }
    /// How pictures are called from now on, see check_name_pattern().
    void setNamePattern(const QString& pattern) { m_saver.setNamePattern(pattern.toStdString()); }
    /// Shows a picture that is in a file beside those that were drawn; its row in pictures().
    int addWritten(const Picture& picture, const PictureMaking& making, const QString& path);
    /// The same for pictures of an earlier sitting, with what is kept beside them, one by one; those that
    /// can't be read are left out. `done` gets the row of each unless `context` is gone.
    void addWritten(const QStringList& paths, QObject* context, const std::function<void(int row)>& done);
    /// Hands every picture that could not be written to the writer again.
    void saveUnsaved();
    /// Nothing is being drawn or written.
    [[nodiscard]] bool isIdle() const { return !m_isDrawing && !m_saver.isBusy(); }

    /// What a drawing of the open model will take; `answer` is called unless that can't be told or `context`
    /// is gone.
    void preview(const GenerateRequest& request, QObject* context,
                 const std::function<void(const DrawingPreview&)>& answer);

    /// Asks for completions and unknown words for what is being typed; only the newest question is answered.
    void advise(const QString& prompt);
    [[nodiscard]] QStringList captionSelection(int count, quint32 turn) const;
    /// Reads a picture to make others from; ends with sourceRead() or sourceFailed().
    void readSource(const QString& path);
    /// Reads what a picture file says about its making, and the pictures it was made from; ends with
    /// makingRead(), foreignRead() if another program drew it, or makingFailed().
    void readMaking(const QString& path);
    /// Reads prompts, one on each line; ends with promptsRead() or makingFailed().
    void readPrompts(const QString& path);
    /// Draws the picture of that file again with the open model, which must be the one it was drawn with;
    /// ends with verified() or verifyFailed(). Waits for a drawing that runs.
    void verify(const QString& path, const QString& device);

    /// `work` gets the open model's CLIP, on whatever device it is, and the hash of its file, on the compute
    /// thread behind what is being drawn; `done` then gets a sentence, which is empty if all went well, here
    /// and unless `context` is gone.
    using AskEmbedder = std::function<void(Embedder& embedder, const std::string& modelHash)>;
    void askEmbedder(QObject* context, const AskEmbedder& work,
                     const std::function<void(const QString& error)>& done);

Q_SIGNALS:
    void modelOpening();
    void modelOpened(const reverie::ModelInfo& model);
    void modelReady(); ///< its weights are loaded
    void modelFailed(const QString& message);
    void waitingForTraining(); ///< until a run on the same GPU has stood aside; stop() ends the wait
    void drawingChanged(bool isDrawing);
    void progressed(); ///< drawing() has news
    void pictureFinished(int row); ///< in pictures()
    void drawingEnded(bool stopped);
    void warned(const QString& message);
    void failed(const QString& message); ///< the drawing
    void saveFailed(const QString& message);
    void pictureSaved(const QString& path, quint64 id); ///< of that id in pictures()
    void idle();
    void advised(const reverie::ui::PromptAdvice& advice);
    void makingRead(const reverie::PictureMaking& making, const QString& path);
    void foreignRead(const reverie::PictureMetadata& picture, const QString& path);
    void makingFailed(const QString& message);
    void promptsRead(const QStringList& prompts, const QString& path);
    void sourceRead(const reverie::SourcePicture& source, const QString& path);
    void sourceFailed(const QString& message);
    void explored(); ///< every candidate of the board is there
    void verified(const reverie::ui::Verdict& verdict, const QString& path);
    void verifyFailed(const QString& message);

private:
    struct Loaded;
    enum class Purpose { Draw, Explore, FinishPicks };

    void start(const GenerateRequest& request, const QString& device, Purpose purpose);
    void exploreOn(Board& board, const GenerateRequest& request, const QString& device);
    void finishOn(Board& board, const QString& device);
    void showModel(ModelInfo model, const QString& device);
    void loadWeights(const QString& device);
    void receive(const std::vector<GenerateUpdate>& updates);
    void keep(const Picture& picture, const ResolvedSettings& settings);
    void finish(const GenerateResult& result);
    void setDrawing(bool drawing);
    void announceIdle();
    void letTrainingGoOn();

    Engine m_engine;
    QThreadPool m_computeThread;
    QThreadPool m_readers;
    std::shared_ptr<Loaded> m_loaded; ///< touched on the compute thread only
    std::shared_ptr<TrainingPause> m_pause; ///< likewise
    QTimer m_letTrainingSoon; ///< one who draws again at once need not wait again
    std::unique_ptr<ModelInfo> m_model;
    std::shared_ptr<const CaptionIndex> m_captions = std::make_shared<CaptionIndex>();
    PictureList m_pictures;
    PictureSaver m_saver;
    QString m_outputFolder;
    Drawing m_drawing;
    bool m_isDrawing = false;
    Purpose m_purpose = Purpose::Draw;
    Board m_board, m_sketch;
    Board* m_target = &m_board; ///< what is explored or finished
    Recipe m_recipe; ///< of the running request
    std::set<int> m_kept; ///< indices of the running request that are in m_pictures
    JobRunner m_opening{ m_computeThread };
    JobRunner m_job{ m_computeThread };
    JobRunner m_advising{ m_readers };
    JobRunner m_reading{ m_readers };
    JobRunner m_readingSource{ m_readers };
    JobRunner m_readingWritten{ m_readers };
    JobRunner m_verifying{ m_computeThread };
};

} // namespace reverie::ui
