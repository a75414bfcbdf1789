// SPDX-License-Identifier: MIT
#include "core/api/picture_metadata.h"
#include "core/api/picture_texts.h"
#include "core/base/file.h"
#include "tests/base/error_of.h"
#include "tests/ui/gallery_fixture.h"
#include "ui/session/export.h"

#include <QDirIterator>
#include <QProcess>
#include <QTest>

using namespace reverie;
using namespace reverie::ui;

namespace {

const std::string evil = "</script><script>alert(1)</script> \"quoted\" 'x' & \xF0\x9F\x8D\x95 "
                         "\xD9\x85\xD8\xB1\xD8\xAD\xD8\xA8\xD8\xA7";

QByteArray output(const QString& program, const QStringList& arguments)
{
    QProcess process;
    process.start(program, arguments);
    if (!process.waitForStarted())
        qFatal("%s is missing; run packaging/install-packages.sh --tests.", qPrintable(program));
    process.waitForFinished(60000);
    return process.readAllStandardOutput() + process.readAllStandardError();
}

QByteArray bytesOf(const QString& path)
{
    return QByteArray::fromStdString(read_file(toPath(path)));
}

QStringList filesIn(const QString& folder)
{
    return QDir(folder).entryList(QDir::Files | QDir::Dirs | QDir::Hidden | QDir::NoDotAndDotDot, QDir::Name);
}

} // namespace

class ExportTest : public QObject
{
    Q_OBJECT

    GalleryFixture m_fixture;
    QList<GalleryEntry> m_entries;
    QString m_out;

    QString exported(const ExportOptions& options, const QString& name = QStringLiteral("out")) const
    {
        return exportPictures(m_entries, m_out + QLatin1Char('/') + name, options);
    }

private Q_SLOTS:
    void initTestCase()
    {
        const std::string prompts[] = { "slice of pizza", "slice of pizza", evil };
        for (int i = 0; i < 3; ++i)
            m_entries << readEntry(
                m_fixture.draw(QStringLiteral("%1.png").arg(i), prompts[i], i < 2 ? 7 : 9, 32));
    }

    void init()
    {
        m_out
            = m_fixture.path(QStringLiteral("out-%1").arg(QString::fromLatin1(QTest::currentTestFunction())))
            + QString::number(quintptr(QTest::currentDataTag()));
        QDir().mkpath(m_out);
    }

    void everyFormatCarriesItsMaking_data()
    {
        QTest::addColumn<QString>("format");
        for (const char* name : { "png", "jpeg", "webp" })
            QTest::newRow(name) << QString::fromLatin1(name);
    }

    void everyFormatCarriesItsMaking()
    {
        QFETCH(QString, format);
        ExportOptions options;
        options.image = imageFormatFromName(format);
        const QString folder = exported(options);
        const QString file = folder + QLatin1Char('/') + filesIn(folder).value(0);
        const auto metadata = read_metadata(read_file(toPath(file)));
        QVERIFY(metadata.making);
        QVERIFY(to_json(*metadata.making) == to_json(read_making(toPath(m_entries[0].path))));
        const auto strange
            = read_metadata(read_file(toPath(folder + QLatin1Char('/') + filesIn(folder).value(2))));
        QVERIFY(strange.prompt == evil);
        QCOMPARE(readPicture(file).size(), QSize(32, 32));
        const QByteArray read
            = output(QStringLiteral("exiftool"), { QStringLiteral("-a"), QStringLiteral("-G1"), file });
        QVERIFY2(read.contains("slice of pizza"), read.constData());
        QVERIFY2(read.contains("trainedAlgorithmicMedia"), read.constData());
        QVERIFY2(!read.contains("Warning") && !read.contains("Error"), read.constData());
        const QByteArray pillow
            = output(QStringLiteral("/usr/bin/python3"),
                     { QStringLiteral("-c"),
                       QStringLiteral("import sys;from PIL import Image;i=Image.open(sys.argv[1]);i.load();"
                                      "e=i.getexif().get_ifd(0x8769).get(0x9286,b'');"
                                      "print(i.size, i.info.get('parameters') or e[8:].decode('utf-16-be'))"),
                       file });
        QVERIFY2(pillow.startsWith("(32, 32)") && pillow.contains("slice of pizza"), pillow.constData());
    }

    void strippingLeavesNothingOfThePrompt_data() { everyFormatCarriesItsMaking_data(); }

    void strippingLeavesNothingOfThePrompt()
    {
        QFETCH(QString, format);
        ExportOptions options;
        options.image = imageFormatFromName(format);
        options.stripMetadata = options.textFiles = options.jsonFiles = options.metadataFile = true;
        for (const ExportKind kind : { ExportKind::Folder, ExportKind::Html }) {
            options.kind = kind;
            const QString folder = exported(options);
            QDirIterator files(folder, QDir::Files, QDirIterator::Subdirectories);
            int pictures = 0;
            while (files.hasNext()) {
                const QByteArray bytes = bytesOf(files.next());
                for (const char* word : { "pizza", "parameters", "Emoji", "Seed", "trained" })
                    QVERIFY2(!bytes.contains(word) || files.fileName() == QLatin1String("index.html"), word);
                QVERIFY(!bytes.contains("pizza") && !bytes.contains("alert(1)"));
                QVERIFY(!files.fileName().contains(QLatin1String("pizza")));
                pictures += picture_format(bytes.toStdString()).has_value();
            }
            QCOMPARE(pictures, 3);
        }
    }

    void aFolderGetsNamesAndSidecars()
    {
        ExportOptions options;
        options.pattern = QStringLiteral("[prompt]/../x-[seed]");
        options.textFiles = options.metadataFile = true;
        const QString folder = exported(options);
        const QStringList files = filesIn(folder);
        QVERIFY(files.contains(QStringLiteral("metadata.jsonl")));
        QCOMPARE(files.filter(QStringLiteral(".png")).size(), 3);
        QCOMPARE(files.filter(QStringLiteral(".txt")).size(), 3);
        QCOMPARE(files.size(), 7);
        QVERIFY(bytesOf(folder + QStringLiteral("/metadata.jsonl")).contains("\"text\":\"slice of pizza\""));
        QCOMPARE(bytesOf(folder + QLatin1Char('/') + QStringLiteral("slice-of-pizza-..-x-7.txt")).trimmed(),
                 QByteArray("slice of pizza"));
        QCOMPARE(exported(options), folder + QStringLiteral("-2"));
    }

    void aZipIsReadByOthers()
    {
        ExportOptions options;
        options.kind = ExportKind::Zip;
        options.jsonFiles = true;
        const QString zip = exported(options);
        QVERIFY(zip.endsWith(QLatin1String("out.zip")));
        const QByteArray tested = output(QStringLiteral("unzip"), { QStringLiteral("-t"), zip });
        QVERIFY2(tested.contains("No errors detected"), tested.constData());
        QVERIFY(tested.contains("00001-7-slice-of-pizza.png"));
    }

    void aPdfKeepsItsTextAsText()
    {
        ExportOptions options;
        options.kind = ExportKind::Pdf;
        const QString pdf = exported(options);
        QVERIFY(bytesOf(pdf).startsWith("%PDF"));
        const QByteArray text
            = output(QStringLiteral("pdftotext"), { pdf, QStringLiteral("-") }).simplified();
        QVERIFY2(text.contains("slice of pizza"), text.constData());
    }

    void aSheetShowsEveryPicture()
    {
        ExportOptions options;
        options.kind = ExportKind::Sheet;
        options.columns = 2;
        const QImage sheet = readPicture(exported(options));
        QCOMPARE(sheet.width(), 16 + 2 * (256 + 16));
        QVERIFY(sheet.height() > 2 * 256);
    }

    void anAnimationHasAllFrames()
    {
        ExportOptions options;
        options.kind = ExportKind::Animation;
        options.quality = 100;
        const QString file = exported(options);
        const QByteArray frames
            = output(QStringLiteral("/usr/bin/python3"),
                     { QStringLiteral("-c"),
                       QStringLiteral("import sys;from PIL import Image;i=Image.open(sys.argv[1]);"
                                      "print(i.n_frames, i.size, i.info.get('loop'))"),
                       file });
        // The first two are the same pixels, which makes one longer frame.
        QVERIFY2(frames.startsWith("2 (32, 32) 0"), frames.constData());
    }

    void aGifHasAllFrames()
    {
        ExportOptions options;
        options.kind = ExportKind::Gif;
        options.frameMilliseconds = 250;
        const QByteArray read
            = output(QStringLiteral("/usr/bin/python3"),
                     { QStringLiteral("-c"),
                       QStringLiteral("import sys;from PIL import Image;i=Image.open(sys.argv[1]);i.seek(2);"
                                      "p=i.convert('RGB').getdata();q=Image.open(sys.argv[2]).convert('RGB')"
                                      ".getdata();print(i.n_frames, i.size, i.info['loop'],"
                                      "i.info['duration'], max(max(abs(a-b) for a,b in zip(x,y))"
                                      " for x,y in zip(p,q)))"),
                       exported(options), m_entries[2].path });
        const QList<QByteArray> words = read.trimmed().split(' ');
        QVERIFY2(read.startsWith("3 (32, 32) 0 250 "), read.constData());
        QVERIFY2(words.last().toInt() <= 40, read.constData()); // of 256 colours
    }

    void aWebPageIsOfOnePieceAndHarmless()
    {
        ExportOptions options;
        options.kind = ExportKind::Html;
        options.title = QStringLiteral("<b>Mine</b>");
        const QString folder = exported(options);
        const QByteArray html = bytesOf(folder + QStringLiteral("/index.html"));
        QVERIFY(!html.contains("http://") && !html.contains("https://"));
        QVERIFY(!html.contains("<b>Mine") && !html.contains("</script><script>alert"));
        QCOMPARE(html.count("</script>"), 2);
        QVERIFY(html.contains("\\u003c/script\\u003e"));
        QVERIFY(QFile::exists(folder + QStringLiteral("/pictures/00003.png")));
        for (const QString& name : filesIn(folder + QStringLiteral("/pictures")))
            QVERIFY(html.contains(("pictures/" + name.toUtf8()).constData()));
    }

    void anExportThatFailsLeavesNothing_data()
    {
        QTest::addColumn<int>("kind");
        for (const char* name : { "folder", "zip", "html", "pdf", "sheet", "animation", "gif" })
            QTest::newRow(name) << int(exportKindFromName(QString::fromLatin1(name)));
    }

    void anExportThatFailsLeavesNothing()
    {
        QFETCH(int, kind);
        ExportOptions options;
        options.kind = ExportKind(kind);
        QList<GalleryEntry> entries = m_entries;
        entries.last().path = QStringLiteral("/nowhere.png");
        const QString error
            = errorOf([&] { exportPictures(entries, m_out + QStringLiteral("/out"), options); });
        QVERIFY2(error.contains(QLatin1String("nowhere.png")), qPrintable(error));
        QCOMPARE(filesIn(m_out), QStringList());
    }

    void aStoppedExportLeavesNothing_data() { anExportThatFailsLeavesNothing_data(); }

    void aStoppedExportLeavesNothing()
    {
        QFETCH(int, kind);
        ExportOptions options;
        options.kind = ExportKind(kind);
        std::stop_source stop;
        const auto progress = [&stop](int done, int) {
            if (done == 1)
                stop.request_stop();
        };
        QCOMPARE(
            exportPictures(m_entries, m_out + QStringLiteral("/out"), options, progress, stop.get_token()),
            QString());
        QCOMPARE(filesIn(m_out), QStringList());
    }

    void scaledPicturesStillSayWhatTheyAre()
    {
        ExportOptions options;
        options.longestSide = 16;
        options.image = ImageFormat::Jpeg;
        const QString folder = exported(options);
        const QString file = folder + QLatin1Char('/') + filesIn(folder).value(0);
        QCOMPARE(readPicture(file).size(), QSize(16, 16));
        QCOMPARE(exportedTexts(m_entries[0], options).size(), std::size_t(3));
    }
};

QTEST_MAIN(ExportTest)
#include "tst_export.moc"
