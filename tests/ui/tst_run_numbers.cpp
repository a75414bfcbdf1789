// SPDX-License-Identifier: MIT
#include "core/run/metrics.h"
#include "ui/session/chart_curves.h"
#include "ui/session/chart_ticks.h"
#include "ui/session/metrics_source.h"
#include "ui/session/run_follower.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <numeric>
#include <random>

using namespace reverie;
using namespace reverie::ui;

class RunNumbersTest : public QObject
{
    Q_OBJECT

    static std::vector<double> noise(std::size_t count)
    {
        std::mt19937 random(7);
        std::normal_distribution<double> normal;
        std::vector<double> values(count);
        for (auto& value : values)
            value = normal(random);
        return values;
    }

    static Extent extentOf(const std::vector<double>& values, std::size_t first, std::size_t last)
    {
        Extent extent;
        for (auto i = first; i < last; ++i)
            extent.add(values[i]);
        return extent;
    }

private Q_SLOTS:
    void extentsAreThoseOfAllValues()
    {
        auto values = noise(70000);
        values[333] = std::nan("");
        MinMaxPyramid pyramid;
        std::vector<double> some;
        for (const std::size_t size : { 10, 33, 4000, 70000 }) { // growing
            some.assign(values.begin(), values.begin() + std::ptrdiff_t(size));
            pyramid.extend(some);
        }
        std::mt19937 random(1);
        for (int i = 0; i < 300; ++i) {
            const auto [first, last] = std::minmax({ random() % 70000, random() % 70000 });
            QCOMPARE(pyramid.extent(values, first, last), extentOf(values, first, last));
        }
        values.resize(2000);
        pyramid.truncate(2000);
        values.push_back(99);
        pyramid.extend(values);
        QCOMPARE(pyramid.extent(values, 0, 2001).high, 99.0);
    }

    void decimatedCurvesKeepEveryExtreme()
    {
        NumberColumn column;
        column.values() = noise(100000);
        column.values()[54321] = 50;
        column.values()[54400] = -50;
        std::vector<double> steps(100000);
        std::iota(steps.begin(), steps.end(), 1);
        const AxisRows rows{ steps, 0, 1 };
        for (const double low : { 1.0, 40000.0, 54000.0 }) {
            const AxisView view{ .range = { low, 60000 }, .columns = 500 };
            const auto points = decimate(rows, column.raw(), view);
            QVERIFY(points.size() <= 2 * 500 + 4);
            Extent y;
            double last = 0;
            for (const auto& point : points) {
                y.add(point.y());
                QVERIFY(point.x() >= last);
                last = point.x();
            }
            QCOMPARE(y, (Extent{ -50, 50 }));
        }
        // Near enough, every row is a point.
        const auto points = decimate(rows, column.raw(), { .range = { 100, 200 }, .columns = 500 });
        QCOMPARE(points.size(), 103);
        for (const auto& point : points)
            QCOMPARE(point.y(), column.values()[std::size_t(point.x()) - 1]);
    }

    void smoothingIsARunningMeanWithoutBias()
    {
        NumberColumn column;
        const auto values = noise(500);
        const double window = 25, decay = std::exp(-1 / window);
        for (std::size_t size = 0; size < values.size(); size += 100) { // as rows come
            column.values().assign(values.begin(), values.begin() + std::ptrdiff_t(size) + 100);
            QCOMPARE(column.smoothed(window).values.size(), size + 100);
        }
        const auto& smooth = column.smoothed(window).values;
        for (const std::size_t row : { 0, 1, 99, 100, 250, 499 }) {
            double sum = 0, weights = 0;
            for (std::size_t i = 0; i <= row; ++i) {
                const double weight = std::pow(decay, double(row - i));
                sum += weight * values[i];
                weights += weight;
            }
            QVERIFY(std::abs(smooth[row] - sum / weights) < 1e-9);
        }
    }

    void millionsOfRowsKeepTheirExtremesInBoundedMemory()
    {
        NumberTable table;
        constexpr std::size_t lines = 3'000'000;
        for (std::size_t i = 0; i < lines; ++i) {
            table.beginRow(double(i), double(i));
            table.set("loss", i == 123'456 ? 10 : i == 2'900'001 ? -10 : std::sin(double(i)));
            table.set("lr", double(i));
        }
        QVERIFY(table.rows() <= NumberTable::capacity);
        QVERIFY(table.linesPerRow() > 1);
        const auto& loss = table.column("loss")->values();
        QCOMPARE(extentOf(loss, 0, loss.size()), (Extent{ -10, 10 }));
        const auto at = std::size_t(std::max_element(loss.begin(), loss.end()) - loss.begin());
        QVERIFY(std::abs(table.steps()[at] - 123'456) <= 2.0 * double(table.linesPerRow()));
        QVERIFY(std::is_sorted(table.steps().begin(), table.steps().end()));
        QCOMPARE(extentOf(table.column("lr")->values(), 0, table.rows()), (Extent{ 0, double(lines - 1) }));
    }

    void aRunThatWentBackShowsWhatHolds()
    {
        QTemporaryDir run;
        QFile file(run.filePath(QStringLiteral("metrics.jsonl")));
        QVERIFY(file.open(QFile::WriteOnly));
        const auto numbers = [&](const char* part, int from, int to, double loss) {
            for (int step = from; step <= to; ++step)
                file.write(QStringLiteral(
                               "{\"part\":\"%1\",\"split\":\"train\",\"step\":%2,\"loss\":%3,\"time\":%2}\n")
                               .arg(QLatin1String(part))
                               .arg(step)
                               .arg(loss)
                               .toUtf8());
        };
        numbers("clip", 1, 10, 1);
        numbers("prior", 1, 8, 2);
        file.write(
            R"({"event":"The setting lr is 1.","verb":"set","ok":true,"part":"prior","step":8,"time":9})"
            "\n");
        file.write(R"({"event":"Resumed at step 5.","part":"prior","step":5,"time":0})"
                   "\n");
        numbers("prior", 6, 9, 3);
        file.write(
            R"({"event":"Back at step 4.","verb":"rollback","ok":true,"part":"clip","step":4,"time":99})"
            "\n");
        numbers("clip", 5, 6, 4);
        file.close();
        MetricsSource source(run.path().toStdString());
        while (source.read(1 << 20, {})) { }
        std::vector<std::tuple<std::string, double, double>> shown, expected;
        for (const auto& [key, table] : source.numbers().tables)
            for (std::size_t row = 0; row < table.rows(); ++row)
                shown.emplace_back(key.part, table.steps()[row], table.column("loss")->values()[row]);
        for (const auto& line : current_metrics(run.path().toStdString()))
            if (!line.split.empty())
                expected.emplace_back(line.part, double(line.step), line.numbers.at("loss"));
        QCOMPARE(shown.size(), 6U);
        QVERIFY(shown == expected);
    }

    void whatCanNotBeReadIsSaidAtTheEndOfReading()
    {
        QTemporaryDir run;
        const auto write = [&](const char* name, const QByteArray& text) {
            QFile file(run.filePath(QLatin1String(name)));
            return file.open(QFile::WriteOnly) && file.write(text) == text.size();
        };
        QVERIFY(write("run.json", R"({"what":"clip","config":{"data":"shapes"}})"));
        QVERIFY(write("status.json",
                      R"({"state":"stopped","part":"clip","step":1,"steps":9,"eta_s":0,"reason":"","pid":1,)"
                      R"("process_start":1,"host":"elsewhere","heartbeat":0})"));
        const QByteArray line = R"({"part":"clip","split":"train","step":1,"loss":2,"time":1})"
                                "\n";
        QVERIFY(write("metrics.jsonl", line.repeated(60'000) + line.chopped(5)));
        RunFollower follower(run.path());
        constexpr std::size_t piece = 1'000'000; // each ends amid a line
        int pieces = 0;
        for (const auto* state = &follower.read(piece, {}); state->reading;
             state = &follower.read(piece, {}), ++pieces)
            QCOMPARE(state->trouble, QString());
        QVERIFY(pieces > 1);
        QVERIFY(follower.read(piece, {}).trouble.contains(QStringLiteral("cut off")));
    }

    void ticksAreRoundAndDiffer_data()
    {
        QTest::addColumn<double>("low");
        QTest::addColumn<double>("high");
        QTest::addColumn<bool>("logarithmic");
        QTest::addColumn<QString>("labels");
        QTest::newRow("steps") << 0.0 << 20000.0 << false << QStringLiteral("0 5000 10k 15k 20k");
        QTest::newRow("small") << 0.0012 << 0.0031 << false << QStringLiteral("0.0015 0.002 0.0025 0.003");
        QTest::newRow("decades") << -3.0 << 2.0 << true << QStringLiteral("0.001 0.01 0.1 1 10 100");
        QTest::newRow("within a decade")
            << std::log10(2.0) << std::log10(4.0) << true << QStringLiteral("2 2.5 3 3.5 4");
    }

    void ticksAreRoundAndDiffer()
    {
        QFETCH(double, low);
        QFETCH(double, high);
        QFETCH(bool, logarithmic);
        QFETCH(QString, labels);
        QStringList words;
        for (const auto& tick : numberTicks({ low, high }, logarithmic, 5))
            words += tick.label;
        QCOMPARE(words.join(QLatin1Char(' ')), labels);
    }

    void durationsAreReadable()
    {
        QCOMPARE(timeText(45), QStringLiteral("45 s"));
        QCOMPARE(timeText(200), QStringLiteral("3 min 20 s"));
        QCOMPARE(timeText(3 * 3600 + 61), QStringLiteral("3 h 1 min"));
        QCOMPARE(timeText(2.5 * 86400), QStringLiteral("2 d 12 h"));
    }
};

QTEST_GUILESS_MAIN(RunNumbersTest)
#include "tst_run_numbers.moc"
