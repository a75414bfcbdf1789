// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/interpolation_strip.h"
#include "ui/session/picture_edit.h"
#include "ui/session/prompt_history.h"
#include "ui/session/settings.h"

#include "core/api/model_info.h"
#include "core/api/picture_metadata.h"

#include <QTimer>
#include <QWidget>

#include <functional>
#include <map>
#include <optional>

class QAction;
class QSplitter;
class QStackedWidget;

namespace reverie::ui {

class BoardBar;
class CascadeStrip;
class DrawQueue;
class EditPage;
class EmptyPage;
class FinishedPane;
class GridKeeper;
class MessageBar;
class MessagePage;
class ParameterPanel;
class PictureBar;
class PictureView;
class ProgressLine;
class QueuePanel;
class Session;
class SetForecast;
class SettingsHistory;
class TimeLine;
struct CascadeState;
struct FinishedPicture;
enum class Recall;

/// Where pictures are drawn: parameters on the left, the picture and its cascade in the middle, finished
/// pictures on the right.
class CreatePage : public QWidget
{
    Q_OBJECT
public:
    /// What the page can do, for menus and shortcuts.
    struct Actions {
        QAction* draw;
        QAction* stop;
        QAction* reset;
        QAction* copy;
        QAction* showInFolder;
        QAction* usePrompt;
        QAction* useSeed;
        QAction* useAll;
        QAction* chooseFolder;
        QAction* saveAgain;
        QAction* openFolder;
        QAction* finishPicks;
        QAction* showBoard;
        QAction* mixIn;
        QAction* history;
        QAction* drawNext;
        QAction* grid;
        QAction* promptFile;
        QAction* undo; ///< of settings
        QAction* redo;
        QAction* edit;
        QAction* showEditor;
        QAction* showStrip;
        QAction* drawOn;
    };

    CreatePage(Session& session, DrawQueue& queue, QWidget* parent = nullptr);
    [[nodiscard]] const Actions& actions() const { return m_actions; }
    [[nodiscard]] ParameterPanel& parameters() const { return *m_parameters; }
    [[nodiscard]] QueuePanel& queuePanel() const { return *m_queuePanel; }

    void openModel(const QString& path);
    /// Takes over everything that made the picture in that file.
    void restoreFrom(const QString& picture);
    /// The same from a picture of the gallery, whichever program drew it.
    void recall(const PictureMetadata& picture, Recall what, const QString& file);
    /// Draws the prompts of a text file, one on each line.
    void readPrompts(const QString& path);
    /// Opens the editor on that file; `prompt` says what it shows, if that is known.
    void editPicture(const QString& path, const QString& prompt = {});
    /// Takes over what made the picture that was dropped, and offers what else can be done with it.
    void takeDropped(const QString& path);
    void saveState() const;
    void restoreState();

Q_SIGNALS:
    void chooseModelWanted();
    void titleChanged(const QString& title); ///< what the window's title says before the program's name

private:
    enum class Showing { Nothing, Drawing, Board, Picture, Editor, Strip };

    QAction* addAction(const QString& text, const QList<QKeySequence>& shortcuts, void (CreatePage::*run)());
    void makeActions();
    void makeUndo();
    QWidget* makeCentre();
    void connectSession();
    void connectPanels();

    QWidget* makeFinishedColumn();
    void connectQueue();

    void draw();
    void drawNext();
    void ask(bool first);
    void drawCaption(const QString& caption);
    /// What is asked for, its templates expanded; with a seed if there is one to be had. None after saying
    /// why.
    [[nodiscard]] std::optional<Settings::Draft> readyDraft();
    void makeSets();
    void showSetSize();
    /// False if it was not done, or not yet.
    bool askForSet(const Settings::Draft& draft, const std::vector<GenerateRequest>& bases, bool first);
    void confirm(const std::vector<SetPart>& parts, const QString& device, const std::function<void()>& draw);
    void showGridDialog();
    void showGrid(const QString& path, const QImage& image, const PictureMaking& making);
    void choosePrompts();
    void drawPrompts(const QStringList& lines, const QString& path);
    [[nodiscard]] static std::filesystem::path wildcardFolder(); ///< where __name__ looks for name.txt
    void showBegun();
    void editQueued(int row);
    /// The x0 estimates of every step fit into memory.
    [[nodiscard]] bool keepsSteps(const Settings::Draft& draft) const;
    void explore(const Settings::Draft& draft);
    void sketch();
    void completeSketch();
    void finishPicks();
    void togglePick(int index);
    void showBoard();
    void mixIn();
    void choosePictureToMix();
    void showHistory();
    void stepHistory(const QString& prompt);
    void stop();
    void copy();
    void showInFolder();
    void openFolder();
    void chooseFolder();
    void saveAgain();
    void usePrompt();
    void useSeed();
    void useAll();

    void showModel(const ModelInfo& model);
    void showModelError(const QString& message);
    void showDrawing(bool isDrawing);
    void showProgress();
    void showFinished(int row);
    void showPicture(int row);
    void offerCaptions();
    void showMaking(const PictureMaking& making, const QString& file);

    void connectEditing();
    void makeEditActions();
    void edit();
    void showEditor();
    void leaveEditor();
    void openEditor(PictureEdit edit, const QString& prompt);
    void readSource(const QString& path, std::function<void(const SourcePicture&)> then);
    void vary(const SourcePicture& source);
    void offerMore(const QString& text);
    void drawStrip(int steps);
    void showStrip();
    static void keepStrip(const std::vector<GenerateRequest>& requests);
    void restoreStrip();
    void noteStripFile(quint64 id, const QString& path);
    [[nodiscard]] CascadeState showInterpolation();
    void showStage(int stage);
    void drawOn();
    void drawLaterStages(const PictureMaking& making);
    void enableEditActions();
    /// `then` gets what made the picture, with the pixels of its sources; without it, or where the file can't
    /// be read, the page takes it over or says so.
    void readMaking(const QString& path, std::function<void(const PictureMaking&)> then,
                    std::function<void(const QString&)> otherwise = {});
    void drag(int index);
    void refresh();
    [[nodiscard]] CascadeState showRun();
    [[nodiscard]] CascadeState showCandidates();
    [[nodiscard]] CascadeState showOne(const FinishedPicture& picture);
    void enableActions();
    /// Row of the picture that actions apply to; -1 for none.
    [[nodiscard]] int currentRow() const;
    [[nodiscard]] const FinishedPicture* currentPicture() const;

    Session& m_session;
    DrawQueue& m_queue;
    ParameterPanel* m_parameters;
    MessageBar* m_message;
    QStackedWidget* m_stack;
    EmptyPage* m_empty;
    MessagePage* m_error;
    PictureView* m_view;
    PictureBar* m_bar;
    ProgressLine* m_progress;
    CascadeStrip* m_strip;
    FinishedPane* m_finished;
    QSplitter* m_splitter;
    QueuePanel* m_queuePanel;
    GridKeeper* m_grids = nullptr;
    SetForecast* m_forecast = nullptr;
    std::vector<Axis> m_gridAxes; ///< of the grid that was asked for or taken over last
    BoardBar* m_boardBar;
    TimeLine* m_timeLine;
    quint64 m_timeLineOf = 0; ///< id of the picture whose steps it shows
    Actions m_actions{};
    Showing m_showing = Showing::Nothing;
    Showing m_behindEditor = Showing::Nothing; ///< what is shown when it is left
    bool m_modelFailed = false;
    int m_focus = 0; ///< of the drawing's pictures, the one the strip shows
    bool m_focusChosen = false; ///< by the person, so that it does not follow the drawing
    std::map<int, quint64> m_drawn; ///< id of each picture of the drawing that is finished
    EditPage* m_editor;
    QString m_dropped; ///< the file that is being read, and then offered for more
    QString m_offered;
    QList<QAction*> m_offers; ///< what can be done with it
    InterpolationStrip m_interpolation;
    QStringList m_stripFiles; ///< its pictures of an earlier sitting that are not read yet
    std::function<void(const SourcePicture&)> m_withSource; ///< of a file that is being read
    std::function<void(const PictureMaking&)> m_withMaking;
    std::function<void(const QString&)> m_withoutMaking;
    PromptHistory m_history;
    SettingsHistory* m_steps;
    QTimer m_completeSoon; ///< when the mix has not changed for a while, it is drawn to the end
    bool m_sketching = false; ///< the board holds a sketch of the mix, not candidates
    bool m_sketchAgain = false; ///< the mix has changed since
    std::optional<quint64> m_sketchSeed;
    QTimer m_showSoon; ///< previews may come faster than anybody can see
    quint32 m_captionTurn = 0;
};

} // namespace reverie::ui
