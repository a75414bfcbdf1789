// SPDX-License-Identifier: MIT
#include "core/base/error.h"
#include "tests/ui/fake_engine.h"
#include "ui/session/path.h"
#include "ui/session/session.h"
#include "ui/session/update_inbox.h"

#include <QDeadlineTimer>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

using namespace reverie;
using namespace reverie::ui;

namespace {

GenerateRequest requestFor(const char* prompt, int count = 1)
{
    GenerateRequest request;
    request.prompts = { prompt };
    request.count = count;
    request.seed = 7;
    return request;
}

GenerateUpdate previewUpdate(int stage, int step)
{
    GenerateUpdate update;
    update.stage = stage;
    update.step = step;
    update.count = 1;
    update.previews = { { 0, Image{ 1, 1, { 0, 0, 0 } } } };
    return update;
}

} // namespace

class SessionTest : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;
    int m_test = 0; ///< so that every test has a folder of its own
    std::shared_ptr<FakeBehaviour> m_behaviour;
    std::unique_ptr<Session> m_session;

    QString output() const { return m_folder.filePath(QStringLiteral("out%1").arg(m_test)); }

    void openModel()
    {
        QSignalSpy opened(m_session.get(), &Session::modelOpened);
        m_session->openModel({}, QStringLiteral("cpu"));
        QVERIFY(opened.wait());
    }

    void drawToTheEnd(const GenerateRequest& request)
    {
        QSignalSpy idle(m_session.get(), &Session::idle);
        m_session->draw(request, QStringLiteral("cpu"));
        QTRY_VERIFY(!idle.isEmpty());
    }

private Q_SLOTS:
    static void initMain() { qputenv("XDG_CONFIG_HOME", QTemporaryDir().path().toUtf8()); }

    void init()
    {
        ++m_test;
        m_behaviour = std::make_shared<FakeBehaviour>();
        m_session = std::make_unique<Session>(fakeEngine(m_behaviour));
        m_session->setOutputFolder(output());
    }

    void cleanup() { m_session.reset(); }

    void aDrawingGoesThroughAllStagesAndLeavesAFile()
    {
        openModel();
        QSignalSpy drawing(m_session.get(), &Session::drawingChanged);
        drawToTheEnd(requestFor("rocket"));
        QCOMPARE(drawing.size(), 2);
        QCOMPARE(m_session->pictures().rowCount(), 1);
        const FinishedPicture& picture = m_session->pictures().at(0);
        QVERIFY(picture.picture.complete);
        QCOMPARE(picture.image.size(), QSize(64, 64));
        const QString name = QFileInfo(picture.path).fileName();
        QCOMPARE(name, QStringLiteral("00001-7-rocket.png"));
        QCOMPARE(QImage(picture.path).convertToFormat(QImage::Format_RGB32), picture.image);
        const CascadeState& cascade = m_session->drawing().picture(0);
        QCOMPARE(cascade.candidates.size(), size_t(3));
        QCOMPARE(cascade.stages.at(1).image.width(), 16);
        QVERIFY(cascade.stages.at(2).done());
    }

    void previewsAreCoalescedWhileTheWindowIsBusy()
    {
        openModel();
        m_behaviour->steps = 200;
        m_behaviour->stepMilliseconds = 0;
        QSignalSpy progressed(m_session.get(), &Session::progressed);
        QSignalSpy ended(m_session.get(), &Session::drawingEnded);
        m_session->draw(requestFor("rocket", 2), QStringLiteral("cpu"));
        QTRY_VERIFY_WITH_TIMEOUT(m_behaviour->drawings == 1, 5000);
        const QDeadlineTimer patience(60000);
        while (m_behaviour->returned == 0 && !patience.hasExpired()) // the window does nothing else meanwhile
            QThread::msleep(5);
        QVERIFY(ended.wait(20000));
        QVERIFY2(progressed.size() < 100, qPrintable(QString::number(progressed.size())));
        QCOMPARE(m_session->pictures().rowCount(), 2);
    }

    void theInboxKeepsTheNewestPreviewAndEverythingElse()
    {
        UpdateInbox inbox;
        QVERIFY(inbox.put(previewUpdate(1, 1)));
        QVERIFY(!inbox.put(previewUpdate(1, 2)));
        GenerateUpdate warning = previewUpdate(1, 3);
        warning.warning = "Cut.";
        inbox.put(warning);
        GenerateUpdate silent = previewUpdate(2, 2);
        inbox.put(previewUpdate(2, 1));
        silent.previews.clear();
        inbox.put(silent);
        const auto updates = inbox.take();
        QCOMPARE(updates.size(), size_t(2));
        QCOMPARE(updates[0].warning, std::string("Cut."));
        QCOMPARE(updates[1].step, 2);
        QCOMPARE(updates[1].previews.size(), size_t(1));
        QVERIFY(inbox.put(previewUpdate(1, 1)));
    }

    void stoppingKeepsWhatThereIs()
    {
        openModel();
        m_behaviour->stepMilliseconds = 5;
        m_behaviour->steps = 1000;
        QSignalSpy ended(m_session.get(), &Session::drawingEnded);
        m_session->draw(requestFor("rocket"), QStringLiteral("cpu"));
        QTRY_VERIFY(m_session->drawing().size() == 1 && !m_session->drawing().picture(0).newest().isNull());
        m_session->stop();
        QVERIFY(ended.wait(1000));
        QVERIFY(ended.front().front().toBool());
        QCOMPARE(m_session->pictures().rowCount(), 1);
        const FinishedPicture& kept = m_session->pictures().at(0);
        QVERIFY(!kept.picture.complete);
        QCOMPARE(cascadeOf(kept.picture, kept.settings).newest(), kept.image);
        QTRY_VERIFY(QFileInfo::exists(m_session->pictures().at(0).path));
    }

    void stoppingBeforeThereIsAnythingToSeeLeavesNoPicture()
    {
        openModel();
        m_behaviour->gate = false;
        QSignalSpy ended(m_session.get(), &Session::drawingEnded);
        m_session->draw(requestFor("rocket"), QStringLiteral("cpu"));
        m_session->stop();
        QVERIFY(ended.wait(1000));
        QCOMPARE(m_session->pictures().rowCount(), 0);
        QVERIFY(m_session->isIdle());
    }

    void aFailureIsOneSentenceAndTheNextDrawingWorks()
    {
        openModel();
        m_behaviour->failure = "The graphics card is full; draw fewer pictures at a time.";
        QSignalSpy failed(m_session.get(), &Session::failed);
        m_session->draw(requestFor("rocket"), QStringLiteral("cpu"));
        QVERIFY(failed.wait());
        QCOMPARE(failed.front().front().toString(), QString::fromStdString(m_behaviour->failure));
        QVERIFY(!m_session->isDrawing());
        m_behaviour->failure.clear();
        drawToTheEnd(requestFor("rocket"));
        QCOMPARE(m_session->pictures().rowCount(), 1);
    }

    void foreignExceptionsLoseTheirBacktrace()
    {
        const QString text = describe(std::runtime_error("expected 3 channels\nframe #0: somewhere"));
        QVERIFY(text.contains(QStringLiteral("expected 3 channels")));
        QVERIFY(!text.contains(QLatin1Char('\n')));
        QVERIFY(describe(std::bad_alloc()).contains(QStringLiteral("memory")));
    }

    void aModelThatIsNotThereSaysSo()
    {
        QSignalSpy failed(m_session.get(), &Session::modelFailed);
        m_session->openModel(QStringLiteral("/nowhere.safetensors"), QStringLiteral("cpu"));
        QVERIFY(failed.wait());
        QVERIFY(failed.front().front().toString().contains(QStringLiteral("does not exist")));
        QVERIFY(!m_session->model());
    }

    void namesAreNumberedOnAndNeverOverwrite()
    {
        openModel();
        drawToTheEnd(requestFor("rocket"));
        const QString first = m_session->pictures().at(0).path;
        QFile file(first);
        QVERIFY(file.open(QFile::ReadOnly));
        const QByteArray bytes = file.readAll();
        drawToTheEnd(requestFor("rocket"));
        QTRY_VERIFY(!m_session->pictures().at(0).path.isEmpty());
        QCOMPARE(QFileInfo(m_session->pictures().at(0).path).fileName(),
                 QStringLiteral("00002-7-rocket.png"));
        file.seek(0);
        QCOMPARE(file.readAll(), bytes);
    }

    void aFolderThatCanNotBeWrittenLosesNothing()
    {
        openModel();
        QFile blocker(m_folder.filePath(QStringLiteral("a file")));
        QVERIFY(blocker.open(QFile::WriteOnly));
        m_session->setOutputFolder(blocker.fileName());
        QSignalSpy failed(m_session.get(), &Session::saveFailed);
        m_session->draw(requestFor("rocket", 2), QStringLiteral("cpu"));
        QTRY_COMPARE(failed.size(), 2);
        QVERIFY(failed.front().front().toString().contains(QStringLiteral("choose another")));
        QCOMPARE(m_session->pictures().unsaved().size(), size_t(2));
        m_session->setOutputFolder(output());
        m_session->saveUnsaved();
        m_session->saveUnsaved();
        QTRY_VERIFY(m_session->pictures().unsaved().empty());
        QTRY_VERIFY(m_session->isIdle());
        const QDir folder = QFileInfo(m_session->pictures().at(0).path).dir();
        QCOMPARE(folder.entryList(QDir::Files).size(), 2);
    }

    void aPictureFileGivesItsMakingBack()
    {
        openModel();
        drawToTheEnd(requestFor("cat face"));
        QSignalSpy read(m_session.get(), &Session::makingRead);
        m_session->readMaking(m_session->pictures().at(0).path);
        QVERIFY(read.wait());
        const auto making = read.front().front().value<PictureMaking>();
        QCOMPARE(making.prompt, std::string("cat face"));
        QCOMPARE(making.seed, std::uint64_t(7));
    }

    void destroyingASessionThatDrawsIsQuick()
    {
        openModel();
        m_behaviour->steps = 100000;
        m_session->draw(requestFor("rocket"), QStringLiteral("cpu"));
        QTRY_VERIFY(m_behaviour->drawings == 1);
        QElapsedTimer clock;
        clock.start();
        m_session.reset();
        QVERIFY(clock.elapsed() < 1000);
        QTest::qWait(20);
    }

    void completionsBeginWithWhatIsTyped()
    {
        const CaptionIndex index({ "hot dog", "dog face", "hotdog stand: dog", "Dog", "corndog" });
        QCOMPARE(index.matches(QStringLiteral("DOG"), 3),
                 QStringList({ QStringLiteral("dog face"), QStringLiteral("hot dog"),
                               QStringLiteral("hotdog stand: dog") }));
        QVERIFY(index.matches(QStringLiteral("  "), 3).isEmpty());
        QVERIFY(index.matches(QString(10000, QLatin1Char('x')), 3).isEmpty());
    }

    void wordsTheModelNeverSawAreNamedOnceTyped()
    {
        const CaptionIndex index({ "slice of pizza", "red apple" });
        QCOMPARE(index.unknownWords(QStringLiteral("Slice of Zebra ")), QStringList(QStringLiteral("Zebra")));
        QVERIFY(index.unknownWords(QStringLiteral("slice of piz")).isEmpty());
        QCOMPARE(index.unknownWords(QStringLiteral("slice of piz ")), QStringList(QStringLiteral("piz")));
        QVERIFY(CaptionIndex().unknownWords(QStringLiteral("anything")).isEmpty());
    }

    void offeredCaptionsVaryAndDoNotRepeat()
    {
        const ModelInfo model = fakeModel();
        const CaptionIndex index(model.captions);
        const QStringList first = index.selection(8, 0), second = index.selection(8, 1);
        QCOMPARE(first.size(), 8);
        QCOMPARE(QSet<QString>(first.begin(), first.end()).size(), 8);
        QVERIFY(first != second);
        QVERIFY(CaptionIndex().selection(8, 0).isEmpty());
    }
};

QTEST_MAIN(SessionTest)
#include "tst_session.moc"
