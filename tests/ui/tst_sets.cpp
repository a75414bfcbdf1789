// SPDX-License-Identifier: MIT
#include "core/api/library.h"
#include "core/api/picture_metadata.h"
#include "core/api/picture_texts.h"
#include "core/base/file.h"
#include "core/io/png.h"
#include "ui/session/draw_queue.h"
#include "ui/session/picture_codec.h"
#include "ui/session/session.h"
#include "ui/widgets/create_page.h"
#include "ui/widgets/main_window.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/parameter_panel.h"
#include "ui/widgets/prompt_box.h"
#include "ui/widgets/theme.h"

#include <QAbstractItemView>
#include <QApplication>
#include <QComboBox>
#include <QDialog>
#include <QDir>
#include <QDirIterator>
#include <QDoubleSpinBox>
#include <QDropEvent>
#include <QElapsedTimer>
#include <QFileDialog>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QMenuBar>
#include <QMessageBox>
#include <QMimeData>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QSlider>
#include <QSqlDatabase>
#include <QSqlQuery>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>

#include <set>

using namespace reverie;
using namespace reverie::ui;

namespace {

constexpr int patience = 120'000;
const QString model = QStringLiteral(REVERIE_TEST_DATA "/../../resources/models/emoji.safetensors");

/// Without the stages that are kept beside them.
QStringList picturesBelow(const QString& folder, const QString& name = QStringLiteral("*.png"))
{
    QStringList found;
    for (QDirIterator files(folder, { name }, QDir::Files, QDirIterator::Subdirectories); files.hasNext();)
        if (const QString path = files.next(); !path.contains(QLatin1String(".reverie/")))
            found << path;
    found.sort();
    return found;
}

PictureMaking makingOf(const QString& file)
{
    return read_making(file.toStdString());
}

/// What a queue says that a program of somebody else reads: prompt, guidance and seeds of each entry.
QStringList rowsOf(const QString& file)
{
    QStringList rows;
    {
        QSqlDatabase database = QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), QStringLiteral("look"));
        database.setDatabaseName(file);
        database.setConnectOptions(QStringLiteral("QSQLITE_OPEN_READONLY"));
        if (database.open()) {
            QSqlQuery query(QStringLiteral("SELECT json_extract(request, '$.prompts[0]') || ' ' || "
                                           "ifnull(json_extract(request, '$.cond_scale'), '-') || ' ' || "
                                           "json_extract(request, '$.seeds') FROM entries ORDER BY place"),
                            database);
            while (query.next())
                rows << query.value(0).toString();
        }
    }
    QSqlDatabase::removeDatabase(QStringLiteral("look"));
    return rows;
}

QByteArray sample(const char* name)
{
    return QByteArray::fromStdString(read_file(std::string(REVERIE_TEST_DATA "/metadata/") + name));
}

} // namespace

/// Many drawings at once, and what stands in a prompt, with the model that ships, by keys, clicks and drops;
/// what counts is in files and in the queue's database.
class SetsTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Session> m_session;
    std::unique_ptr<DrawQueue> m_queue;
    std::unique_ptr<MainWindow> m_window;

    [[nodiscard]] QString path(const char* name) const { return m_folder->filePath(QLatin1String(name)); }
    [[nodiscard]] QString output() const { return path("out"); }
    [[nodiscard]] QString file() const { return path("data/queue.sqlite"); }
    [[nodiscard]] ParameterPanel& parameters() const { return m_window->createPage().parameters(); }
    [[nodiscard]] PromptBox& prompt() const { return parameters().promptBox(); }
    [[nodiscard]] QString message() const { return m_window->findChild<MessageBar*>()->text(); }

    template <class Widget>
    Widget* named(const char* name) const
    {
        for (QWidget* top : QApplication::topLevelWidgets())
            for (Widget* widget : top->findChildren<Widget*>())
                if (widget->accessibleName() == QLatin1String(name) && widget->isVisible())
                    return widget;
        return nullptr;
    }

    template <class Box>
    Box* openBox() const
    {
        for (QWidget* top : QApplication::topLevelWidgets())
            if (auto* box = qobject_cast<Box*>(top); box && box->isVisible())
                return box;
        return nullptr;
    }

    void open(const QString& modelFile = model, bool isThere = true)
    {
        Settings::setModel(modelFile);
        m_session = std::make_unique<Session>();
        m_session->setOutputFolder(output());
        m_queue = std::make_unique<DrawQueue>(*m_session, file());
        m_window = std::make_unique<MainWindow>(*m_session, nullptr, m_queue.get());
        m_window->resize(1280, 800);
        QSignalSpy opened(m_session.get(), &Session::modelOpened);
        m_window->show();
        QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
        QTRY_VERIFY_WITH_TIMEOUT(!isThere || !opened.isEmpty(), 30'000);
    }

    void shut()
    {
        m_window.reset();
        m_queue.reset();
        m_session.reset();
    }

    static void typeInto(QWidget* field, const QString& text)
    {
        field->setFocus();
        QTest::keyClick(field, Qt::Key_A, Qt::ControlModifier);
        QTest::keyClicks(field, text);
    }

    void drawByKey() { QTest::keyClick(&prompt(), Qt::Key_Return, Qt::ControlModifier); }
    void pauseByKey() { QTest::keyClick(m_window.get(), Qt::Key_P, Qt::ControlModifier); }

    /// From a dialog that closed; without a window manager nobody else gives the window its keys.
    void goBack()
    {
        m_window->activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
    }

    void waitForAll() { QTRY_VERIFY_WITH_TIMEOUT(m_queue->rowCount() == 0 && m_session->isIdle(), patience); }

    void chooseByKeys(QComboBox* box, const QString& entry)
    {
        box->setFocus();
        QTest::keyClick(box, Qt::Key_Home);
        for (int guard = 0; box->currentText() != entry && guard < box->count(); ++guard)
            QTest::keyClick(box, Qt::Key_Down);
        QCOMPARE(box->currentText(), entry);
    }

    /// Onto a widget of the window, as somebody's file manager does.
    static bool drop(QWidget* target, const QString& file)
    {
        QMimeData data;
        data.setUrls({ QUrl::fromLocalFile(file) });
        const QPoint middle = target->rect().center();
        QDragEnterEvent enter(middle, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(target, &enter);
        QDropEvent event(middle, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(target, &event);
        return enter.isAccepted() && event.isAccepted();
    }

    /// Of two by two pictures, and the queue is paused.
    void queueAGrid()
    {
        pauseByKey();
        typeInto(&prompt(), QStringLiteral("red apple"));
        askForGrid(QStringLiteral("Seed"), QStringLiteral("1, 2"), QStringLiteral("Sampler"),
                   QStringLiteral("ddim | dpmpp"));
        QTest::keyClick(named<QLineEdit>("Values of the rows"), Qt::Key_Return);
    }

    void askForGrid(const QString& columns, const QString& columnValues, const QString& rows,
                    const QString& rowValues)
    {
        QTest::keyClick(m_window.get(), Qt::Key_G, Qt::ControlModifier);
        QTRY_VERIFY(named<QComboBox>("Columns"));
        chooseByKeys(named<QComboBox>("Columns"), columns);
        typeInto(named<QLineEdit>("Values of the columns"), columnValues);
        chooseByKeys(named<QComboBox>("Rows"), rows);
        typeInto(named<QLineEdit>("Values of the rows"), rowValues);
    }

    QPushButton* dialogButton(const QString& text) const
    {
        for (QWidget* top : QApplication::topLevelWidgets())
            if (qobject_cast<QDialog*>(top) && top->isVisible())
                for (auto* button : top->findChildren<QPushButton*>())
                    if (button->text().remove(QLatin1Char('&')).startsWith(text))
                        return button;
        return nullptr;
    }

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        QSettings::setDefaultFormat(QSettings::IniFormat);
        QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, path("config"));
        QSettings().clear();
        Settings::Draft quick; // four steps a stage are enough to see a picture by
        quick.request.prior_steps = 4;
        quick.request.steps = { 4, 4 };
        quick.device = QStringLiteral("cpu");
        Settings::setDraft(quick);
        Theme::instance().apply(Appearance::Light);
    }

    void cleanup() { shut(); }

    void aListInAFieldDrawsWithEveryNumber()
    {
        open();
        typeInto(&prompt(), QStringLiteral("red heart"));
        auto* guidance = named<QDoubleSpinBox>("Decoder");
        typeInto(guidance, QStringLiteral("1, 1.5, .., 2.5"));
        typeInto(named<QLineEdit>("Seed"), QStringLiteral("3, 5"));
        QCOMPARE(parameters().draft().lists.size(), 2U);
        save(QStringLiteral("list"));
        pauseByKey();
        drawByKey();
        QTRY_COMPARE(rowsOf(file()).size(), 4);
        QCOMPARE(rowsOf(file()).at(1), QStringLiteral("red heart 1.5 [3,5]"));
        pauseByKey();
        waitForAll();
        std::set<std::pair<double, quint64>> drawn;
        for (const QString& picture : picturesBelow(output()))
            drawn.insert({ makingOf(picture).settings.cond_scale, makingOf(picture).seed });
        QCOMPARE(drawn.size(), 8U);
        QVERIFY(drawn.contains({ 2.5, 5 }) && drawn.contains({ 1, 3 }));

        QTest::keyClick(guidance, Qt::Key_Up); // one number again
        QVERIFY(!parameters().draft().lists.contains(QStringLiteral("guidance")));
        QCOMPARE(parameters().draft().request.cond_scale, std::optional(1.1));
        typeInto(guidance, QStringLiteral("1, 2, ..")); // never became a list
        QTest::keyClick(guidance, Qt::Key_Tab);
        QVERIFY(parameters().draft().lists.count(QStringLiteral("guidance")) == 0);
        QVERIFY(!guidance->text().contains(QLatin1Char(',')));
    }

    void listsOfStepsSurviveTheProgram()
    {
        open();
        typeInto(&prompt(), QStringLiteral("cat face"));
        typeInto(named<QDoubleSpinBox>("64 pixels"), QStringLiteral("2, 4, .., 6"));
        QTRY_COMPARE(Settings::draft().lists.size(), 1U); // written a moment later
        shut();
        open();
        QCOMPARE(named<QDoubleSpinBox>("64 pixels")->text(), QStringLiteral("2, 4, .., 6"));
        prompt().setFocus();
        drawByKey();
        waitForAll();
        std::set<std::vector<int>> steps;
        for (const QString& picture : picturesBelow(output()))
            steps.insert(makingOf(picture).settings.steps);
        QCOMPARE(steps, (std::set<std::vector<int>>{ { 4, 2 }, { 4, 4 }, { 4, 6 } }));
    }

    void manyPicturesAreAskedAboutFirst()
    {
        open();
        pauseByKey();
        typeInto(named<QLineEdit>("Seed"), QStringLiteral("1, 2, .., 20"));
        typeInto(&prompt(), QStringLiteral("{red|blue} heart"));
        drawByKey();
        QTRY_VERIFY(openBox<QMessageBox>());
        QVERIFY(openBox<QMessageBox>()->text().contains(QStringLiteral("40")));
        save(QStringLiteral("many"));
        QTest::keyClick(openBox<QMessageBox>(), Qt::Key_Escape);
        QTRY_VERIFY(!openBox<QMessageBox>());
        QCOMPARE(m_queue->rowCount(), 0);
        goBack();
        prompt().setFocus();
        drawByKey();
        QTRY_VERIFY(openBox<QMessageBox>());
        QTest::mouseClick(dialogButton(QStringLiteral("Draw 40")), Qt::LeftButton);
        QTRY_COMPARE(rowsOf(file()).size(), 1);
        QCOMPARE(m_queue->at(0).pictures(), 40);
        pauseByKey();
        m_session->stop();
    }

    void aGridIsDrawnWithItsLabels()
    {
        open();
        typeInto(&prompt(), QStringLiteral("red heart"));
        typeInto(named<QLineEdit>("Seed"), QStringLiteral("9"));
        askForGrid(QStringLiteral("Decoder guidance"), QStringLiteral("1, x"), QStringLiteral("Prompt"),
                   QStringLiteral("red heart | cat face"));
        auto* summary = openBox<QDialog>()->findChild<QLabel*>(QStringLiteral("gridSummary"));
        QVERIFY(summary->text().contains(QStringLiteral("\"x\" is no number")));
        QVERIFY(!dialogButton(QStringLiteral("Draw"))->isEnabled());
        typeInto(named<QLineEdit>("Values of the columns"), QStringLiteral("1, 2, .., 3"));
        QVERIFY2(summary->text().startsWith(QStringLiteral("3 × 2 = 6")), qPrintable(summary->text()));
        save(QStringLiteral("grid-dialog"));
        QTest::mouseClick(dialogButton(QStringLiteral("Draw")), Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(!picturesBelow(output(), QStringLiteral("grid-*.png")).isEmpty(), patience);
        QTRY_VERIFY(message().contains(QStringLiteral("The grid is in")));
        save(QStringLiteral("grid"));
        const QString grid = picturesBelow(output(), QStringLiteral("grid-*.png")).first();
        const PictureMaking making = makingOf(grid);
        QCOMPARE(making.kind, std::string("grid"));
        QCOMPARE(making.axes.size(), 2U);
        QCOMPARE(making.axes[0], (Axis{ "guidance", { "1", "2", "3" } }));
        QVERIFY(read_metadata(read_file(grid.toStdString())).texts.size() >= 3);
        // Every cell is a picture of its own, and its pixels are the sheet's, two by two.
        const QImage sheet(grid);
        int found = 0;
        for (const QString& picture : picturesBelow(output())) {
            if (picture == grid)
                continue;
            const PictureMaking one = makingOf(picture);
            QCOMPARE(one.seed, std::uint64_t(9));
            const int column = static_cast<int>(one.settings.cond_scale) - 1;
            const int row = one.prompt == "cat face" ? 1 : 0;
            const QImage large = QImage(picture).scaled(128, 128).convertToFormat(QImage::Format_RGB32);
            const int x = sheet.width() - 16 - (3 - column) * 136 + 8,
                      y = sheet.height() - 16 - (2 - row) * 136 + 8;
            QCOMPARE(sheet.copy(x, y, 128, 128), large);
            ++found;
        }
        QCOMPARE(found, 6);
        QCOMPARE(m_session->pictures().at(0).path, grid);
        // There is something written above the first row and before the first column.
        const auto inked = [&sheet](const QRect& area) {
            int ink = 0;
            for (int y = area.top(); y <= area.bottom(); ++y)
                for (int x = area.left(); x <= area.right(); ++x)
                    ink += qGray(sheet.pixel(x, y)) < 128;
            return ink;
        };
        const int left = sheet.width() - 16 - 3 * 136 + 8, top = sheet.height() - 16 - 2 * 136 + 8;
        QVERIFY(inked({ left, 0, 400, top }) > 100 && inked({ 0, top, left, 264 }) > 100);
        // The sheet says what its first picture was made from, so it can be used again.
        typeInto(&prompt(), QStringLiteral("x"));
        QVERIFY(drop(m_window.get(), grid));
        QTRY_COMPARE(prompt().toPlainText(), QStringLiteral("red heart"));
        goBack();
        QTest::keyClick(m_window.get(), Qt::Key_G, Qt::ControlModifier);
        QTRY_VERIFY(named<QLineEdit>("Values of the columns"));
        QCOMPARE(named<QLineEdit>("Values of the columns")->text(), QStringLiteral("1, 2, 3"));
        QCOMPARE(named<QLineEdit>("Values of the rows")->text(), QStringLiteral("red heart | cat face"));
        summary = openBox<QDialog>()->findChild<QLabel*>(QStringLiteral("gridSummary"));
        QTRY_VERIFY(summary->text().contains(QStringLiteral("about"))); // how long it takes is known now
        save(QStringLiteral("grid-again"));
    }

    void aGridOutlivesTheProgram()
    {
        open();
        queueAGrid();
        QTRY_COMPARE(rowsOf(file()).size(), 2);
        shut();
        QCOMPARE(QDir(path("data/grids")).entryList({ QStringLiteral("*.json") }).size(), 1);
        open();
        QTRY_COMPARE(m_queue->rowCount(), 2);
        pauseByKey();
        QTRY_COMPARE_WITH_TIMEOUT(m_queue->rowCount(), 1, patience);
        QTRY_VERIFY_WITH_TIMEOUT(picturesBelow(output()).size() >= 2, patience);
        shut(); // with one half of it in its files
        open();
        QTRY_VERIFY_WITH_TIMEOUT(!picturesBelow(output(), QStringLiteral("grid-*.png")).isEmpty(), patience);
        QTRY_VERIFY(QDir(path("data/grids")).entryList({ QStringLiteral("*.json") }).isEmpty());
        const QStringList grids = picturesBelow(output(), QStringLiteral("grid-*.png"));
        QCOMPARE(grids.size(), 1);
        QCOMPARE(picturesBelow(output()).size(), 5);
        const QImage sheet(grids.first());
        for (const QString& picture : picturesBelow(output())) {
            if (picture == grids.first())
                continue;
            const PictureMaking one = makingOf(picture);
            const int column = one.seed == 2, row = one.settings.sampler == Sampler::Dpmpp;
            const QRect cell(sheet.width() - 16 - (2 - column) * 136 + 8,
                             sheet.height() - 16 - (2 - row) * 136 + 8, 128, 128);
            QCOMPARE(sheet.copy(cell),
                     QImage(picture).scaled(128, 128).convertToFormat(QImage::Format_RGB32));
        }
    }

    void aGridWaitsForTheWindowThatHasTheQueue()
    {
        const auto grids
            = [this] { return QDir(path("data/grids")).entryList({ QStringLiteral("*.json") }).size(); };
        open();
        queueAGrid();
        QTRY_COMPARE(rowsOf(file()).size(), 2);
        {
            Session session;
            session.setOutputFolder(output());
            DrawQueue queue(session, file());
            QSignalSpy locked(&queue, &DrawQueue::failed);
            MainWindow window(session, nullptr, &queue);
            QTRY_VERIFY(!locked.isEmpty());
            QVERIFY(!queue.isKept());
            QTest::qWait(200); // nothing happens
        }
        QCOMPARE(grids(), 1);
        shut();
        QVERIFY(QFile::rename(file(), path("aside")));
        write_file(file().toStdString(), "This is no database.");
        open();
        QTRY_VERIFY(m_queue->isLoaded());
        QTest::qWait(200);
        shut();
        QCOMPARE(grids(), 1);
        QVERIFY(QFile::remove(file()) && QFile::rename(path("aside"), file()));
        open();
        QTRY_COMPARE(m_queue->rowCount(), 2);
        QCOMPARE(grids(), 1);
        QVERIFY(picturesBelow(output()).isEmpty());
    }

    void tenThousandPromptsDoNotHoldUpTheWindow()
    {
        open();
        typeInto(&prompt(), QStringLiteral("red heart"));
        drawByKey(); // so that a rate is known
        waitForAll();
        pauseByKey();
        std::string prompts;
        for (int i = 0; i < 10'000; ++i)
            prompts += "red heart " + std::to_string(i) + "\n";
        write_file(path("prompts.txt").toStdString(), prompts);
        qint64 longest = 0; // the window did not answer, in ms
        QElapsedTimer since;
        QTimer beat;
        beat.setInterval(5);
        connect(&beat, &QTimer::timeout, this, [&] { longest = std::max(longest, since.restart()); });
        since.start();
        beat.start();
        QVERIFY(drop(prompt().viewport(), path("prompts.txt")));
        QTRY_VERIFY(dialogButton(QStringLiteral("Draw 10000")));
        QTest::mouseClick(dialogButton(QStringLiteral("Draw 10000")), Qt::LeftButton);
        QTRY_COMPARE(m_queue->rowCount(), 10'000);
        QTRY_VERIFY_WITH_TIMEOUT(m_queue->secondsLeft(), 10'000);
        const qint64 added = std::exchange(longest, 0);
        auto* list = m_window->findChild<QAbstractItemView*>(QStringLiteral("queueList"));
        goBack();
        list->setFocus();
        QTest::keyClick(list, Qt::Key_End);
        QTest::keyClick(list, Qt::Key_Up, Qt::AltModifier);
        QTRY_COMPARE(m_queue->at(9'998).request.prompts.front(), std::string("red heart 9999"));
        const qint64 moved = std::exchange(longest, 0);
        QTest::keyClick(list, Qt::Key_A, Qt::ControlModifier);
        QTest::keyClick(list, Qt::Key_Delete);
        QTRY_COMPARE(m_queue->rowCount(), 0);
        QTest::qWait(50);
        qInfo("held up by %lld ms when added, %lld ms when moved, %lld ms when removed", added, moved,
              longest);
        QVERIFY(added < 5'000 && moved < 1'000 && longest < 2'000);
        QTRY_VERIFY_WITH_TIMEOUT(rowsOf(file()).isEmpty(), 20'000);
    }

    void promptsOfATextFileAreQueued()
    {
        open();
        pauseByKey();
        typeInto(named<QLineEdit>("Seed"), QStringLiteral("20"));
        write_file(path("prompts.txt").toStdString(), "# a comment\nred heart\n\n{cat|dog} face\r\nrocket\n");
        QVERIFY(drop(prompt().viewport(), path("prompts.txt")));
        QTRY_COMPARE(rowsOf(file()).size(), 3);
        QCOMPARE(m_queue->at(1).request.prompts, (std::vector<std::string>{ "cat face", "dog face" }));
        QCOMPARE(m_queue->at(1).request.seed, std::uint64_t(21));
        QCOMPARE(m_queue->at(2).request.seed, std::uint64_t(23));
        QVERIFY(message().contains(QStringLiteral("prompts.txt")));

        for (const auto& [content, word] :
             std::map<std::string, QString>{ { "caf\xE9\n", QStringLiteral("UTF-8") },
                                             { "\n \n", QStringLiteral("holds no prompts") },
                                             { "# only this\n", QStringLiteral("nothing but comments") },
                                             { "a {b\n", QStringLiteral("bad.txt: A {") } }) {
            write_file(path("bad.txt").toStdString(), content);
            QVERIFY(drop(m_window.get(), path("bad.txt")));
            QTRY_VERIFY2(message().contains(word), qPrintable(message()));
            QCOMPARE(m_queue->rowCount(), 3);
        }

        auto* bar = m_window->menuBar();
        QMenu* menu = bar->actions().first()->menu();
        QTest::mouseClick(bar, Qt::LeftButton, {}, bar->actionGeometry(bar->actions().first()).center());
        QTRY_VERIFY(menu->isVisible());
        for (QAction* action : menu->actions())
            if (action->text().contains(QStringLiteral("Prompts")))
                QTest::mouseClick(menu, Qt::LeftButton, {}, menu->actionGeometry(action).center());
        QTRY_VERIFY(openBox<QFileDialog>());
        auto* name = openBox<QFileDialog>()->findChild<QLineEdit*>(QStringLiteral("fileNameEdit"));
        QVERIFY(QTest::qWaitForWindowActive(openBox<QFileDialog>()));
        name->setText(path("prompts.txt")); // typing, it goes into folders on its way
        QTest::keyClick(name, Qt::Key_Return);
        QTRY_COMPARE(rowsOf(file()).size(), 6);
    }

    void keysWeightTheWordAtTheCursor()
    {
        open();
        typeInto(named<QLineEdit>("Seed"), QStringLiteral("4"));
        typeInto(&prompt(), QStringLiteral("red heart"));
        drawByKey();
        waitForAll();
        prompt().setFocus();
        QTest::keyClick(&prompt(), Qt::Key_Home);
        for (int i = 0; i < 6; ++i)
            QTest::keyClick(&prompt(), Qt::Key_Up, Qt::ControlModifier);
        QCOMPARE(prompt().toPlainText(), QStringLiteral("(red:1.6) heart"));
        QTest::keyClick(&prompt(), Qt::Key_Down, Qt::ControlModifier);
        QCOMPARE(prompt().toPlainText(), QStringLiteral("(red:1.5) heart"));
        QTest::keyClick(&prompt(), Qt::Key_Z, Qt::ControlModifier);
        QCOMPARE(prompt().toPlainText(), QStringLiteral("(red:1.6) heart"));
        save(QStringLiteral("weight"));
        drawByKey();
        waitForAll();
        QTRY_COMPARE(picturesBelow(output()).size(), 2);
        const QString weighted = m_session->pictures().at(0).path;
        QCOMPARE(makingOf(weighted).prompt, std::string("(red:1.6) heart"));
        QVERIFY(QImage(weighted) != QImage(m_session->pictures().at(1).path));
        typeInto(&prompt(), QStringLiteral("x"));
        QVERIFY(drop(m_window.get(), weighted));
        QTRY_COMPARE(prompt().toPlainText(), QStringLiteral("(red:1.6) heart"));
        drawByKey();
        waitForAll();
        QTRY_COMPARE(picturesBelow(output()).size(), 3);
        QCOMPARE(QImage(m_session->pictures().at(0).path), QImage(weighted));

        typeInto(&prompt(), QStringLiteral("red heart")); // a selection
        QTest::keyClick(&prompt(), Qt::Key_Left, Qt::ControlModifier | Qt::ShiftModifier);
        QTest::keyClick(&prompt(), Qt::Key_Down, Qt::ControlModifier);
        QCOMPARE(prompt().toPlainText(), QStringLiteral("red (heart:0.9)"));

        typeInto(&prompt(), QStringLiteral("heart")); // which has nothing to stand out from
        QTest::keyClick(&prompt(), Qt::Key_Up, Qt::ControlModifier);
        QCOMPARE(prompt().toPlainText(), QStringLiteral("heart"));
        QVERIFY(message().contains(QStringLiteral("part of the prompt")));
    }

    void withoutAModelNothingIsWeighted()
    {
        open(path("nowhere.safetensors"), /*isThere=*/false);
        typeInto(&prompt(), QStringLiteral("red heart"));
        QTest::keyClick(&prompt(), Qt::Key_Up, Qt::ControlModifier);
        QCOMPARE(prompt().toPlainText(), QStringLiteral("red heart"));
        QVERIFY(message().contains(QStringLiteral("There is no model")));
    }

    void whatStandsForItselfStaysSo()
    {
        open();
        typeInto(named<QLineEdit>("Seed"), QStringLiteral("4"));
        typeInto(&prompt(), QStringLiteral("keycap: \\# \\(x\\)"));
        drawByKey();
        waitForAll();
        QTRY_COMPARE(picturesBelow(output()).size(), 1);
        const QString first = picturesBelow(output()).first();
        QCOMPARE(makingOf(first).prompt, std::string("keycap: # \\(x\\)"));
        typeInto(&prompt(), QStringLiteral("x"));
        QVERIFY(drop(m_window.get(), first));
        QTRY_COMPARE(prompt().toPlainText(), QStringLiteral("keycap: \\# \\(x\\)"));
        drawByKey();
        waitForAll();
        QTRY_COMPARE(picturesBelow(output()).size(), 2);
        QCOMPARE(QImage(picturesBelow(output()).last()), QImage(first));
    }

    void wordsTheModelNeverSawAreUnderlined()
    {
        open();
        typeInto(&prompt(), QStringLiteral("frobnicated (heart:1.2), "));
        QTRY_COMPARE(prompt().extraSelections().size(), 1);
        QCOMPARE(prompt().extraSelections().first().cursor.selectedText(), QStringLiteral("frobnicated"));
        const QImage shown = prompt().grab().toImage();
        int marked = 0;
        for (int y = 0; y < shown.height(); ++y)
            for (int x = 0; x < shown.width(); ++x)
                marked += shown.pixelColor(x, y).red() - shown.pixelColor(x, y).blue() > 60;
        QVERIFY(marked > 20);
        save(QStringLiteral("unknown"));
        // The words of templates are judged, not their signs.
        typeInto(&prompt(), QStringLiteral("{red|orange} {2$$heart|cat} {1..3} __colour__ zzyzx # qwxy"));
        QTRY_COMPARE(prompt().extraSelections().first().cursor.selectedText(), QStringLiteral("zzyzx"));
        QCOMPARE(prompt().extraSelections().size(), 1);
        typeInto(&prompt(), QStringLiteral("red heart"));
        QTRY_VERIFY(prompt().extraSelections().isEmpty());
    }

    void anUntrainedPartIsNamedWhereItIsDrawnWith()
    {
        QByteArray bytes = QByteArray::fromStdString(read_file(model.toStdString()));
        const auto prior = bytes.indexOf("prior", bytes.indexOf("\"reverie.trained\""));
        bytes.replace(prior, 5, "other"); // so that no step of it is recorded
        write_file(path("untrained.safetensors").toStdString(), bytes.toStdString());
        open(path("untrained.safetensors"));
        typeInto(&prompt(), QStringLiteral("red heart"));
        drawByKey();
        QTRY_VERIFY_WITH_TIMEOUT(message().contains(QStringLiteral("the prior")), patience);
        save(QStringLiteral("untrained"));
        waitForAll();
    }

    void picturesOfFiveProgramsAreTakenOverByADrop_data()
    {
        QTest::addColumn<QByteArray>("keyword");
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("prompt");
        QTest::addColumn<QString>("negative");
        QTest::addColumn<quint64>("seed");
        PictureMaking own;
        own.prompt = "red heart";
        own.seed = 12;
        own.recipe.negative = "cat face";
        own.settings = { .cond_scale = 2.5,
                         .prior_cond_scale = 1.5,
                         .prior_steps = 6,
                         .steps = { 5, 7 },
                         .candidates = 3,
                         .sampler = Sampler::Dpmpp,
                         .eta = 0.5,
                         .model = "Emoji" };
        QTest::newRow("Reverie") << QByteArray("reverie") << QByteArray::fromStdString(to_json(own))
                                 << QStringLiteral("red heart") << QStringLiteral("cat face") << quint64(12);
        QTest::newRow("A1111") << QByteArray("parameters")
                               << QByteArray(
                                      "a (slice:1.2) of pizza\nNegative prompt: blurry\nSteps: 20, Sampler: "
                                      "Euler a, CFG scale: 7, Seed: 123, Size: 512x768, Version: v1.10.1")
                               << QStringLiteral("a (slice:1.2) of pizza") << QStringLiteral("blurry")
                               << quint64(123);
        QTest::newRow("stable-diffusion.cpp")
            << QByteArray("parameters")
            << QByteArray(
                   "a cat\nNegative prompt: ugly\nSteps: 20, CFG scale: 7.000000, Guidance: 3.5, Seed: 42, "
                   "Size: 512x512, Model: sd.gguf, Sampler: euler_a, Version: stable-diffusion.cpp")
            << QStringLiteral("a cat") << QStringLiteral("ugly") << quint64(42);
        QTest::newRow("InvokeAI") << QByteArray("invokeai_metadata") << sample("invokeai.json")
                                  << QStringLiteral("a fox") << QStringLiteral("fog") << quint64(4294967295);
        QTest::newRow("ComfyUI") << QByteArray("prompt") << sample("comfyui.json")
                                 << QStringLiteral("NaN glass \"bottle\"")
                                 << QStringLiteral("text, watermark") << quint64(156680208700286);
    }

    void picturesOfFiveProgramsAreTakenOverByADrop()
    {
        QFETCH(QByteArray, keyword);
        QFETCH(QByteArray, text);
        QFETCH(QString, prompt);
        QFETCH(QString, negative);
        QFETCH(quint64, seed);
        open();
        write_file(path("other.png").toStdString(),
                   encode_png({ 1, 1, { 1, 2, 3 } }, { { keyword.toStdString(), text.toStdString() } }));
        QVERIFY(drop(m_window.get(), path("other.png")));
        QTRY_COMPARE(this->prompt().toPlainText(), prompt);
        QCOMPARE(named<QLineEdit>("Seed")->text(), QString::number(seed));
        QCOMPARE(named<QLineEdit>("Negative prompt")->text(), negative);
        if (keyword != "reverie")
            return;
        const auto request = parameters().draft().request;
        QCOMPARE(request.cond_scale, std::optional(2.5));
        QCOMPARE(request.prior_cond_scale, std::optional(1.5));
        QCOMPARE(request.prior_steps, std::optional(6));
        QCOMPARE(request.steps, (std::vector<int>{ 5, 7 }));
        QCOMPARE(request.candidates, std::optional(3));
        QCOMPARE(request.sampler, std::optional(Sampler::Dpmpp));
        QCOMPARE(request.eta, std::optional(0.5));
    }

private:
    /// A picture of the window and what lies above it, if REVERIE_SCREENSHOTS names a folder for them.
    void save(const QString& name) const
    {
        const QString folder = qEnvironmentVariable("REVERIE_SCREENSHOTS");
        if (folder.isEmpty())
            return;
        for (const auto appearance : { Appearance::Dark, Appearance::Light }) {
            Theme::instance().apply(appearance);
            QApplication::processEvents();
            const QString kind
                = appearance == Appearance::Dark ? QStringLiteral("-dark") : QStringLiteral("-light");
            m_window->grab().save(folder + QLatin1Char('/') + name + kind + QStringLiteral(".png"));
            for (QWidget* top : QApplication::topLevelWidgets())
                if (qobject_cast<QDialog*>(top) && top->isVisible())
                    top->grab().save(folder + QLatin1Char('/') + name + QStringLiteral("-box") + kind
                                     + QStringLiteral(".png"));
        }
    }
};

int main(int argc, char** argv)
{
    prepare_process(argv);
    QApplication app(argc, argv);
    QApplication::setApplicationName(QStringLiteral("Reverie"));
    QApplication::setOrganizationName(QStringLiteral("Reverie"));
    QApplication::setAttribute(Qt::AA_DontUseNativeDialogs);
    SetsTest test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_sets.moc"
