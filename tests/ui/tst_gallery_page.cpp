// SPDX-License-Identifier: MIT
#include "core/api/picture_texts.h"
#include "core/base/file.h"
#include "tests/ui/gallery_window.h"
#include "ui/widgets/create_page.h"
#include "ui/widgets/export_dialog.h"
#include "ui/widgets/gallery_sidebar.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/name_pattern_dialog.h"
#include "ui/widgets/painting.h"
#include "ui/widgets/parameter_panel.h"
#include "ui/widgets/prompt_box.h"
#include "ui/widgets/viewer.h"

#include <QAbstractButton>
#include <QAction>
#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QDirIterator>
#include <QDropEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMimeData>
#include <QPainter>
#include <QPushButton>
#include <QTest>

using namespace reverie;
using namespace reverie::ui;

class GalleryPageTest : public GalleryWindowTest
{
    Q_OBJECT

    /// Drops a file from outside on the window.
    void drop(const QString& file)
    {
        QMimeData data;
        data.setUrls({ QUrl::fromLocalFile(file) });
        QDragEnterEvent enter(QPoint(400, 300), Qt::CopyAction, &data, Qt::LeftButton, {});
        QApplication::sendEvent(m_window.get(), &enter);
        QVERIFY(enter.isAccepted());
        QDropEvent event(QPointF(400, 300), Qt::CopyAction, &data, Qt::LeftButton, {});
        QApplication::sendEvent(m_window.get(), &event);
    }

private Q_SLOTS:
    void initTestCase() { setUp(); }

    void init()
    {
        begin();
        const char* const prompts[] = { "slice of pizza", "owl", "red apple", "owl at night" };
        for (int i = 0; i < 4; ++i) {
            const QString file = m_fixture->draw(QStringLiteral("%1.png").arg(i), prompts[i], 100 + i, 300);
            QFile touched(file);
            QVERIFY(touched.open(QFile::ReadWrite));
            touched.setFileTime(QDateTime::currentDateTime().addSecs(-i * 60), QFile::FileModificationTime);
        }
        open();
    }

    void cleanup() { shut(); }

    void whatIsDrawnAppearsInTheGallery()
    {
        goToGallery(4);
        QTest::keyClick(m_window.get(), Qt::Key_1, Qt::ControlModifier);
        PromptBox& prompt = m_window->createPage().parameters().promptBox();
        prompt.setFocus();
        QTest::keyClicks(&prompt, QStringLiteral("rocket"));
        QTest::keyClick(&prompt, Qt::Key_Return, Qt::ControlModifier);
        QTRY_COMPARE(shown(), 5);
        QTRY_COMPARE(promptAt(0), QStringLiteral("rocket"));
        QCOMPARE(countOnDisk("rocket"), 1);
    }

    void typingSearches()
    {
        goToGallery(4);
        QTest::keyClick(&grid(), Qt::Key_F, Qt::ControlModifier);
        QCOMPARE(QApplication::focusWidget(), &page().searchField());
        QTest::keyClicks(&page().searchField(), QStringLiteral("ow"));
        QTRY_COMPARE(shown(), 2);
        QTest::keyClick(&page().searchField(), Qt::Key_Escape);
        QTRY_COMPARE(shown(), 4);
        QTest::keyClicks(&page().searchField(), QStringLiteral("seed:102"));
        QTRY_COMPARE(shown(), 1);
        QTRY_COMPARE(promptAt(0), QStringLiteral("red apple"));
    }

    void digitsRateWhatIsChosenAndTheFileOfMarksSaysSo()
    {
        goToGallery(4);
        click(1);
        click(2, Qt::ShiftModifier);
        QTest::keyClick(&grid(), Qt::Key_7);
        QTRY_COMPARE(countOnDisk("rating:7"), 2);
        QCOMPARE(journal().count("\"rating\":7"), 2);
        QTest::keyClick(&grid(), Qt::Key_0);
        QTRY_COMPARE(countOnDisk("rating:7"), 0);
    }

    void aPeriodStars()
    {
        goToGallery(4);
        click(0);
        QTest::keyClick(&grid(), Qt::Key_Period);
        QTRY_COMPARE(countOnDisk("starred:yes"), 1);
        page().sidebar().boards().setCurrentRow(1);
        QTRY_COMPARE(shown(), 1);
        QTRY_COMPARE(promptAt(0), QStringLiteral("slice of pizza"));
    }

    void tagsAreTypedIn()
    {
        goToGallery(4);
        click(1);
        QTest::keyClick(&grid(), Qt::Key_T);
        QWidget* field = QApplication::focusWidget();
        QTest::keyClicks(field, QStringLiteral("night bird"));
        QTest::keyClick(field, Qt::Key_Return);
        QTRY_COMPARE(countOnDisk("tag:\"night bird\""), 1);
        QTRY_COMPARE(countOnDisk("bird"), 1);
    }

    void picturesAreDroppedOnABoard()
    {
        goToGallery(4);
        m_store->addBoard(QStringLiteral("Best"));
        QListWidget& boards = page().sidebar().boards();
        QTRY_COMPARE(boards.count(), 3);
        click(0);
        click(3, Qt::ControlModifier);
        const std::unique_ptr<QMimeData> data(
            page().model().mimeData(grid().selectionModel()->selectedIndexes()));
        const QPointF place = boards.visualItemRect(boards.item(2)).center();
        QDragEnterEvent enter(place.toPoint(), Qt::CopyAction, data.get(), Qt::LeftButton, {});
        QApplication::sendEvent(boards.viewport(), &enter);
        QVERIFY(enter.isAccepted());
        QDragMoveEvent move(place.toPoint(), Qt::CopyAction, data.get(), Qt::LeftButton, {});
        QApplication::sendEvent(boards.viewport(), &move);
        QVERIFY(move.isAccepted());
        QDropEvent drop(place, Qt::CopyAction, data.get(), Qt::LeftButton, {});
        QApplication::sendEvent(boards.viewport(), &drop);
        QTRY_COMPARE(countOnDisk("board:Best"), 2);
        boards.setCurrentRow(2);
        QTRY_COMPARE(shown(), 2);
    }

    void deletingGoesToTheTrashAndIsUndone()
    {
        goToGallery(4);
        click(0);
        const QByteArray bytes
            = QByteArray::fromStdString(read_file(toPath(m_fixture->picture(QStringLiteral("0.png")))));
        QTest::keyClick(&grid(), Qt::Key_Delete);
        QTRY_COMPARE(shown(), 3);
        QVERIFY(!QFile::exists(m_fixture->picture(QStringLiteral("0.png"))));
        QTRY_VERIFY(page().message().isVisible());
        auto* undo = page().message().findChild<QPushButton*>();
        QVERIFY(undo);
        QTest::mouseClick(undo, Qt::LeftButton);
        QTRY_COMPARE(shown(), 4);
        QCOMPARE(QByteArray::fromStdString(read_file(toPath(m_fixture->picture(QStringLiteral("0.png"))))),
                 bytes);
    }

    void theViewerZoomsPansAndSteps()
    {
        goToGallery(4);
        click(0);
        QTest::keyClick(&grid(), Qt::Key_Return);
        ViewerCanvas& canvas = page().viewer().canvas();
        QTRY_VERIFY(canvas.isVisible() && canvas.hasFocus());
        QTRY_VERIFY(canvas.zoom() != 1);
        QTest::keyClick(&canvas, Qt::Key_O);
        QCOMPARE(canvas.zoom() * 1.0, 1.0);
        for (int i = 0; i < 10; ++i)
            QTest::keyClick(&canvas, Qt::Key_Plus);
        QVERIFY(canvas.zoom() > 5);
        const QPointF before = canvas.centre();
        QTest::mousePress(&canvas, Qt::LeftButton, {}, QPoint(200, 200));
        QMouseEvent move(QEvent::MouseMove, QPointF(150, 180), canvas.mapToGlobal(QPointF(150, 180)),
                         Qt::LeftButton, Qt::LeftButton, {});
        QApplication::sendEvent(&canvas, &move);
        QTest::mouseRelease(&canvas, Qt::LeftButton, {}, QPoint(150, 180));
        QVERIFY(canvas.centre().x() > before.x() && canvas.centre().y() > before.y());
        QTest::keyClick(&canvas, Qt::Key_F);
        QVERIFY(canvas.isFit());
        QTest::keyClick(&canvas, Qt::Key_Right);
        QCOMPARE(page().viewer().entry().prompt, QStringLiteral("owl"));
        QTest::keyClick(&canvas, Qt::Key_9);
        QTRY_COMPARE(countOnDisk("rating:9 owl"), 1);
        QTest::keyClick(&canvas, Qt::Key_Escape);
        QVERIFY(grid().isVisible() && grid().hasFocus());
    }

    void twoPicturesAreCompared()
    {
        goToGallery(4);
        click(0);
        click(2, Qt::ControlModifier);
        QTest::keyClick(&grid(), Qt::Key_M);
        ViewerCanvas& canvas = page().viewer().canvas();
        QTRY_VERIFY(canvas.compare() == ViewerCanvas::Compare::Slider);
        const double x = canvas.width() / 2.0;
        QTest::mousePress(&canvas, Qt::LeftButton, {}, QPoint(int(x), canvas.height() / 2));
        QMouseEvent move(QEvent::MouseMove, QPointF(x - 60, canvas.height() / 2.0),
                         canvas.mapToGlobal(QPointF(x - 60, canvas.height() / 2.0)), Qt::LeftButton,
                         Qt::LeftButton, {});
        QApplication::sendEvent(&canvas, &move);
        QVERIFY(canvas.split() < 0.5);
        QTest::mouseRelease(&canvas, Qt::LeftButton, {}, QPoint(int(x) - 60, canvas.height() / 2));
        QTest::keyClick(&canvas, Qt::Key_M);
        QTRY_VERIFY(canvas.compare() == ViewerCanvas::Compare::SideBySide);
        QTest::keyClick(&canvas, Qt::Key_Escape);
        QVERIFY(canvas.compare() == ViewerCanvas::Compare::Off);
    }

    void recallFillsThePageToCreate()
    {
        goToGallery(4);
        click(1);
        QTest::keyClick(&grid(), Qt::Key_A);
        const auto draft = [this] { return m_window->createPage().parameters().draft(); };
        QTRY_COMPARE(draft().prompt, QStringLiteral("owl"));
        QCOMPARE(draft().seed, std::optional<quint64>(101));
        QVERIFY(m_window->createPage().isVisible());
        goToGallery(4);
        click(0);
        QTest::keyClick(&grid(), Qt::Key_S);
        QTRY_COMPARE(draft().seed, std::optional<quint64>(100));
        QCOMPARE(draft().prompt, QStringLiteral("owl"));
    }

    void aDroppedPictureOfAnyProgramRestoresWhatMadeIt()
    {
        const auto draft = [this] { return m_window->createPage().parameters().draft(); };
        drop(m_fixture->picture(QStringLiteral("2.png")));
        QTRY_COMPARE(draft().prompt, QStringLiteral("red apple"));
        QCOMPARE(draft().seed, std::optional<quint64>(102));
        const std::string bare = encodePicture(fakeTarget("owl"), ImageFormat::Png, 0).toStdString();
        const QString foreign = m_fixture->path(QStringLiteral("foreign.png"));
        write_file(toPath(foreign),
                   with_texts(bare,
                              { { "parameters",
                                  "a castle, at dusk\nNegative prompt: fog\nSteps: 20, Sampler: Euler a, "
                                  "CFG scale: 7, Seed: 4242, Size: 64x64, Model: other" } }));
        drop(foreign);
        QTRY_COMPARE(draft().prompt, QStringLiteral("a castle, at dusk"));
        QCOMPARE(draft().seed, std::optional<quint64>(4242));
        const QString mute = m_fixture->path(QStringLiteral("mute.png"));
        write_file(toPath(mute), bare);
        drop(mute);
        QTRY_VERIFY(
            m_window->createPage().findChild<MessageBar*>()->text().contains(QLatin1String("mute.png")));
        QCOMPARE(draft().prompt, QStringLiteral("a castle, at dusk"));
    }

    void newPicturesAreNamedAfterTheirPattern()
    {
        for (QAction* action : m_window->findChildren<QAction*>())
            if (action->text() == QStringLiteral("&Names of Pictures…"))
                action->trigger();
        auto* dialog = m_window->findChild<NamePatternDialog*>();
        QVERIFY(dialog);
        auto* field = dialog->findChild<QLineEdit*>(QStringLiteral("namePattern"));
        QPushButton* use = nullptr;
        for (auto* button : dialog->findChildren<QPushButton*>())
            if (button->isDefault())
                use = button;
        field->selectAll();
        QTest::keyClicks(field, QStringLiteral("../[seed]"));
        QVERIFY(!use->isEnabled());
        QVERIFY(dialog->findChild<QLabel*>(QStringLiteral("nameExample"))
                    ->text()
                    .contains(QLatin1String("leaves the folder")));
        field->selectAll();
        QTest::keyClicks(field, QStringLiteral("mine/[prompt] [index]"));
        QVERIFY(use->isEnabled());
        QTest::mouseClick(use, Qt::LeftButton);
        PromptBox& prompt = m_window->createPage().parameters().promptBox();
        prompt.setFocus();
        QTest::keyClicks(&prompt, QStringLiteral("red apple"));
        QTest::keyClick(&prompt, Qt::Key_Return, Qt::ControlModifier);
        QTRY_VERIFY(QFile::exists(m_fixture->picture(QStringLiteral("mine/red-apple 00001.png"))));
    }

    void aPictureIsCopiedWithItsFile()
    {
        goToGallery(4);
        click(0);
        QTest::keyClick(&grid(), Qt::Key_C, Qt::ControlModifier);
        const QMimeData* data = QApplication::clipboard()->mimeData();
        QCOMPARE(data->urls(),
                 QList<QUrl>({ QUrl::fromLocalFile(m_fixture->picture(QStringLiteral("0.png"))) }));
        QVERIFY(data->hasImage());
        QTest::keyClick(&grid(), Qt::Key_C, Qt::ControlModifier | Qt::ShiftModifier);
        QVERIFY(QApplication::clipboard()->text().contains(QLatin1String("Seed: 100")));
    }

    void theDialogExportsWhatIsChosen()
    {
        goToGallery(4);
        click(0);
        click(1, Qt::ShiftModifier);
        QTest::keyClick(&grid(), Qt::Key_E, Qt::ControlModifier);
        auto* dialog = page().findChild<ExportDialog*>();
        QVERIFY(dialog);
        dialog->setDestination(m_fixture->path(QStringLiteral("handed-on")));
        for (auto* button : dialog->findChildren<QPushButton*>())
            if (button->isDefault())
                QTest::mouseClick(button, Qt::LeftButton);
        QTRY_VERIFY(QFile::exists(m_fixture->path(QStringLiteral("handed-on"))));
        QCOMPARE(QDir(m_fixture->path(QStringLiteral("handed-on"))).entryList(QDir::Files),
                 (QStringList{ QStringLiteral("00001-100-slice-of-pizza.png"),
                               QStringLiteral("00002-101-owl.png") }));
        QCOMPARE(read_file(toPath(m_fixture->path(QStringLiteral("handed-on/00002-101-owl.png")))),
                 read_file(toPath(m_fixture->picture(QStringLiteral("1.png")))));
    }

    void picturesAreWholeAtEveryScale()
    {
        QImage halves(10, 10, QImage::Format_RGB32);
        halves.fill(Qt::red);
        for (int y = 0; y < 10; ++y)
            for (int x = 5; x < 10; ++x)
                halves.setPixelColor(x, y, Qt::blue);
        for (const qreal ratio : { 1.0, 1.5, 2.0 }) {
            QImage screen(QSize(200, 200) * ratio, QImage::Format_RGB32);
            screen.setDevicePixelRatio(ratio);
            screen.fill(Qt::white);
            {
                QPainter painter(&screen);
                paintPicture(painter, QRectF(100, 100, 80, 80), halves, 8, Enlarge::AsSquares);
            }
            const auto at
                = [&](int x, int y) { return screen.pixelColor((QPointF(x, y) * ratio).toPoint()); };
            QCOMPARE(at(105, 140), QColor(Qt::red));
            QCOMPARE(at(135, 140), QColor(Qt::red));
            QCOMPARE(at(145, 140), QColor(Qt::blue));
            QCOMPARE(at(175, 140), QColor(Qt::blue));
            QCOMPARE(at(95, 140), QColor(Qt::white));
        }
    }

    void thumbnailsOfLargePicturesAreKept()
    {
        goToGallery(4);
        const QString cache = m_settings.filePath(QStringLiteral("cache/reverie/thumbnails"));
        const auto cached = [&cache] {
            int count = 0;
            QDirIterator files(cache, QDir::Files, QDirIterator::Subdirectories);
            for (; files.hasNext(); files.next())
                ++count;
            return count;
        };
        QTRY_VERIFY(cached() >= 4);
    }

    void everyControlHasANameAndIsReachedByTab()
    {
        goToGallery(4);
        click(0);
        QTest::qWait(50);
        QSet<QWidget*> reached;
        grid().setFocus();
        for (int i = 0; i < 120; ++i) {
            reached.insert(QApplication::focusWidget());
            QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
        }
        int controls = 0;
        for (QWidget* widget : m_window->findChildren<QWidget*>()) {
            const bool inside = widget->focusProxy() || widget->objectName().startsWith(QLatin1String("qt_"));
            if (widget->focusPolicy() == Qt::NoFocus || !widget->isVisible() || !widget->isEnabled() || inside
                || qobject_cast<QLabel*>(widget))
                continue;
            ++controls;
            const auto* button = qobject_cast<QAbstractButton*>(widget);
            const QString name
                = widget->accessibleName().isEmpty() && button ? button->text() : widget->accessibleName();
            QVERIFY2(!name.isEmpty(), widget->metaObject()->className());
            QVERIFY2(reached.contains(widget), qPrintable(name));
        }
        QVERIFY(controls >= 15);
    }
};

QTEST_MAIN(GalleryPageTest)
#include "tst_gallery_page.moc"
