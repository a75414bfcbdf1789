// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/model_importer.h"
#include "ui/session/model_store.h"

#include <QHash>
#include <QWidget>

class QAction;
class QLabel;
class QLineEdit;
class QProgressBar;
class QPushButton;
class QStackedWidget;

namespace reverie::ui {

class AssemblyPanel;
class MessageBar;
class ModelDetails;
class ModelsList;
class Session;

/// The models there are: what each is, which one draws, and how another program's weights become one.
class ModelsPage : public QWidget
{
    Q_OBJECT
public:
    /// What the page can do, for menus.
    struct Actions {
        QAction* use;
        QAction* install;
        QAction* assembleThis;
        QAction* assemble;
        QAction* inspect;
        QAction* showInFolder;
        QAction* rename;
        QAction* remove;
        QAction* undo;
        QAction* copyText;
        QAction* search;
    };

    ModelsPage(ModelStore& store, Session& session, QWidget* parent = nullptr);
    [[nodiscard]] const Actions& actions() const { return m_actions; }
    [[nodiscard]] ModelsList& list() const { return *m_list; }
    [[nodiscard]] ModelDetails& details() const { return *m_details; }
    [[nodiscard]] AssemblyPanel& assembly() const { return *m_assembly; }
    [[nodiscard]] MessageBar& message() const { return *m_message; }

    /// Looks for models at the first call and puts the focus where it belongs.
    void activate();
    /// Files from outside: one is looked into, several are put together.
    void take(const QStringList& paths);

Q_SIGNALS:
    void useWanted(const QString& path); ///< as the model that draws; empty: whichever is found

protected:
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    QAction* addAction(const QString& text, const char* icon, const char* name,
                       const QList<QKeySequence>& shortcuts, void (ModelsPage::*run)());
    void makeActions();
    QWidget* makeSide();
    QWidget* makeCentre();
    QWidget* makeCopying();
    void connectStore();
    void connectAssembly();
    void connectSession();

    void use();
    void install();
    void assembleThis();
    void assemble();
    void chooseFile();
    void showInFolder();
    void rename();
    void remove();
    void undo();
    void copyText();
    void focusSearch();

    void showCurrent();
    void showState();
    void showCount();
    void showModels();
    void enableActions();
    void takeInspected(const QList<ModelFile>& files);
    void openAssembly(const QList<ModelFile>& files);
    void closeAssembly();
    /// Looks into them for the form, for one of its places or for any (-1).
    void inspectForAssembly(int place, const QStringList& paths);
    [[nodiscard]] const ModelFile* current() const;
    [[nodiscard]] bool isActive(const QString& path) const;

    ModelStore& m_store;
    Session& m_session;
    ModelImporter m_importer;
    QLineEdit* m_search;
    ModelsList* m_list;
    QLabel* m_count;
    MessageBar* m_message;
    QWidget* m_copying;
    QLabel* m_copyingText;
    QProgressBar* m_copyingBar;
    QStackedWidget* m_stack;
    ModelDetails* m_details;
    AssemblyPanel* m_assembly;
    Actions m_actions{};
    std::optional<ModelFile> m_looked; ///< a file that is no installed model
    QString m_chooseWhenScanned; ///< what was just added or renamed
    enum class For { Details, Assembly } m_inspectingFor = For::Details;
    int m_place = -1; ///< of the assembly, that is asked about
    QHash<QString, QString> m_hashes; ///< by path, size and time
    bool m_active = false;
    bool m_loading = false; ///< the model that is to draw
};

} // namespace reverie::ui
