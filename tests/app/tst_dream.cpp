// SPDX-License-Identifier: MIT
#include "core/api/model_info.h"
#include "core/api/picture_file.h"
#include "core/base/file.h"
#include "tests/base/error_of.h"

#include <QProcess>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>
#include <csignal>
#include <nlohmann/json.hpp>

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

struct Run {
    int status = -1;
    QByteArray out, err;
};

/// A file that says it is a pipeline of 64 pixels with 100 steps. It has no weights, so nothing can be drawn
/// from it.
std::string hollowModel()
{
    const json config
        = { { "clip", json::object() },
            { "prior", { { "timesteps", 100 } } },
            { "decoder",
              { { "unets", { json::object() } }, { "image_sizes", { 64 } }, { "timesteps", 100 } } } };
    const std::string header = json{
        { "__metadata__",
          { { "reverie.format", "1" },
            { "reverie.config", config.dump() },
            { "modelspec.title", "Hollow" } } }
    }.dump();
    std::string file(8, '\0');
    file[0] = static_cast<char>(header.size());
    file[1] = static_cast<char>(header.size() >> 8U);
    return file + header;
}

} // namespace

class DreamTest : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;

    Run dream(const QStringList& arguments, int interruptAfterMs = 0) const
    {
        QProcess process;
        process.setWorkingDirectory(m_folder.path());
        process.start(QStringLiteral(DREAM_PROGRAM), arguments);
        if (interruptAfterMs > 0 && process.waitForStarted()) {
            QTest::qWait(interruptAfterMs);
            kill(static_cast<pid_t>(process.processId()), SIGINT);
        }
        process.waitForFinished(120'000);
        return { process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1,
                 process.readAllStandardOutput(), process.readAllStandardError() };
    }

    fs::path path(const char* name) const { return fs::path(m_folder.path().toStdString()) / name; }

    static bool hasModel()
    {
        try {
            return reverie::read_model_info(reverie::find_model()).trained;
        } catch (const reverie::Error&) {
            return false;
        }
    }

private Q_SLOTS:
    void initTestCase() { reverie::write_file(path("hollow.safetensors"), hollowModel()); }

    void versionAndHelpAreAnswered()
    {
        const auto version = dream({ QStringLiteral("--version") });
        QCOMPARE(version.status, 0);
        QVERIFY(version.out.startsWith("Reverie "));
        const auto help = dream({ QStringLiteral("--help") });
        QCOMPARE(help.status, 0);
        for (const char* command : { "generate", "train", "dataset", "model", "doctor", "bench" })
            QVERIFY(help.out.contains(command));
    }

    void wrongUsageIsAnsweredInOneSentence_data()
    {
        QTest::addColumn<QStringList>("arguments");
        const auto row = [](const char* name, const char* arguments) {
            QTest::newRow(name) << QString::fromUtf8(arguments).split(u' ');
        };
        const auto drawn = [&row](const char* flags) {
            row(flags, (QByteArray("x --model hollow.safetensors ") + flags).constData());
        };
        QTest::newRow("nothing") << QStringList();
        QTest::newRow("empty prompt") << QStringList{ QString() };
        QTest::newRow("blank prompt") << QStringList{ QStringLiteral(" \t\n") };
        row("unknown flag", "x --frobnicate");
        row("unknown part", "train pizza --run r");
        row("dataset without verb", "dataset");
        row("two sources", "x --prompts y");
        for (const char* flags :
             { "--steps 0", "--steps 101", "--steps 5,5", "--steps many", "--prior-steps 0",
               "--prior-steps 101", "-n 0", "--seed -1", "--seed 9007199254740992", "--cond-scale nan",
               "--prior-cond-scale inf", "--prior-cond-scale 2", "--eta 1.5", "--candidates 0", "--batch 0",
               "--sampler euler", "--dtype f8", "--device tpu", "-o x.jpg" })
            drawn(flags);
    }

    void wrongUsageIsAnsweredInOneSentence()
    {
        QFETCH(QStringList, arguments);
        const auto run = dream(arguments);
        QVERIFY2(run.status == 2, run.err.constData());
        QVERIFY(run.out.isEmpty());
        QVERIFY2(QRegularExpression(QStringLiteral("\\Adream: [^\n]+\\.\n\\z"))
                     .match(QString::fromUtf8(run.err))
                     .hasMatch(),
                 run.err.constData());
    }

    void whatCanNotBeDoneIsAnsweredInOneSentence_data()
    {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QString>("flag");
        QTest::newRow("empty model") << QByteArray("") << QStringLiteral("--model");
        QTest::newRow("random model") << QByteArray(500, '\xB5') << QStringLiteral("--model");
        QTest::newRow("cut model") << QByteArray::fromStdString(hollowModel()).left(100)
                                   << QStringLiteral("--model");
        QTest::newRow("weightless model")
            << QByteArray::fromStdString(hollowModel()) << QStringLiteral("--model");
        QTest::newRow("empty prompts") << QByteArray("\n \n") << QStringLiteral("--prompts");
        QTest::newRow("latin-1 prompts") << QByteArray("caf\xE9\n") << QStringLiteral("--prompts");
        QTest::newRow("no picture") << QByteArray("GIF89a") << QStringLiteral("--from");
    }

    void whatCanNotBeDoneIsAnsweredInOneSentence()
    {
        QFETCH(QByteArray, content);
        QFETCH(QString, flag);
        reverie::write_file(path("bad"), content.toStdString());
        QStringList arguments = { flag, QStringLiteral("bad") };
        if (flag == QStringLiteral("--model"))
            arguments.prepend(QStringLiteral("a prompt"));
        const auto run = dream(arguments);
        QVERIFY2(run.status == 1, run.err.constData());
        QVERIFY2(run.err.startsWith("dream: ") && run.err.count('\n') == 1, run.err.constData());
    }

    void errorsAreJsonToo()
    {
        const auto run = dream({ QStringLiteral("x"), QStringLiteral("--model"),
                                 QStringLiteral("nowhere.safetensors"), QStringLiteral("--json") });
        QCOMPARE(run.status, 1);
        QVERIFY(json::parse(run.out.toStdString())["type"] == "error");
    }

    void theModelIsDescribed()
    {
        const auto run = dream({ QStringLiteral("model"), QStringLiteral("info"),
                                 QStringLiteral("hollow.safetensors"), QStringLiteral("--json") });
        QCOMPARE(run.status, 0);
        const auto model = json::parse(run.out.toStdString());
        QVERIFY(model["title"] == "Hollow" && model["stages"][0]["size"] == 64);
    }

    void theDoctorMeasuresAMatrixProduct()
    {
        const auto run = dream({ QStringLiteral("doctor"), QStringLiteral("--json") });
        QVERIFY2(run.status == 0, run.err.constData());
        const auto report = json::parse(run.out.toStdString());
        QVERIFY(report["gemm_gflops"].get<double>() > 0.1);
        QVERIFY(report["blas"].get<std::string>().find("blas") != std::string::npos);
        QVERIFY(report["devices"][0]["name"] == "cpu");
    }

    void everyKindOfWorkIsMeasured()
    {
        const auto run
            = dream({ QStringLiteral("bench"), QStringLiteral("--quick"), QStringLiteral("--json") });
        QVERIFY2(run.status == 0, run.err.constData());
        const auto lines = run.out.trimmed().split('\n');
        const auto report = json::parse(lines.last().toStdString());
        for (const char* name :
             { "matrix_product", "decoder_train_step", "decoder_guided_step", "prior_train_step",
               "prior_guided_step", "clip_train_step", "dalle2_cascade_sample" })
            QVERIFY2(report["measured"].at(name).get<double>() > 0, name);
        QCOMPARE(std::size_t(lines.size()), report["measured"].size() + 1);
        QVERIFY(report["threads"].get<int>() > 0);
        const auto train_step = json::parse(lines[1].toStdString());
        QVERIFY(train_step["name"] == "decoder_train_step" && train_step["of_reference"].get<double>() > 0);
        const auto wrong
            = dream({ QStringLiteral("bench"), QStringLiteral("--device"), QStringLiteral("tpu") });
        QCOMPARE(wrong.status, 2);
    }

    void aSubcommandsNameCanBeDrawn()
    {
        if (!hasModel())
            QSKIP("there is no trained model in share/reverie/models");
        const auto run
            = dream({ QStringLiteral("generate"), QStringLiteral("train"), QStringLiteral("--seed"),
                      QStringLiteral("3"), QStringLiteral("--prior-steps"), QStringLiteral("2"),
                      QStringLiteral("--steps"), QStringLiteral("2") });
        QVERIFY2(run.status == 0, run.err.constData());
        QCOMPARE(run.out, QByteArray("train.png\n"));
        QCOMPARE(reverie::read_making(path("train.png")).seed, 3U);
        const auto again = dream({ QStringLiteral("--from"), QStringLiteral("train.png"),
                                   QStringLiteral("-o"), QStringLiteral("again.png") });
        QVERIFY2(again.status == 0, again.err.constData());
        QVERIFY(reverie::read_file(path("again.png")) == reverie::read_file(path("train.png")));
    }

    void anInterruptEndsWith130AndKeepsWhatIsThere()
    {
        if (!hasModel())
            QSKIP("there is no trained model in share/reverie/models");
        const auto run
            = dream({ QStringLiteral("slice of pizza"), QStringLiteral("-n"), QStringLiteral("500"),
                      QStringLiteral("--batch"), QStringLiteral("1"), QStringLiteral("-o"),
                      QStringLiteral("interrupted"), QStringLiteral("--json") },
                    4000);
        QVERIFY2(run.status == 130, run.err.constData());
        const auto lines = run.out.trimmed().split('\n');
        const auto result = json::parse(lines.last().toStdString());
        QVERIFY(result["type"] == "result" && result["stopped"] == true);
        std::error_code error;
        const auto written
            = std::distance(fs::directory_iterator(path("interrupted")), fs::directory_iterator());
        QCOMPARE(written, result["pictures"].get<std::ptrdiff_t>());
    }
};

QTEST_GUILESS_MAIN(DreamTest)
#include "tst_dream.moc"
