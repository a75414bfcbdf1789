// SPDX-License-Identifier: MIT
#include "core/api/picture_metadata.h"
#include "core/base/file.h"
#include "tests/ui/gallery_window.h"
#include "ui/widgets/create_page.h"
#include "ui/widgets/export_dialog.h"
#include "ui/widgets/gallery_details.h"
#include "ui/widgets/gallery_sidebar.h"
#include "ui/widgets/parameter_panel.h"
#include "ui/widgets/viewer.h"

#include <QAction>
#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QFileDialog>
#include <QLineEdit>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QProcess>
#include <QPushButton>
#include <QSlider>
#include <QSpinBox>
#include <QToolButton>

using namespace reverie;
using namespace reverie::ui;

/// Every control of the gallery that no other test moves, by keys and mouse.
class GalleryControlsTest : public GalleryWindowTest
{
    Q_OBJECT

    template <class Widget>
    Widget* named(const QWidget& parent, const char* accessibleName) const
    {
        for (auto* widget : parent.findChildren<Widget*>())
            if (widget->accessibleName() == QString::fromUtf8(accessibleName))
                return widget;
        qFatal("There is no control called %s.", accessibleName);
    }

    void choose(const QWidget& parent, const char* accessibleName, const char* item) const
    {
        auto* box = named<QComboBox>(parent, accessibleName);
        box->setFocus();
        QTest::keyClick(box, Qt::Key_Home);
        while (box->currentText() != QString::fromUtf8(item) && box->currentIndex() + 1 < box->count())
            QTest::keyClick(box, Qt::Key_Down);
        QCOMPARE(box->currentText(), QString::fromUtf8(item));
    }

    QList<quint64> seedsShown() const
    {
        QList<quint64> seeds;
        for (int row = 0; row < shown(); ++row)
            if (const GalleryEntry* entry = page().model().entryAt(row))
                seeds << entry->seed.value_or(0);
        return seeds;
    }

    ExportDialog* exportDialog()
    {
        m_window->activateWindow();
        if (!QTest::qWaitForWindowActive(m_window.get()))
            qFatal("The window did not become active.");
        QTest::keyClick(&grid(), Qt::Key_E, Qt::ControlModifier);
        return page().findChild<ExportDialog*>();
    }

    void exportTo(ExportDialog* dialog, const QString& place)
    {
        auto* where = named<QLineEdit>(*dialog, "Where to");
        where->selectAll();
        QTest::keyClicks(where, place);
        for (auto* button : dialog->findChildren<QPushButton*>())
            if (button->isDefault())
                QTest::mouseClick(button, Qt::LeftButton);
    }

private Q_SLOTS:
    void initTestCase() { setUp(); }

    void init()
    {
        begin();
        const char* const prompts[] = { "slice of pizza", "owl", "red apple" };
        for (int i = 0; i < 3; ++i) {
            const QString file
                = m_fixture->keep(QStringLiteral("%1.png").arg(i),
                                  fakeTarget(prompts[i]).scaled(32 << i, 32 << i), prompts[i], 100 + i);
            QFile touched(file);
            QVERIFY(touched.open(QFile::ReadWrite));
            touched.setFileTime(QDateTime::currentDateTime().addDays(-10 * i), QFile::FileModificationTime);
        }
        const auto gallery = m_fixture->open();
        const auto ids = gallery->find(GalleryQuery::parse(QStringLiteral("sort:seed")));
        gallery->setRating({ ids[1] }, 6);
        gallery->setTag({ ids[2] }, QStringLiteral("fruit"), true);
        open();
        goToGallery(3);
    }

    void cleanup() { shut(); }

    void everyFilterRestricts()
    {
        GallerySidebar& bar = page().sidebar();
        choose(bar, "Date", "The last 7 days");
        QTRY_COMPARE(seedsShown(), QList<quint64>{ 100 });
        choose(bar, "Date", "The last 30 days");
        QTRY_COMPARE(shown(), 3);
        choose(bar, "Size", "128 px");
        QTRY_COMPARE(seedsShown(), QList<quint64>{ 102 });
        choose(bar, "Size", "Every size");
        choose(bar, "Rating", "Rated 5 or more");
        QTRY_COMPARE(seedsShown(), QList<quint64>{ 101 });
        choose(bar, "Rating", "Any rating");
        choose(bar, "Tag", "fruit");
        QTRY_COMPARE(seedsShown(), QList<quint64>{ 102 });
        choose(bar, "Tag", "Every tag");
        choose(bar, "Kind", "Drawings");
        choose(bar, "Model", "Emoji");
        QTRY_COMPARE(shown(), 3);
        QTest::keyClicks(named<QLineEdit>(bar, "Seed"), QStringLiteral("101"));
        QTRY_COMPARE(seedsShown(), QList<quint64>{ 101 });
        for (auto* button : bar.findChildren<QPushButton*>())
            QTest::mouseClick(button, Qt::LeftButton); // show everything
        QTRY_COMPARE(shown(), 3);
    }

    void theOrderIsChosen()
    {
        QTRY_COMPARE(seedsShown(), (QList<quint64>{ 100, 101, 102 }));
        choose(page(), "Order", "Oldest first");
        QTRY_COMPARE(seedsShown(), (QList<quint64>{ 102, 101, 100 }));
        choose(page(), "Order", "Best first");
        QTRY_COMPARE(seedsShown(), (QList<quint64>{ 101, 100, 102 }));
        choose(page(), "Order", "By prompt");
        QTRY_COMPARE(seedsShown(), (QList<quint64>{ 101, 102, 100 }));
        choose(page(), "Order", "By seed");
        QTRY_COMPARE(seedsShown(), (QList<quint64>{ 100, 101, 102 }));
        choose(page(), "Order", "Largest first");
        QTRY_COMPARE(seedsShown(), (QList<quint64>{ 102, 101, 100 }));
    }

    void picturesGrowWithTheSlider()
    {
        const int before = grid().visualRect(page().model().index(0)).width();
        auto* slider = named<QSlider>(page(), "Size of the pictures");
        for (int i = 0; i < 5; ++i)
            QTest::keyClick(slider, Qt::Key_PageUp);
        QVERIFY(grid().visualRect(page().model().index(0)).width() > before);
    }

    void boardsAreMadeAndRemoved()
    {
        auto* field = named<QLineEdit>(page().sidebar(), "New board");
        QTest::keyClicks(field, QStringLiteral("Best of"));
        QTest::keyClick(field, Qt::Key_Return);
        const auto boards = [this] { return Gallery(m_fixture->places()).facets().boards; };
        QTRY_COMPARE(boards(), QStringList{ QStringLiteral("Best of") });
        QListWidget& list = page().sidebar().boards();
        QTRY_COMPARE(list.count(), 3);
        QTest::mouseClick(list.viewport(), Qt::LeftButton, {}, list.visualItemRect(list.item(2)).center());
        QTRY_COMPARE(shown(), 0);
        list.actions().first()->trigger();
        QTRY_COMPARE(boards(), QStringList());
        QTRY_COMPARE(shown(), 3);
    }

    void aTagIsTakenAwayByItsChip()
    {
        QTRY_COMPARE(seedsShown().size(), 3);
        click(2);
        QTRY_VERIFY(!page().details().findChildren<QPushButton*>().isEmpty());
        const auto chip = [this]() -> QPushButton* {
            for (auto* button : page().details().findChildren<QPushButton*>())
                if (button->accessibleName() == QLatin1String("Remove the tag fruit"))
                    return button;
            return nullptr;
        };
        QTRY_VERIFY(chip());
        QTest::mouseClick(chip(), Qt::LeftButton);
        QTRY_COMPARE(countOnDisk("tag:fruit"), 0);
    }

    void theViewersButtonsWork()
    {
        QTRY_COMPARE(seedsShown().size(), 3);
        click(0);
        QTest::keyClick(&grid(), Qt::Key_Z);
        Viewer& viewer = page().viewer();
        QTRY_VERIFY(viewer.isVisible());
        QTest::mouseClick(named<QToolButton>(viewer, "Next picture (Right)"), Qt::LeftButton);
        QTRY_COMPARE(viewer.entry().seed, std::optional<quint64>(101));
        QTest::mouseClick(named<QToolButton>(viewer, "Previous picture (Left)"), Qt::LeftButton);
        QTRY_COMPARE(viewer.entry().seed, std::optional<quint64>(100));
        QTRY_VERIFY(viewer.canvas().accessibleDescription().contains(QLatin1String("seed 100")));
        QTest::mouseClick(named<QToolButton>(viewer, "Actual size (O)"), Qt::LeftButton);
        QVERIFY(!viewer.canvas().isFit());
        QTest::mouseClick(named<QToolButton>(viewer, "Fit into the window (F)"), Qt::LeftButton);
        QVERIFY(viewer.canvas().isFit());
        QTest::keyClick(&viewer.canvas(), Qt::Key_I);
        QVERIFY(!page().details().isVisible());
        QTest::keyClick(&viewer.canvas(), Qt::Key_I);
        QVERIFY(page().details().isVisible());
        QTest::mouseClick(named<QToolButton>(viewer, "Back to the gallery (Esc)"), Qt::LeftButton);
        QVERIFY(grid().isVisible());
    }

    void whatIsComparedIsSwapped()
    {
        QTRY_COMPARE(seedsShown().size(), 3);
        click(0);
        click(2, Qt::ControlModifier);
        QTest::keyClick(&grid(), Qt::Key_M);
        Viewer& viewer = page().viewer();
        QTRY_VERIFY(viewer.isVisible() && viewer.isComparing());
        QCOMPARE(viewer.entry().seed, std::optional<quint64>(100));
        QTest::keyClick(&viewer.canvas(), Qt::Key_C);
        QCOMPARE(viewer.entry().seed, std::optional<quint64>(102));
    }

    void thePromptAloneIsTakenOver()
    {
        QTRY_COMPARE(seedsShown().size(), 3);
        click(1);
        QTest::keyClick(&grid(), Qt::Key_P);
        const auto draft = [this] { return m_window->createPage().parameters().draft(); };
        QTRY_COMPARE(draft().prompt, QStringLiteral("owl"));
        QVERIFY(draft().seed != std::optional<quint64>(101));
    }

    void aKeyBringsBackWhatWasDeleted()
    {
        QTRY_COMPARE(seedsShown().size(), 3);
        click(0);
        QTest::keyClick(&grid(), Qt::Key_X);
        QTRY_COMPARE(shown(), 2);
        QVERIFY(!QFile::exists(m_fixture->picture(QStringLiteral("0.png"))));
        QTRY_VERIFY(page().actions().undo->isEnabled());
        QTest::keyClick(&grid(), Qt::Key_Z, Qt::ControlModifier);
        QTRY_COMPARE(shown(), 3);
        QVERIFY(QFile::exists(m_fixture->picture(QStringLiteral("0.png"))));
    }

    void aStoppedExportLeavesNothing()
    {
        const QString folder = m_fixture->path(QStringLiteral("stopped"));
        QDir().mkpath(folder);
        ExportDialog* dialog = exportDialog();
        std::vector<QPushButton*> cancel;
        for (auto* button : dialog->findChildren<QPushButton*>())
            if (button->text() == QLatin1String("Cancel"))
                cancel.push_back(button);
        QCOMPARE(cancel.size(), std::size_t(1));
        choose(*dialog, "As", "ZIP file");
        choose(*dialog, "Pictures", "WebP");
        exportTo(dialog, folder + QStringLiteral("/out.zip"));
        QCOMPARE(cancel[0]->text(), QStringLiteral("Stop"));
        QTest::mouseClick(cancel[0], Qt::LeftButton);
        QTRY_VERIFY(!page().findChild<ExportDialog*>() || cancel[0]->text() == QLatin1String("Cancel"));
        const QStringList left = QDir(folder).entryList(QDir::Files | QDir::Hidden);
        QVERIFY2(left.isEmpty() || left == QStringList{ QStringLiteral("out.zip") },
                 qPrintable(left.join(u' ')));
    }

    void aFolderIsAdded()
    {
        GalleryFixture::write(m_fixture->path(QStringLiteral("elsewhere/fox.png")), "fox", 7);
        page().actions().addFolder->trigger();
        auto* dialog = page().findChild<QFileDialog*>();
        QVERIFY(dialog);
        auto* name = dialog->findChild<QLineEdit*>(QStringLiteral("fileNameEdit"));
        name->setText(m_fixture->path(QStringLiteral("elsewhere")));
        QTest::keyClick(name, Qt::Key_Return);
        QTRY_COMPARE(shown(), 4);
        QCOMPARE(countOnDisk("fox"), 1);
    }

    void whatTheExportDialogSaysIsWhatIsWritten()
    {
        ExportDialog* dialog = exportDialog();
        QVERIFY(dialog);
        choose(*dialog, "As", "ZIP file");
        choose(*dialog, "Pictures", "JPEG");
        named<QSpinBox>(*dialog, "Quality")->selectAll();
        QTest::keyClicks(named<QSpinBox>(*dialog, "Quality"), QStringLiteral("40"));
        named<QSpinBox>(*dialog, "Size")->selectAll();
        QTest::keyClicks(named<QSpinBox>(*dialog, "Size"), QStringLiteral("20"));
        auto* names = named<QLineEdit>(*dialog, "Names");
        names->selectAll();
        QTest::keyClicks(names, QStringLiteral("x-[seed]"));
        for (const char* box : { "Prompts beside them (.txt)", "Everything beside them (.json)",
                                 "A list for data sets (metadata.jsonl)" })
            QTest::keyClick(named<QCheckBox>(*dialog, box), Qt::Key_Space);
        const QString zip = m_fixture->path(QStringLiteral("handed-on.zip"));
        exportTo(dialog, zip);
        QTRY_VERIFY(QFile::exists(zip));
        const QString out = m_fixture->path(QStringLiteral("unzipped"));
        QCOMPARE(QProcess::execute(QStringLiteral("unzip"),
                                   { QStringLiteral("-q"), zip, QStringLiteral("-d"), out }),
                 0);
        const QDir folder(out);
        QCOMPARE(folder.entryList({ QStringLiteral("x-*.jpg") }).size(), 3);
        QCOMPARE(folder.entryList({ QStringLiteral("x-*.txt") }).size(), 3);
        QCOMPARE(folder.entryList({ QStringLiteral("x-*.json") }).size(), 3);
        QVERIFY(folder.exists(QStringLiteral("metadata.jsonl")));
        QCOMPARE(readPicture(folder.filePath(QStringLiteral("x-102.jpg"))).size(), QSize(20, 20));
        QVERIFY(
            !read_metadata(read_file(toPath(folder.filePath(QStringLiteral("x-102.jpg"))))).prompt.empty());
    }

    void oneSwitchStripsEverythingAndThePreviewSaysSo()
    {
        ExportDialog* dialog = exportDialog();
        const auto preview
            = [&] { return named<QPlainTextEdit>(*dialog, "What the first file will say")->toPlainText(); };
        QTRY_VERIFY(preview().contains(QLatin1String("slice of pizza")));
        QTest::keyClick(named<QCheckBox>(*dialog, "Leave out how they were made"), Qt::Key_Space);
        QTRY_COMPARE(preview(), QStringLiteral("Nothing but the picture."));
        const QString folder = m_fixture->path(QStringLiteral("plain"));
        exportTo(dialog, folder);
        QTRY_VERIFY(QFile::exists(folder));
        for (const QString& name : QDir(folder).entryList(QDir::Files)) {
            QVERIFY(!name.contains(QLatin1String("pizza")));
            QVERIFY(read_metadata(read_file(toPath(folder + QLatin1Char('/') + name))).texts.empty());
        }
    }

    void columnsAndTimeReachSheetsAndAnimations()
    {
        ExportDialog* dialog = exportDialog();
        choose(*dialog, "As", "Contact sheet, PNG");
        named<QSpinBox>(*dialog, "Columns")->selectAll();
        QTest::keyClicks(named<QSpinBox>(*dialog, "Columns"), QStringLiteral("1"));
        const QString sheet = m_fixture->path(QStringLiteral("sheet.png"));
        exportTo(dialog, sheet);
        QTRY_VERIFY(QFile::exists(sheet));
        QCOMPARE(readPicture(sheet).width(), 16 + 256 + 16);
        QTRY_VERIFY(!page().findChild<ExportDialog*>());
        dialog = exportDialog();
        choose(*dialog, "As", "Animation, WebP");
        named<QSpinBox>(*dialog, "Time")->selectAll();
        QTest::keyClicks(named<QSpinBox>(*dialog, "Time"), QStringLiteral("70"));
        const QString animation = m_fixture->path(QStringLiteral("moving.webp"));
        exportTo(dialog, animation);
        QTRY_VERIFY(QFile::exists(animation));
        const auto frames = decodeAnimation(QByteArray::fromStdString(read_file(toPath(animation))));
        QCOMPARE(frames.size(), std::size_t(3));
        QCOMPARE(frames[1].milliseconds, 70);
    }
};

QTEST_MAIN(GalleryControlsTest)
#include "tst_gallery_controls.moc"
