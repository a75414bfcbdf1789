// SPDX-License-Identifier: MIT
#include "core/api/library.h"
#include "tests/ui/train_window.h"
#include "ui/widgets/dataset_preview.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/preflight_view.h"
#include "ui/widgets/run_dialogs.h"
#include "ui/widgets/run_view.h"
#include "ui/widgets/theme.h"

#include <QDesktopServices>
#include <QImage>
#include <QJsonArray>
#include <QLabel>
#include <QListWidget>
#include <QMessageBox>
#include <QPlainTextEdit>
#include <QSettings>
#include <QSignalSpy>
#include <QTabWidget>

using namespace reverie;
using namespace reverie::ui;

namespace {

/// What the second process of windowsMayBeKilled() does: starts a run by hand and waits for its death.
int startARunAndWait(const QString& name)
{
    TrainWindow window;
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
    QUrl m_opened; ///< by the desktop

    QString run(const char* name) const { return m_fixture->run(QLatin1String(name)); }

    static QJsonObject configOf(const QString& folder)
    {
        return RunFixture::json(folder + QStringLiteral("/run.json"))[QStringLiteral("config")].toObject();
    }

    /// The bytes of each tensor of a safetensors file.
    static std::map<QString, std::string> tensorsOf(const QString& file)
    {
        const std::string text = read_file(toPath(file));
        std::uint64_t length = 0;
        std::memcpy(&length, text.data(), sizeof length);
        const auto head = QJsonDocument::fromJson(QByteArray(text.data() + 8, qsizetype(length))).object();
        std::map<QString, std::string> tensors;
        for (const QString& name : head.keys()) {
            const QJsonArray place = head[name][QStringLiteral("data_offsets")].toArray();
            if (place.size() == 2)
                tensors[name] = text.substr(8 + length + std::size_t(place[0].toDouble()),
                                            std::size_t(place[1].toDouble() - place[0].toDouble()));
        }
        return tensors;
    }

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

public Q_SLOTS:
    void open(const QUrl& url) { m_opened = url; }

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

    void anEmptyPageOffersRunsFromElsewhere()
    {
        const QString shared = m_fixture->path(QStringLiteral("before"));
        RunFixture::train(run("moved"), { QStringLiteral("tokenizer") });
        QVERIFY(QDir().mkpath(shared) && QDir().rename(run("moved"), shared + QStringLiteral("/theirs")));
        TrainWindow window;
        window.click("firstFolderButton");
        chooseFile(&window.page(), shared);
        QTRY_VERIFY_WITH_TIMEOUT(window.shows(shared + QStringLiteral("/theirs"), RunEntry::State::Finished),
                                 long_ms);
        QCOMPARE(QSettings().value(QStringLiteral("training/folders")).toStringList(), QStringList{ shared });
        window.menu("runFolders", { Qt::Key_Down, Qt::Key_Down, Qt::Key_Return });
        QTRY_VERIFY_WITH_TIMEOUT(field<QPushButton>(&window.page(), "firstRunButton")->isVisible(), long_ms);
        QVERIFY(QSettings().value(QStringLiteral("training/folders")).toStringList().isEmpty());
    }

    void aNewRunIsAskedForAndTrained()
    {
        TrainWindow window;
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
        window.waitFor(run("asked-for"), "finished");
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
        TrainWindow window;
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

    void aRunIsMadeToFit()
    {
        TrainWindow window;
        window.click("newRunButton");
        NewRunDialog* dialog = window.dialog();
        answer(dialog, QStringLiteral("CLIP"), 3, QStringLiteral("fitted"));
        setOption(dialog, QStringLiteral("clip.batch"), QStringLiteral("40000000"));
        auto* fit = field<QPushButton>(dialog, "preflightFit");
        QTRY_VERIFY_WITH_TIMEOUT(fit->isVisible(), long_ms);
        QVERIFY(dialog->preflight().verdict().contains(QLatin1String("does not fit")));
        QTest::mouseClick(fit, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(dialog->preflight().verdict().contains(QLatin1String("It fits")), long_ms);
        QVERIFY(!fit->isVisible());
        const QTableView& table = dialog->options().table();
        const int batch = table.model()->index(0, 1).data().toInt();
        QVERIFY(batch > 16 && batch < 40'000'000);
        setOption(dialog, QStringLiteral("clip.batch"), QStringLiteral("16")); // which is soon trained
        start(dialog);
        window.waitFor(run("fitted"), "finished");
        const QJsonObject clip = configOf(run("fitted"))[QStringLiteral("clip")].toObject();
        QCOMPARE(clip[QStringLiteral("batch")].toInt(), 16);
        QCOMPARE(clip[QStringLiteral("precision")].toString(), QStringLiteral("bf16")); // suggested, too
    }

    void theLengthIsTheOneOfThePresetOrAShareOfIt_data()
    {
        QTest::addColumn<QString>("length");
        QTest::addColumn<int>("steps"); // of the twenty that the preset says
        QTest::newRow("preset") << QStringLiteral("As") << 20;
        QTest::newRow("tenth") << QStringLiteral("A tenth") << 2;
        QTest::newRow("half") << QStringLiteral("Half") << 10;
        QTest::newRow("twice") << QStringLiteral("Twice") << 40;
        QTest::newRow("ten times") << QStringLiteral("Ten") << 200;
    }

    void theLengthIsTheOneOfThePresetOrAShareOfIt()
    {
        QFETCH(QString, length);
        QFETCH(int, steps);
        const QString name = QStringLiteral("as-long-as-%1").arg(steps);
        TrainWindow window;
        window.click("newRunButton");
        NewRunDialog* dialog = window.dialog();
        answer(dialog, QStringLiteral("Only the vocabulary"), 0, name);
        pick(field<QComboBox>(dialog, "runLength"), length);
        QVERIFY(!field<QSpinBox>(dialog, "runSteps")->isVisible());
        start(dialog);
        window.waitFor(m_fixture->run(name), "finished");
        const QJsonObject config = configOf(m_fixture->run(name));
        for (const char* part : { "clip", "prior" })
            QCOMPARE(config[QLatin1String(part)][QStringLiteral("steps")].toInt(), steps);
    }

    void picturesAndWeightsAreChosenAsFiles()
    {
        const QString pictures = m_fixture->path(QStringLiteral("my pictures"));
        QVERIFY(QDir().mkpath(pictures));
        for (int i = 0; i < 24; ++i) {
            QImage picture(40, 40, QImage::Format_RGB32);
            picture.fill(QColor::fromHsv(i * 15, 200, 40 + i * 9));
            const QString name = QStringLiteral("%1/colour-%2").arg(pictures).arg(i);
            QVERIFY(picture.save(name + QStringLiteral(".png")));
            write_file(toPath(name + QStringLiteral(".txt")), "colour number " + std::to_string(i));
        }
        write_file(toPath(pictures + QStringLiteral("/broken.png")), "no picture");
        const QString weights = run("asked-for") + QStringLiteral("/model.safetensors");
        TrainWindow window;
        window.click("newRunButton");
        NewRunDialog* dialog = window.dialog();
        answer(dialog, QStringLiteral("The prior"), 2, QStringLiteral("from-files"));
        auto* start = field<QPushButton>(dialog, "runStart");
        QTest::mouseClick(field<QPushButton>(dialog, "runDataChoose"), Qt::LeftButton);
        chooseFile(dialog, pictures);
        QTest::mouseClick(field<QPushButton>(dialog, "runWeightsChoose"), Qt::LeftButton);
        chooseFile(dialog, weights);
        QCOMPARE(field<QComboBox>(dialog, "runData")->currentText(), pictures);
        QListWidget& shown = dialog->pictures().pictures();
        QTRY_VERIFY_WITH_TIMEOUT(
            shown.count() > 10 && shown.item(0)->text().startsWith(QLatin1String("colour number")), long_ms);
        auto* flaws = field<QListWidget>(dialog, "datasetFlaws");
        QTRY_VERIFY_WITH_TIMEOUT(flaws->isVisible(), long_ms);
        QCOMPARE(flaws->findItems(QStringLiteral("broken.png is no"), Qt::MatchContains).size(), 1);
        QTRY_VERIFY_WITH_TIMEOUT(start->isEnabled(), long_ms);
        QTest::mouseClick(start, Qt::LeftButton);
        const QString folder = run("from-files");
        window.waitFor(folder, "finished");
        const QJsonObject told = RunFixture::json(folder + QStringLiteral("/run.json"));
        QCOMPARE(told[QStringLiteral("config")][QStringLiteral("data")].toString(), pictures);
        QCOMPARE(told[QStringLiteral("init")].toString(), weights);
        // It began with the CLIP of those weights, and left it as it was.
        const auto before = tensorsOf(weights),
                   after = tensorsOf(folder + QStringLiteral("/model.safetensors"));
        int same = 0;
        for (const auto& [name, bytes] : before)
            if (name.startsWith(QLatin1String("clip."))) {
                QVERIFY2(after.contains(name) && after.at(name) == bytes, qPrintable(name));
                ++same;
            }
        QVERIFY(same > 10);
        QVERIFY(after.size() > before.size()); // and learnt a prior
    }

    void whoCancelsChangesNothing()
    {
        const QString folder = run("asked-for");
        const auto runs = QDir(m_fixture->runs()).entryList(QDir::Dirs | QDir::NoDotAndDotDot);
        TrainWindow window;
        window.choose(folder);
        window.click("newRunButton");
        NewRunDialog* dialog = window.dialog();
        answer(dialog, QStringLiteral("CLIP"), 3, QStringLiteral("cancelled"));
        QTRY_VERIFY_WITH_TIMEOUT(field<QPushButton>(dialog, "runStart")->isEnabled(), long_ms);
        QTest::mouseClick(field<QPushButton>(dialog, "runCancel"), Qt::LeftButton);
        QTRY_VERIFY(!window.dialog());
        QTest::qWait(300);
        QCOMPARE(QDir(m_fixture->runs()).entryList(QDir::Dirs | QDir::NoDotAndDotDot), runs);
    }

    void theMenuOfTheWindowDoesAllOfIt()
    {
        const QString folder = run("from-menu");
        RunFixture::begin(folder, RunFixture::clip(1'000'000));
        const auto checkpoints = [&] { return list_checkpoints(toPath(folder)).size(); };
        TrainWindow window;
        window.choose(folder);
        const TrainPage::Actions& actions = window.page().actions();
        QTRY_VERIFY(window.shows(folder, RunEntry::State::Running));
        window.menuBar(actions.pause);
        window.waitFor(folder, "paused");
        QTRY_VERIFY(window.shows(folder, RunEntry::State::Paused));
        window.menuBar(actions.pause); // which says Resume now
        window.waitFor(folder, "running");
        for (std::size_t wanted = checkpoints() + 1, last = wanted + 2; wanted <= last; ++wanted) {
            QTRY_VERIFY_WITH_TIMEOUT(window.shows(folder, RunEntry::State::Running), long_ms);
            if (wanted == last)
                window.press(Qt::Key_K);
            else
                window.menuBar(actions.checkpoint);
            QTRY_COMPARE_WITH_TIMEOUT(checkpoints(), wanted, long_ms);
        }

        window.menuBar(actions.sample);
        QTest::mouseClick(field<QPushButton>(window.asking<SampleDialog>(), "sampleDraw"), Qt::LeftButton);
        QTRY_COMPARE_WITH_TIMEOUT(RunFixture::answers(folder, "sample").size(), std::size_t(1), long_ms);
        QTRY_VERIFY(!QApplication::activeModalWidget());
        window.press(Qt::Key_S);
        QTest::mouseClick(field<QPushButton>(window.asking<SampleDialog>(), "cancel"), Qt::LeftButton);
        window.menuBar(actions.rate);
        QTest::mouseClick(field<QPushButton>(window.asking<LearningRateDialog>(), "cancel"), Qt::LeftButton);
        QTRY_VERIFY(!window.page().findChild<LearningRateDialog*>());
        window.menuBar(actions.rate);
        auto* rate = field<QLineEdit>(window.asking<LearningRateDialog>(), "learningRate");
        QTest::keyClicks(rate, QStringLiteral("0.0002"));
        QTest::keyClick(rate, Qt::Key_Return);
        QTRY_COMPARE_WITH_TIMEOUT(RunFixture::answers(folder, "set").size(), std::size_t(1), long_ms);
        QTRY_COMPARE_WITH_TIMEOUT(RunFixture::lastRate(folder), 0.0002, long_ms);
        QCOMPARE(RunFixture::answers(folder, "sample").size(), std::size_t(1)); // not those cancelled

        QDesktopServices::setUrlHandler(QStringLiteral("file"), this, "open");
        window.menuBar(actions.showInFolder);
        QDesktopServices::unsetUrlHandler(QStringLiteral("file"));
        QCOMPARE(m_opened, QUrl::fromLocalFile(folder));

        window.menuBar(actions.stop);
        window.waitFor(folder, "stopped");
        QTRY_VERIFY_WITH_TIMEOUT(window.shows(folder, RunEntry::State::Stopped), long_ms);
        const auto all = checkpoints();
        window.menuBar(actions.thin);
        auto* question = window.asking<QMessageBox>();
        QTest::mouseClick(question->button(QMessageBox::Cancel), Qt::LeftButton);
        QTRY_VERIFY(!window.page().findChild<QMessageBox*>());
        QCOMPARE(checkpoints(), all);
        window.menuBar(actions.thin);
        QTest::mouseClick(field<QPushButton>(window.asking<QMessageBox>(), "thinDelete"), Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(checkpoints() < all, long_ms);
        QTRY_VERIFY(!QApplication::activeModalWidget());
        window.menuBar(actions.remove);
        QTRY_VERIFY_WITH_TIMEOUT(!QFileInfo::exists(folder), long_ms);
        window.menuBar(actions.undo);
        QTRY_VERIFY_WITH_TIMEOUT(QFileInfo::exists(folder + QStringLiteral("/run.json")), long_ms);

        const QString shared = m_fixture->path(QStringLiteral("by menu"));
        QDir().mkpath(shared);
        RunFixture::copy(folder, shared + QStringLiteral("/theirs"));
        window.menuBar(actions.addFolder);
        chooseFile(&window.page(), shared);
        QTRY_VERIFY_WITH_TIMEOUT(window.shows(shared + QStringLiteral("/theirs"), RunEntry::State::Stopped),
                                 long_ms);
        window.menu("runFolders", { Qt::Key_Down, Qt::Key_Down, Qt::Key_Return });
        QTRY_VERIFY_WITH_TIMEOUT(!window.entry(shared + QStringLiteral("/theirs")), long_ms);
        window.choose(folder);
        window.menuBar(actions.duplicate);
        NewRunDialog* dialog = window.asking<NewRunDialog>();
        QTRY_VERIFY_WITH_TIMEOUT(field<QComboBox>(dialog, "runDevice")->count() > 1, long_ms);
        pick(field<QComboBox>(dialog, "runLength"), QStringLiteral("So many"));
        auto* steps = field<QSpinBox>(dialog, "runSteps");
        QTest::keyClick(steps, Qt::Key_A, Qt::ControlModifier);
        QTest::keyClicks(steps, QStringLiteral("3"));
        QTest::keyClicks(field<QLineEdit>(dialog, "runName"), QStringLiteral("menu-again"));
        start(dialog);
        window.waitFor(run("menu-again"), "finished");
        window.menuBar(actions.newRun);
        dialog = window.asking<NewRunDialog>();
        answer(dialog, QStringLiteral("CLIP"), 2, QStringLiteral("menu-new"));
        start(dialog);
        window.waitFor(run("menu-new"), "finished");
    }

    void aRightClickAndTheHeaderDoItToo()
    {
        const QString folder = run("right");
        RunFixture::begin(folder, RunFixture::clip(1'000'000));
        TrainWindow window;
        const TrainPage::Actions& actions = window.page().actions();
        QTRY_VERIFY_WITH_TIMEOUT(window.shows(folder, RunEntry::State::Running), long_ms);
        window.contextMenu(folder, actions.pause);
        window.waitFor(folder, "paused");
        QTRY_VERIFY(window.shows(folder, RunEntry::State::Paused));
        // A tenth, half, or twice as much: buttons.
        double rate = RunFixture::lastRate(folder);
        std::size_t changes = 0;
        for (const auto& [name, factor] :
             { std::pair{ "rateHalf", 0.5 }, std::pair{ "rateTwice", 2. }, std::pair{ "rateTenth", 0.1 } }) {
            window.click("runRateButton");
            auto* dialog = window.asking<LearningRateDialog>();
            QTest::mouseClick(field<QPushButton>(dialog, name), Qt::LeftButton);
            QTest::mouseClick(field<QPushButton>(dialog, "learningRateSet"), Qt::LeftButton);
            ++changes;
            QTRY_COMPARE_WITH_TIMEOUT(RunFixture::answers(folder, "set").size(), changes, long_ms);
            QTRY_VERIFY(!window.page().findChild<LearningRateDialog*>());
            window.contextMenu(folder, actions.pause); // which says Resume, so that steps are taken with it
            rate *= factor;
            QTRY_COMPARE_WITH_TIMEOUT(RunFixture::lastRate(folder), rate, long_ms);
            QTRY_VERIFY_WITH_TIMEOUT(window.shows(folder, RunEntry::State::Running), long_ms);
            window.contextMenu(folder, actions.pause);
            QTRY_VERIFY_WITH_TIMEOUT(window.shows(folder, RunEntry::State::Paused), long_ms);
        }
        window.contextMenu(folder, actions.stop);
        window.waitFor(folder, "stopped");
        QTRY_VERIFY_WITH_TIMEOUT(window.shows(folder, RunEntry::State::Stopped), long_ms);
        QDesktopServices::setUrlHandler(QStringLiteral("file"), this, "open");
        for (const bool byHeader : { true, false }) { // the third entry of More, and of the list's own
            m_opened.clear();
            if (byHeader)
                window.menu("runMoreButton", { Qt::Key_Up, Qt::Key_Up, Qt::Key_Return });
            else
                window.contextMenu(folder, actions.showInFolder);
            QTRY_COMPARE(m_opened, QUrl::fromLocalFile(folder));
        }
        QDesktopServices::unsetUrlHandler(QStringLiteral("file"));
        window.contextMenu(folder, actions.duplicate);
        auto* again = window.asking<NewRunDialog>();
        QVERIFY(again && !field<QComboBox>(again, "runPreset")->isEnabled());
        QTest::keyClick(again, Qt::Key_Escape);
        QTRY_VERIFY(!window.dialog());
        window.menu("runMoreButton", { Qt::Key_Up, Qt::Key_Return });
        QTRY_VERIFY_WITH_TIMEOUT(!QFileInfo::exists(folder), long_ms);
        window.press(Qt::Key_Z, Qt::ControlModifier);
        QTRY_VERIFY_WITH_TIMEOUT(QFileInfo::exists(folder + QStringLiteral("/run.json")), long_ms);
        QTRY_VERIFY_WITH_TIMEOUT(window.shows(folder, RunEntry::State::Stopped), long_ms);
        window.contextMenu(folder, actions.remove);
        QTRY_VERIFY_WITH_TIMEOUT(!QFileInfo::exists(folder), long_ms);
        MessageBar& message = window.page().message();
        QTRY_VERIFY(message.isVisible());
        QTest::mouseClick(message.findChild<QToolButton*>(), Qt::LeftButton);
        QTRY_VERIFY(!message.isVisible());
        QVERIFY(!QFileInfo::exists(folder)); // but it can still be had back
        window.press(Qt::Key_Z, Qt::ControlModifier);
        QTRY_VERIFY_WITH_TIMEOUT(QFileInfo::exists(folder + QStringLiteral("/run.json")), long_ms);
    }

    void aCheckpointOfTheSamplesIsDrawnWith()
    {
        const QString folder = run("sampled");
        RunFixture::train(
            folder, RunFixture::decoder(4),
            { QStringLiteral("--set=sample_every=4"), QStringLiteral("--set=checkpoint_every=4") });
        TrainWindow window;
        QSignalSpy opened(&window.session(), &Session::modelOpened);
        QTRY_VERIFY_WITH_TIMEOUT(!opened.isEmpty(), long_ms); // the one it starts with
        window.choose(folder);
        auto* tabs = field<QTabWidget>(&window.page(), "runTabs")->tabBar();
        QTest::mouseClick(tabs, Qt::LeftButton, {}, tabs->tabRect(1).center());
        window.click("drawWithCheckpoint");
        const QString begin = folder + QStringLiteral("/checkpoints/unet");
        QTRY_VERIFY_WITH_TIMEOUT(
            window.session().model() && toQString(window.session().model()->path).startsWith(begin), long_ms);
        QVERIFY(!window.page().isVisible());
    }

    void aLiveRunIsSteered()
    {
        const QString folder = run("steered");
        RunFixture::begin(folder, RunFixture::decoder(1'000'000), {}, "unet1");
        const auto pid = RunFixture::status(folder).pid;
        TrainWindow window;
        window.choose(folder);

        window.click("runPauseButton");
        window.waitFor(folder, "paused");
        const auto step = RunFixture::status(folder).step;
        QTest::qWait(300);
        QCOMPARE(RunFixture::status(folder).step, step);
        QTRY_VERIFY(window.shows(folder, RunEntry::State::Paused));
        window.press(Qt::Key_P);
        window.waitFor(folder, "running");
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
        QTRY_COMPARE_WITH_TIMEOUT(RunFixture::lastRate(folder), 0.0004, long_ms);

        QCOMPARE(RunFixture::status(folder).pid, pid);
        window.press(Qt::Key_T);
        window.waitFor(folder, "stopped");
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
        TrainWindow window;
        window.choose(folder);
        QTRY_VERIFY(window.shows(folder, RunEntry::State::Stopped));
        QMenu& menu = window.page().checkpointMenu();
        QTRY_COMPARE_WITH_TIMEOUT(menu.actions().size(), qsizetype(checkpoints.size()), long_ms);
        QTest::qWait(1500); // the list is read again
        QCOMPARE(menu.findChildren<QMenu*>().size(), menu.actions().size()); // none of before is kept
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
        TrainWindow window;
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
        TrainWindow window;
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
        const QString first = run("steered"), second = run("queued"), third = run("third");
        QVERIFY(RunFixture::isAlive(first));
        TrainWindow window;
        QTRY_VERIFY_WITH_TIMEOUT(window.shows(first, RunEntry::State::Running), long_ms);
        window.click("newRunButton");
        NewRunDialog* dialog = window.dialog();
        answer(dialog, QStringLiteral("CLIP"), 3, QStringLiteral("queued"));
        pick(field<QComboBox>(dialog, "runWhen"), QStringLiteral("As soon"));
        start(dialog);
        QTRY_VERIFY_WITH_TIMEOUT(window.shows(second, RunEntry::State::Queued), long_ms);
        QCOMPARE(window.entry(second)->after, first);
        QCOMPARE(RunFixture::status(second).step, 0);
        QTRY_VERIFY(!window.dialog());
        window.click("newRunButton"); // and one behind that
        dialog = window.dialog();
        answer(dialog, QStringLiteral("CLIP"), 2, QStringLiteral("third"));
        pick(field<QComboBox>(dialog, "runWhen"), QStringLiteral("After queued"));
        start(dialog);
        QTRY_VERIFY_WITH_TIMEOUT(window.shows(third, RunEntry::State::Queued), long_ms);
        QCOMPARE(window.entry(third)->after, second);
        window.choose(first);
        window.click("runStopButton");
        window.waitFor(second, "finished");
        QCOMPARE(RunFixture::status(first).state, "stopped");
        QCOMPARE(RunFixture::losses(second).size(), std::size_t(1));
    }

    void aRunIsMadeAgainWithChanges()
    {
        const QString first = run("asked-for"), again = run("again");
        TrainWindow window;
        window.choose(first);
        window.press(Qt::Key_D, Qt::ControlModifier);
        NewRunDialog* dialog = nullptr;
        QTRY_VERIFY_WITH_TIMEOUT((dialog = window.dialog()), long_ms);
        QTest::keyClicks(field<QLineEdit>(dialog, "runName"), QStringLiteral("again"));
        setOption(dialog, QStringLiteral("clip.wd"), QStringLiteral("0.5"));
        QCOMPARE(field<QComboBox>(dialog, "runWhat")->currentData().toString(), QStringLiteral("clip"));
        start(dialog);
        window.waitFor(again, "finished");
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
        TrainWindow window;
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
        TrainWindow window;
        window.menu("runFolders", { Qt::Key_Down, Qt::Key_Return });
        chooseFile(&window.page(), shared);
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
        TrainWindow window;
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
        TrainWindow window;
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
        TrainWindow window;
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
        TrainWindow window; // opened again
        QTRY_VERIFY_WITH_TIMEOUT(window.shows(folder, RunEntry::State::Running), long_ms);
        window.choose(folder);
        QTRY_COMPARE(window.page().view().run(), folder);
        window.click("runStopButton");
        window.waitFor(folder, "stopped");
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
