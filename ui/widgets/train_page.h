// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/job_runner.h"
#include "ui/session/run_facts.h"
#include "ui/session/run_store.h"
#include "ui/widgets/new_run_dialog.h"

#include <QWidget>

class QAction;
class QLabel;
class QListView;
class QMenu;
class QPushButton;
class QStackedWidget;

namespace reverie::ui {

class MessageBar;
class RunHeader;
class RunView;

/// Every training run: to be started, followed, steered, compared and tidied up.
class TrainPage : public QWidget
{
    Q_OBJECT
public:
    /// What the page can do, for menus.
    struct Actions {
        QAction* newRun;
        QAction* pause; ///< or resume
        QAction* checkpoint;
        QAction* sample;
        QAction* rate;
        QAction* stop;
        QAction* duplicate;
        QAction* thin;
        QAction* remove;
        QAction* undo;
        QAction* showInFolder;
        QAction* addFolder;
    };

    explicit TrainPage(RunStore& store, QWidget* parent = nullptr);
    ~TrainPage() override;
    [[nodiscard]] const Actions& actions() const { return m_actions; }
    [[nodiscard]] QListView& list() const { return *m_list; }
    [[nodiscard]] RunView& view() const { return *m_view; }
    [[nodiscard]] RunHeader& header() const { return *m_header; }
    [[nodiscard]] MessageBar& message() const { return *m_message; }
    [[nodiscard]] QMenu& checkpointMenu() const { return *m_checkpointMenu; }
    [[nodiscard]] QMenu& folderMenu() const { return *m_folderMenu; }

    /// Watches the runs from now on, until rest().
    void activate();
    void rest() { m_store.rest(); }

Q_SIGNALS:
    void modelWanted(const QString& path); ///< to draw with

protected:
    bool event(QEvent* event) override;

private:
    QAction* addAction(const char* id, const QString& text, const char* icon,
                       const QList<QKeySequence>& shortcuts, void (TrainPage::*run)());
    void makeActions();
    QWidget* makeSidebar();
    QWidget* makeEmpty();
    QWidget* makeRun();
    void connectStore();
    void connectView();

    void showList();
    void showChosen();
    void showCurrent();
    void enableActions();
    void readCheckpoints();
    void fillCheckpointMenu();
    void fillFolderMenu();
    [[nodiscard]] QStringList chosen() const;
    [[nodiscard]] const RunEntry* current() const; ///< null unless exactly one is chosen

    void newRun();
    void openDialog(const std::optional<RunOrder>& again);
    void pause();
    void checkpoint();
    void sample();
    void changeRate();
    void stop();
    void duplicate();
    void planThinning();
    void askToThin(const QString& folder, const Thinning& thinning);
    void remove();
    void undo();
    void showInFolder();
    void addFolder();

    RunStore& m_store;
    Actions m_actions{};
    QListView* m_list;
    QLabel* m_count;
    MessageBar* m_message;
    QStackedWidget* m_stack;
    RunHeader* m_header;
    RunView* m_view;
    QMenu* m_checkpointMenu;
    QMenu* m_folderMenu;
    QStringList m_shown; ///< runs in the view
    QString m_toChoose; ///< a run to be chosen once it is in the list
    std::vector<NamedCheckpoint> m_checkpoints; ///< of the current run
    QList<TrashedRun> m_trashed;
    std::unique_ptr<NewRunDialog::Threads> m_dialogThreads;
    QThreadPool m_readers;
    JobRunner m_reading{ m_readers };
    JobRunner m_readingCheckpoints{ m_readers };
};

} // namespace reverie::ui
