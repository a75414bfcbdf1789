// SPDX-License-Identifier: MIT
#include "tests/ui/run_fixture.h"
#include "ui/session/chart_ticks.h"
#include "ui/widgets/chart_card.h"
#include "ui/widgets/picture_tiles.h"
#include "ui/widgets/run_chart.h"
#include "ui/widgets/run_comparison.h"
#include "ui/widgets/run_view.h"
#include "ui/widgets/theme.h"

#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QElapsedTimer>
#include <QFileDialog>
#include <QImageReader>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QSlider>
#include <QTextStream>
#include <QTimer>
#include <QToolButton>

#include <cmath>

using namespace reverie;
using namespace reverie::ui;

class RunViewTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<RunFixture> m_runs;
    QString m_whole, m_other, m_sick; ///< folders of runs
    std::unique_ptr<RunView> m_view;

    template <class Widget>
    Widget* find(const char* name) const
    {
        auto* found = m_view->findChild<Widget*>(QLatin1String(name));
        if (!found)
            qWarning("There is no %s.", name);
        return found;
    }
    QString label(const char* name) const { return find<QLabel>(name)->text(); }
    ChartCard& card(const char* kind) const
    {
        return *find<ChartCard>(qPrintable(QStringLiteral("chart-") + QLatin1String(kind)));
    }
    RunChart& chart(const char* kind = "loss") const { return card(kind).chart(); }

    void open()
    {
        m_view = std::make_unique<RunView>();
        m_view->resize(1180, 860);
        m_view->show();
        QVERIFY(QTest::qWaitForWindowActive(m_view.get()));
    }

    /// Opens the run and waits for its curves.
    void watch(const QString& run)
    {
        open();
        m_view->showRun(run);
        QTRY_VERIFY_WITH_TIMEOUT(!chart().shownX().isEmpty() && chart().shownX().high > 1, 20000);
    }

    void choose(const char* box, const QString& text)
    {
        auto* combo = find<QComboBox>(box);
        combo->setFocus();
        for (int i = 0; i < combo->count() && combo->currentText() != text; ++i)
            QTest::keyClick(combo, combo->currentIndex() < combo->findText(text) ? Qt::Key_Down : Qt::Key_Up);
        QCOMPARE(combo->currentText(), text);
    }

    /// Real events, through the window.
    void move(const QPointF& inChart, const char* kind = "loss") const
    {
        QTest::mouseMove(m_view->windowHandle(), chart(kind).mapTo(m_view.get(), inChart.toPoint()));
    }
    void wheel(const QPointF& inChart, int notches, Qt::KeyboardModifiers modifiers = {}) const
    {
        auto* viewport = chart().viewport();
        const auto place = viewport->mapFrom(&chart(), inChart.toPoint());
        QWheelEvent event(place, viewport->mapToGlobal(place), {}, { 0, 120 * notches }, Qt::NoButton,
                          modifiers, Qt::NoScrollPhase, false);
        QApplication::sendEvent(viewport, &event);
    }
    QPointF middle() const { return chart().rect().center(); }

    /// Moves the mouse to where that step is.
    void pointAt(double x, const char* kind = "loss") const
    {
        const auto& shown = chart(kind).shownY();
        const auto point = chart(kind).pointOf({ x, (shown.low + shown.high) / 2 });
        move(point + QPointF(0, 9), kind); // where it is already is no news
        move(point, kind);
    }

    /// The number behind `name` in the legend of a chart: "training 0.5 (smoothed 0.6)".
    double reading(const char* kind, const QString& name) const
    {
        const auto text = card(kind).legendText();
        const auto at = text.indexOf(name);
        return at < 0 ? std::nan("")
                      : text.mid(at + name.size())
                            .trimmed()
                            .section(QRegularExpression(QStringLiteral("[ ;()]")), 0, 0)
                            .toDouble();
    }
    static bool near(double a, double b)
    {
        return std::abs(a - b) <= 1e-3 * std::max(std::abs(a), std::abs(b));
    }

    /// Reads the loss at the step and compares with the run's folder.
    void compareReading(const MetricsLine& line)
    {
        QTRY_VERIFY2(near(reading("loss", QStringLiteral("training")), line.numbers.at("loss")),
                     qPrintable(card("loss").legendText() + QStringLiteral(" at %1").arg(line.step)));
    }

    void save(int entry, const QString& file)
    {
        auto* button = card("loss").findChild<QToolButton*>(QStringLiteral("save"));
        QTimer::singleShot(0, button, [button, entry] {
            for (int i = 0; i <= entry; ++i)
                QTest::keyClick(button->menu(), Qt::Key_Down);
            QTest::keyClick(button->menu(), Qt::Key_Return);
        });
        button->setFocus();
        QTest::keyClick(button, Qt::Key_Space);
        QFileDialog* dialog = nullptr;
        QTRY_VERIFY((dialog = m_view->findChild<QFileDialog*>()));
        auto* name = dialog->findChild<QLineEdit*>(QStringLiteral("fileNameEdit"));
        QTRY_VERIFY(name->isVisible());
        name->selectAll();
        QTest::keyClicks(name, file);
        QTest::keyClick(name, Qt::Key_Return);
        QTRY_VERIFY(QFile::exists(file));
        QTRY_VERIFY(!m_view->findChild<QFileDialog*>());
    }

private Q_SLOTS:
    void initTestCase()
    {
        Theme::instance().apply(Appearance::Light);
        QApplication::setAttribute(Qt::AA_DontUseNativeDialogs);
        m_runs = std::make_unique<RunFixture>();
        m_whole = m_runs->run(QStringLiteral("whole"));
        m_other = m_runs->run(QStringLiteral("other"));
        m_sick = m_runs->run(QStringLiteral("sick"));
        const auto whole = RunFixture::shell(
            m_whole, { QStringLiteral("all"), QStringLiteral("--set=steps=20") },
            { QStringLiteral("--set=checkpoint_every=10"), QStringLiteral("--set=sample_every=5"),
              QStringLiteral("--set=validate_rows=16") });
        const QStringList clip{ QStringLiteral("clip") };
        RunFixture::train(m_other, clip,
                          { QStringLiteral("--set=clip.steps=60"), QStringLiteral("--set=clip.lr=0.0004") });
        const auto sick
            = RunFixture::shell(m_sick, clip,
                                { QStringLiteral("--set=clip.steps=150"), QStringLiteral("--set=clip.lr=0.3"),
                                  QStringLiteral("--set=clip.max_grad_norm=1000") });
        QVERIFY(sick->waitForFinished(60'000));
        QVERIFY(whole->waitForFinished(60'000));
        QVERIFY(QFile::exists(m_whole + QStringLiteral("/model.safetensors")));
    }

    void cleanup() { m_view.reset(); }

    void withoutARunTheViewSaysHowOneComesHere()
    {
        open();
        QCOMPARE(m_view->run(), QString());
        const auto labels = m_view->findChildren<QLabel*>();
        QVERIFY(std::any_of(labels.begin(), labels.end(), [](const QLabel* label) {
            return label->isVisible() && label->text() == QStringLiteral("No run to watch");
        }));
    }

    void aFinishedRunShowsItsNewestNumbers()
    {
        watch(m_whole);
        QCOMPARE(m_view->run(), m_whole);
        const auto last = RunFixture::lines(m_whole, "unet2").back();
        QCOMPARE(label("now-loss"), numberText(last.numbers.at("loss")));
        QCOMPARE(label("now-lr"), numberText(last.numbers.at("lr")));
        QVERIFY(!find<QLabel>("now-left")->isVisible());
        for (const char* kind : { "lr", "grad_norm", "samples_per_s", "use", "memory" })
            QTRY_VERIFY2(card(kind).isVisible(), kind);
    }

    void theCursorReadsAllCurves()
    {
        watch(m_whole);
        const auto line = RunFixture::lines(m_whole, "unet2").at(9);
        pointAt(10);
        compareReading(line);
        QVERIFY(near(reading("loss", QStringLiteral("validation")),
                     RunFixture::lines(m_whole, "unet2", "valid").at(1).numbers.at("loss")));
        QTRY_VERIFY(
            near(reading("grad_norm", QStringLiteral("gradient norm")), line.numbers.at("grad_norm")));
        QVERIFY(near(reading("lr", QStringLiteral("learning rate")), line.numbers.at("lr")));
        QVERIFY(near(reading("memory", QStringLiteral("process")), line.numbers.at("memory_bytes") / 0x1p30));
        chart().setFocus(); // and with the keyboard
        for (int i = 0; i < 160; ++i) // to the end
            QTest::keyClick(&chart(), Qt::Key_Right, Qt::ControlModifier);
        compareReading(RunFixture::lines(m_whole, "unet2").back());
    }

    void theWheelZoomsWhereThePointerIs()
    {
        watch(m_other);
        const auto all = chart().shownX();
        const auto place = chart().pointOf({ 40, chart().shownY().low });
        move(place - QPointF(0, 20));
        compareReading(RunFixture::lines(m_other, "clip").at(39));
        wheel(place - QPointF(0, 20), 3);
        QVERIFY(chart().shownX().size() < all.size() * 0.7);
        move(place - QPointF(1, 20));
        move(place - QPointF(0, 20));
        compareReading(RunFixture::lines(m_other, "clip").at(39)); // the same step is still there
        const auto y = chart().shownY();
        wheel(place - QPointF(0, 20), 2, Qt::ControlModifier);
        QVERIFY(chart().shownY().size() < y.size());
        QTest::mouseDClick(m_view->windowHandle(), Qt::LeftButton, {},
                           chart().mapTo(m_view.get(), place.toPoint() - QPoint(0, 20)));
        QTRY_COMPARE(chart().shownX(), all);
    }

    void draggingPans()
    {
        watch(m_other);
        wheel(middle(), 4);
        QTest::qWait(400);
        const auto before = chart().shownX();
        const auto from = chart().mapTo(m_view.get(), middle().toPoint());
        QTest::mousePress(m_view->windowHandle(), Qt::LeftButton, {}, from);
        for (int i = 1; i <= 8; ++i)
            QTest::mouseMove(m_view->windowHandle(), from - QPoint(10 * i, 0));
        QTest::mouseRelease(m_view->windowHandle(), Qt::LeftButton, {}, from - QPoint(80, 0));
        const auto after = chart().shownX();
        QVERIFY(near(after.size(), before.size()));
        const double pixels
            = chart().pointOf({ before.high, 0 }).x() - chart().pointOf({ before.low, 0 }).x();
        QVERIFY(std::abs((after.low - before.low) / before.size() * pixels - 80) < 2);
        const double step = std::floor((after.low + after.high) / 2);
        pointAt(step);
        compareReading(RunFixture::lines(m_other, "clip").at(std::size_t(step) - 1));
    }

    void keysZoomAndPan()
    {
        watch(m_other);
        const auto all = chart().shownX();
        chart().setFocus();
        QTest::keyClick(&chart(), Qt::Key_Plus);
        const auto zoomed = chart().shownX();
        QVERIFY(zoomed.size() < all.size());
        QTest::keyClick(&chart(), Qt::Key_Right);
        QVERIFY(chart().shownX().low > zoomed.low);
        QTest::keyClick(&chart(), Qt::Key_Left);
        QVERIFY(near(chart().shownX().low, zoomed.low));
        QTest::keyClick(&chart(), Qt::Key_Minus);
        QVERIFY(near(chart().shownX().size(), all.size()));
        QTest::keyClick(&chart(), Qt::Key_Plus);
        auto* button = find<QToolButton>("showAll");
        QVERIFY(button->isEnabled());
        button->setFocus();
        QTest::keyClick(button, Qt::Key_Space);
        QTRY_COMPARE(chart().shownX(), all);
    }

    void keysPanUpAndDownAndShowAllAgain()
    {
        watch(m_other);
        const auto all = chart().shownX(), allY = chart().shownY();
        chart().setFocus();
        QTest::keyClick(&chart(), Qt::Key_Plus, Qt::ControlModifier);
        const auto zoomed = chart().shownY();
        QVERIFY(zoomed.size() < allY.size());
        QTest::keyClick(&chart(), Qt::Key_Up);
        QVERIFY(chart().shownY().low > zoomed.low);
        QVERIFY(near(chart().shownY().size(), zoomed.size()));
        QTest::keyClick(&chart(), Qt::Key_Down);
        QTest::keyClick(&chart(), Qt::Key_Down);
        QVERIFY(chart().shownY().low < zoomed.low);
        QTest::keyClick(&chart(), Qt::Key_Minus, Qt::ControlModifier);
        QVERIFY(near(chart().shownY().size(), allY.size()));
        for (const auto key : { Qt::Key_0, Qt::Key_Home }) {
            QTest::keyClick(&chart(), Qt::Key_Plus);
            QTest::keyClick(&chart(), Qt::Key_Plus, Qt::ControlModifier);
            QVERIFY(chart().shownX().size() < all.size());
            QTest::keyClick(&chart(), key);
            QTRY_COMPARE(chart().shownX(), all);
            QCOMPARE(chart().shownY(), allY);
        }
    }

    void anyPartCanBeShown()
    {
        watch(m_whole);
        choose("part", QStringLiteral("CLIP"));
        pointAt(10);
        compareReading(RunFixture::lines(m_whole, "clip").at(9));
        choose("part", QStringLiteral("decoder stage 1"));
        pointAt(10);
        compareReading(RunFixture::lines(m_whole, "unet1").at(9));
    }

    void xCanBePicturesOrTime()
    {
        watch(m_other);
        const auto lines = RunFixture::lines(m_other, "clip");
        choose("xAxis", QStringLiteral("Pictures"));
        QTRY_COMPARE(chart().shownX().high, 60.0 * 16);
        pointAt(30 * 16);
        compareReading(lines.at(29));
        choose("xAxis", QStringLiteral("Time"));
        const double seconds = lines.back().numbers.at("time") - lines.front().numbers.at("time");
        QTRY_VERIFY(chart().shownX().high < 60 * 16 && chart().shownX().high >= seconds);
    }

    void axesCanBeLogarithmic()
    {
        watch(m_other);
        const auto lines = RunFixture::lines(m_other, "clip");
        QTest::mouseClick(find<QCheckBox>("logX"), Qt::LeftButton, {}, QPoint(8, 12));
        QTRY_VERIFY(near(chart().shownX().high, std::log10(60)));
        QCOMPARE(chart().shownX().low, 0.0);
        pointAt(std::log10(7));
        compareReading(lines.at(6));
        QTest::keyClick(find<QCheckBox>("logY"), Qt::Key_Space);
        Extent norms;
        for (const auto& line : lines)
            norms.add(std::log10(line.numbers.at("grad_norm")));
        QTRY_VERIFY(chart("grad_norm").shownY().low <= norms.low
                    && chart("grad_norm").shownY().low > norms.low - 1);
        QVERIFY(chart("grad_norm").shownY().high >= norms.high);
    }

    void theSliderSmooths()
    {
        watch(m_other);
        const auto lines = RunFixture::lines(m_other, "clip");
        auto* slider = find<QSlider>("smoothing");
        slider->setFocus();
        QTest::keyClick(slider, Qt::Key_Home);
        QTRY_VERIFY(!card("loss").legendText().contains(QStringLiteral("smoothed")));
        QTest::keyClick(slider, Qt::Key_End); // over ten thousand: all but the plain mean
        double sum = 0;
        for (const auto& line : lines)
            sum += line.numbers.at("loss");
        QTRY_VERIFY(near(reading("loss", QStringLiteral("smoothed")), sum / double(lines.size())));
    }

    void outliersCanBeClipped()
    {
        watch(m_sick);
        std::vector<double> norms;
        for (const auto& line : RunFixture::lines(m_sick, "clip"))
            norms.push_back(line.numbers.at("grad_norm"));
        std::sort(norms.begin(), norms.end());
        QTRY_VERIFY(chart("grad_norm").shownY().high >= norms.back());
        QTest::keyClick(find<QCheckBox>("clip"), Qt::Key_Space);
        QTRY_VERIFY(chart("grad_norm").shownY().high < norms.back());
        QVERIFY(chart("grad_norm").shownY().high >= norms[norms.size() * 97 / 100]);
    }

    void verdictsStandWhereTheyHappened()
    {
        watch(m_sick);
        auto lines = current_metrics(m_sick.toStdString());
        std::erase_if(lines, [](const MetricsLine& line) { return line.event != "doctor"; });
        QVERIFY(!lines.empty());
        QPushButton* first = nullptr;
        QTRY_VERIFY((first = m_view->findChild<QPushButton*>(QStringLiteral("verdict-1"))));
        QVERIFY(first->accessibleName().contains(QString::fromStdString(lines[0].words.at("verdict"))));
        QTRY_VERIFY(std::abs(chart().markPoint(0).x() - chart().pointOf({ double(lines[0].step), 0 }).x())
                    < 1.5);
        QTest::mouseClick(m_view->windowHandle(), Qt::LeftButton, {},
                          chart().mapTo(m_view.get(), chart().markPoint(0).toPoint()));
        QTRY_VERIFY(first->hasFocus());
        QTest::keyClick(first, Qt::Key_Space); // and back: the cursor goes there
        auto at = RunFixture::lines(m_sick, "clip");
        std::erase_if(at, [&](const MetricsLine& line) { return line.step != lines[0].step; });
        if (!at.empty())
            compareReading(at.front());
    }

    void arrowsGoThroughPromptsAndSteps()
    {
        watch(m_whole);
        QTest::keyClick(m_view.get(), Qt::Key_S, Qt::AltModifier);
        auto* board = find<QWidget>("sampleBoard");
        QTRY_VERIFY(board->isVisible());
        const auto promptOf = [&](const char* file) {
            return QImage(m_whole + QStringLiteral("/samples/") + QLatin1String(file))
                .text(QStringLiteral("prompt"));
        };
        const auto caption = [&] { return label("sampleCaption").section(QLatin1Char('\n'), 0, 0); };
        QTRY_COMPARE(caption(), promptOf("unet2/00000020/00.png"));
        QVERIFY(!caption().isEmpty());
        QVERIFY(label("sampleStep").startsWith(QStringLiteral("Step 20, 4 of 4")));
        board->setFocus();
        QTest::keyClick(board, Qt::Key_Right);
        QTest::keyClick(board, Qt::Key_Right);
        QTRY_COMPARE(caption(), promptOf("unet2/00000020/02.png"));
        QTest::keyClick(board, Qt::Key_Left);
        QTRY_COMPARE(caption(), promptOf("unet2/00000020/01.png"));
        QTest::keyClick(board, Qt::Key_Down);
        QVERIFY(label("sampleStep").startsWith(QStringLiteral("Step 15, 3 of 4")));
        QTest::keyClick(board, Qt::Key_Up);
        QVERIFY(label("sampleStep").startsWith(QStringLiteral("Step 20, 4 of 4")));
        auto* scrubber = find<QSlider>("scrubber");
        QTest::keyClick(scrubber, Qt::Key_Home);
        QVERIFY(label("sampleStep").startsWith(QStringLiteral("Step 5, 1 of 4")));
        choose("samplePart", QStringLiteral("decoder stage 1"));
        QTRY_COMPARE(caption(), promptOf("unet1/00000020/01.png"));
    }

    void samplesAreClicked()
    {
        watch(m_whole);
        QTest::keyClick(m_view.get(), Qt::Key_S, Qt::AltModifier);
        auto *board = find<PictureTiles>("sampleBoard"), *strip = find<PictureTiles>("sampleStrip");
        QTRY_VERIFY(board->isVisible() && board->count() > 2 && strip->count() == 4);
        QTest::mouseClick(board, Qt::LeftButton, {}, board->tileRect(2).center());
        const auto prompt = [&](const char* step) {
            return QImage(m_whole + QStringLiteral("/samples/unet2/") + QLatin1String(step)
                          + QStringLiteral("/02.png"))
                .text(QStringLiteral("prompt"));
        };
        QTRY_VERIFY(label("sampleCaption").startsWith(prompt("00000020")));
        QTest::mouseClick(strip, Qt::LeftButton, {}, strip->tileRect(0).center());
        QTRY_VERIFY(label("sampleStep").startsWith(QStringLiteral("Step 5, 1 of 4")));
        QTRY_VERIFY(label("sampleCaption").startsWith(prompt("00000005"))); // once it is read
        QVERIFY(strip->rect().contains(strip->tileRect(3).adjusted(-3, -3, 3, 3)));
    }

    void aCheckpointOfTheSamplesCanBeOpened()
    {
        watch(m_whole);
        QSignalSpy wanted(m_view.get(), &RunView::openCheckpointWanted);
        QTest::keyClick(m_view.get(), Qt::Key_S, Qt::AltModifier);
        auto* button = find<QPushButton>("drawWithCheckpoint");
        QTRY_VERIFY(button->isEnabled());
        QTest::mouseClick(button, Qt::LeftButton);
        QCOMPARE(wanted.size(), 1);
        QVERIFY(QFile::exists(wanted[0][0].toString()));
        QVERIFY(wanted[0][0].toString().contains(QStringLiteral("unet2-00000020")));
    }

    void theLogIsShown()
    {
        watch(m_whole);
        QTest::keyClick(m_view.get(), Qt::Key_L, Qt::AltModifier);
        QFile log(m_whole + QStringLiteral("/log.txt"));
        QVERIFY(log.open(QFile::ReadOnly));
        const auto text = QString::fromUtf8(log.readAll()).trimmed();
        QVERIFY(text.contains(QStringLiteral("Saved a checkpoint")));
        QTRY_COMPARE(find<QPlainTextEdit>("runLog")->toPlainText(), text);
        QVERIFY(find<QPlainTextEdit>("runLog")->isVisible());
    }

    void aRunGoesOnWithoutItsWindow()
    {
        const auto run = m_runs->run(QStringLiteral("living"));
        open();
        m_view->showRun(run); // before there is one
        RunFixture::begin(run, RunFixture::clip(1'000'000));
        QTRY_VERIFY_WITH_TIMEOUT(chart().shownX().high > 50, 60000);
        QTRY_VERIFY(find<QLabel>("now-left")->isVisible() && !label("now-left").isEmpty());
        m_view.reset();
        const auto before = RunFixture::lines(run, "clip").size();
        QTest::qWait(1000);
        QVERIFY(RunFixture::isAlive(run));
        const auto lines = RunFixture::lines(run, "clip");
        QVERIFY(lines.size() > before);
        QElapsedTimer clock;
        clock.start();
        watch(run);
        QTRY_VERIFY_WITH_TIMEOUT(chart().shownX().high >= double(lines.back().step), 10000);
        qInfo("Reopened after %lld ms with %zu lines.", clock.elapsed(), lines.size());
        QVERIFY(clock.elapsed() < 10000);
        QCOMPARE(chart().shownX().low, 1.0);
        const auto file = m_runs->path(QStringLiteral("living.csv"));
        save(2, file);
        QFile csv(file);
        QVERIFY(csv.open(QFile::ReadOnly));
        QTextStream rows(&csv);
        const auto head = rows.readLine().split(QLatin1Char(','));
        for (double step = 1; step <= double(lines.back().step);) { // none is missing
            const auto row = rows.readLine().split(QLatin1Char(','));
            QCOMPARE(row.size(), head.size());
            if (row[2] == QStringLiteral("train"))
                QCOMPARE(row[3].toDouble(), step++);
        }
        RunFixture::kill(run);
        QTRY_VERIFY_WITH_TIMEOUT(!find<QLabel>("now-left")->isVisible(), 20000);
    }

    void severalRunsAreCompared()
    {
        const auto events = m_runs->path(QStringLiteral("events"));
        QDir().mkpath(events);
        const auto file = QDir(m_other).entryList({ QStringLiteral("events.out.tfevents.*") }).value(0);
        QVERIFY(QFile::copy(m_other + QLatin1Char('/') + file, events + QLatin1Char('/') + file));
        open();
        m_view->compareRuns({ m_other, m_sick, events });
        QCOMPARE(m_view->run(), QString());
        QTRY_VERIFY(chart().shownX().high == 150);
        auto* table = find<RunComparison>("comparison");
        QStringList shown;
        QTRY_VERIFY(table->rowCount() > 3);
        for (int row = 3; row < table->rowCount(); ++row)
            shown += table->verticalHeaderItem(row)->text();
        QCOMPARE(shown,
                 (QStringList{ QStringLiteral("clip.lr"), QStringLiteral("clip.max_grad_norm"),
                               QStringLiteral("clip.steps") }));
        QCOMPARE(table->item(3, 0)->text(), QStringLiteral("0.0004"));
        QCOMPARE(table->item(3, 1)->text(), QStringLiteral("0.3"));
        pointAt(20);
        const double loss = RunFixture::lines(m_other, "clip").at(19).numbers.at("loss");
        const auto read = [&](int column) {
            return table->item(2, column)->text().section(QLatin1Char(' '), 0, 0).toDouble();
        };
        QTRY_VERIFY(near(read(0), loss));
        QVERIFY(near(read(2), loss)); // TensorBoard's file says the same
        QVERIFY(near(read(1), RunFixture::lines(m_sick, "clip").at(19).numbers.at("loss")));
        QVERIFY(card("loss").legendText().contains(QStringLiteral("sick")));
        table->setCurrentCell(0, 1);
        QTest::keyClick(table, Qt::Key_Space);
        QTRY_VERIFY(!card("loss").legendText().contains(QStringLiteral("sick")));
        choose("kind", QStringLiteral("Gradient norm"));
        QTRY_VERIFY(card("grad_norm").isVisible() && !card("loss").isVisible());
    }

    void chartsAndNumbersAreSaved()
    {
        watch(m_other);
        const auto png = m_runs->path(QStringLiteral("chart.png"));
        save(0, png);
        QImageReader picture(png);
        QVERIFY(picture.size().width() == 2 * chart().width());
        QVERIFY(!picture.read().isNull());
        const auto svg = m_runs->path(QStringLiteral("chart.svg"));
        save(1, svg);
        QFile drawing(svg);
        QVERIFY(drawing.open(QFile::ReadOnly));
        const auto text = drawing.readAll();
        QVERIFY(text.contains("</svg>") && text.count("<polyline") >= 2 && text.contains("training"));
        const auto csv = m_runs->path(QStringLiteral("numbers.csv"));
        save(2, csv);
        QFile table(csv);
        QVERIFY(table.open(QFile::ReadOnly));
        QTextStream rows(&table);
        const auto head = rows.readLine().split(QLatin1Char(','));
        for (const auto& line : RunFixture::lines(m_other, "clip")) {
            auto row = rows.readLine().split(QLatin1Char(','));
            while (row.size() > 2 && row[2] != QStringLiteral("train"))
                row = rows.readLine().split(QLatin1Char(','));
            QCOMPARE(row[head.indexOf(QStringLiteral("step"))].toLongLong(), line.step);
            for (const char* name : { "loss", "lr", "grad_norm", "samples_per_s", "memory_bytes" })
                QCOMPARE(row[head.indexOf(QLatin1String(name))].toDouble(), line.numbers.at(name));
        }
    }

    void aComparisonIsSaved()
    {
        open();
        m_view->compareRuns({ m_other, m_sick });
        QTRY_VERIFY(chart().shownX().high == 150);
        const auto png = m_runs->path(QStringLiteral("comparison.png"));
        save(0, png);
        QVERIFY(QImageReader(png).size().width() == 2 * chart().width());
        const auto svg = m_runs->path(QStringLiteral("comparison.svg"));
        save(1, svg);
        QFile drawing(svg);
        QVERIFY(drawing.open(QFile::ReadOnly));
        const auto text = drawing.readAll();
        QVERIFY(text.contains("other") && text.contains("sick") && text.count("<polyline") >= 4);
        const auto csv = m_runs->path(QStringLiteral("comparison.csv"));
        save(2, csv);
        QFile table(csv);
        QVERIFY(table.open(QFile::ReadOnly));
        const auto rows = QString::fromUtf8(table.readAll()).split(QLatin1Char('\n'), Qt::SkipEmptyParts);
        const auto at = rows[0].split(QLatin1Char(',')).indexOf(QStringLiteral("loss"));
        for (const auto& run : { m_other, m_sick }) {
            auto lines = RunFixture::lines(run, "clip");
            for (const auto& row : rows) {
                const auto cells = row.split(QLatin1Char(','));
                if (cells[0] != run || cells[2] != QStringLiteral("train"))
                    continue;
                QCOMPARE(cells[3].toLongLong(), lines.front().step);
                QCOMPARE(cells[at].toDouble(), lines.front().numbers.at("loss"));
                lines.erase(lines.begin());
            }
            QVERIFY(lines.empty());
        }
    }

    void whatCanNotBeReadIsSaid_data()
    {
        QTest::addColumn<QString>("harm");
        QTest::addColumn<QString>("sentence");
        QTest::newRow("garbage") << QStringLiteral("garbage")
                                 << QStringLiteral("One line of metrics.jsonl can't be read");
        QTest::newRow("cut off") << QStringLiteral("cut") << QStringLiteral("cut off");
        QTest::newRow("no state") << QStringLiteral("state") << QStringLiteral("status.json");
        QTest::newRow("no options") << QStringLiteral("options") << QStringLiteral("run.json");
        QTest::newRow("newer") << QStringLiteral("newer") << QStringLiteral("newer than this one");
        QTest::newRow("vanishes") << QStringLiteral("vanish") << QStringLiteral("can't be reached now");
    }

    void whatCanNotBeReadIsSaid()
    {
        QFETCH(QString, harm);
        QFETCH(QString, sentence);
        const auto run = m_runs->path(QStringLiteral("harmed-") + harm);
        RunFixture::copy(m_other, run);
        QFile metrics(run + QStringLiteral("/metrics.jsonl"));
        if (harm == QStringLiteral("garbage")) {
            QVERIFY(metrics.open(QFile::Append));
            metrics.write("\x00\xff not JSON\n", 12);
            metrics.close();
        } else if (harm == QStringLiteral("cut")) {
            QVERIFY(metrics.resize(metrics.size() - 5));
        } else if (harm == QStringLiteral("state")) {
            QVERIFY(QFile(run + QStringLiteral("/status.json")).resize(10));
        } else if (harm == QStringLiteral("options")) {
            QVERIFY(QFile(run + QStringLiteral("/run.json")).resize(10));
        } else if (harm == QStringLiteral("newer")) {
            QFile file(run + QStringLiteral("/run.json"));
            QVERIFY(file.open(QFile::ReadWrite));
            auto object = QJsonDocument::fromJson(file.readAll()).object();
            object[QStringLiteral("reverie")] = QStringLiteral("99.1");
            file.resize(0);
            file.write(QJsonDocument(object).toJson());
        }
        watch(run);
        if (harm == QStringLiteral("vanish"))
            QVERIFY(QDir().rename(run, run + QStringLiteral("-away")));
        QTRY_VERIFY2_WITH_TIMEOUT(label("runNotice").contains(sentence), qPrintable(label("runNotice")),
                                  10000);
        QVERIFY(find<QLabel>("runNotice")->isVisible());
        pointAt(30);
        compareReading(RunFixture::lines(m_other, "clip").at(29)); // the rest shows
        if (harm == QStringLiteral("vanish")) {
            QVERIFY(QDir().rename(run + QStringLiteral("-away"), run));
            QTRY_VERIFY_WITH_TIMEOUT(label("runNotice").isEmpty(), 10000);
        }
    }
};

QTEST_MAIN(RunViewTest)
#include "tst_run_view.moc"
