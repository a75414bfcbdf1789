// SPDX-License-Identifier: MIT
#include "core/api/picture_file.h"
#include "core/base/file.h"

#include <QImage>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <nlohmann/json.hpp>

#include <cmath>
#include <set>

using nlohmann::json;

namespace {

struct Run {
    int status = -1;
    QByteArray out, err;
};

double difference(const QImage& a, const QImage& b)
{
    double sum = 0;
    for (int y = 0; y < a.height(); ++y)
        for (int x = 0; x < a.width(); ++x)
            sum += std::abs(qRed(a.pixel(x, y)) - qRed(b.pixel(x, y)))
                + std::abs(qGreen(a.pixel(x, y)) - qGreen(b.pixel(x, y)))
                + std::abs(qBlue(a.pixel(x, y)) - qBlue(b.pixel(x, y)));
    return sum / (3.0 * a.width() * a.height());
}

} // namespace

/// Pictures from pictures on the command line, with the model that ships.
class DreamEditTest : public QObject
{
    Q_OBJECT

private:
    QTemporaryDir m_folder;
    const QString m_model = QStringLiteral(REVERIE_TEST_DATA "/../../resources/models/emoji.safetensors");
    QString m_heart, m_cat;

    Run dream(const QStringList& arguments, const QByteArray& input = {})
    {
        QProcess process;
        process.setWorkingDirectory(m_folder.path());
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("XDG_DATA_HOME"), m_folder.path());
        environment.insert(QStringLiteral("HOME"), m_folder.path());
        process.setProcessEnvironment(environment);
        process.start(QStringLiteral(DREAM_PROGRAM), arguments);
        process.write(input);
        process.closeWriteChannel();
        process.waitForFinished(120'000);
        return { process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1,
                 process.readAllStandardOutput(), process.readAllStandardError() };
    }

    /// The command with the bundled model and few steps; the file it wrote.
    QString drawn(QStringList arguments)
    {
        arguments << quick();
        const Run run = dream(arguments);
        if (run.status != 0)
            qWarning("%s", run.err.constData());
        return m_folder.filePath(QString::fromUtf8(run.out).section(QLatin1Char('\n'), 0, 0));
    }

    [[nodiscard]] QStringList quick() const
    {
        return { QStringLiteral("--model"),       m_model,
                 QStringLiteral("--seed"),        QStringLiteral("3"),
                 QStringLiteral("--steps"),       QStringLiteral("8,4"),
                 QStringLiteral("--prior-steps"), QStringLiteral("8"),
                 QStringLiteral("--no-gallery") };
    }

    [[nodiscard]] static reverie::PictureMaking makingOf(const QString& path)
    {
        return reverie::read_making(path.toStdString());
    }

private Q_SLOTS:
    void initTestCase()
    {
        if (!QFile::exists(m_model))
            QSKIP("resources/models/emoji.safetensors is not there.");
        m_heart = drawn({ QStringLiteral("generate"), QStringLiteral("red heart") });
        m_cat = drawn({ QStringLiteral("generate"), QStringLiteral("cat face") });
        QVERIFY(QFile::exists(m_heart) && QFile::exists(m_cat));
    }

    void aListOfNumbersDrawsWithEach()
    {
        const Run run
            = dream({ QStringLiteral("generate"), QStringLiteral("red heart"), QStringLiteral("--model"),
                      m_model, QStringLiteral("--seed"), QStringLiteral("1, 2"), QStringLiteral("--guidance"),
                      QStringLiteral("1,1.5,..,2"), QStringLiteral("--steps"), QStringLiteral("2, 4, .., 4"),
                      QStringLiteral("--prior-steps"), QStringLiteral("4"), QStringLiteral("-o"),
                      QStringLiteral("lists"), QStringLiteral("--no-gallery") });
        QVERIFY2(run.status == 0, run.err);
        std::set<std::tuple<double, std::uint64_t, int>> drawn;
        for (const QByteArray& line : run.out.trimmed().split('\n')) {
            const auto making = makingOf(m_folder.filePath(QString::fromUtf8(line)));
            drawn.insert({ making.settings.cond_scale, making.seed, making.settings.steps[1] });
        }
        QCOMPARE(drawn.size(), 12U);
        QVERIFY(drawn.contains({ 1.5, 2, 4 }));
    }

    void aGridIsDrawnWithItsPicturesBesideIt()
    {
        QStringList arguments{ QStringLiteral("generate"),
                               QStringLiteral("--x"),
                               QStringLiteral("eta=0, 1"),
                               QStringLiteral("--y"),
                               QStringLiteral("prompt = red heart | (cat:1.2) face"),
                               QStringLiteral("--sampler"),
                               QStringLiteral("ddim"),
                               QStringLiteral("-o"),
                               QStringLiteral("sheet.png") };
        arguments << quick();
        const Run run = dream(arguments);
        QVERIFY2(run.status == 0, run.err);
        QVERIFY(run.out.endsWith("\nsheet.png\n") && run.out.count('\n') == 5);
        const QString grid = m_folder.filePath(QStringLiteral("sheet.png"));
        QCOMPARE(makingOf(grid).axes.at(1), (reverie::Axis{ "prompt", { "red heart", "(cat:1.2) face" } }));
        const QImage sheet(grid);
        for (const QByteArray& line : run.out.trimmed().split('\n').mid(0, 4)) {
            QVERIFY(line.startsWith("sheet/"));
            const QString cell = m_folder.filePath(QString::fromUtf8(line));
            const int column = makingOf(cell).settings.eta == 1, row = makingOf(cell).prompt != "red heart";
            const QPoint corner(sheet.width() - 16 - (2 - column) * 136 + 8,
                                sheet.height() - 16 - (2 - row) * 136 + 8);
            QCOMPARE(sheet.copy(QRect(corner, QSize(128, 128))),
                     QImage(cell).scaled(128, 128).convertToFormat(sheet.format()));
        }
    }

    void wrongListsAndGridsAreAnsweredInOneSentence_data()
    {
        QTest::addColumn<QStringList>("flags");
        for (const char* flags :
             { "--x|colour=1", "--x|guidance", "--y|seed=1,2", "--guidance|1,2,..", "--eta|0,2",
               "--steps|2,4,..", "--x|seed=1,2|--y|seed=3", "--x|seed=1|-n|2", "--x|seed=1,2|--guidance|1,2",
               "--prior-steps|0,1", "--x|weight-99999999999=1,2", "--x|stage-99999999999-steps=5" })
            QTest::newRow(flags) << QString::fromLatin1(flags).split(QLatin1Char('|'));
    }

    void wrongListsAndGridsAreAnsweredInOneSentence()
    {
        QFETCH(QStringList, flags);
        const Run run = dream(
            QStringList{ QStringLiteral("generate"), QStringLiteral("x"), QStringLiteral("--model"), m_model }
            + flags);
        QVERIFY2(run.status == 2 && run.err.startsWith("dream: ") && run.err.count('\n') == 1, run.err);
    }

    void whatCanNotBeDrawnIsSaidBeforehand_data()
    {
        QTest::addColumn<QString>("words");
        const auto row = [](const char* arguments, const char* words) {
            QTest::newRow(arguments) << QString::fromLatin1(words);
        };
        row("interpolate;a;b;-n;2", "A strip takes one number each");
        row("interpolate;a;b;--x;seed=1,2", "A strip takes one number each");
        row("interpolate;a;b;--guidance;1,2", "A strip takes one number each");
        row("interpolate;a;b;--pictures;1000000000", "at most 10,000 pictures");
        row("generate;x;--start;red-heart.png;--x;strength=0,.5,1", "above 0");
        row("generate;--from;red-heart.png;--x;prompt = a|b;-n;2", "A cell of a grid holds one picture");
        row("generate;x;--x;seed=1,2;-o;sheet.jpg", "written as PNG");
        row("outpaint;red-heart.png;x;--size;20000x20000", "takes 389376 windows of 64 pixels");
    }

    void whatCanNotBeDrawnIsSaidBeforehand()
    {
        QFETCH(QString, words);
        const QStringList arguments = QString::fromLatin1(QTest::currentDataTag()).split(QLatin1Char(';'));
        const Run run = dream(arguments + QStringList{ QStringLiteral("--model"), m_model });
        QVERIFY2(run.status == 2 && run.err.contains(words.toUtf8()) && run.err.count('\n') == 1, run.err);
    }

    void aGridIsPrintedThoughNoLibraryTakesIt()
    {
        const QString file = m_folder.filePath(QStringLiteral("Pictures")); // which hold the library
        QFile inTheWay(file);
        QVERIFY(inTheWay.open(QFile::WriteOnly));
        inTheWay.close();
        const Run run
            = dream({ QStringLiteral("generate"), QStringLiteral("red heart"), QStringLiteral("--x"),
                      QStringLiteral("seed=1"), QStringLiteral("--steps"), QStringLiteral("2"),
                      QStringLiteral("--prior-steps"), QStringLiteral("2"), QStringLiteral("-o"),
                      QStringLiteral("lone.PNG"), QStringLiteral("--model"), m_model });
        QFile::remove(file);
        QVERIFY2(run.status == 0 && run.err.contains(file.toUtf8()), run.err);
        QVERIFY2(run.out.endsWith("\nlone.PNG\n"), run.out);
    }

    void aVariationComesFromThePictureAndIsDrawnAgainFromItsRecord()
    {
        const QString path = drawn({ QStringLiteral("vary"), m_heart });
        const auto making = makingOf(path);
        QCOMPARE(making.kind, std::string("variation"));
        QCOMPARE(making.prompt, std::string("red heart"));
        QCOMPARE(making.parents.at(0).file, std::string("red-heart.png"));
        const QImage variation(path), heart(m_heart), cat(m_cat);
        QVERIFY(difference(variation, heart) < difference(variation, cat));
        const Run again = dream({ QStringLiteral("generate"), QStringLiteral("--from"), path,
                                  QStringLiteral("--model"), m_model, QStringLiteral("--no-gallery") });
        QCOMPARE(again.status, 0);
        QCOMPARE(QImage(m_folder.filePath(QString::fromUtf8(again.out).trimmed())), variation);
    }

    void aPictureWhoseParentIsGoneSaysSo()
    {
        QVERIFY(QFile::copy(m_heart, m_folder.filePath(QStringLiteral("gone.png"))));
        const QString path = drawn({ QStringLiteral("vary"), QStringLiteral("gone.png") });
        QFile::remove(m_folder.filePath(QStringLiteral("gone.png")));
        const Run run = dream({ QStringLiteral("generate"), QStringLiteral("--from"), path });
        QCOMPARE(run.status, 1);
        QVERIFY2(run.err.contains("gone.png"), run.err);
    }

    void aBlendOfAllOfOneIsThatOne()
    {
        const QString path = drawn({ QStringLiteral("blend"), m_cat, QStringLiteral("red heart"),
                                     QStringLiteral("--weights"), QStringLiteral("0,1") });
        QVERIFY(difference(QImage(path), QImage(m_heart)) < 2);
        const auto recipe = makingOf(path).recipe;
        QCOMPARE(recipe.blend.size(), 2U);
        QCOMPARE(recipe.blend[1].text, std::string("red heart"));
        QCOMPARE(dream({ QStringLiteral("blend"), m_cat, m_heart, QStringLiteral("--weights"),
                         QStringLiteral("1") })
                     .status,
                 2);
    }

    void aTextDifferenceOfNoStrengthIsTheVariation()
    {
        const QStringList phrases{ QStringLiteral("red heart"), QStringLiteral("blue heart") };
        const QImage still(drawn({ QStringLiteral("vary"), m_heart }));
        const QImage same(drawn(QStringList{ QStringLiteral("textdiff"), m_heart } + phrases
                                + QStringList{ QStringLiteral("--strength"), QStringLiteral("0") }));
        const QImage moved(drawn(QStringList{ QStringLiteral("textdiff"), m_heart } + phrases
                                 + QStringList{ QStringLiteral("--strength"), QStringLiteral("0.5") }));
        QVERIFY(difference(same, still) < 1);
        QVERIFY(difference(moved, still) > 5);
    }

    void inpaintingTouchesOnlyWhatIsWhite()
    {
        QImage mask(64, 64, QImage::Format_RGB888);
        mask.fill(Qt::black);
        for (int y = 0; y < 64; ++y)
            for (int x = 32; x < 64; ++x)
                mask.setPixel(x, y, qRgb(255, 255, 255));
        const QString file = m_folder.filePath(QStringLiteral("mask.png"));
        QVERIFY(mask.save(file));
        const QString path
            = drawn({ QStringLiteral("inpaint"), m_heart, QStringLiteral("--mask"), file,
                      QStringLiteral("cat face"), QStringLiteral("--resample"), QStringLiteral("1") });
        const QImage drawnAnew(path), heart(m_heart);
        const QRect left(0, 0, 32, 64), right(32, 0, 32, 64);
        QCOMPARE(difference(drawnAnew.copy(left), heart.copy(left)), 0.);
        QVERIFY(difference(drawnAnew.copy(right), heart.copy(right)) > 5);
        QCOMPARE(makingOf(path).recipe.inpaint->mask.sha256.size(), 64U);
    }

    void inpaintingLeavesALargerPictureItsSize()
    {
        QImage picture(240, 150, QImage::Format_RGB888), mask = picture;
        mask.fill(Qt::black);
        for (int y = 0; y < 150; ++y)
            for (int x = 0; x < 240; ++x) {
                picture.setPixel(x, y, qRgb(x, y, (x * y) % 256));
                if (x >= 10 && x < 70 && y >= 40 && y < 100)
                    mask.setPixel(x, y, qRgb(255, 255, 255));
            }
        const QString file = m_folder.filePath(QStringLiteral("wide.png")),
                      maskFile = m_folder.filePath(QStringLiteral("wide-mask.png"));
        QVERIFY(picture.save(file) && mask.save(maskFile));
        const QImage after(
            drawn({ QStringLiteral("inpaint"), file, QStringLiteral("--mask"), maskFile,
                    QStringLiteral("red heart"), QStringLiteral("--resample"), QStringLiteral("1") }));
        QCOMPARE(after.size(), picture.size());
        int changed = 0;
        for (int y = 0; y < 150; ++y)
            for (int x = 0; x < 240; ++x) {
                const bool same = after.pixel(x, y) == picture.pixel(x, y);
                changed += !same;
                QVERIFY(same || mask.pixel(x, y) == qRgb(255, 255, 255));
            }
        QVERIFY(changed > 60 * 60 / 2);
        mask.fill(Qt::white);
        QVERIFY(mask.save(maskFile));
        const Run run = dream({ QStringLiteral("inpaint"), file, QStringLiteral("--mask"), maskFile,
                                QStringLiteral("red heart"), QStringLiteral("--model"), m_model });
        QVERIFY2(run.status == 2 && run.err.contains("240 pixels") && run.err.count('\n') == 1, run.err);
    }

    void outpaintingKeepsThePictureInItsFrame()
    {
        const QImage frame(
            drawn({ QStringLiteral("outpaint"), m_heart, QStringLiteral("red heart"),
                    QStringLiteral("--size"), QStringLiteral("96x64"), QStringLiteral("--at"),
                    QStringLiteral("32,0"), QStringLiteral("--resample"), QStringLiteral("1") }));
        QCOMPARE(frame.size(), QSize(96, 64));
        QCOMPARE(difference(frame.copy(32, 0, 64, 64), QImage(m_heart)), 0.);
    }

    void aStartStaysNearerToThePictureTheWeakerItIs()
    {
        const auto started = [&](const QString& strength) {
            return QImage(
                drawn({ QStringLiteral("generate"), QStringLiteral("cat face"), QStringLiteral("--start"),
                        m_heart, QStringLiteral("--strength"), strength }));
        };
        const QImage heart(m_heart);
        const QImage whole = started(QStringLiteral("1"));
        QVERIFY(difference(started(QStringLiteral("0.15")), heart) < difference(whole, heart));
        QCOMPARE(whole, QImage(m_cat)); // nothing of the picture is left
    }

    void aStripLeadsFromOneToTheOther()
    {
        const Run run = dream(QStringList{ QStringLiteral("interpolate"), QStringLiteral("red heart"), m_cat,
                                           QStringLiteral("--pictures"), QStringLiteral("3"),
                                           QStringLiteral("-o"), QStringLiteral("strip.webp") }
                              + quick());
        QVERIFY2(run.status == 0, run.err);
        const QStringList paths = QString::fromUtf8(run.out).split(QLatin1Char('\n'), Qt::SkipEmptyParts);
        QCOMPARE(paths.size(), 4);
        QCOMPARE(paths.last(), QStringLiteral("strip.webp"));
        for (int i = 0; i < 3; ++i) {
            const auto making = makingOf(m_folder.filePath(paths[i]));
            QCOMPARE(making.seed, std::uint64_t(3));
            QCOMPARE(making.recipe.blend[1].weight, i / 2.);
            QVERIFY(making.recipe.blend[1].picture.has_value());
        }
        QVERIFY(difference(QImage(m_folder.filePath(paths[0])), QImage(m_heart)) < 2); // the prompt alone
        QFile file(m_folder.filePath(QStringLiteral("strip.webp")));
        QVERIFY(file.open(QFile::ReadOnly));
        const QByteArray bytes = file.readAll();
        QCOMPARE(bytes.count("ANMF"), 3); // its frames
        QCOMPARE(dream({ QStringLiteral("interpolate"), QStringLiteral("red heart"),
                         QStringLiteral("cat face"), QStringLiteral("--pictures"), QStringLiteral("1") })
                     .status,
                 2);
    }

    void aNegativePromptWorksThroughGuidance()
    {
        const auto with = [&](const QStringList& more) {
            return QImage(
                drawn(QStringList{ QStringLiteral("generate"), QStringLiteral("cat face") } + more));
        };
        const QStringList guided{ QStringLiteral("--cond-scale"), QStringLiteral("2") };
        const QStringList negative{ QStringLiteral("--negative"), QStringLiteral("red heart") };
        const QStringList plain{ QStringLiteral("--cond-scale"), QStringLiteral("1") };
        QVERIFY(difference(with(plain + negative), with(plain)) < 1);
        QVERIFY(difference(with(guided + negative), with(guided)) > 2);
    }

    void templatesMakeAPictureEach()
    {
        const Run run = dream(QStringList{ QStringLiteral("generate"), QStringLiteral("--expand"),
                                           QStringLiteral("{red|blue} heart # two") }
                              + quick());
        QCOMPARE(run.status, 0);
        QCOMPARE(run.out.trimmed().split('\n').size(), 2);
        QVERIFY(QFile::exists(m_folder.filePath(QStringLiteral("blue-heart.png"))));
    }

    void theModelStaysWarmBetweenLines()
    {
        const Run run = dream(QStringList{ QStringLiteral("generate"), QStringLiteral("--interactive"),
                                           QStringLiteral("--json") }
                                  + quick(),
                              "red heart\n\n{not expanded}\nrainbow\n");
        QCOMPARE(run.status, 0);
        std::vector<std::string> prompts;
        std::vector<std::uint64_t> seeds;
        for (const QByteArray& line : run.out.trimmed().split('\n')) {
            const auto object = json::parse(line.toStdString());
            if (object["type"] == "picture") {
                prompts.push_back(object["prompt"]);
                seeds.push_back(object["seed"]);
            }
        }
        QCOMPARE(prompts, (std::vector<std::string>{ "red heart", "{not expanded}", "rainbow" }));
        QCOMPARE(seeds, (std::vector<std::uint64_t>{ 3, 4, 5 }));
    }

    void halfPrecisionIsDrawnAndRecorded()
    {
        const QString path
            = drawn({ QStringLiteral("generate"), QStringLiteral("red heart"), QStringLiteral("--dtype"),
                      QStringLiteral("bf16"), QStringLiteral("--device"), QStringLiteral("cpu") });
        QCOMPARE(makingOf(path).settings.dtype, std::string("bf16"));
        QVERIFY(difference(QImage(path), QImage(m_heart)) < 12);
        QCOMPARE(
            dream(QStringList{ QStringLiteral("generate"), QStringLiteral("x"), QStringLiteral("--dtype"),
                               QStringLiteral("f16"), QStringLiteral("--device"), QStringLiteral("cpu") }
                  + quick())
                .status,
            2);
    }
};

QTEST_GUILESS_MAIN(DreamEditTest)
#include "tst_dream_edit.moc"
