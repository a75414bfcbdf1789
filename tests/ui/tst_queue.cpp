// SPDX-License-Identifier: MIT
#include "core/api/library.h"
#include "core/api/picture_file.h"
#include "core/api/request_json.h"
#include "ui/session/draw_queue.h"
#include "ui/session/session.h"
#include "ui/widgets/create_page.h"
#include "ui/widgets/edit_canvas.h"
#include "ui/widgets/edit_page.h"
#include "ui/widgets/main_window.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/parameter_panel.h"
#include "ui/widgets/prompt_box.h"
#include "ui/widgets/theme.h"

#include <QDir>
#include <QDirIterator>
#include <QListView>
#include <QMessageBox>
#include <QMimeData>
#include <QProcess>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QSqlDatabase>
#include <QSqlQuery>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

#include <functional>
#include <map>
#include <random>

using namespace reverie;
using namespace reverie::ui;

namespace {

constexpr int patience = 120'000;
const QString model = QStringLiteral(REVERIE_TEST_DATA "/../../resources/models/emoji.safetensors");

/// Below a folder, by seed. More than one file of a seed is an error.
std::map<std::uint64_t, QString> picturesBySeed(const QString& folder)
{
    std::map<std::uint64_t, QString> found;
    for (QDirIterator files(folder, { QStringLiteral("*.png") }, QDir::Files, QDirIterator::Subdirectories);
         files.hasNext();) {
        const QString file = files.next();
        if (file.contains(QStringLiteral(".reverie/")))
            continue; // the stages kept beside a picture
        const PictureMaking making = read_making(file.toStdString());
        if (making.complete && !found.emplace(making.seed, file).second)
            qFatal("Two pictures of the seed %llu.", static_cast<unsigned long long>(making.seed));
    }
    return found;
}

/// What a file says that a program of somebody else reads: the first prompt and the seed of each entry.
QStringList rowsOf(const QString& file)
{
    QStringList rows;
    {
        QSqlDatabase database = QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), QStringLiteral("look"));
        database.setDatabaseName(file);
        database.setConnectOptions(QStringLiteral("QSQLITE_OPEN_READONLY"));
        if (database.open()) {
            QSqlQuery query(QStringLiteral("SELECT json_extract(request, '$.prompts[0]') || ' ' || "
                                           "json_extract(request, '$.seed') FROM entries ORDER BY place"),
                            database);
            while (query.next())
                rows << query.value(0).toString();
        }
    }
    QSqlDatabase::removeDatabase(QStringLiteral("look"));
    return rows;
}

} // namespace

/// The queue and the model that ships, by keys and clicks; what counts is in files and in the database.
class QueueTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Session> m_session;
    std::unique_ptr<DrawQueue> m_queue;
    std::unique_ptr<MainWindow> m_window;

    [[nodiscard]] QString output() const
    {
        return m_folder->filePath(QStringLiteral("home/Pictures/Reverie"));
    }
    [[nodiscard]] QString file() const
    {
        return m_folder->filePath(QStringLiteral("data/reverie/queue.sqlite"));
    }
    [[nodiscard]] ParameterPanel& parameters() const { return m_window->createPage().parameters(); }
    [[nodiscard]] PromptBox& prompt() const { return parameters().promptBox(); }
    [[nodiscard]] QListView& list() const
    {
        return *m_window->findChild<QListView*>(QStringLiteral("queueList"));
    }

    void open()
    {
        m_session = std::make_unique<Session>();
        m_session->setOutputFolder(output());
        m_queue = std::make_unique<DrawQueue>(*m_session, file());
        connect(m_queue.get(), &DrawQueue::failed, this, [](const QString& text) { qWarning() << text; });
        m_window = std::make_unique<MainWindow>(*m_session, nullptr, m_queue.get());
        m_window->resize(1280, 800);
        QSignalSpy opened(m_session.get(), &Session::modelOpened);
        m_window->show();
        QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
        QTRY_VERIFY_WITH_TIMEOUT(!opened.isEmpty(), 30'000);
    }

    void shut()
    {
        m_window.reset();
        m_queue.reset();
        m_session.reset();
    }

    void ask(const QString& text, quint64 seed, Qt::KeyboardModifiers more = {})
    {
        parameters().setSeed(seed);
        prompt().setFocus();
        QTest::keyClick(&prompt(), Qt::Key_A, Qt::ControlModifier);
        QTest::keyClicks(&prompt(), text);
        QTest::keyClick(&prompt(), Qt::Key_Return, Qt::ControlModifier | more);
    }

    void pause()
    {
        QTest::mouseClick(m_window->findChild<QToolButton*>(QStringLiteral("pauseQueue")), Qt::LeftButton);
    }

    void pauseByKey() { QTest::keyClick(m_window.get(), Qt::Key_P, Qt::ControlModifier); }

    void choose(int row)
    {
        list().setFocus();
        QTest::mouseClick(list().viewport(), Qt::LeftButton, {},
                          list().visualRect(m_queue->index(row)).center());
    }

    /// Of the real program.
    [[nodiscard]] QProcessEnvironment environment() const
    {
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("HOME"), m_folder->filePath(QStringLiteral("home")));
        environment.insert(QStringLiteral("XDG_DATA_HOME"), m_folder->filePath(QStringLiteral("data")));
        environment.insert(QStringLiteral("XDG_CONFIG_HOME"), m_folder->filePath(QStringLiteral("config")));
        environment.remove(QStringLiteral("XDG_PICTURES_DIR"));
        return environment;
    }

    void onDatabase(const std::function<void(QSqlDatabase&)>& work) const
    {
        {
            QSqlDatabase database
                = QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), QStringLiteral("other"));
            database.setDatabaseName(file());
            QVERIFY(database.open());
            work(database);
        }
        QSqlDatabase::removeDatabase(QStringLiteral("other"));
    }

    /// Waits for the question of that title and clicks its answer.
    static void answer(const QString& title, const QString& text)
    {
        QPushButton* button = nullptr;
        const auto find = [&] {
            for (QWidget* top : QApplication::topLevelWidgets())
                if (qobject_cast<QMessageBox*>(top) && top->isVisible() && top->windowTitle() == title)
                    for (QPushButton* each : top->findChildren<QPushButton*>())
                        if (each->text().remove(QLatin1Char('&')) == text)
                            button = each;
            return button;
        };
        QTRY_VERIFY_WITH_TIMEOUT(find(), patience);
        QTest::mouseClick(button, Qt::LeftButton);
    }

    void stopAndQuit()
    {
        QTRY_VERIFY_WITH_TIMEOUT(m_queue->isRunning(), patience);
        m_window->close();
        answer(QStringLiteral("Quit while drawing?"), QStringLiteral("Stop and Quit"));
    }

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        QSettings::setDefaultFormat(QSettings::IniFormat);
        QSettings::setPath(QSettings::IniFormat, QSettings::UserScope,
                           m_folder->filePath(QStringLiteral("config")));
        QSettings().clear();
        Settings::setModel(model);
        Settings::Draft quick; // four steps a stage are enough to see a picture by
        quick.request.prior_steps = 4;
        quick.request.steps = { 4, 4 };
        quick.device = QStringLiteral("cpu");
        Settings::setDraft(quick);
        Theme::instance().apply(Appearance::Light);
        open();
    }

    void cleanup() { shut(); }

    void whatIsAskedWhileSomethingIsDrawnWaitsForItsTurn()
    {
        for (int i = 0; i < 4; ++i)
            ask(QStringLiteral("red heart"), 10 + i);
        QVERIFY(m_queue->rowCount() > 1);
        QVERIFY(list().isVisible());
        QTRY_COMPARE_WITH_TIMEOUT(m_queue->rowCount(), 0, patience);
        QTRY_COMPARE(picturesBySeed(output()).size(), size_t(4));
        QTRY_VERIFY(rowsOf(file()).isEmpty());
        QVERIFY(!list().isVisible());
        // Each is the picture that is drawn alone.
        ask(QStringLiteral("red heart"), 12);
        QTRY_COMPARE_WITH_TIMEOUT(m_session->pictures().rowCount(), 5, patience);
        QTRY_VERIFY(!m_session->pictures().at(0).path.isEmpty());
        QCOMPARE(m_session->pictures().at(0).image, m_session->pictures().at(2).image);
        QDir(output()).removeRecursively();
    }

    void aPausedQueueKeepsWhatIsAskedInItsOrder()
    {
        ask(QStringLiteral("rocket"), 1); // so that there is a queue to see
        pauseByKey();
        QVERIFY(m_queue->isPaused());
        ask(QStringLiteral("cat face"), 2);
        ask(QStringLiteral("red apple"), 3);
        ask(QStringLiteral("guitar"), 4, Qt::ShiftModifier); // before the others
        QTRY_VERIFY_WITH_TIMEOUT(!m_queue->isRunning() && m_session->isIdle(), patience);
        QTRY_COMPARE(rowsOf(file()),
                     (QStringList{ QStringLiteral("guitar 4"), QStringLiteral("cat face 2"),
                                   QStringLiteral("red apple 3") }));
        choose(2);
        QTest::keyClick(&list(), Qt::Key_Up, Qt::AltModifier);
        QTRY_COMPARE(rowsOf(file()),
                     (QStringList{ QStringLiteral("guitar 4"), QStringLiteral("red apple 3"),
                                   QStringLiteral("cat face 2") }));
        choose(0);
        QTest::keyClick(&list(), Qt::Key_Down, Qt::AltModifier);
        QTRY_COMPARE(rowsOf(file()).first(), QStringLiteral("red apple 3"));

        choose(1);
        QTest::keyClick(&list(), Qt::Key_Delete);
        QTRY_COMPARE(rowsOf(file()),
                     (QStringList{ QStringLiteral("red apple 3"), QStringLiteral("cat face 2") }));
        QTest::keyClick(&list(), Qt::Key_Z, Qt::ControlModifier);
        QTRY_COMPARE(rowsOf(file()),
                     (QStringList{ QStringLiteral("red apple 3"), QStringLiteral("guitar 4"),
                                   QStringLiteral("cat face 2") }));

        choose(2);
        QTest::keyClick(&list(), Qt::Key_Return);
        QTRY_COMPARE(rowsOf(file()).size(), 2);
        QCOMPARE(prompt().toPlainText(), QStringLiteral("cat face"));
        QCOMPARE(parameters().draft().seed, std::optional<quint64>(2));

        pause(); // goes on
        QTRY_COMPARE_WITH_TIMEOUT(m_queue->rowCount(), 0, patience);
        QTRY_COMPARE(picturesBySeed(output()).size(), size_t(3));
        QVERIFY(rowsOf(file()).isEmpty());
    }

    void aDraggedRowIsTheSameAfterOthersLeft()
    {
        pauseByKey();
        for (int i = 0; i < 4; ++i)
            ask(QStringLiteral("cat face"), 2 + i);
        QTRY_COMPARE(m_queue->rowCount(), 4);
        const std::unique_ptr<QMimeData> dragged(m_queue->mimeData({ m_queue->index(3) }));
        choose(0);
        QTest::keyClick(&list(), Qt::Key_Delete);
        QTRY_COMPARE(m_queue->rowCount(), 3);
        m_queue->dropMimeData(dragged.get(), Qt::MoveAction, 0, 0, {});
        QTRY_COMPARE(rowsOf(file()),
                     (QStringList{ QStringLiteral("cat face 5"), QStringLiteral("cat face 3"),
                                   QStringLiteral("cat face 4") }));
        choose(0);
        QTest::keyClick(&list(), Qt::Key_Delete);
        m_queue->dropMimeData(dragged.get(), Qt::MoveAction, 2, 0, {}); // it is gone
        QTRY_COMPARE(rowsOf(file()),
                     (QStringList{ QStringLiteral("cat face 3"), QStringLiteral("cat face 4") }));
    }

    void stoppingToQuitIsNoAttempt()
    {
        ask(QStringLiteral("{red|blue} {heart|car} {a|b|c|d}"), 1);
        for (int sitting = 0; sitting < 3; ++sitting) {
            stopAndQuit();
            QTRY_VERIFY_WITH_TIMEOUT(!m_window->isVisible(), patience);
            shut();
            onDatabase([](QSqlDatabase& database) {
                QSqlQuery query(QStringLiteral("SELECT attempts FROM entries"), database);
                QVERIFY(query.next());
                QCOMPARE(query.value(0).toInt(), 0);
            });
            open();
        }
        QTRY_COMPARE(m_queue->rowCount(), 1);
        QVERIFY2(m_queue->at(0).problem.isEmpty(), qPrintable(m_queue->at(0).problem));
        QTRY_VERIFY_WITH_TIMEOUT(m_queue->isRunning(), patience);
    }

    void aWindowThatStaysAfterAllGoesOn()
    {
        QVERIFY(QDir().mkpath(QFileInfo(output()).absolutePath()));
        QFile inTheWay(output()); // so that nothing can be saved
        QVERIFY(inTheWay.open(QIODevice::WriteOnly));
        ask(QStringLiteral("rocket"), 1);
        QTRY_VERIFY_WITH_TIMEOUT(m_queue->isPaused() && m_session->isIdle(), patience);
        pauseByKey();
        ask(QStringLiteral("{red|blue} {heart|car} {a|b|c|d}"), 2);
        stopAndQuit();
        answer(QStringLiteral("Quit without saving?"), QStringLiteral("Cancel"));
        QVERIFY(m_window->isVisible());
        if (m_queue->isPaused()) // a second picture was not saved either
            pauseByKey();
        QTRY_VERIFY_WITH_TIMEOUT(m_queue->isRunning(), 10'000);
    }

    void anEditedEntryLeavesNothingHiddenBehind()
    {
        pauseByKey();
        GenerateRequest request = parameters().draft().request;
        request.prompts = { "red heart" };
        request.seeds = { 8 };
        request.recipe.start
            = StartPicture{ { Image{ 64, 64, std::vector<std::uint8_t>(64 * 64 * 3, 200) } } };
        request.recipe.later = LaterStages{ 2, 77 };
        m_queue->add({ request }, QStringLiteral("cpu"));
        choose(0);
        QTest::keyClick(&list(), Qt::Key_Return);
        auto* editor = m_window->findChild<EditPage*>();
        QTRY_VERIFY(editor->isVisible());
        editor->canvas().setFocus();
        QTest::keyClick(&editor->canvas(), Qt::Key_Escape);
        QTRY_VERIFY(!editor->isVisible());
        ask(QStringLiteral("red heart"), 11);
        pause(); // goes on
        QTRY_COMPARE_WITH_TIMEOUT(m_queue->rowCount(), 0, patience);
        QTRY_COMPARE(picturesBySeed(output()).count(11), size_t(1));
        const PictureMaking making = read_making(picturesBySeed(output()).at(11).toStdString());
        QVERIFY(!making.recipe.start && !making.recipe.later);
    }

    void anEntryThatCannotBeReadKeepsItsPlace()
    {
        pauseByKey();
        ask(QStringLiteral("cat face"), 2);
        QTRY_COMPARE(rowsOf(file()).size(), 1);
        shut();
        onDatabase([](QSqlDatabase& database) {
            QVERIFY(QSqlQuery(database).exec(
                QStringLiteral("UPDATE entries SET request = '{\"prompts\":[\"cat face\"],"
                               "\"seed\":2,\"steps\":\"many\"}'")));
        });
        open();
        QTRY_COMPARE(m_queue->rowCount(), 1);
        QVERIFY(!m_queue->at(0).problem.isEmpty());
        choose(0);
        QTest::keyClick(&list(), Qt::Key_R);
        QTest::keyClick(&list(), Qt::Key_Return); // it can't be edited either
        pauseByKey();
        QVERIFY(!m_queue->at(0).problem.isEmpty());
        shut();
        QCOMPARE(rowsOf(file()), QStringList{ QStringLiteral("cat face 2") });
    }

    void whatDidNotSucceedIsTriedAgainByItsKey()
    {
        pauseByKey();
        ask(QStringLiteral("cat face"), 2);
        QTRY_COMPARE(rowsOf(file()).size(), 1);
        shut();
        onDatabase([](QSqlDatabase& database) {
            QVERIFY(QSqlQuery(database).exec(QStringLiteral("UPDATE entries SET attempts = 2")));
        });
        open();
        QTRY_COMPARE(m_queue->rowCount(), 1);
        QVERIFY(!m_queue->at(0).problem.isEmpty());
        pauseByKey();
        choose(0);
        QTest::keyClick(&list(), Qt::Key_R);
        QTRY_COMPARE_WITH_TIMEOUT(m_queue->rowCount(), 0, patience);
        QTRY_COMPARE(picturesBySeed(output()).size(), size_t(1));
    }

    void aTemplateIsDrawnOnceForEveryMeaning()
    {
        ask(QStringLiteral("{red|blue} heart"), 7);
        QTRY_COMPARE_WITH_TIMEOUT(m_queue->rowCount(), 0, patience);
        QTRY_COMPARE(picturesBySeed(output()).size(), size_t(2));
        const auto pictures = picturesBySeed(output());
        QCOMPARE(read_making(pictures.at(7).toStdString()).prompt, std::string("red heart"));
        QCOMPARE(read_making(pictures.at(8).toStdString()).prompt, std::string("blue heart"));
        ask(QStringLiteral("{red|blue heart"), 7);
        QVERIFY(m_window->findChild<MessageBar*>()->text().contains(QLatin1Char('{')));
        QCOMPARE(m_queue->rowCount(), 0);
    }

    void timeAndMemoryAreForetold()
    {
        ask(QStringLiteral("rocket"), 1);
        QTRY_COMPARE_WITH_TIMEOUT(m_queue->rowCount(), 0, patience);
        pauseByKey();
        ask(QStringLiteral("cat face"), 2);
        const QModelIndex row = m_queue->index(0);
        QTRY_VERIFY(row.data(DrawQueue::DetailRole).toString().contains(QStringLiteral("MB")));
        QVERIFY(row.data(DrawQueue::DetailRole).toString().contains(QStringLiteral("about")));
        const double foretold = m_queue->secondsLeft().value();
        const auto& preview = m_queue->at(0).preview;
        QElapsedTimer clock;
        clock.start();
        pauseByKey();
        QTRY_COMPARE_WITH_TIMEOUT(m_queue->rowCount(), 0, patience);
        qInfo("foretold %.2f s, took %.2f s; %.0f MB", foretold, double(clock.elapsed()) / 1000,
              double(preview ? preview->memory_bytes : 0) / 1e6);
        QVERIFY(foretold > 0.02 && foretold < 60);
    }

    void aQueueOfTheFirstVersionGoesOn()
    {
        shut();
        GenerateRequest request;
        request.prompts = { "red heart" };
        request.seed = 77;
        request.prior_steps = 4;
        request.steps = { 4, 4 };
        for (const char* part : { "", "-wal", "-shm" })
            QFile::remove(file() + QLatin1String(part));
        onDatabase([&](QSqlDatabase& database) {
            for (const char* statement :
                 { "CREATE TABLE entries(id INTEGER PRIMARY KEY, place REAL NOT NULL, request TEXT NOT NULL,"
                   " device TEXT, model TEXT, saved TEXT, attempts INTEGER NOT NULL DEFAULT 0, problem TEXT)",
                   "CREATE TABLE pictures(entry INTEGER NOT NULL REFERENCES entries(id) ON DELETE CASCADE,"
                   " number INTEGER NOT NULL, png BLOB NOT NULL, PRIMARY KEY(entry, number)) WITHOUT ROWID",
                   "PRAGMA user_version = 1" })
                QVERIFY(QSqlQuery(database).exec(QLatin1String(statement)));
            QSqlQuery row(database);
            row.prepare(
                QStringLiteral("INSERT INTO entries(id, place, request, device, model, saved, problem) "
                               "VALUES(5, 5, ?, 'cpu', '', '', '')"));
            row.addBindValue(QString::fromStdString(to_json(request)));
            QVERIFY(row.exec());
        });
        open();
        QTRY_COMPARE_WITH_TIMEOUT(picturesBySeed(output()).count(77), size_t(1), patience);
        QTRY_COMPARE(m_queue->rowCount(), 0);
        pauseByKey();
        ask(QStringLiteral("cat face"), 78); // it takes what is asked now
        QTRY_COMPARE(rowsOf(file()), QStringList{ QStringLiteral("cat face 78") });
        shut();
        onDatabase([](QSqlDatabase& database) {
            QSqlQuery version(QStringLiteral("PRAGMA user_version"), database);
            QVERIFY(version.next());
            QCOMPARE(version.value(0).toInt(), 2);
        });
    }

    void anEditThatIsKilledIsDrawnAgain()
    {
        ask(QStringLiteral("red heart"), 5);
        QTRY_COMPARE_WITH_TIMEOUT(m_queue->rowCount(), 0, patience);
        QTRY_COMPARE(picturesBySeed(output()).count(5), size_t(1));
        Settings::Draft slow = parameters().draft(); // so that there is a moment to be killed in
        slow.request.steps = { 30, 30 };
        parameters().setDraft(slow);
        QTest::keyClick(m_window.get(), Qt::Key_R, Qt::ControlModifier);
        auto& canvas = m_window->findChild<EditPage*>()->canvas();
        QTRY_VERIFY_WITH_TIMEOUT(canvas.hasFocus(), patience);
        QTest::keyClick(&canvas, Qt::Key_Space);
        pauseByKey();
        ask(QStringLiteral("cat face"), 6);
        QTRY_COMPARE_WITH_TIMEOUT(rowsOf(file()).size(), 1, 10'000);
        pauseByKey();
        shut();

        const auto attempts = [this] {
            int count = 0;
            onDatabase([&count](QSqlDatabase& database) {
                QSqlQuery query(QStringLiteral("SELECT attempts FROM entries"), database);
                count = query.next() ? query.value(0).toInt() : 0;
            });
            return count;
        };
        QProcess killed;
        killed.setProcessEnvironment(environment());
        killed.start(QStringLiteral(REVERIE_PROGRAM), QStringList());
        QTRY_COMPARE_WITH_TIMEOUT(attempts(), 1, patience);
        QTest::qWait(200);
        killed.kill();
        killed.waitForFinished();
        QCOMPARE(rowsOf(file()).size(), 1);
        QProcess again;
        again.setProcessEnvironment(environment());
        again.start(QStringLiteral(REVERIE_PROGRAM), QStringList());
        QTRY_COMPARE_WITH_TIMEOUT(picturesBySeed(output()).count(6), size_t(1), patience);
        QTRY_VERIFY_WITH_TIMEOUT(rowsOf(file()).isEmpty(), patience);
        again.kill();
        again.waitForFinished();
        const auto pictures = picturesBySeed(output());
        const QImage before(pictures.at(5)), after(pictures.at(6)),
            mask(pictures.at(6) + QStringLiteral(".reverie/mask.png"));
        QCOMPARE(mask.size(), before.size());
        int changed = 0;
        for (int y = 0; y < mask.height(); ++y)
            for (int x = 0; x < mask.width(); ++x) {
                changed += before.pixel(x, y) != after.pixel(x, y);
                QVERIFY(qGray(mask.pixel(x, y)) > 127 || before.pixel(x, y) == after.pixel(x, y));
            }
        QVERIFY(changed > 20);
    }

    void aKilledProgramGoesOnWhereItWas()
    {
        pauseByKey();
        std::vector<QString> prompts{ QStringLiteral("red heart"), QStringLiteral("cat face"),
                                      QStringLiteral("rocket"), QStringLiteral("guitar") };
        for (int i = 0; i < 20; ++i)
            ask(prompts[i % 4], 100 + i);
        QTRY_COMPARE_WITH_TIMEOUT(rowsOf(file()).size(), 20, 10'000);
        pauseByKey();
        QTRY_COMPARE_WITH_TIMEOUT(m_queue->rowCount(), 0, patience);
        QTRY_COMPARE(picturesBySeed(output()).size(), size_t(20));
        std::map<std::uint64_t, QImage> uninterrupted;
        for (const auto& [seed, path] : picturesBySeed(output()))
            uninterrupted[seed] = QImage(path);
        QDir(output()).removeRecursively();

        pauseByKey();
        for (int i = 0; i < 20; ++i)
            ask(prompts[i % 4], 100 + i);
        QTRY_COMPARE_WITH_TIMEOUT(rowsOf(file()).size(), 20, 10'000);
        pauseByKey(); // begins; the window is gone before much is drawn
        shut();

        std::mt19937 random(5);
        int kills = 0;
        for (; !rowsOf(file()).isEmpty() && kills < 30; ++kills) {
            QProcess reverie;
            reverie.setProcessEnvironment(environment());
            reverie.start(QStringLiteral(REVERIE_PROGRAM), QStringList());
            QVERIFY(reverie.waitForStarted());
            const auto had = picturesBySeed(output()).size();
            const size_t wanted = kills < 4 ? had + 1 + random() % 4 : 20;
            QTRY_VERIFY_WITH_TIMEOUT(picturesBySeed(output()).size() >= std::min<size_t>(wanted, 20),
                                     patience);
            QTest::qWait(int(random() % 120));
            qInfo("%d pictures, %d queued", int(picturesBySeed(output()).size()), int(rowsOf(file()).size()));
            reverie.kill();
            reverie.waitForFinished();
            // What is neither in the gallery's folder nor queued would be lost.
            const int done = int(picturesBySeed(output()).size());
            QVERIFY2(done + rowsOf(file()).size() >= 20, qPrintable(rowsOf(file()).join(QLatin1Char(','))));
        }
        QVERIFY(kills >= 4);
        const auto pictures = picturesBySeed(output());
        QCOMPARE(pictures.size(), size_t(20));
        for (const auto& [seed, path] : pictures)
            QCOMPARE(QImage(path), uninterrupted.at(seed));
    }
};

int main(int argc, char** argv)
{
    prepare_process(argv);
    QApplication app(argc, argv);
    QApplication::setApplicationName(QStringLiteral("Reverie"));
    QApplication::setOrganizationName(QStringLiteral("Reverie"));
    QueueTest test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_queue.moc"
