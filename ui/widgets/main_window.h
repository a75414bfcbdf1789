// SPDX-License-Identifier: MIT
#pragma once

#include <QMainWindow>
#include <QTimer>

class QMenu;
class QStackedWidget;
class QTabBar;

namespace reverie::ui {

class Announcer;
class CreatePage;
class DrawQueue;
class GalleryPage;
class GalleryStore;
class RunStore;
class ModelStore;
class ModelsPage;
class Session;
class Shortcuts;
class TrainPage;

/// The program's window. Holds the pages, the menus and what concerns all of them: opening a model after the
/// first paint, files that are dropped, settings, and asking before it closes on a drawing.
class MainWindow : public QMainWindow
{
    Q_OBJECT
public:
    /// Without a gallery there is only the page to draw on; without a queue there is one that the window
    /// takes along when it goes.
    explicit MainWindow(Session& session, GalleryStore* gallery = nullptr, DrawQueue* queue = nullptr,
                        QWidget* parent = nullptr);

    /// Adds the page of training runs behind those there are.
    void addTraining(RunStore& runs);
    [[nodiscard]] TrainPage* trainPage() const { return m_train; } ///< null before
    /// Adds the page of models behind those there are.
    void addModels(ModelStore& models);
    [[nodiscard]] ModelsPage* modelsPage() const { return m_models; } ///< null before
    /// A picture of Reverie's, whose making is taken over, or a model.
    void openFile(const QString& path);
    [[nodiscard]] CreatePage& createPage() const { return *m_create; }
    [[nodiscard]] GalleryPage* galleryPage() const { return m_gallery; } ///< null without a gallery
    void showPage(int index); ///< 0: Create, 1: Gallery, 2: Train

protected:
    void paintEvent(QPaintEvent* event) override;
    void closeEvent(QCloseEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void addGallery(GalleryStore& store);
    void makeTabs();
    void makeGalleryMenu();
    void makeTrainMenu();
    void makeModelsMenu();
    void makeMenus();
    void makeAppearanceMenu();
    void makeHelpMenu();
    void addPageAction(QMenu& view, const QString& text, int page, Qt::Key digit);
    void registerKeys(const QString& group, const QWidget& page);
    void chooseModel();
    void chooseNames();
    void showTitle(const QString& title);
    void askToStop();
    void askToLose(int pictures);
    void closeWhenIdle();
    void saveState();
    void restoreState();

    Session& m_session;
    QStackedWidget* m_pages;
    DrawQueue* m_queue;
    CreatePage* m_create;
    GalleryPage* m_gallery = nullptr;
    TrainPage* m_train = nullptr;
    ModelsPage* m_models = nullptr;
    QTabBar* m_tabs;
    Shortcuts* m_shortcuts;
    Announcer* m_announcer;
    QString m_title; ///< of the page
    int m_unseen = 0; ///< things that ended while nobody looked
    QTimer m_saveSoon; ///< so that a crash loses at most a second of typing
    bool m_painted = false;
    bool m_closing = false;
    QString m_modelToOpen;
};

} // namespace reverie::ui
