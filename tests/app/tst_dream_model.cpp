// SPDX-License-Identifier: MIT
#include <QDir>
#include <QFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>
#include <nlohmann/json.hpp>

using nlohmann::json;

namespace {

QString data(const char* name)
{
    return QStringLiteral(REVERIE_TEST_DATA "/weights/") + QString::fromLatin1(name);
}

} // namespace

class DreamModelTest : public QObject
{
    Q_OBJECT

private:
    struct Run {
        int status = -1;
        QByteArray out, err;
    };
    QTemporaryDir m_folder;

    Run model(const QStringList& arguments) const
    {
        return dream(QStringList{ QStringLiteral("model") } + arguments);
    }

    Run dream(const QStringList& arguments) const
    {
        QProcess process;
        process.setWorkingDirectory(m_folder.path());
        process.start(QStringLiteral(DREAM_PROGRAM), arguments);
        process.waitForFinished(120'000);
        return { process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1,
                 process.readAllStandardOutput(), process.readAllStandardError() };
    }

private Q_SLOTS:
    void foreignWeightsAreDescribed()
    {
        const auto run
            = model({ QStringLiteral("info"), data("reference/prior.pth"), QStringLiteral("--json") });
        QCOMPARE(run.status, 0);
        const auto info = json::parse(run.out.toStdString());
        QVERIFY(info["type"] == "weights" && info["version"] == "1.15.6");
        QVERIFY(info["parts"][0]["kind"] == "prior" && info["parts"][1]["ema"] == true);
        QVERIFY(info["sha256"].get<std::string>().size() == 64);
        QVERIFY(info["importable"] == true && info["warning"] == "");

        const auto words = model({ QStringLiteral("info"), data("reference/prior.pth") });
        QVERIFY(words.out.contains("a prior of DALLE2-pytorch (model.)"));
        QVERIFY(words.out.contains("Not opened    pytorch_warmup.base.LinearWarmup"));
        QVERIFY(words.out.contains("--clip FILE"));
    }

    void weightsAreConverted()
    {
        const QStringList arguments{ QStringLiteral("convert"), data("plain.pt"), QStringLiteral("-o"),
                                     QStringLiteral("plain.safetensors") };
        QCOMPARE(model(arguments).status, 0);
        QVERIFY(QFile::exists(m_folder.filePath(QStringLiteral("plain.safetensors"))));
        const auto again = model(arguments);
        QCOMPARE(again.status, 2);
        QVERIFY(again.err.contains("exists; choose another name"));
    }

    void partsBecomeAPipelineThatDraws()
    {
        const auto import
            = model({ QStringLiteral("import"), data("reference/prior.pth"), data("reference/decoder.pth"),
                      QStringLiteral("--clip"), data("reference/x_clip.pt"), QStringLiteral("--vocab"),
                      data("vocabulary/merges.txt"), QStringLiteral("--part"), QStringLiteral("ema"),
                      QStringLiteral("-o"), QStringLiteral("whole.safetensors") });
        QVERIFY2(import.status == 0, import.err.constData());
        const auto info = model(
            { QStringLiteral("info"), QStringLiteral("./whole.safetensors"), QStringLiteral("--json") });
        QVERIFY(json::parse(info.out.toStdString())["pipeline"] == true);

        QProcess draw;
        draw.setWorkingDirectory(m_folder.path());
        draw.start(QStringLiteral(DREAM_PROGRAM),
                   { QStringLiteral("generate"), QStringLiteral("in an"), QStringLiteral("--model"),
                     QStringLiteral("./whole.safetensors"), QStringLiteral("-o"),
                     QStringLiteral("drawn.png") });
        draw.waitForFinished(120'000);
        QVERIFY2(draw.exitCode() == 0, draw.readAllStandardError().constData());
        QVERIFY(QFile::exists(m_folder.filePath(QStringLiteral("drawn.png"))));
    }

    void karlosFilesDrawAndVary()
    {
        const auto import = model(
            { QStringLiteral("import"), data("karlo/prior.ckpt"), data("karlo/decoder.ckpt"),
              data("karlo/sr.ckpt"), data("karlo/stats.th"), QStringLiteral("--clip"), data("karlo/clip.pt"),
              QStringLiteral("--vocab"), data("vocabulary/merges.txt"), QStringLiteral("--dtype"),
              QStringLiteral("f16"), QStringLiteral("-o"), QStringLiteral("karlo.safetensors") });
        QVERIFY2(import.status == 0, import.err.constData());
        const QStringList use{ QStringLiteral("--model"), QStringLiteral("./karlo.safetensors"),
                               QStringLiteral("--steps"), QStringLiteral("4,7"), QStringLiteral("-o") };
        const auto draw = dream(QStringList{ QStringLiteral("in the an") } + use
                                + QStringList{ QStringLiteral("drawn_by_karlo.png") });
        QVERIFY2(draw.status == 0, draw.err.constData());
        const auto vary = dream(QStringList{ QStringLiteral("vary"), QStringLiteral("drawn_by_karlo.png") }
                                + use + QStringList{ QStringLiteral("varied.png") });
        QVERIFY2(vary.status == 0, vary.err.constData());
        const auto read = [this](const char* name) {
            QFile file(m_folder.filePath(QString::fromLatin1(name)));
            return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
        };
        QVERIFY(read("drawn_by_karlo.png").startsWith("\x89PNG"));
        QVERIFY(!read("varied.png").isEmpty() && read("varied.png") != read("drawn_by_karlo.png"));

        // diffusers' folder draws, but has no tower for pictures.
        const auto folder = model({ QStringLiteral("import"), data("diffusers"), QStringLiteral("-o"),
                                    QStringLiteral("folder.safetensors") });
        QVERIFY2(folder.status == 0, folder.err.constData());
        const auto blind = dream({ QStringLiteral("vary"), QStringLiteral("drawn_by_karlo.png"),
                                   QStringLiteral("--model"), QStringLiteral("./folder.safetensors"),
                                   QStringLiteral("-o"), QStringLiteral("never.png") });
        QVERIFY(blind.status != 0);
        QVERIFY2(blind.err.contains("has no image tower"), blind.err.constData());
    }

    void nothingIsWrittenWhereSomethingIsMissing()
    {
        const auto run = model({ QStringLiteral("import"), data("reference/unets_ema.pth"),
                                 QStringLiteral("--clip"), data("reference/x_clip.pt"), QStringLiteral("-o"),
                                 QStringLiteral("never.safetensors") });
        QCOMPARE(run.status, 2);
        QVERIFY2(run.err.contains("use --part ema"), run.err.constData());
        QVERIFY(!QFile::exists(m_folder.filePath(QStringLiteral("never.safetensors"))));
    }

    void hostileFilesRunNothing()
    {
        for (const char* name : { "hostile/system.pt", "hostile/getattr.pt", "hostile/stream.pt" }) {
            const auto run = model({ QStringLiteral("info"), data(name) });
            QCOMPARE(run.status, 0);
            QVERIFY(run.out.contains("it was not run"));
        }
        QVERIFY(!QFile::exists(m_folder.filePath(QStringLiteral("PWNED"))));
    }
};

QTEST_GUILESS_MAIN(DreamModelTest)
#include "tst_dream_model.moc"
