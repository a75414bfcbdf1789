// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/gallery_meaning.h"
#include "ui/session/gallery_thumbnails.h"
#include "ui/session/job_runner.h"

#include "core/api/picture_metadata.h"

#include <QTimer>
#include <QWidget>

class QAction;
class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QSlider;
class QStackedWidget;

namespace reverie::ui {

class GalleryDetails;
class GalleryGrid;
class GalleryModel;
class GallerySidebar;
class MessageBar;
class Viewer;

/// What is taken over from a picture.
enum class Recall { All, Prompt, Seed };

/// Every picture: to be found again, looked at, sorted and handed on.
class GalleryPage : public QWidget
{
    Q_OBJECT
public:
    /// What the page can do, for menus.
    struct Actions {
        QAction* open;
        QAction* compare;
        QAction* swap;
        QAction* star;
        QAction* tag;
        QAction* recallAll;
        QAction* recallPrompt;
        QAction* recallSeed;
        QAction* copy;
        QAction* copyText;
        QAction* showInFolder;
        QAction* verify;
        QAction* edit;
        QAction* exportSelection;
        QAction* remove;
        QAction* details;
        QAction* search;
        QAction* addFolder;
        QAction* undo;
        QAction* byMeaning;
        QAction* moreLike;
        QAction* fold;
    };

    /// Without `meaning` words are all that is searched for.
    explicit GalleryPage(GalleryStore& store, GalleryMeaning* meaning = nullptr, QWidget* parent = nullptr);
    ~GalleryPage() override;
    [[nodiscard]] const Actions& actions() const { return m_actions; }
    [[nodiscard]] GalleryModel& model() const { return *m_model; }
    [[nodiscard]] GalleryGrid& grid() const { return *m_grid; }
    [[nodiscard]] Viewer& viewer() const { return *m_viewer; }
    [[nodiscard]] GalleryDetails& details() const { return *m_details; }
    [[nodiscard]] GallerySidebar& sidebar() const { return *m_sidebar; }
    [[nodiscard]] QLineEdit& searchField() const { return *m_search; }
    [[nodiscard]] MessageBar& message() const { return *m_message; }

    /// Opens the gallery at the first call and puts the focus where it belongs.
    void activate();

Q_SIGNALS:
    void recalled(const reverie::PictureMetadata& picture, reverie::ui::Recall what, const QString& path);
    void editWanted(const QString& path, const QString& prompt);
    void verifyWanted(const QString& path);

protected:
    bool event(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    QAction* addAction(const QString& text, const char* icon, const QList<QKeySequence>& shortcuts,
                       void (GalleryPage::*run)());
    QAction* addSwitch(const QString& text, const char* icon, Qt::Key key);
    void makeActions();
    void makeKeys();
    QWidget* makeTop();
    QWidget* makeCentre();
    void connectStore();
    void connectPanels();

    void connectMeaning();
    void query();
    void setSearchMode();
    void moreLike();
    void showAlike(const QString& name, const Embedding& point);
    void endAlike();
    void takePoint(const Embedding& point);
    void showLineage(const GalleryEntry* entry);
    void goTo(qint64 id);
    void goToWanted();
    void showCount();
    void showCurrent();
    void refreshFacets();
    void openViewer();
    void closeViewer();
    void step(int by);
    void compare();
    void swapCompared();
    void star();
    void rate(int rating);
    void tag();
    void recall(Recall what);
    void recallAll() { recall(Recall::All); }
    void recallPrompt() { recall(Recall::Prompt); }
    void recallSeed() { recall(Recall::Seed); }
    void copy();
    void copyText();
    void showInFolder();
    void verify();
    void edit();
    void exportSelection();
    void remove();
    void undo();
    void toggleDetails();
    void focusSearch();
    void addFolder();
    void enableActions();

    [[nodiscard]] const GalleryEntry* current() const;
    /// The pictures that actions apply to: the selection, or the one in the viewer.
    [[nodiscard]] QList<qint64> chosen() const;
    [[nodiscard]] bool isViewing() const;

    /// A point of CLIP's space and what it is the point of: a text, or the name of a picture.
    struct Place {
        QString of;
        QString model;
        Embedding point;
    };

    GalleryStore& m_store;
    GalleryMeaning* m_meaning;
    GalleryThumbnails m_thumbnails;
    GalleryModel* m_model;
    GallerySidebar* m_sidebar;
    QLineEdit* m_search;
    QComboBox* m_sort;
    QSlider* m_size;
    QPushButton* m_alikeChip; ///< says what the pictures are like, and ends it
    MessageBar* m_message;
    QStackedWidget* m_stack;
    GalleryGrid* m_grid;
    QWidget* m_empty;
    QLabel* m_emptyText;
    Viewer* m_viewer;
    QLabel* m_count;
    GalleryDetails* m_details;
    Actions m_actions{};
    QList<TrashedPicture> m_trashed; ///< what undo brings back
    QTimer m_querySoon;
    Place m_text; ///< the last text that was looked for by meaning
    Place m_alike; ///< of the picture that others are like; empty without one
    QString m_locating; ///< name of the picture whose point was asked for; empty: of the text
    qint64 m_lineageOf = 0; ///< id of the picture whose relatives are shown
    qint64 m_wanted = 0; ///< id of the picture to go to once it is found
    GalleryFacets m_facets;
    bool m_active = false;
    bool m_looking = false; ///< for changes
    QThreadPool m_readers;
    JobRunner m_reading{ m_readers };
};

} // namespace reverie::ui
