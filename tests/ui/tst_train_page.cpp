// SPDX-License-Identifier: MIT
#include "core/api/library.h"
#include "tests/ui/run_fixture.h"
#include "ui/session/run_store.h"
#include "ui/session/session.h"
#include "ui/widgets/dataset_preview.h"
#include "ui/widgets/main_window.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/new_run_dialog.h"
#include "ui/widgets/preflight_view.h"
#include "ui/widgets/run_header.h"
#include "ui/widgets/run_view.h"
#include "ui/widgets/theme.h"
#include "ui/widgets/train_page.h"
#include "ui/widgets/training_options_table.h"

#include <QAction>
#include <QApplication>
#include <QComboBox>
#include <QFileDialog>
#include <QImage>
#include <QJsonArray>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QListWidget>
#include <QMenu>
#include <QMessageBox>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTabBar>
#include <QTableView>
#include <QToolButton>

using namespace reverie;
using namespace reverie::ui;

namespace {

constexpr int long_ms = 60'000; ///< on a machine that has other things to do

/// A window with the page of runs in it.
class Window
{
public:
    Window()
    {
        m_window.addTraining(m_store);
        m_window.resize(1280, 800);
        m_window.show();
        [[maybe_unused]] const bool active = QTest::qWaitForWindowActive(&m_window);
        QTest::keyClick(&m_window, Qt::Key_2, Qt::ControlModifier); // there is no gallery here
    }

    TrainPage& page() { return *m_window.trainPage(); }
    MainWindow& window() { return m_window; }
    Session& session() { return m_session; }

    const RunEntry* entry(const QString& folder) { return m_store.model().entry(folder); }
    bool shows(const QString& folder, RunEntry::State state)
    {
        const RunEntry* run = entry(folder);
        return run && run->state == state;
    }

    void choose(const QString& folder, Qt::KeyboardModifiers modifiers = {})
    {
        QTRY_VERIFY_WITH_TIMEOUT(entry(folder), long_ms);
        QListView& list = page().list();
        const QModelIndex index = m_store.model().index(m_store.model().rowOf(folder));
        list.scrollTo(index);
        QTest::mouseClick(list.viewport(), Qt::LeftButton, modifiers, list.visualRect(index).center());
    }

    /// A key on the list, once no dialog is in front of it.
    void press(Qt::Key key, Qt::KeyboardModifiers modifiers = {})
    {
        QTRY_VERIFY(!QApplication::activeModalWidget());
        m_window.activateWindow(); // a window manager does so when a dialog closes; without a screen there is
                                   // none
        QTRY_VERIFY(m_window.isActiveWindow());
        page().list().setFocus();
        QTest::keyClick(&page().list(), key, modifiers);
    }

    void click(const char* name)
    {
        auto* button = page().findChild<QAbstractButton*>(QLatin1String(name));
        QVERIFY2(button && button->isVisible(), name);
        QTRY_VERIFY_WITH_TIMEOUT(button->isEnabled(), long_ms);
        QTest::mouseClick(button, Qt::LeftButton);
    }

    /// Opens the menu of a button and goes through it by keys.
    void menu(const char* name, const QList<Qt::Key>& keys)
    {
        auto* button = page().findChild<QToolButton*>(QLatin1String(name));
        QVERIFY(button);
        QTRY_VERIFY_WITH_TIMEOUT(button->isEnabled(), long_ms);
        QTimer::singleShot(100, button, [keys] {
            for (const Qt::Key key : keys)
                if (QWidget* popup = QApplication::activePopupWidget())
                    QTest::keyClick(popup, key);
        });
        QTest::mouseClick(button, Qt::LeftButton);
    }

    NewRunDialog* dialog() { return page().findChild<NewRunDialog*>(QStringLiteral("newRunDialog")); }

private:
    Session m_session;
    RunStore m_store{ QStringLiteral(DREAM_PROGRAM) };
    MainWindow m_window{ m_session };
};

template <class T>
T* field(QWidget* dialog, const char* name)
{
    return dialog->findChild<T*>(QLatin1String(name));
}

/// Chooses the entry that begins with `text` by typing it.
void pick(QComboBox* box, const QString& text)
{
    box->setFocus();
    QTest::keyClicks(box, text);
}

/// Answers the questions of a new run of the tiny preset.
void answer(NewRunDialog* dialog, const QString& what, int steps, const QString& name)
{
    QTRY_VERIFY_WITH_TIMEOUT(field<QComboBox>(dialog, "runPreset")->count() > 1, long_ms);
    pick(field<QComboBox>(dialog, "runPreset"), QStringLiteral("tiny"));
    pick(field<QComboBox>(dialog, "runWhat"), what);
    auto* data = field<QComboBox>(dialog, "runData")->lineEdit();
    data->setFocus();
    QTest::keyClicks(data, QStringLiteral("shapes:64"));
    pick(field<QComboBox>(dialog, "runDevice"), QStringLiteral("None"));
    pick(field<QComboBox>(dialog, "runLength"), QStringLiteral("So many"));
    auto* count = field<QSpinBox>(dialog, "runSteps");
    QVERIFY(count->isVisible());
    count->setFocus();
    QTest::keyClick(count, Qt::Key_A, Qt::ControlModifier);
    QTest::keyClicks(count, QString::number(steps));
    QTest::keyClicks(field<QLineEdit>(dialog, "runName"), name);
}

/// Writes a value into the table of all options.
void setOption(NewRunDialog* dialog, const QString& key, const QString& value)
{
    auto* tabs = field<QTabBar>(dialog, "pageTabs");
    QTest::mouseClick(tabs, Qt::LeftButton, {}, tabs->tabRect(1).center());
    QLineEdit& search = dialog->options().searchField();
    QTableView& table = dialog->options().table();
    QTRY_VERIFY_WITH_TIMEOUT(table.model()->rowCount() > 100, long_ms);
    QTest::keyClick(&search, Qt::Key_A, Qt::ControlModifier);
    QTest::keyClicks(&search, key);
    QTRY_COMPARE(table.model()->rowCount(), 1);
    QTest::keyClick(&search, Qt::Key_Return);
    QTest::keyClick(&table, Qt::Key_F2);
    QTRY_VERIFY(qobject_cast<QLineEdit*>(QApplication::focusWidget()));
    QWidget* editor = QApplication::focusWidget();
    QTest::keyClick(editor, Qt::Key_A, Qt::ControlModifier);
    QTest::keyClicks(editor, value);
    QTest::keyClick(editor, Qt::Key_Return);
}

void start(NewRunDialog* dialog)
{
    auto* button = field<QPushButton>(dialog, "runStart");
    QTRY_VERIFY_WITH_TIMEOUT(button->isEnabled(), long_ms);
    QTest::mouseClick(button, Qt::LeftButton);
}

/// What the second process of windowsMayBeKilled() does: starts a run by hand and waits for its death.
int startARunAndWait(const QString& name)
{
    Window window;
    window.click("newRunButton");
    NewRunDialog* dialog = window.dialog();
    answer(dialog, QStringLiteral("CLIP"), 1'000'000, name);
    start(dialog);
    return QApplication::exec();
}

} // namespace

/// The page of training runs, on real runs of the tiny preset.
class TrainPageTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<RunFixture> m_fixture;

    QString run(const char* name) const { return m_fixture->run(QLatin1String(name)); }

    static QStringList samplesOf(const QString& folder)
    {
        QStringList pictures;
        const QDir samples(folder + QStringLiteral("/samples/unet1"));
        for (const QString& step : samples.entryList(QDir::Dirs | QDir::NoDotAndDotDot))
            for (const QString& file :
                 QDir(samples.filePath(step)).entryList({ QStringLiteral("0*.png") }, QDir::Files))
                pictures << samples.filePath(step) + QLatin1Char('/') + file;
        return pictures;
    }

private Q_SLOTS:
    void initTestCase()
    {
        m_fixture = std::make_unique<RunFixture>();
        QSettings::setDefaultFormat(QSettings::IniFormat);
        QSettings::setPath(QSettings::IniFormat, QSettings::UserScope,
                           m_fixture->path(QStringLiteral("settings")));
        Theme::instance().apply(Appearance::Light);
    }
    void cleanupTestCase() { m_fixture.reset(); }

    void aNewRunIsAskedForAndTrained()
    {
        Window window;
        QTRY_VERIFY(field<QPushButton>(&window.page(), "firstRunButton")->isVisible());
        window.click("firstRunButton");
        NewRunDialog* dialog = window.dialog();
        QVERIFY(dialog);
        answer(dialog, QStringLiteral("CLIP"), 6, QStringLiteral("asked-for"));
        setOption(dialog, QStringLiteral("clip.lr"), QStringLiteral("0.002"));
        // What will be learnt from is there to be seen, and what it takes.
        QListWidget& pictures = dialog->pictures().pictures();
        QTRY_COMPARE_WITH_TIMEOUT(pictures.count(), 30, long_ms);
        QVERIFY(!pictures.item(0)->text().isEmpty());
        QVERIFY(!pictures.item(0)->icon().isNull());
        QTRY_VERIFY_WITH_TIMEOUT(dialog->pictures().summary().contains(QLatin1String("nothing is wrong")),
                                 long_ms);
        QTRY_VERIFY_WITH_TIMEOUT(field<QPushButton>(dialog, "runStart")->isEnabled(), long_ms);
        for (const char* figure : { "preflightTime", "preflightMemory", "preflightDisk" })
            QVERIFY(
                field<QLabel>(dialog, figure)->text().contains(QRegularExpression(QStringLiteral("\\d"))));
        QVERIFY(!dialog->preflight().verdict().isEmpty());
        start(dialog);
        QTRY_COMPARE_WITH_TIMEOUT(RunFixture::status(run("asked-for")).state, "finished", long_ms);
        const QJsonObject told = RunFixture::json(run("asked-for") + QStringLiteral("/run.json"));
        QCOMPARE(told[QStringLiteral("what")].toString(), QStringLiteral("clip"));
        QCOMPARE(told[QStringLiteral("device")].toString(), QStringLiteral("cpu"));
        const QJsonObject config = told[QStringLiteral("config")].toObject();
        QCOMPARE(config[QStringLiteral("data")].toString(), QStringLiteral("shapes:64"));
        QCOMPARE(config[QStringLiteral("clip")][QStringLiteral("lr")].toDouble(), 0.002);
        QCOMPARE(config[QStringLiteral("clip")][QStringLiteral("steps")].toInt(), 6);
        QCOMPARE(RunFixture::status(run("asked-for")).step, 6);
        QTRY_VERIFY_WITH_TIMEOUT(window.shows(run("asked-for"), RunEntry::State::Finished), long_ms);
        QTRY_COMPARE(window.page().view().run(), run("asked-for"));
    }

    void aMistakeIsSaidAndLeavesTheValue()
    {
        Window window;
        QTest::keyClick(&window.page(), Qt::Key_N, Qt::ControlModifier);
        NewRunDialog* dialog = window.dialog();
        QVERIFY(dialog);
        answer(dialog, QStringLiteral("CLIP"), 6, QStringLiteral("mistaken"));
        setOption(dialog, QStringLiteral("clip.lr"), QStringLiteral("fast"));
        auto* problem = field<QLabel>(dialog, "runProblem");
        QTRY_VERIFY_WITH_TIMEOUT(problem->isVisible() && problem->text().contains(QLatin1String("clip.lr")),
                                 long_ms);
        QTRY_VERIFY_WITH_TIMEOUT(field<QPushButton>(dialog, "runStart")->isEnabled(), long_ms);
        auto* name = field<QLineEdit>(dialog, "runName");
        name->setFocus();
        QTest::keyClick(name, Qt::Key_A, Qt::ControlModifier);
        QTest::keyClicks(name, QStringLiteral("asked-for"));
        QTRY_VERIFY_WITH_TIMEOUT(problem->text().contains(QLatin1String("asked-for")), long_ms);
        QVERIFY(!field<QPushButton>(dialog, "runStart")->isEnabled());
        QTest::keyClick(dialog, Qt::Key_Escape);
        QTRY_VERIFY(!window.dialog());
        QVERIFY(!QFileInfo::exists(run("mistaken")));
    }

    void aLiveRunIsSteered()
    {
        const QString folder = run("steered");
        RunFixture::begin(folder, RunFixture::decoder(1'000'000), {}, "unet1");
        const auto pid = RunFixture::status(folder).pid;
        Window window;
        window.choose(folder);

        window.click("runPauseButton");
        QTRY_COMPARE_WITH_TIMEOUT(RunFixture::status(folder).state, "paused", long_ms);
        const auto step = RunFixture::status(folder).step;
        QTest::qWait(300);
        QCOMPARE(RunFixture::status(folder).step, step);
        QTRY_VERIFY(window.shows(folder, RunEntry::State::Paused));
        window.press(Qt::Key_P);
        QTRY_COMPARE_WITH_TIMEOUT(RunFixture::status(folder).state, "running", long_ms);
        QTRY_VERIFY_WITH_TIMEOUT(RunFixture::status(folder).step > step, long_ms);
        QTRY_VERIFY(window.shows(folder, RunEntry::State::Running));

        const auto checkpoints = list_checkpoints(toPath(folder)).size();
        window.click("runCheckpointButton");
        QTRY_COMPARE_WITH_TIMEOUT(list_checkpoints(toPath(folder)).size(), checkpoints + 1, long_ms);

        window.click("runSampleButton");
        auto* prompts = window.page().findChild<QPlainTextEdit*>(QStringLiteral("samplePrompts"));
        QVERIFY(prompts);
        QTest::keyClicks(prompts, QStringLiteral("red circle"));
        QTest::keyClick(prompts, Qt::Key_Return);
        QTest::keyClicks(prompts, QStringLiteral("blue square"));
        QTest::mouseClick(window.page().findChild<QPushButton*>(QStringLiteral("sampleDraw")),
                          Qt::LeftButton);
        QTRY_COMPARE_WITH_TIMEOUT(samplesOf(folder).size(), 2, long_ms);
        const QJsonValue sizes = RunFixture::json(folder + QStringLiteral("/run.json"))[QStringLiteral(
            "config")][QStringLiteral("model")][QStringLiteral("decoder")][QStringLiteral("image_sizes")];
        QCOMPARE(QImage(samplesOf(folder)[0]).width(), sizes.toArray()[0].toInt());

        window.press(Qt::Key_L);
        QLineEdit* rate = nullptr;
        QTRY_VERIFY((rate = window.page().findChild<QLineEdit*>(QStringLiteral("learningRate"))));
        QCOMPARE(rate->text(), QStringLiteral("0.001"));
        QTest::keyClicks(rate, QStringLiteral("0.0004"));
        QTest::keyClick(rate, Qt::Key_Return);
        QTRY_COMPARE_WITH_TIMEOUT(RunFixture::answers(folder, "set").size(), std::size_t(1), long_ms);
        const auto lastRate = [&] {
            for (auto lines = current_metrics(toPath(folder)); !lines.empty(); lines.pop_back())
                if (lines.back().split == "train")
                    return lines.back().numbers.at("lr");
            return 0.;
        };
        QTRY_COMPARE_WITH_TIMEOUT(lastRate(), 0.0004, long_ms);

        QCOMPARE(RunFixture::status(folder).pid, pid);
        window.press(Qt::Key_T);
        QTRY_COMPARE_WITH_TIMEOUT(RunFixture::status(folder).state, "stopped", long_ms);
        QTRY_VERIFY_WITH_TIMEOUT(!RunFixture::isAlive(folder), long_ms);
        QTRY_VERIFY(window.shows(folder, RunEntry::State::Stopped));
    }

    void oneGoesBackToACheckpointOfARunThatStopped()
    {
        const QString folder = run("steered");
        const auto checkpoints = list_checkpoints(toPath(folder));
        const auto first = *std::find_if(checkpoints.begin(), checkpoints.end(),
                                         [](const auto& one) { return one.part == "unet1"; });
        QVERIFY(first.step < RunFixture::status(folder).step);
        Window window;
        window.choose(folder);
        QTRY_VERIFY(window.shows(folder, RunEntry::State::Stopped));
        QMenu& menu = window.page().checkpointMenu();
        QTRY_COMPARE_WITH_TIMEOUT(menu.actions().size(), qsizetype(checkpoints.size()), long_ms);
        // Newest first: the second entry, its menu, and there the second again.
        window.menu("runCheckpointsButton",
                    { Qt::Key_Down, Qt::Key_Down, Qt::Key_Right, Qt::Key_Down, Qt::Key_Return });
        QTRY_COMPARE_WITH_TIMEOUT(RunFixture::answers(folder, "rollback").size(), std::size_t(1), long_ms);
        const auto answer = RunFixture::answers(folder, "rollback")[0];
        QCOMPARE(answer.numbers.at("ok"), 1.);
        QCOMPARE(answer.step, first.step);
        QVERIFY(RunFixture::isAlive(folder));
        QTRY_VERIFY(window.shows(folder, RunEntry::State::Running));
    }

    void aCheckpointIsDrawnWithWhileTheRunGoesOn()
    {
        const QString folder = run("steered");
        QVERIFY(RunFixture::isAlive(folder));
        Window window;
        QSignalSpy opened(&window.session(), &Session::modelOpened);
        QTRY_VERIFY_WITH_TIMEOUT(!opened.isEmpty(), long_ms); // the one it starts with
        window.choose(folder);
        QTRY_VERIFY(!window.page().checkpointMenu().actions().isEmpty());
        window.menu("runCheckpointsButton", { Qt::Key_Down, Qt::Key_Right, Qt::Key_Return });
        const auto isOfTheRun = [&] {
            return window.session().model()
                && toQString(window.session().model()->path)
                       .startsWith(folder + QStringLiteral("/checkpoints/"));
        };
        QTRY_VERIFY_WITH_TIMEOUT(isOfTheRun(), long_ms);
        QVERIFY(!window.page().isVisible());
        QVERIFY(RunFixture::isAlive(folder));
    }

    void aRunWhoseProcessDiedIsShownAndResumed()
    {
        const QString folder = run("steered");
        const auto killed = RunFixture::status(folder).pid;
        QCOMPARE(::kill(static_cast<pid_t>(killed), SIGKILL), 0);
        Window window;
        QTRY_VERIFY_WITH_TIMEOUT(window.shows(folder, RunEntry::State::Died), long_ms);
        window.choose(folder);
        auto* reason = field<QLabel>(&window.page(), "runReason");
        QTRY_VERIFY(reason->isVisible() && !reason->text().isEmpty());
        window.click("runPauseButton"); // which says Resume now
        QTRY_VERIFY_WITH_TIMEOUT(RunFixture::isAlive(folder) && RunFixture::status(folder).pid != killed
                                     && RunFixture::status(folder).state == "running",
                                 long_ms);
        QTRY_VERIFY_WITH_TIMEOUT(window.shows(folder, RunEntry::State::Running), long_ms);
    }

    void aRunWaitsForAnother()
    {
        const QString first = run("steered"), second = run("queued");
        QVERIFY(RunFixture::isAlive(first));
        Window window;
        QTRY_VERIFY_WITH_TIMEOUT(window.shows(first, RunEntry::State::Running), long_ms);
        window.click("newRunButton");
        NewRunDialog* dialog = window.dialog();
        answer(dialog, QStringLiteral("CLIP"), 3, QStringLiteral("queued"));
        pick(field<QComboBox>(dialog, "runWhen"), QStringLiteral("As soon"));
        start(dialog);
        QTRY_VERIFY_WITH_TIMEOUT(window.shows(second, RunEntry::State::Queued), long_ms);
        QCOMPARE(window.entry(second)->after, first);
        QCOMPARE(RunFixture::status(second).step, 0);
        window.choose(first);
        window.click("runStopButton");
        QTRY_COMPARE_WITH_TIMEOUT(RunFixture::status(second).state, "finished", long_ms);
        QCOMPARE(RunFixture::status(first).state, "stopped");
        QCOMPARE(RunFixture::losses(second).size(), std::size_t(1));
    }

    void aRunIsMadeAgainWithChanges()
    {
        const QString first = run("asked-for"), again = run("again");
        Window window;
        window.choose(first);
        window.press(Qt::Key_D, Qt::ControlModifier);
        NewRunDialog* dialog = nullptr;
        QTRY_VERIFY_WITH_TIMEOUT((dialog = window.dialog()), long_ms);
        QTest::keyClicks(field<QLineEdit>(dialog, "runName"), QStringLiteral("again"));
        setOption(dialog, QStringLiteral("clip.wd"), QStringLiteral("0.5"));
        QCOMPARE(field<QComboBox>(dialog, "runWhat")->currentData().toString(), QStringLiteral("clip"));
        start(dialog);
        QTRY_COMPARE_WITH_TIMEOUT(RunFixture::status(again).state, "finished", long_ms);
        QJsonObject before = RunFixture::json(first + QStringLiteral("/run.json"));
        QJsonObject after = RunFixture::json(again + QStringLiteral("/run.json"));
        QVERIFY(before != after);
        QJsonObject config = after[QStringLiteral("config")].toObject();
        QJsonObject clip = config[QStringLiteral("clip")].toObject();
        QCOMPARE(clip[QStringLiteral("wd")].toDouble(), 0.5);
        clip[QStringLiteral("wd")]
            = before[QStringLiteral("config")][QStringLiteral("clip")][QStringLiteral("wd")];
        config[QStringLiteral("clip")] = clip;
        after[QStringLiteral("config")] = config;
        QCOMPARE(after, before);
    }

    void severalRunsAreCompared()
    {
        Window window;
        window.choose(run("asked-for"));
        QTRY_COMPARE(window.page().view().run(), run("asked-for"));
        window.choose(run("again"), Qt::ControlModifier);
        QTRY_VERIFY(window.page().view().run().isEmpty());
        QVERIFY(field<QLabel>(&window.page(), "runTitle")->text().contains(QLatin1Char('2')));
        QVERIFY(!window.page().actions().pause->isEnabled());
    }

    void aFolderIsAdded()
    {
        const QString shared = m_fixture->path(QStringLiteral("shared"));
        QDir().mkpath(shared);
        RunFixture::copy(run("asked-for"), shared + QStringLiteral("/theirs"));
        Window window;
        window.menu("runFolders", { Qt::Key_Down, Qt::Key_Return });
        QFileDialog* dialog = nullptr;
        QTRY_VERIFY((dialog = window.page().findChild<QFileDialog*>()));
        auto* name = dialog->findChild<QLineEdit*>(QStringLiteral("fileNameEdit"));
        QVERIFY(name);
        QTest::keyClick(name, Qt::Key_A, Qt::ControlModifier);
        QTest::keyClicks(name, shared);
        QTest::keyClick(name, Qt::Key_Return);
        QTRY_VERIFY_WITH_TIMEOUT(window.shows(shared + QStringLiteral("/theirs"), RunEntry::State::Finished),
                                 long_ms);
        QCOMPARE(QSettings().value(QStringLiteral("training/folders")).toStringList(), QStringList{ shared });
        window.menu("runFolders", { Qt::Key_Down, Qt::Key_Down, Qt::Key_Return });
        QTRY_VERIFY_WITH_TIMEOUT(!window.entry(shared + QStringLiteral("/theirs")), long_ms);
        QVERIFY(QSettings().value(QStringLiteral("training/folders")).toStringList().isEmpty());
        QVERIFY(QFileInfo::exists(shared + QStringLiteral("/theirs/run.json")));
    }

    void aRunGoesToTheTrashAndBack()
    {
        const QString folder = run("again");
        const auto model = read_file(toPath(folder) / "model.safetensors");
        Window window;
        window.choose(folder);
        window.press(Qt::Key_Delete);
        QTRY_VERIFY_WITH_TIMEOUT(!QFileInfo::exists(folder), long_ms);
        QTRY_VERIFY_WITH_TIMEOUT(!window.entry(folder), long_ms);
        QPushButton* undo = nullptr;
        QTRY_VERIFY((undo = window.page().message().findChild<QPushButton*>()));
        QTest::mouseClick(undo, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(QFileInfo::exists(folder + QStringLiteral("/run.json")), long_ms);
        QCOMPARE(read_file(toPath(folder) / "model.safetensors"), model);
        QTRY_VERIFY_WITH_TIMEOUT(window.shows(folder, RunEntry::State::Finished), long_ms);
    }

    void aLiveRunIsNotThrownAway()
    {
        const QString folder = run("lively");
        RunFixture::begin(folder, RunFixture::clip(1'000'000));
        Window window;
        window.choose(folder);
        QTRY_VERIFY(window.shows(folder, RunEntry::State::Running));
        window.press(Qt::Key_Delete);
        QTest::qWait(300);
        QVERIFY(RunFixture::isAlive(folder));
        QVERIFY(QFileInfo::exists(folder + QStringLiteral("/run.json")));
        RunFixture::kill(folder);
    }

    void checkpointsAreThinnedOut()
    {
        const QString folder = run("steered");
        const auto before = list_checkpoints(toPath(folder));
        QVERIFY(before.size() > 1);
        Window window;
        window.choose(folder);
        QTRY_VERIFY_WITH_TIMEOUT(window.entry(folder)->bytes > 0, long_ms);
        window.menu("runMoreButton", { Qt::Key_Down, Qt::Key_Down, Qt::Key_Return });
        QPushButton* thin = nullptr;
        QTRY_VERIFY_WITH_TIMEOUT((thin = window.page().findChild<QPushButton*>(QStringLiteral("thinDelete"))),
                                 long_ms);
        const qint64 bytes = bytesBelow(folder);
        QTest::mouseClick(thin, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(list_checkpoints(toPath(folder)).size() < before.size(), long_ms);
        const auto after = list_checkpoints(toPath(folder));
        QCOMPARE(after.back().step, before.back().step);
        QVERIFY(bytesBelow(folder) < bytes);
        QTRY_VERIFY_WITH_TIMEOUT(window.entry(folder)->bytes < bytes, long_ms);
    }

    void windowsMayBeKilled()
    {
        QProcess other;
        other.setProcessChannelMode(QProcess::ForwardedChannels);
        other.start(QCoreApplication::applicationFilePath(),
                    { QStringLiteral("--start-a-run"), QStringLiteral("outlives") });
        const QString folder = run("outlives");
        QTRY_VERIFY_WITH_TIMEOUT(RunFixture::status(folder).state == "running"
                                     && RunFixture::status(folder).step > 0,
                                 2 * long_ms);
        other.kill();
        QVERIFY(other.waitForFinished());
        const auto step = RunFixture::status(folder).step;
        QTRY_VERIFY_WITH_TIMEOUT(RunFixture::status(folder).step > step + 5, long_ms);
        QVERIFY(RunFixture::isAlive(folder));
        Window window; // opened again
        QTRY_VERIFY_WITH_TIMEOUT(window.shows(folder, RunEntry::State::Running), long_ms);
        window.choose(folder);
        QTRY_COMPARE(window.page().view().run(), folder);
        window.click("runStopButton");
        QTRY_COMPARE_WITH_TIMEOUT(RunFixture::status(folder).state, "stopped", long_ms);
    }
};

int main(int argc, char** argv)
{
    prepare_process();
    QApplication app(argc, argv);
    if (argc == 3 && qstrcmp(argv[1], "--start-a-run") == 0) {
        Theme::instance().apply(Appearance::Light);
        return startARunAndWait(QString::fromLocal8Bit(argv[2]));
    }
    TrainPageTest test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_train_page.moc"
