// SPDX-License-Identifier: MIT
#include "core/api/model_info.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "tests/ui/fake_engine.h"
#include "tests/ui/gallery_fixture.h"

#include <QProcess>
#include <QTest>
#include <nlohmann/json.hpp>

using namespace reverie;
using namespace reverie::ui;
using nlohmann::json;

namespace {

struct Run {
    int status = -1;
    QByteArray out, err;
};

} // namespace

class DreamGalleryTest : public QObject
{
    Q_OBJECT

    GalleryFixture m_home;

    Run dream(const QStringList& arguments) const
    {
        QProcess process;
        auto environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("HOME"), m_home.path(QString()));
        for (const char* name : { "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME" })
            environment.remove(QLatin1String(name));
        process.setProcessEnvironment(environment);
        process.setWorkingDirectory(m_home.path(QString()));
        process.start(QStringLiteral(DREAM_PROGRAM), QStringList{ QStringLiteral("gallery") } + arguments);
        process.waitForFinished(120'000);
        return { process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1,
                 process.readAllStandardOutput(), process.readAllStandardError() };
    }

    QString inLibrary(const char* name) const
    {
        return m_home.path(QStringLiteral("Pictures/Reverie/")) + QLatin1String(name);
    }

private Q_SLOTS:
    void initTestCase()
    {
        GalleryFixture::write(inLibrary("2026-11-25/00001-7-owl.png"), "owl at night", 7);
        GalleryFixture::write(inLibrary("2026-11-25/00002-8-cat.png"), "cat", 8);
        GalleryFixture::write(m_home.path(QStringLiteral("other/fox.png")), "fox", 9);
    }

    void whatLiesInTheLibraryIsListed()
    {
        const auto run = dream({ QStringLiteral("list"), QStringLiteral("ow"), QStringLiteral("seed:7"),
                                 QStringLiteral("--json") });
        QVERIFY2(run.status == 0, run.err.constData());
        const auto picture = json::parse(run.out.toStdString());
        QVERIFY(picture["prompt"] == "owl at night" && picture["seed"] == 7);
        QCOMPARE(dream({ QStringLiteral("list") }).out.count('\n'), 2);
    }

    void aQueryThatMakesNoSenseIsWrongUsage()
    {
        const auto run = dream({ QStringLiteral("list"), QStringLiteral("rating:12") });
        QCOMPARE(run.status, 2);
        QVERIFY2(run.err.startsWith("dream: rating:12 makes no sense") && run.err.count('\n') == 1,
                 run.err.constData());
    }

    void addedFoldersStayAfterARebuild()
    {
        QCOMPARE(dream({ QStringLiteral("add"), QStringLiteral("other") }).status, 0);
        QCOMPARE(dream({ QStringLiteral("list") }).out.count('\n'), 3);
        const auto run = dream({ QStringLiteral("rebuild"), QStringLiteral("--json") });
        QVERIFY2(run.status == 0, run.err.constData());
        QVERIFY(json::parse(run.out.trimmed().split('\n').last().toStdString())["pictures"] == 3);
    }

    void everyFormatIsExported_data()
    {
        QTest::addColumn<QString>("format");
        QTest::addColumn<QString>("written");
        for (const auto& [format, written] : { std::pair{ "folder", "out" },
                                               { "zip", "out.zip" },
                                               { "html", "out/index.html" },
                                               { "pdf", "out.pdf" },
                                               { "sheet", "out.png" },
                                               { "animation", "out.webp" },
                                               { "gif", "out.gif" } })
            QTest::newRow(format) << QString::fromLatin1(
                format) << QString::fromLatin1(format) + QLatin1Char('/') + QString::fromLatin1(written);
    }

    void everyFormatIsExported()
    {
        QFETCH(QString, format);
        QFETCH(QString, written);
        const auto run = dream({ QStringLiteral("export"), QStringLiteral("Pictures"), QStringLiteral("-o"),
                                 format + QStringLiteral("/out"), QStringLiteral("--format"), format });
        QVERIFY2(run.status == 0, run.err.constData());
        QVERIFY(QFile::exists(m_home.path(written)));
        QVERIFY2(run.err.isEmpty(), run.err.constData());
    }

    void picturesAreFoundByWhatTheyShow()
    {
        const char* const shown[]
            = { "slice of pizza", "red apple", "sailboat", "four leaf clover", "snowman" };
        for (int i = 0; i < 5; ++i) {
            const QString file = m_home.path(QStringLiteral("Pictures/Reverie/shown/%1.png").arg(i));
            QDir().mkpath(QFileInfo(file).absolutePath());
            QVERIFY(fakeTarget(shown[i]).save(file));
        }
        for (int i = 0; i < 5; ++i) {
            const auto run
                = dream({ QStringLiteral("search"), QStringLiteral("--meaning"),
                          QString::fromLatin1(shown[i]), QStringLiteral("--limit"), QStringLiteral("1") });
            QVERIFY2(run.status == 0, run.err.constData());
            QVERIFY2(run.out.trimmed().endsWith(QStringLiteral("shown/%1.png").arg(i).toUtf8()),
                     run.out.constData());
        }
        const QString again = m_home.path(QStringLiteral("again.jpg"));
        QVERIFY(fakeTarget("sailboat")
                    .scaled(50, 50, Qt::KeepAspectRatio, Qt::SmoothTransformation)
                    .save(again, "JPEG", 80));
        const auto like = dream({ QStringLiteral("search"), QStringLiteral("--like"), again,
                                  QStringLiteral("--limit"), QStringLiteral("2"), QStringLiteral("--json") });
        QVERIFY2(like.status == 0, like.err.constData());
        const auto lines = like.out.trimmed().split('\n');
        QCOMPARE(lines.size(), 2);
        const auto first = json::parse(lines[0].toStdString()), second = json::parse(lines[1].toStdString());
        QVERIFY(first["path"].get<std::string>().ends_with("shown/2.png"));
        QVERIFY2(first["nearness"] > second["nearness"], like.out.constData());
        std::printf("gallery: a smaller JPEG of a picture lies at %.3f, another picture at %.3f\n",
                    first["nearness"].get<double>(), second["nearness"].get<double>());
        QCOMPARE(dream({ QStringLiteral("search"), QStringLiteral("--like"), QStringLiteral("nowhere.png") })
                     .status,
                 2);
        QCOMPARE(dream({ QStringLiteral("search"), QStringLiteral("--like"), again,
                         QStringLiteral("--meaning"), QStringLiteral("x") })
                     .status,
                 2);
        QDir(m_home.path(QStringLiteral("Pictures/Reverie/shown"))).removeRecursively();
    }

    void nothingToExportIsWrongUsage()
    {
        const auto run = dream({ QStringLiteral("export"), QStringLiteral("nosuchword"), QStringLiteral("-o"),
                                 QStringLiteral("nothing") });
        QCOMPARE(run.status, 2);
        QVERIFY(!QFile::exists(m_home.path(QStringLiteral("nothing"))));
    }
};

QTEST_MAIN(DreamGalleryTest)
#include "tst_dream_gallery.moc"
