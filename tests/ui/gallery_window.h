// SPDX-License-Identifier: MIT
#pragma once

#include "tests/ui/fake_engine.h"
#include "tests/ui/gallery_fixture.h"
#include "ui/session/gallery_model.h"
#include "ui/session/session.h"
#include "ui/widgets/gallery_grid.h"
#include "ui/widgets/gallery_page.h"
#include "ui/widgets/main_window.h"
#include "ui/widgets/theme.h"

#include <QSettings>
#include <QSignalSpy>
#include <QTest>

namespace reverie::ui {

/// A window over a gallery of its own, with the fake model open.
class GalleryWindowTest : public QObject
{
protected:
    QTemporaryDir m_settings;
    std::unique_ptr<GalleryFixture> m_fixture;
    std::unique_ptr<Session> m_session;
    std::unique_ptr<GalleryStore> m_store;
    std::unique_ptr<MainWindow> m_window;

    GalleryPage& page() const { return *m_window->galleryPage(); }
    GalleryGrid& grid() const { return page().grid(); }
    int shown() const { return page().model().rowCount(); }

    void setUp()
    {
        QSettings::setDefaultFormat(QSettings::IniFormat);
        QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, m_settings.path());
        qputenv("XDG_CACHE_HOME", m_settings.filePath(QStringLiteral("cache")).toUtf8());
        Theme::instance().apply(Appearance::Light);
    }

    void begin()
    {
        QSettings().clear();
        m_fixture = std::make_unique<GalleryFixture>();
    }

    void open()
    {
        m_session = std::make_unique<Session>(fakeEngine(std::make_shared<FakeBehaviour>()));
        m_session->setOutputFolder(m_fixture->places().library);
        m_store = std::make_unique<GalleryStore>(m_fixture->places());
        m_window = std::make_unique<MainWindow>(*m_session, m_store.get());
        QSignalSpy opened(m_session.get(), &Session::modelOpened);
        m_window->resize(1280, 800);
        m_window->show();
        QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
        QTRY_COMPARE(opened.size(), 1);
    }

    void shut()
    {
        m_window.reset();
        m_store.reset();
        m_session.reset();
    }

    /// Ctrl+2, and waits for the pictures.
    void goToGallery(int pictures)
    {
        QTest::keyClick(m_window.get(), Qt::Key_2, Qt::ControlModifier);
        QTRY_COMPARE(shown(), pictures);
        QTRY_VERIFY(pictures == 0 || page().model().entryAt(0));
    }

    void click(int row, Qt::KeyboardModifiers modifiers = {}) const
    {
        QTest::mouseClick(grid().viewport(), Qt::LeftButton, modifiers,
                          grid().visualRect(page().model().index(row)).center());
    }

    QString promptAt(int row) const
    {
        const GalleryEntry* entry = page().model().entryAt(row);
        return entry ? entry->prompt : QString();
    }

    QByteArray journal() const
    {
        QFile file(m_fixture->places().library + QStringLiteral("/library.jsonl"));
        return file.open(QFile::ReadOnly) ? file.readAll() : QByteArray();
    }

    /// What a program started now would find, on the disk and not in the window.
    int countOnDisk(const char* query) const
    {
        Gallery gallery(m_fixture->places());
        return static_cast<int>(gallery.find(GalleryQuery::parse(QString::fromUtf8(query))).size());
    }
};

} // namespace reverie::ui
