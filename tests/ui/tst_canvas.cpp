// SPDX-License-Identifier: MIT
#include "core/api/library.h"
#include "core/api/model_info.h"
#include "core/api/picture_file.h"
#include "ui/session/draw_queue.h"
#include "ui/session/gallery_model.h"
#include "ui/session/gallery_store.h"
#include "ui/session/path.h"
#include "ui/session/picture_codec.h"
#include "ui/session/session.h"
#include "ui/widgets/blend_panel.h"
#include "ui/widgets/create_page.h"
#include "ui/widgets/edit_canvas.h"
#include "ui/widgets/edit_page.h"
#include "ui/widgets/gallery_grid.h"
#include "ui/widgets/gallery_page.h"
#include "ui/widgets/main_window.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/parameter_panel.h"
#include "ui/widgets/picture_view.h"
#include "ui/widgets/prompt_box.h"
#include "ui/widgets/stage_tile.h"
#include "ui/widgets/theme.h"
#include "ui/widgets/time_line.h"

#include <QAction>
#include <QApplication>
#include <QComboBox>
#include <QDirIterator>
#include <QDoubleSpinBox>
#include <QDropEvent>
#include <QElapsedTimer>
#include <QFileDialog>
#include <QLineEdit>
#include <QMimeData>
#include <QSettings>
#include <QSignalSpy>
#include <QSlider>
#include <QSpinBox>
#include <QSqlDatabase>
#include <QSqlQuery>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>
#include <QWheelEvent>

#include <cmath>
#include <map>
#include <unistd.h>

using namespace reverie;
using namespace reverie::ui;

namespace {

constexpr int patience = 120'000;

/// Without what is kept beside them; oldest first.
QStringList picturesBelow(const QString& folder)
{
    QFileInfoList found;
    for (QDirIterator files(folder, { QStringLiteral("*.png") }, QDir::Files, QDirIterator::Subdirectories);
         files.hasNext();)
        if (const QString path = files.next(); !path.contains(QLatin1String(".reverie/")))
            found << QFileInfo(path);
    std::sort(found.begin(), found.end(),
              [](const QFileInfo& a, const QFileInfo& b) { return a.lastModified() < b.lastModified(); });
    QStringList paths;
    for (const QFileInfo& file : found)
        paths << file.filePath();
    return paths;
}

int painted(const QImage& mask)
{
    int count = 0;
    for (int y = 0; y < mask.height(); ++y)
        for (int x = 0; x < mask.width(); ++x)
            count += qGray(mask.pixel(x, y)) > 127;
    return count;
}

/// Most that a channel of a pixel differs by, of those where the mask is white (or is not).
int furthest(const QImage& a, const QImage& b, const QImage& mask, bool white)
{
    int most = 0;
    for (int y = 0; y < a.height(); ++y)
        for (int x = 0; x < a.width(); ++x)
            if ((qGray(mask.pixel(x, y)) > 127) == white) {
                const QRgb one = a.pixel(x, y), other = b.pixel(x, y);
                most = std::max({ most, std::abs(qRed(one) - qRed(other)),
                                  std::abs(qGreen(one) - qGreen(other)),
                                  std::abs(qBlue(one) - qBlue(other)) });
            }
    return most;
}

double difference(const QImage& a, const QImage& b)
{
    double sum = 0;
    for (int y = 0; y < a.height(); ++y)
        for (int x = 0; x < a.width(); ++x)
            sum += std::abs(qRed(a.pixel(x, y)) - qRed(b.pixel(x, y)))
                + std::abs(qGreen(a.pixel(x, y)) - qGreen(b.pixel(x, y)))
                + std::abs(qBlue(a.pixel(x, y)) - qBlue(b.pixel(x, y)));
    return sum / (3.0 * a.width() * a.height());
}

double residentMegabytes()
{
    QFile file(QStringLiteral("/proc/self/statm"));
    if (!file.open(QFile::ReadOnly))
        return 0;
    return file.readAll().split(' ').value(1).toDouble() * double(sysconf(_SC_PAGESIZE)) / 1e6;
}

PictureMaking makingOf(const QString& path)
{
    return read_making(path.toStdString());
}

} // namespace

/// Editing, strips and later stages on the Create page, with the model that ships, by keys and clicks.
class CanvasTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Session> m_session;
    std::unique_ptr<DrawQueue> m_queue;
    std::unique_ptr<GalleryStore> m_store;
    std::unique_ptr<MainWindow> m_window;

    [[nodiscard]] QString output() const { return m_folder->filePath(QStringLiteral("out")); }
    [[nodiscard]] QString queueFile() const { return m_folder->filePath(QStringLiteral("queue.sqlite")); }
    [[nodiscard]] ParameterPanel& parameters() const { return m_window->createPage().parameters(); }
    [[nodiscard]] PromptBox& prompt() const { return parameters().promptBox(); }
    [[nodiscard]] EditPage& editor() const { return *m_window->findChild<EditPage*>(); }
    [[nodiscard]] EditCanvas& canvas() const { return editor().canvas(); }

    template <class Widget>
    Widget* named(const QString& name) const
    {
        for (Widget* widget : m_window->findChildren<Widget*>())
            if (widget->accessibleName() == name)
                return widget;
        return nullptr;
    }

    void open(const QString& queue, bool withGallery = false)
    {
        m_session = std::make_unique<Session>();
        m_session->setOutputFolder(output());
        m_queue = std::make_unique<DrawQueue>(*m_session, queue);
        if (withGallery)
            m_store = std::make_unique<GalleryStore>(
                GalleryPlaces{ output(), m_folder->filePath(QStringLiteral("gallery.sqlite")) });
        m_window = std::make_unique<MainWindow>(*m_session, m_store.get(), m_queue.get());
        m_window->resize(1280, 800);
        QSignalSpy opened(m_session.get(), &Session::modelOpened);
        m_window->show();
        QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
        QTRY_VERIFY_WITH_TIMEOUT(!opened.isEmpty(), 30'000);
        Settings::Draft few; // steps, for pictures that are quickly there
        few.request.prior_steps = 8;
        few.request.steps = { 8, 6 };
        few.seed = 4;
        parameters().setDraft(few);
    }

    void close()
    {
        m_window.reset();
        m_store.reset();
        m_queue.reset();
        m_session.reset();
    }

    void type(const QString& text)
    {
        prompt().setFocus();
        QTest::keyClick(&prompt(), Qt::Key_A, Qt::ControlModifier);
        QTest::keyClicks(&prompt(), text);
    }

    /// What is in a field, by keys.
    void enter(QWidget* field, const QString& text)
    {
        field->setFocus();
        QTest::keyClick(field, Qt::Key_A, Qt::ControlModifier);
        QTest::keyClicks(field, text);
        QTest::keyClick(field, Qt::Key_Tab);
    }

    /// By Ctrl+Enter; the file, once it is written and everything is quiet.
    QString drawn()
    {
        const int before = int(picturesBelow(output()).size());
        QTest::keyClick(&prompt(), Qt::Key_Return, Qt::ControlModifier);
        return written(before + 1);
    }

    QString written(int count)
    {
        if (!QTest::qWaitFor([&] { return picturesBelow(output()).size() >= count && m_session->isIdle(); },
                             patience))
            qFatal("Nothing is drawn: %s", qPrintable(m_window->findChild<MessageBar*>()->text()));
        return picturesBelow(output()).value(count - 1);
    }

    /// A heart in the editor, opened by its key.
    QString editHeart()
    {
        type(QStringLiteral("red heart"));
        const QString heart = drawn();
        QTest::keyClick(m_window.get(), Qt::Key_R, Qt::ControlModifier);
        if (!QTest::qWaitFor([this] { return canvas().isVisible() && canvas().hasFocus(); }, patience))
            qFatal("The editor does not open.");
        return heart;
    }

    [[nodiscard]] QPoint at(double x, double y) const { return canvas().onWidget({ x, y }).toPoint(); }

    /// The file of a photograph that was dropped on the window to be edited.
    QString editedPhotograph(const QSize& size)
    {
        QImage photograph(size, QImage::Format_RGB32);
        photograph.fill(QColor(200, 60, 40));
        const QString path = m_folder->filePath(QStringLiteral("photo.jpg"));
        if (!photograph.save(path))
            qFatal("%s can't be written.", qPrintable(path));
        drop(path);
        pressOffer(QStringLiteral("Edit It"));
        return path;
    }

    void pressOffer(const QString& text)
    {
        QAbstractButton* button = nullptr;
        const bool found = QTest::qWaitFor(
            [&] {
                for (QAbstractButton* one :
                     m_window->findChild<MessageBar*>()->findChildren<QAbstractButton*>())
                    if (one->isVisible() && one->text().remove(QLatin1Char('&')) == text)
                        button = one;
                return button != nullptr;
            },
            patience);
        if (!found)
            qFatal("There is no %s.", qPrintable(text));
        button->setFocus();
        QTest::keyClick(button, Qt::Key_Space);
    }

    void drag(const QPoint& from, const QPoint& to, Qt::MouseButton button = Qt::LeftButton)
    {
        QTest::mousePress(&canvas(), button, {}, from);
        QTest::mouseMove(&canvas(), (from + to) / 2);
        move((from + to) / 2, button);
        move(to, button);
        QTest::mouseRelease(&canvas(), button, {}, to);
    }

    /// QTest's moves have no buttons down.
    void move(const QPoint& to, Qt::MouseButton button)
    {
        QMouseEvent event(QEvent::MouseMove, to, canvas().mapToGlobal(to), Qt::NoButton, button, {});
        QApplication::sendEvent(&canvas(), &event);
    }

    void drop(const QString& path)
    {
        QMimeData data;
        data.setUrls({ QUrl::fromLocalFile(path) });
        QDragEnterEvent enter(QPoint(600, 400), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(m_window.get(), &enter);
        QDropEvent event(QPointF(600, 400), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(m_window.get(), &event);
    }

    [[nodiscard]] int paintedNow() const { return painted(editor().edit().mask.image()); }

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        QSettings::setDefaultFormat(QSettings::IniFormat);
        QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, m_folder->path());
        QSettings().clear();
        Settings::setModel(QStringLiteral(REVERIE_TEST_DATA "/../../resources/models/emoji.safetensors"));
        open(queueFile());
    }

    void cleanup() { close(); }

    void onlyThePaintedPartIsDrawnAnew()
    {
        const QString heart = editHeart();
        drag(at(16, 20), at(44, 24));
        QVERIFY(paintedNow() > 200);
        save(QStringLiteral("edit-repaint"));
        type(QStringLiteral("cat face"));
        const QString path = drawn();
        const QString maskFile = path + QStringLiteral(".reverie/mask.png");
        const QImage mask(maskFile), before(heart), after(path);
        QCOMPARE(mask.size(), QSize(64, 64));
        QCOMPARE(furthest(before, after, mask, false), 0);
        QVERIFY(furthest(before, after, mask, true) > 20);
        const PictureMaking making = makingOf(path);
        QCOMPARE(making.kind, std::string("inpainting"));
        QCOMPARE(making.parents.at(0).sha256, hash_file(heart.toStdString()));
        QCOMPARE(making.recipe.inpaint->mask.sha256, hash_file(maskFile.toStdString()));

        // Its own record brings all of it back, whatever drew it, and draws the same.
        GenerateRequest twice = request_from(making);
        editor().edit().applyTo(twice.recipe);
        twice.recipe.inpaint->resample_times = 2;
        m_queue->add({ twice }, QStringLiteral("cpu"));
        const QString other = written(3);
        QVERIFY(QImage(other) != after);
        const int area = paintedNow();
        QTest::keyClick(m_window.get(), Qt::Key_A, Qt::ControlModifier | Qt::ShiftModifier);
        QTRY_VERIFY_WITH_TIMEOUT(canvas().isVisible(), patience);
        QCOMPARE(paintedNow(), area);
        QCOMPARE(editor().edit().feather, 2);
        QCOMPARE(prompt().toPlainText(), QStringLiteral("cat face"));
        const QString again = drawn();
        QCOMPARE(QImage(again), QImage(other));
        QCOMPARE(makingOf(again).recipe.inpaint->resample_times, 2);
    }

    void everyToolOfTheBrushWorksByMouseAndByKeys()
    {
        editHeart();
        auto* size = named<QSpinBox>(QStringLiteral("Size of the brush in pixels ([ and ])"));
        QCOMPARE(size->value(), 10);
        QTest::keyClick(&canvas(), Qt::Key_BracketRight);
        QCOMPARE(size->value(), 11);
        QTest::keyClick(&canvas(), Qt::Key_BracketLeft);
        QTest::keyClick(&canvas(), Qt::Key_BracketLeft);
        QCOMPARE(size->value(), 9);
        QWheelEvent wheel(QPointF(at(32, 32)), canvas().mapToGlobal(QPointF(at(32, 32))), {}, { 0, 120 },
                          Qt::NoButton, {}, Qt::NoScrollPhase, false);
        QApplication::sendEvent(&canvas(), &wheel);
        QCOMPARE(size->value(), 10);

        QTest::mouseClick(&canvas(), Qt::LeftButton, {}, at(20, 20)); // a dab
        const int dab = paintedNow();
        QVERIFY(std::abs(dab - 78) < 20); // pi 5^2
        QTest::mouseClick(&canvas(), Qt::RightButton, {}, at(20, 20)); // the other button rubs out
        QCOMPARE(paintedNow(), 0);
        QTest::keyClick(&canvas(), Qt::Key_Z, Qt::ControlModifier);
        QCOMPARE(paintedNow(), dab);
        QTest::keyClick(&canvas(), Qt::Key_Z, Qt::ControlModifier);
        QCOMPARE(paintedNow(), 0);
        QTest::keyClick(&canvas(), Qt::Key_Z, Qt::ControlModifier); // and no further
        QTest::keyClick(&canvas(), Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
        QCOMPARE(paintedNow(), dab);
        QTest::keyClick(&canvas(), Qt::Key_I);
        QCOMPARE(paintedNow(), 64 * 64 - dab);
        QTest::keyClick(&canvas(), Qt::Key_Delete);
        QCOMPARE(paintedNow(), 0);

        QTest::keyClick(&canvas(), Qt::Key_Z, Qt::ControlModifier);
        QTest::keyClick(&canvas(), Qt::Key_X); // where no mask is shown, none is changed
        for (const auto& [key, modifiers] : { std::pair{ Qt::Key_Z, Qt::ControlModifier },
                                              { Qt::Key_Delete, Qt::NoModifier },
                                              { Qt::Key_I, Qt::NoModifier } })
            QTest::keyClick(&canvas(), key, modifiers);
        QTest::keyClick(&canvas(), Qt::Key_R);
        QCOMPARE(paintedNow(), 64 * 64 - dab);
        QTest::keyClick(&canvas(), Qt::Key_Delete);
        QCOMPARE(paintedNow(), 0);

        QTest::keyClick(&canvas(), Qt::Key_Space); // where the brush is
        const int first = paintedNow();
        QVERIFY(first > 40);
        for (int i = 0; i < 8; ++i)
            QTest::keyClick(&canvas(), Qt::Key_Right, Qt::ShiftModifier);
        const int line = paintedNow();
        QVERIFY(line > first + 8 * 2 * 9);
        QTest::keyClick(&canvas(), Qt::Key_E);
        QTest::keyClick(&canvas(), Qt::Key_Left);
        QTest::keyClick(&canvas(), Qt::Key_Space);
        const int rubbed = paintedNow();
        QVERIFY(rubbed < line);
        QTest::mouseClick(named<QToolButton>(QStringLiteral("Brush")), Qt::LeftButton);
        canvas().setFocus();
        QTest::keyClick(&canvas(), Qt::Key_Space);
        QVERIFY(paintedNow() > rubbed);

        const QImage shown = canvas().grab().toImage();
        QTest::keyClick(&canvas(), Qt::Key_M);
        QVERIFY(canvas().grab().toImage() != shown);
        QTest::keyClick(&canvas(), Qt::Key_M);
        QCOMPARE(canvas().grab().toImage(), shown);

        for (const char* button :
             { "Undo the stroke", "Redo the stroke", "Invert the mask", "Clear the mask" })
            QTest::mouseClick(named<QToolButton>(QString::fromLatin1(button)), Qt::LeftButton);
        QCOMPARE(paintedNow(), 0);
        QTest::keyClick(&prompt(), Qt::Key_Return, Qt::ControlModifier); // nothing to draw yet, which is said
        QVERIFY(m_window->findChild<MessageBar*>()->text().contains(QStringLiteral("Paint over")));
        canvas().setFocus();
        QTest::keyClick(&canvas(), Qt::Key_Escape);
        QVERIFY(!canvas().isVisible());
        QTest::keyClick(m_window.get(), Qt::Key_R, Qt::ControlModifier | Qt::ShiftModifier);
        QVERIFY(canvas().isVisible());
    }

    void whatIsBehindTheEditorIsThereAgain()
    {
        type(QStringLiteral("red heart"));
        enter(named<QDoubleSpinBox>(QStringLiteral("Pictures")), QStringLiteral("2"));
        QTest::keyClick(&prompt(), Qt::Key_Return, Qt::ControlModifier);
        written(2);
        auto* view = m_window->findChild<PictureView*>();
        view->setFocus();
        QTest::keyClick(view, Qt::Key_Right);
        QCOMPARE(view->current(), 1);
        QTest::keyClick(view, Qt::Key_R, Qt::ControlModifier);
        QTRY_VERIFY_WITH_TIMEOUT(canvas().isVisible() && canvas().hasFocus(), patience);
        QTest::keyClick(&canvas(), Qt::Key_Escape);
        QVERIFY(view->isVisible() && view->hasFocus());
        QCOMPARE(view->current(), 1);

        // A file that is gone is said so, and what comes next means what it says.
        const QStringList files = picturesBelow(output());
        for (const QString& file : files)
            QVERIFY(QFile::rename(file, file + QStringLiteral(".away")));
        QTest::keyClick(view, Qt::Key_R, Qt::ControlModifier);
        QTRY_VERIFY_WITH_TIMEOUT(!m_window->findChild<MessageBar*>()->text().isEmpty(), 20'000);
        for (const QString& file : files)
            QVERIFY(QFile::rename(file + QStringLiteral(".away"), file));
        QTest::keyClick(view, Qt::Key_M, Qt::ControlModifier);
        QTRY_VERIFY_WITH_TIMEOUT(!parameters().blendPanel().isEmpty(), 20'000);
        QVERIFY(!canvas().isVisible());
    }

    void theFeatherFadesInsideThePart()
    {
        const QString heart = editHeart();
        enter(named<QSpinBox>(QStringLiteral("Size of the brush in pixels ([ and ])")), QStringLiteral("30"));
        enter(named<QSpinBox>(QStringLiteral("Pixels over which the part fades into the picture")),
              QStringLiteral("5"));
        QTest::mouseClick(&canvas(), Qt::LeftButton, {}, at(32, 32));
        type(QStringLiteral("blue heart"));
        const QString path = drawn();
        const QImage mask(path + QStringLiteral(".reverie/mask.png"));
        QSet<int> greys;
        for (int x = 0; x < 64; ++x)
            greys << qGray(mask.pixel(x, 32));
        QCOMPARE(greys.size(), 7); // black, white and five between
        QCOMPARE(furthest(QImage(heart), QImage(path), mask, false), 0);
    }

    void aFrameIsDraggedLargerAndFilled()
    {
        const QString heart = editHeart();
        enter(named<QDoubleSpinBox>(QStringLiteral("16 pixels")), QStringLiteral("3"));
        enter(named<QDoubleSpinBox>(QStringLiteral("64 pixels")), QStringLiteral("2"));
        canvas().setFocus();
        QTest::keyClick(&canvas(), Qt::Key_X);
        drag(at(64, 32), at(80, 32)); // the right edge
        QCOMPARE(editor().edit().frame, QMargins(0, 0, 16, 0));
        drag(at(0, 0), at(-8, -4)); // a corner
        QCOMPARE(editor().edit().frame, QMargins(8, 4, 16, 0));
        QTest::keyClick(&canvas(), Qt::Key_Down);
        QTest::keyClick(&canvas(), Qt::Key_Right);
        QTest::keyClick(&canvas(), Qt::Key_Right, Qt::ShiftModifier);
        QTest::keyClick(&canvas(), Qt::Key_Left, Qt::ShiftModifier);
        QCOMPARE(editor().edit().frame, QMargins(0, 4, 16, 8));
        enter(named<QSpinBox>(QStringLiteral("Pixels added at the top")), QStringLiteral("0"));
        enter(named<QSpinBox>(QStringLiteral("Pixels added at the bottom")), QStringLiteral("0"));
        enter(named<QSpinBox>(QStringLiteral("Pixels added on the left")), QStringLiteral("4"));
        enter(named<QSpinBox>(QStringLiteral("Pixels added on the right")), QStringLiteral("12"));
        save(QStringLiteral("edit-extend"));
        const QImage after(drawn());
        QCOMPARE(after.size(), QSize(80, 64));
        QCOMPARE(after.copy(4, 0, 64, 64).convertToFormat(QImage::Format_RGB32),
                 QImage(heart).convertToFormat(QImage::Format_RGB32));
        const auto making = makingOf(picturesBelow(output()).last());
        QCOMPARE(making.kind, std::string("outpainting"));
        QCOMPARE(making.recipe.outpaint->left, std::optional(4));
        QCOMPARE(making.parents.at(0).sha256, hash_file(heart.toStdString()));
    }

    void theStrengthSaysHowMuchOfThePictureIsLeft()
    {
        const QString heart = editHeart();
        type(QStringLiteral("cat face"));
        canvas().setFocus();
        QTest::keyClick(&canvas(), Qt::Key_S);
        auto* strength = named<QDoubleSpinBox>(QStringLiteral("Strength"));
        for (QDoubleSpinBox* box : editor().findChildren<QDoubleSpinBox*>())
            strength = box;
        enter(strength, QStringLiteral("0.1"));
        save(QStringLiteral("edit-start"));
        const QString weak = drawn();
        QCOMPARE(makingOf(weak).kind, std::string("picture-to-picture"));
        QVERIFY(std::abs(makingOf(weak).recipe.start->strength - 0.1) < 1e-9);
        QTest::keyClick(m_window.get(), Qt::Key_R, Qt::ControlModifier | Qt::ShiftModifier);
        enter(strength, QStringLiteral("1"));
        const QString strong = drawn(); // the editor is left for what is drawn
        const QString plain = drawn();
        QCOMPARE(makingOf(plain).kind, std::string("drawing"));
        QCOMPARE(QImage(strong), QImage(plain));
        const QImage picture(heart);
        QVERIFY(difference(QImage(weak), picture) < 0.5 * difference(QImage(plain), picture));
    }

    void anEditSurvivesInTheQueueWithItsMask()
    {
        const QString heart = editHeart();
        drag(at(10, 10), at(50, 50));
        QTest::keyClick(m_window.get(), Qt::Key_P, Qt::ControlModifier);
        QVERIFY(m_queue->isPaused());
        type(QStringLiteral("cat face"));
        QTest::keyClick(&prompt(), Qt::Key_Return, Qt::ControlModifier);
        const QString copy = m_folder->filePath(QStringLiteral("killed.sqlite"));
        const auto rows = [&] { // as a process that is killed now would leave it
            for (const char* part : { "", "-wal" }) {
                QFile::remove(copy + QLatin1String(part));
                QFile::copy(queueFile() + QLatin1String(part), copy + QLatin1String(part));
            }
            QList<QByteArray> pictures;
            {
                QSqlDatabase database
                    = QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), QStringLiteral("look"));
                database.setDatabaseName(copy);
                database.open();
                QSqlQuery query(
                    QStringLiteral("SELECT png FROM pictures JOIN entries ON entry = id WHERE "
                                   "json_extract(request, '$.recipe.inpaint') IS NOT NULL ORDER BY number"),
                    database);
                while (query.next())
                    pictures << query.value(0).toByteArray();
            }
            QSqlDatabase::removeDatabase(QStringLiteral("look"));
            return pictures;
        };
        QTRY_COMPARE_WITH_TIMEOUT(rows().size(), 2, patience);
        QCOMPARE(painted(QImage::fromData(rows()[1])), paintedNow());
        QCOMPARE(difference(QImage::fromData(rows()[0]), QImage(heart)), 0.);
        close();
        QSettings().setValue(QStringLiteral("queue/paused"), false);
        open(copy);
        const QString path = written(2);
        const QImage mask(path + QStringLiteral(".reverie/mask.png"));
        QCOMPARE(furthest(QImage(heart), QImage(path), mask, false), 0);
        QCOMPARE(makingOf(path).kind, std::string("inpainting"));
    }

    void aPictureOfTheGalleryIsEditedByItsKey()
    {
        close();
        open(queueFile(), /*withGallery=*/true);
        type(QStringLiteral("red heart"));
        const QString heart = drawn();
        type(QString());
        QTest::keyClick(&prompt(), Qt::Key_Delete);
        QTest::keyClick(m_window.get(), Qt::Key_2, Qt::ControlModifier);
        auto& grid = m_window->galleryPage()->grid();
        QTRY_COMPARE_WITH_TIMEOUT(m_window->galleryPage()->model().rowCount(), 1, patience);
        QTRY_VERIFY(m_window->galleryPage()->model().entryAt(0));
        QTest::mouseClick(grid.viewport(), Qt::LeftButton, {},
                          grid.visualRect(m_window->galleryPage()->model().index(0)).center());
        QTest::keyClick(&grid, Qt::Key_E);
        QTRY_VERIFY_WITH_TIMEOUT(canvas().isVisible(), patience);
        QCOMPARE(QString::fromStdString(editor().edit().picture.file), QFileInfo(heart).fileName());
        QCOMPARE(prompt().toPlainText(), QStringLiteral("red heart"));
    }

    void aStripLeadsFromOneToAnother()
    {
        auto* phrase = named<QLineEdit>(QStringLiteral("Phrase to mix in"));
        for (const char* text : { "red heart", "cat face" }) {
            phrase->setFocus();
            QTest::keyClicks(phrase, QString::fromLatin1(text));
            QTest::keyClick(phrase, Qt::Key_Return);
        }
        enter(named<QSpinBox>(QStringLiteral("Pictures of the strip")), QStringLiteral("4"));
        QTest::mouseClick(named<QToolButton>(QStringLiteral("Draw the pictures between them")),
                          Qt::LeftButton);
        auto* line = m_window->findChild<TimeLine*>();
        QTRY_COMPARE_WITH_TIMEOUT(int(line->frames().size()), 2, patience); // one by one
        QTRY_VERIFY_WITH_TIMEOUT(line->frames().size() == 4U && m_session->isIdle(), patience);
        save(QStringLiteral("strip"));
        std::map<double, QImage> byWeight;
        for (const QString& path : picturesBelow(output())) {
            const auto making = makingOf(path);
            QCOMPARE(making.seed, std::uint64_t(4));
            QCOMPARE(making.recipe.blend.size(), 2U);
            if (making.recipe.blend[0].weight + making.recipe.blend[1].weight == 1) // not the mix's own
                byWeight[making.recipe.blend[1].weight] = QImage(path);
        }
        QCOMPARE(byWeight.size(), 4U);
        QVERIFY(byWeight.contains(0) && byWeight.contains(1));
        QVERIFY(difference(byWeight[0], byWeight[1]) > 5);

        const QString webp = exported(QStringLiteral("strip.webp"));
        QFile file(webp);
        QVERIFY(file.open(QFile::ReadOnly));
        const auto frames = decodeAnimation(file.readAll());
        QCOMPARE(int(frames.size()), 4);
        QVERIFY(difference(frames[0].image, byWeight[0]) < 6 && difference(frames[3].image, byWeight[1]) < 6);
        QVERIFY(frames[3].milliseconds > frames[0].milliseconds);
        QFile gif(exported(QStringLiteral("strip.gif")));
        QVERIFY(gif.open(QFile::ReadOnly));
        QCOMPARE(gif.readAll().left(6), QByteArray("GIF89a"));

        // It is there again in the next sitting.
        const auto files = picturesBelow(output());
        close();
        open(queueFile());
        QTest::keyClick(m_window.get(), Qt::Key_B, Qt::ControlModifier | Qt::ShiftModifier);
        line = m_window->findChild<TimeLine*>();
        QTRY_COMPARE_WITH_TIMEOUT(int(line->frames().size()), 4, patience);
        QCOMPARE(line->frames().front().image, byWeight[0]);
        QCOMPARE(line->frames().back().image, byWeight[1]);
        QCOMPARE(picturesBelow(output()), files);
    }

    void theTimeLineIsExportedAsAnAnimation()
    {
        type(QStringLiteral("rainbow"));
        const QString path = drawn();
        auto* line = m_window->findChild<TimeLine*>();
        QTRY_VERIFY(line->isVisible());
        QCOMPARE(int(line->frames().size()), 14);
        QFile file(exported(QStringLiteral("rainbow.webp")));
        QVERIFY(file.open(QFile::ReadOnly));
        const auto frames = decodeAnimation(file.readAll());
        QCOMPARE(int(frames.size()), 14);
        QCOMPARE(frames.front().image.size(), QSize(64, 64));
        QVERIFY(difference(frames.back().image, QImage(path)) < 6);
        QVERIFY(difference(frames.front().image, QImage(path)) > 10);
    }

    void aStageIsTheStartOfAnotherRunOfTheNext()
    {
        type(QStringLiteral("red heart"));
        const QString heart = drawn();
        const auto tiles = m_window->findChildren<StageTile*>();
        QCOMPARE(tiles.size(), 2);
        QTest::mouseClick(tiles[0], Qt::LeftButton, {}, tiles[0]->rect().center());
        auto* line = m_window->findChild<TimeLine*>();
        QCOMPARE(line->current().width(), 16);
        save(QStringLiteral("stage"));
        QTest::keyClick(m_window.get(), Qt::Key_L, Qt::ControlModifier);
        const QString another = written(2);
        const auto making = makingOf(another);
        QCOMPARE(making.recipe.later->from, 2);
        QCOMPARE(making.seed, std::uint64_t(4));
        const auto stage
            = [](const QString& picture) { return QImage(picture + QStringLiteral(".reverie/stage-1.png")); };
        QCOMPARE(stage(another), stage(heart));
        QVERIFY(QImage(another) != QImage(heart));
        // By keys alone, with a seed and a scale of one's own.
        enter(named<QLineEdit>(QStringLiteral("Seed")), QStringLiteral("99"));
        enter(named<QDoubleSpinBox>(QStringLiteral("Decoder")), QStringLiteral("3"));
        tiles[0]->setFocus();
        QTest::keyClick(tiles[0], Qt::Key_Space);
        QTest::keyClick(m_window.get(), Qt::Key_L, Qt::ControlModifier);
        const auto chosen = makingOf(written(3));
        QCOMPARE(chosen.recipe.later->seed, std::uint64_t(99));
        QCOMPARE(chosen.recipe.later->cond_scale, std::optional(3.));
        QCOMPARE(stage(picturesBelow(output()).last()), stage(heart));
        // Another model has no part in it.
        QFile shipped(Settings::model());
        QVERIFY(shipped.open(QFile::ReadOnly));
        QFile other(m_folder->filePath(QStringLiteral("other.safetensors")));
        QVERIFY(other.open(QFile::WriteOnly));
        other.write(
            shipped.readAll().replace("\"modelspec.title\": \"Emoji\"", "\"modelspec.title\": \"Other\""));
        other.close();
        QSignalSpy opened(m_session.get(), &Session::modelOpened);
        m_window->createPage().openModel(other.fileName());
        QTRY_VERIFY_WITH_TIMEOUT(!opened.isEmpty(), 30'000);
        QTest::keyClick(m_window.get(), Qt::Key_L, Qt::ControlModifier);
        QTRY_VERIFY(m_window->findChild<MessageBar*>()->text().contains(QStringLiteral("“Emoji”")));
        QVERIFY(m_session->isIdle() && m_queue->rowCount() == 0);
    }

    void aDroppedPhotographCanBeVariedMixedOrEdited()
    {
        const QString path = editedPhotograph({ 80, 100 });
        QTRY_VERIFY_WITH_TIMEOUT(canvas().isVisible(), patience);
        QCOMPARE(editor().edit().size(), QSize(80, 100));
        QVERIFY(!editor().edit().picture.drawn);
        QTest::keyClick(&canvas(), Qt::Key_Escape);
        for (const char* verb : { "Mix It In", "Mix It In", "Vary It" }) {
            drop(path);
            pressOffer(QString::fromLatin1(verb));
            const auto parts = [this] { return parameters().blendPanel().recipe().blend.size(); };
            const std::size_t before = parts();
            QTRY_COMPARE_WITH_TIMEOUT(
                parts(), QLatin1String(verb) == QLatin1String("Vary It") ? 1U : before + 1, patience);
        }
        QTRY_VERIFY_WITH_TIMEOUT(!picturesBelow(output()).isEmpty(), patience); // the variation is drawn
        QTRY_COMPARE_WITH_TIMEOUT(makingOf(picturesBelow(output()).last()).kind, std::string("variation"),
                                  patience);
    }

    void aLargePhotographIsPaintedOnFluently()
    {
        const QSize size(4000, 3000);
        editedPhotograph(size);
        QTRY_VERIFY_WITH_TIMEOUT(canvas().isVisible(), patience);
        QCOMPARE(editor().edit().size(), size);
        qint64 longest = 0;
        const auto timed = [&](const auto& act) {
            QElapsedTimer clock;
            clock.start();
            act();
            canvas().repaint();
            longest = std::max(longest, clock.elapsed());
        };
        timed([&] { QTest::mousePress(&canvas(), Qt::LeftButton, {}, at(1000, 1000)); });
        for (int i = 1; i <= 20; ++i)
            timed([&] {
                const QPoint point = at(1000 + 100 * i, 1000 + 50 * i);
                QMouseEvent move(QEvent::MouseMove, point, canvas().mapToGlobal(point), Qt::NoButton,
                                 Qt::LeftButton, {});
                QApplication::sendEvent(&canvas(), &move);
            });
        timed([&] { QTest::mouseRelease(&canvas(), Qt::LeftButton, {}, at(3000, 2000)); });
        qInfo("The longest step of a stroke on 12 megapixels took %lld ms", longest);
        QVERIFY(longest < 500);
        const QImage& mask = editor().edit().mask.image();
        QCOMPARE(mask.size(), size);
        QCOMPARE(qGray(mask.pixel(2000, 1500)), 255);
        QCOMPARE(qGray(mask.pixel(2000, 2500)), 0);
        QTest::keyClick(&canvas(), Qt::Key_Escape);
    }

    /// A minute of it with REVERIE_DRAG_SECONDS=60, as the long form does.
    void draggingTheMixLeavesMemoryWhereItWas()
    {
        auto* phrase = named<QLineEdit>(QStringLiteral("Phrase to mix in"));
        for (const char* text : { "red heart", "cat face" }) {
            phrase->setFocus();
            QTest::keyClicks(phrase, QString::fromLatin1(text));
            QTest::keyClick(phrase, Qt::Key_Return);
        }
        QTRY_VERIFY_WITH_TIMEOUT(!picturesBelow(output()).isEmpty() && m_session->isIdle(), patience);
        QSlider* slider = nullptr;
        for (QSlider* one : parameters().blendPanel().findChildren<QSlider*>())
            if (one->accessibleName().startsWith(QStringLiteral("cat")) && one->isVisible())
                slider = one;
        QVERIFY(slider);
        QSignalSpy explored(m_session.get(), &Session::explored);
        const int pictures = m_session->pictures().rowCount();
        const auto drag = [&](double seconds) {
            QElapsedTimer clock;
            clock.start();
            const int reach = slider->width() - 14; // of the handle's middle
            const auto to
                = [&](double share) { return QPoint(7 + int(share * reach), slider->rect().center().y()); };
            QTest::mousePress(slider, Qt::LeftButton, {}, to(double(slider->value()) / slider->maximum()));
            for (int i = 0; double(clock.elapsed()) < 1000 * seconds; ++i) {
                const QPoint point = to(0.5 + 0.45 * std::sin(i * 0.15));
                QMouseEvent event(QEvent::MouseMove, point, slider->mapToGlobal(point), Qt::NoButton,
                                  Qt::LeftButton, {});
                QApplication::sendEvent(slider, &event);
                QTest::qWait(25);
            }
            QTest::mouseRelease(slider, Qt::LeftButton);
        };
        const double seconds = qEnvironmentVariableIntValue("REVERIE_DRAG_SECONDS") > 0
            ? qEnvironmentVariableIntValue("REVERIE_DRAG_SECONDS")
            : 4;
        drag(2); // the allocators have what they need
        const double before = residentMegabytes();
        drag(seconds);
        const double after = residentMegabytes();
        qInfo("%.0f s of dragging, %lld sketches: %.1f MB before, %.1f MB after", seconds,
              static_cast<long long>(explored.size()), before, after);
        QVERIFY(explored.size() > 0);
        QVERIFY(after < before + 8);
        QTRY_VERIFY_WITH_TIMEOUT(m_session->pictures().rowCount() > pictures,
                                 patience); // the last is completed
    }

private:
    /// The file that the time line's button writes, its name typed into the dialog.
    QString exported(const QString& name)
    {
        const QString path = m_folder->filePath(name);
        QTest::mouseClick(named<QToolButton>(QStringLiteral("Export the steps")), Qt::LeftButton);
        QFileDialog* dialog = nullptr;
        if (!QTest::qWaitFor(
                [&] { return (dialog = m_window->findChild<QFileDialog*>()) && dialog->isVisible(); },
                patience))
            qFatal("There is no dialog.");
        auto* field = dialog->findChild<QLineEdit*>(QStringLiteral("fileNameEdit"));
        field->setText(path); // typed, the dialog would complete it
        QTest::keyClick(field, Qt::Key_Return);
        if (!QTest::qWaitFor([&] { return QFile::exists(path); }, patience))
            qFatal("%s is not written.", qPrintable(path));
        return path;
    }

    /// A picture of the window, if REVERIE_SCREENSHOTS names a folder for them.
    void save(const QString& name) const
    {
        const QString folder = qEnvironmentVariable("REVERIE_SCREENSHOTS");
        if (folder.isEmpty())
            return;
        for (const auto appearance : { Appearance::Dark, Appearance::Light }) {
            Theme::instance().apply(appearance);
            QApplication::processEvents();
            m_window->grab().save(folder + QLatin1Char('/') + name
                                  + (appearance == Appearance::Dark ? QStringLiteral("-dark.png")
                                                                    : QStringLiteral("-light.png")));
        }
    }
};

int main(int argc, char** argv)
{
    reverie::prepare_process();
    QApplication app(argc, argv);
    QApplication::setApplicationName(QStringLiteral("Reverie"));
    QApplication::setOrganizationName(QStringLiteral("Reverie"));
    QApplication::setAttribute(Qt::AA_DontUseNativeDialogs);
    Theme::instance().apply(Appearance::Light);
    CanvasTest test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_canvas.moc"
