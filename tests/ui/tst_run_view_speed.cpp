// SPDX-License-Identifier: MIT
#include "tests/ui/run_fixture.h"
#include "ui/widgets/chart_card.h"
#include "ui/widgets/run_chart.h"
#include "ui/widgets/run_view.h"
#include "ui/widgets/theme.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QFileInfo>
#include <QLabel>
#include <QWindow>

#include <ctime>

using namespace reverie;
using namespace reverie::ui;

class PaintCounter : public QObject
{
public:
    int count = 0;

protected:
    bool eventFilter(QObject*, QEvent* event) override
    {
        count += event->type() == QEvent::Paint ? 1 : 0;
        return false;
    }
};

/// A million lines are a real run's, repeated with rising steps.
class RunViewSpeedTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<RunFixture> m_runs;
    QString m_real, m_million; ///< folders of runs
    std::unique_ptr<RunView> m_view;

    RunChart& chart() const { return *m_view->findChild<RunChart*>(QStringLiteral("plot-loss")); }

    static double threadSeconds()
    {
        timespec time{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return double(time.tv_sec) + double(time.tv_nsec) * 1e-9;
    }

    static double residentMegabytes()
    {
        QFile status(QStringLiteral("/proc/self/statm"));
        return status.open(QFile::ReadOnly) ? status.readAll().split(' ').value(1).toDouble() * 4096 / 1e6
                                            : 0;
    }

    void repeat(const QString& run, const QString& name, qint64 lines, QString& folder) const
    {
        folder = m_runs->path(name);
        QVERIFY(QDir().mkpath(folder));
        QFile real(run + QStringLiteral("/metrics.jsonl")), file(folder + QStringLiteral("/metrics.jsonl"));
        QVERIFY(real.open(QFile::ReadOnly) && file.open(QFile::WriteOnly));
        QList<std::pair<QByteArray, QByteArray>> pieces; // around the step
        for (const auto& line : real.readAll().split('\n')) {
            if (!line.contains("\"split\":\"train\""))
                continue;
            const auto at = line.indexOf("\"step\":") + 7;
            pieces += { line.left(at), line.mid(line.indexOf(',', at)) };
        }
        QVERIFY(!pieces.isEmpty());
        QByteArray text;
        for (qint64 step = 1; step <= lines; ++step) {
            const auto& [before, after] = pieces[step % pieces.size()];
            text += before + QByteArray::number(step) + after + '\n';
            if (text.size() > (1 << 22)) {
                file.write(text);
                text.clear();
            }
        }
        file.write(text);
    }

private Q_SLOTS:
    void initTestCase()
    {
        Theme::instance().apply(Appearance::Light);
        m_runs = std::make_unique<RunFixture>();
        m_real = m_runs->run(QStringLiteral("real"));
        RunFixture::train(m_real, RunFixture::clip(200));
        repeat(m_real, QStringLiteral("million"), 1'000'000, m_million);
    }

    void cleanup() { m_view.reset(); }

    void aMillionLinesShowSoonAfterOpening()
    {
        m_view = std::make_unique<RunView>();
        m_view->resize(1180, 860);
        m_view->show();
        QVERIFY(QTest::qWaitForWindowActive(m_view.get()));
        QElapsedTimer clock;
        clock.start();
        m_view->showRun(m_million);
        QTRY_VERIFY_WITH_TIMEOUT(chart().shownX().high > 1, 20000);
        qInfo("The first of a million lines shows after %lld ms,", clock.elapsed());
        QTRY_VERIFY_WITH_TIMEOUT(chart().shownX().high == 1e6, 60000);
        qInfo("the whole curve after %lld ms.", clock.elapsed());
        QVERIFY(clock.elapsed() < 10000);
    }

    void twoGigabytesAreReadInBoundedMemory()
    {
        QString huge;
        repeat(m_real, QStringLiteral("huge"), 7'500'000, huge);
        QVERIFY(QFileInfo(huge + QStringLiteral("/metrics.jsonl")).size() > qint64(2) << 30);
        const double before = residentMegabytes();
        m_view = std::make_unique<RunView>();
        m_view->resize(1180, 860);
        m_view->show();
        m_view->showRun(huge);
        auto* notice = m_view->findChild<QLabel*>(QStringLiteral("runNotice"));
        QStringList said; // while it is read
        while (chart().shownX().high < 7e6 && said.size() < 100'000) {
            QTest::qWait(10);
            said += notice->text();
        }
        said.removeDuplicates();
        QCOMPARE(said, QStringList{ QString() });
        QTRY_VERIFY_WITH_TIMEOUT(chart().shownX().high == 7.5e6, 300000);
        const double grown = residentMegabytes() - before;
        qInfo("Two gigabytes are read in %.0f MB.", grown);
        QVERIFY(grown < 1000);
        QTRY_VERIFY(notice->text().contains(QStringLiteral("the lowest and the highest are shown"))
                    || notice->text().contains(QStringLiteral("run.json")));
        QVERIFY(QFile::remove(huge + QStringLiteral("/metrics.jsonl")));
    }

    void tenRunsOfAMillionPanFluently()
    {
        m_view = std::make_unique<RunView>();
        m_view->resize(1180, 860);
        m_view->show();
        QVERIFY(QTest::qWaitForWindowActive(m_view.get()));
        m_view->compareRuns(QStringList(10, m_million));
        QTRY_VERIFY_WITH_TIMEOUT(chart().shownX().high == 1e6, 300000);
        auto* viewport = chart().viewport();
        const QPointF middle = viewport->rect().center();
        QWheelEvent zoom(middle, viewport->mapToGlobal(middle), {}, { 0, 120 * 8 }, Qt::NoButton,
                         Qt::NoModifier, Qt::NoScrollPhase, false);
        QApplication::sendEvent(viewport, &zoom);
        QTest::qWait(2000); // read to the end, drawn anew
        const auto before = chart().shownX();
        const auto from = viewport->mapTo(m_view.get(), middle.toPoint());
        QTest::mousePress(m_view->windowHandle(), Qt::LeftButton, {}, from);
        PaintCounter paints;
        viewport->installEventFilter(&paints);
        QList<double> frames, work; // ms: on the clock, and of this thread alone
        for (int i = 1; i <= 90; ++i) {
            QElapsedTimer frame;
            frame.start();
            const double worked = threadSeconds();
            QTest::mouseMove(m_view->windowHandle(), from - QPoint(3 * i, 0));
            QApplication::processEvents();
            frames += double(frame.nsecsElapsed()) * 1e-6;
            work += (threadSeconds() - worked) * 1e3;
        }
        QTest::mouseRelease(m_view->windowHandle(), Qt::LeftButton, {}, from - QPoint(270, 0));
        QVERIFY(chart().shownX().low > before.low);
        std::sort(frames.begin(), frames.end());
        std::sort(work.begin(), work.end());
        const double median = frames[frames.size() / 2], slow = frames[frames.size() * 95 / 100];
        qInfo("Ten runs of a million points pan in frames of %.1f ms, 95 %% of them within %.1f ms (%.1f and "
              "%.1f ms of "
              "work).",
              median, slow, work[work.size() / 2], work[work.size() * 95 / 100]);
        QVERIFY(paints.count >= 80); // each frame was painted
        QVERIFY(median < 333); // ten times what thirty frames a second allow
    }
};

QTEST_MAIN(RunViewSpeedTest)
#include "tst_run_view_speed.moc"
