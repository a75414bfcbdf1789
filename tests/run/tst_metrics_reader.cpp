// SPDX-License-Identifier: MIT
#include "core/run/event_file.h"
#include "core/run/event_reader.h"
#include "core/run/metrics.h"
#include "core/run/metrics_reader.h"
#include "core/run/use_meter.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <array>
#include <cmath>

using namespace reverie;

class MetricsReaderTest : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;
    QString m_file;

    void write(const QByteArray& text, QFile::OpenMode mode = QFile::WriteOnly) const
    {
        QFile file(m_file);
        QVERIFY(file.open(mode));
        file.write(text);
    }

    static std::vector<double> steps(MetricsReader& reader, GrowingFile::Outcome* outcome = nullptr)
    {
        std::vector<double> steps;
        const auto is = reader.read(std::size_t(1) << 30U, [&](const std::vector<FlatField>& fields) {
            for (const auto& field : fields)
                if (field.name == "step")
                    steps.push_back(field.number);
        });
        if (outcome)
            *outcome = is;
        return steps;
    }

private Q_SLOTS:
    void init()
    {
        m_file = m_folder.filePath(QStringLiteral("metrics.jsonl"));
        QFile::remove(m_file);
    }

    void aFlatObjectIsReadAsAWholeJsonReaderReadsIt_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::newRow("numbers") << QByteArray(
            R"({"loss":2.794800281524658,"step":7,"lr":1e-05,"x":-0.0,"y":12E+3})");
        QTest::newRow("words") << QByteArray(
            R"({ "part" : "unet1", "split":"train" ,"event":"Größer als 1 – gut."})");
        QTest::newRow("truth") << QByteArray(R"({"ok":true,"other":false})");
        QTest::newRow("nothing") << QByteArray("{}");
    }

    void aFlatObjectIsReadAsAWholeJsonReaderReadsIt()
    {
        QFETCH(QByteArray, text);
        std::vector<FlatField> fields;
        const auto json = text.toStdString(); // the fields point into it
        QVERIFY(scan_flat_object(json, fields));
        const auto line = metrics_line(json);
        QVERIFY(line);
        std::size_t found = 0;
        for (const auto& field : fields) {
            const std::string name(field.name), word(field.word);
            if (name == "part" || name == "split" || name == "event")
                QCOMPARE(word, name == "part" ? line->part : name == "split" ? line->split : line->event);
            else if (name == "step")
                QCOMPARE(field.number, double(line->step));
            else
                QCOMPARE(field.number, line->numbers.at(name));
            ++found;
        }
        QCOMPARE(std::ptrdiff_t(found), text.count(':'));
    }

    void whatIsNoFlatObjectIsLeftToAWholeReader_data()
    {
        QTest::addColumn<QByteArray>("text");
        for (const char* text :
             { R"({"a":[1]})", R"({"a":{"b":1}})", "{\"a\":\"\\\"b\"}", R"({"a":1)", R"({"a":1}x)",
               R"({"a":inf})", R"({"a":})", R"([1])", "", "nonsense", R"({"a" 1})", R"({"a":1,})" })
            QTest::newRow(text) << QByteArray(text);
    }

    void whatIsNoFlatObjectIsLeftToAWholeReader()
    {
        QFETCH(QByteArray, text);
        std::vector<FlatField> fields;
        QVERIFY(!scan_flat_object(text.toStdString(), fields));
    }

    void aLossThatIsNoNumberStaysOne()
    {
        std::vector<FlatField> fields;
        QVERIFY(scan_flat_object(R"({"loss":null})", fields));
        QVERIFY(std::isnan(fields.at(0).number));
    }

    void readingGoesOnWhereItEnded()
    {
        MetricsReader reader(m_folder.path().toStdString());
        GrowingFile::Outcome outcome{};
        QVERIFY(steps(reader, &outcome).empty());
        QCOMPARE(outcome, GrowingFile::Outcome::missing);
        write("{\"step\":1}\n{\"step\":2}\n{\"st");
        QCOMPARE(steps(reader), (std::vector<double>{ 1, 2 }));
        QVERIFY(reader.ends_amid_a_line());
        write("ep\":3}\n", QFile::Append);
        QCOMPARE(steps(reader), (std::vector<double>{ 3 }));
        QVERIFY(!reader.ends_amid_a_line());
        QVERIFY(steps(reader).empty());
    }

    void linesOfGarbageAreCountedAndSkipped()
    {
        write("{\"step\":1}\n\x01\x02garbage\n[3]\n\n{\"step\":4,\"nested\":{\"a\":1}}\n");
        MetricsReader reader(m_folder.path().toStdString());
        QCOMPARE(steps(reader), (std::vector<double>{ 1, 4 }));
        QCOMPARE(reader.unreadable_lines(), 2);
    }

    void aLineWithoutEndCostsBoundedMemory()
    {
        write("{\"step\":1}\n" + QByteArray(20 << 20, 'x') + "\n{\"step\":2}\n");
        MetricsReader reader(m_folder.path().toStdString());
        QCOMPARE(steps(reader), (std::vector<double>{ 1, 2 }));
        QCOMPARE(reader.unreadable_lines(), 1);
    }

    void aFileThatWasCutOrReplacedIsReadFromItsBeginning()
    {
        write("{\"step\":1}\n{\"step\":2}\n");
        MetricsReader reader(m_folder.path().toStdString());
        steps(reader);
        write("{\"step\":5}\n");
        GrowingFile::Outcome outcome{};
        QVERIFY(steps(reader, &outcome).empty());
        QCOMPARE(outcome, GrowingFile::Outcome::restarted);
        QCOMPARE(steps(reader), (std::vector<double>{ 5 }));
    }

    void eventFilesAreReadAsTheyWereWritten()
    {
        const auto path = m_folder.filePath(QStringLiteral("events.out.tfevents.1.host")).toStdString();
        std::filesystem::remove(path);
        EventReader reader(path);
        std::vector<std::tuple<std::string, double, std::int64_t, double>> read;
        const auto readOn = [&] {
            return reader.read(std::size_t(1) << 30U, [&](const EventScalar& scalar) {
                read.emplace_back(scalar.tag, scalar.value, scalar.step, scalar.wall_time);
            });
        };
        EventFile file(path);
        file.add_scalar("clip/train/loss", 0.5, 20, 1000.25);
        file.flush();
        readOn();
        file.add_scalar("clip/train/lr", -2, 300, 1001.5);
        file.flush();
        readOn();
        QCOMPARE(read.size(), 2);
        QVERIFY(read[0] == std::tuple(std::string("clip/train/loss"), 0.5, 20, 1000.25));
        QVERIFY(read[1] == std::tuple(std::string("clip/train/lr"), -2.0, 300, 1001.5));
        QVERIFY(!reader.is_damaged() && !reader.ends_amid_a_record());
    }

    void aDamagedEventFileIsReadUpToTheDamage()
    {
        const auto path = m_folder.filePath(QStringLiteral("events.out.tfevents.2.host"));
        std::filesystem::remove(path.toStdString());
        {
            EventFile file(path.toStdString());
            for (int step = 1; step <= 10; ++step)
                file.add_scalar("loss", step, step, step);
        }
        QFile file(path);
        QVERIFY(file.open(QFile::ReadWrite));
        QByteArray bytes = file.readAll();
        const auto whole = bytes;
        bytes[bytes.size() * 2 / 3] = char(~bytes[bytes.size() * 2 / 3]);
        for (const auto& [content, damaged, amid] :
             { std::tuple(bytes, true, false), std::tuple(whole.chopped(5), false, true) }) {
            file.resize(0);
            file.seek(0);
            file.write(content);
            file.flush();
            EventReader reader(path.toStdString());
            int scalars = 0;
            reader.read(std::size_t(1) << 30U, [&](const EventScalar& scalar) {
                ++scalars;
                QCOMPARE(scalar.value, double(scalars));
            });
            QVERIFY(scalars > 3 && scalars < 10);
            QCOMPARE(reader.is_damaged(), damaged);
            QCOMPARE(reader.ends_amid_a_record(), amid);
        }
    }

    void theUseOfTheProcessorsIsMeasured()
    {
        UseMeter meter;
        meter.read();
        QTest::qSleep(600);
        const double idle = meter.read().at("cpu_util");
        QVERIFY2(idle >= 0 && idle < 30, qPrintable(QString::number(idle)));
        const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(600);
        while (std::chrono::steady_clock::now() < until) { }
        const double busy = meter.read().at("cpu_util");
        QVERIFY2(busy > idle && busy <= 100, qPrintable(QString::number(busy)));
    }
};

QTEST_GUILESS_MAIN(MetricsReaderTest)
#include "tst_metrics_reader.moc"
