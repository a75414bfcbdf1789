// SPDX-License-Identifier: MIT
#include "tests/ui/fake_engine.h"
#include "tests/ui/gallery_fixture.h"
#include "ui/session/export.h"
#include "ui/session/picture_stages.h"

#include "core/api/picture_metadata.h"
#include "core/api/picture_names.h"

#include <QDirIterator>
#include <QElapsedTimer>
#include <QGuiApplication>
#include <QProcess>
#include <QRandomGenerator>
#include <QTest>

#include <cstdio>

using namespace reverie;
using namespace reverie::ui;

namespace {

constexpr int pictures = 30;

/// What the other process has done so far; the parent trusts whole lines only.
void acknowledge(const QString& text)
{
    std::printf("%s\n", qPrintable(text));
    std::fflush(stdout);
}

[[noreturn]] void saveForEver(const GalleryPlaces& places)
{
    Gallery gallery(places);
    Picture drawn;
    drawn.image = toImage(fakeTarget("owl").scaled(256, 256));
    drawn.stages = { toImage(fakeTarget("owl")), drawn.image };
    for (quint64 seed = 1000;; ++seed) {
        const auto making = GalleryFixture::making("an owl", seed, 256);
        const auto file = new_picture_path(toPath(places.library), default_name_pattern, making);
        write_picture(file, drawn.image, making);
        writeStages(file, drawn, making);
        gallery.add(toQString(file));
        acknowledge(toQString(file));
    }
}

[[noreturn]] void importForEver(const GalleryPlaces& places, const QString& folder)
{
    for (;;) {
        Gallery gallery(places);
        gallery.add(folder);
        const QStringList paths = gallery.findChanges();
        for (int i = 0; i < paths.size(); i += 4)
            gallery.index(paths.mid(i, 4));
        gallery.setRating(gallery.find({}), 5);
        acknowledge(QString::number(gallery.facets().pictures));
        gallery.rebuild();
    }
}

[[noreturn]] void exportForEver(const GalleryPlaces& places, const QString& folder)
{
    Gallery gallery(places);
    const auto entries = gallery.entries(gallery.find({}));
    for (int i = 0;; ++i) {
        ExportOptions options;
        options.kind = static_cast<ExportKind>(i % 7);
        acknowledge(exportPictures(entries, folder + QStringLiteral("/%1").arg(i), options));
    }
}

[[noreturn]] void deleteForEver(const GalleryPlaces& places)
{
    Gallery gallery(places);
    for (int i = 0;; ++i) {
        const auto ids = gallery.find(GalleryQuery::parse(QStringLiteral("sort:seed")));
        QList<TrashedPicture> moved;
        gallery.trash({ ids[i % ids.size()], ids[(i + 7) % ids.size()] }, moved);
        acknowledge(moved.value(0).trashed);
        gallery.restore(moved);
        acknowledge(moved.value(0).path);
    }
}

int otherProcess(const QStringList& arguments)
{
    const GalleryPlaces places{ arguments[2], arguments[3] };
    const QString& verb = arguments[1];
    if (verb == QLatin1String("save"))
        saveForEver(places);
    if (verb == QLatin1String("import"))
        importForEver(places, arguments[4]);
    if (verb == QLatin1String("export"))
        exportForEver(places, arguments[4]);
    deleteForEver(places);
}

int output(const QString& program, const QStringList& arguments)
{
    QProcess process;
    process.setStandardOutputFile(QProcess::nullDevice());
    process.start(program, arguments);
    if (!process.waitForStarted())
        qFatal("%s is missing; run packaging/install-packages.sh --tests.", qPrintable(program));
    process.waitForFinished();
    return process.exitCode();
}

QByteArray bytesOf(const QString& path)
{
    QFile file(path);
    return file.open(QFile::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace

/// `kill -9` at random moments. Every acknowledged picture is there, and nothing with a final name is half a
/// file.
class KilledGalleryTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<GalleryFixture> m_fixture;
    int m_moments = 3; ///< of each verb

    /// Runs this program as the other process and kills it up to `longest` ms after its first word.
    QStringList killed(const QString& verb, int longest, const QString& folder = {})
    {
        QProcess process;
        auto environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("HOME"), m_fixture->path(QStringLiteral("home")));
        environment.insert(QStringLiteral("XDG_DATA_HOME"), m_fixture->path(QStringLiteral("home/share")));
        process.setProcessEnvironment(environment);
        process.start(QCoreApplication::applicationFilePath(),
                      { verb, m_fixture->places().library, m_fixture->places().database, folder });
        process.waitForReadyRead(60'000);
        QTest::qSleep(QRandomGenerator::global()->bounded(longest));
        process.kill();
        process.waitForFinished();
        const QByteArray said = process.readAllStandardOutput();
        QStringList lines = QString::fromUtf8(said.left(said.lastIndexOf('\n') + 1)).split(QLatin1Char('\n'));
        lines.removeLast();
        return lines;
    }

    /// The seeds of all pictures below, each of which has to be whole.
    static QList<quint64> wholePictures(const QString& folder)
    {
        QList<quint64> seeds;
        QDirIterator files(folder, { QStringLiteral("*.png") }, QDir::Files, QDirIterator::Subdirectories);
        while (files.hasNext()) {
            const QString path = files.next();
            if (path.contains(QLatin1String(".reverie/")) || path.contains(QLatin1String(".part/")))
                continue;
            const auto metadata = read_metadata(bytesOf(path).toStdString());
            if (readPicture(path).isNull() || !metadata.making)
                return { ~quint64(0) };
            seeds << metadata.making->seed;
        }
        std::sort(seeds.begin(), seeds.end());
        return seeds;
    }

    static bool isWhole(const QString& path, int count)
    {
        if (QFileInfo(path).isDir()) {
            const bool html = QFile::exists(path + QStringLiteral("/index.html"));
            return wholePictures(path).size() == count
                && (!html || bytesOf(path + QStringLiteral("/index.html")).trimmed().endsWith("</html>"));
        }
        if (path.endsWith(QLatin1String(".zip")))
            return output(QStringLiteral("unzip"), { QStringLiteral("-tq"), path }) == 0;
        if (path.endsWith(QLatin1String(".pdf")))
            return output(QStringLiteral("pdftotext"), { path, QStringLiteral("-") }) == 0;
        if (path.endsWith(QLatin1String(".webp")))
            return !decodeAnimation(bytesOf(path)).empty();
        if (path.endsWith(QLatin1String(".gif")))
            return bytesOf(path).endsWith(';') && !readPicture(path).isNull();
        return !readPicture(path).isNull();
    }

    /// The gallery opens without a warning and finds what the files say.
    void opensSoundly(int count)
    {
        const auto gallery = m_fixture->open();
        gallery->check();
        QCOMPARE(gallery->warning(), QString());
        QCOMPARE(gallery->facets().pictures, count);
    }

private Q_SLOTS:
    void initTestCase()
    {
        if (const int moments = qEnvironmentVariableIntValue("REVERIE_MOMENTS"))
            m_moments = moments;
    }

    void init()
    {
        m_fixture = std::make_unique<GalleryFixture>();
        for (int i = 0; i < pictures; ++i)
            m_fixture->draw(QStringLiteral("2026-11-25/%1.png").arg(i), "owl number " + std::to_string(i), i,
                            64);
        m_fixture->open().reset();
    }

    void saving()
    {
        for (int moment = 0; moment < m_moments; ++moment) {
            for (const QString& path : killed(QStringLiteral("save"), 300))
                QVERIFY2(!readPicture(path).isNull(), qPrintable(path));
            const auto whole = wholePictures(m_fixture->places().library);
            QVERIFY(whole.size() > pictures && whole.last() != ~quint64(0));
            opensSoundly(static_cast<int>(whole.size()));
        }
    }

    void importing()
    {
        const QString folder = m_fixture->path(QStringLiteral("elsewhere"));
        for (int i = 0; i < pictures; ++i)
            GalleryFixture::write(folder + QStringLiteral("/%1.png").arg(i), "fox", 100 + i);
        for (int moment = 0; moment < m_moments; ++moment) {
            killed(QStringLiteral("import"), 300, folder);
            opensSoundly(2 * pictures);
            QCOMPARE(wholePictures(folder).size(), pictures);
        }
        Gallery gallery(m_fixture->places());
        QCOMPARE(gallery.find(GalleryQuery::parse(QStringLiteral("rating:5"))).size(), 2 * pictures);
    }

    void exporting()
    {
        for (int moment = 0; moment < m_moments; ++moment) {
            const QString folder = m_fixture->path(QStringLiteral("out %1").arg(moment));
            QDir().mkpath(folder);
            const QStringList done = killed(QStringLiteral("export"), 1200, folder);
            for (const QString& path : done)
                QVERIFY2(QFileInfo::exists(path), qPrintable(path));
            // What has a final name is whole, whether it was acknowledged or not.
            for (const QFileInfo& made :
                 QDir(folder).entryInfoList(QDir::Files | QDir::Dirs | QDir::NoDotAndDotDot))
                QVERIFY2(isWhole(made.filePath(), pictures), qPrintable(made.filePath()));
            QCOMPARE(wholePictures(m_fixture->places().library).size(), pictures);
        }
    }

    void deleting()
    {
        QList<quint64> all;
        for (int i = 0; i < pictures; ++i)
            all << i;
        for (int moment = 0; moment < m_moments; ++moment) {
            killed(QStringLiteral("delete"), 200);
            const auto kept = wholePictures(m_fixture->places().library);
            auto both = kept + wholePictures(m_fixture->path(QStringLiteral("home/share/Trash/files")));
            std::sort(both.begin(), both.end());
            QCOMPARE(both, all); // each is in its place or in the trash
            opensSoundly(static_cast<int>(kept.size()));
            // For the next moment they are where they were.
            const QDir trash(m_fixture->path(QStringLiteral("home/share/Trash/files")));
            for (const QString& name : trash.entryList(QDir::Files))
                QVERIFY(QFile::rename(trash.filePath(name),
                                      m_fixture->picture(QStringLiteral("2026-11-25/") + name)));
            QDir(m_fixture->path(QStringLiteral("home/share/Trash"))).removeRecursively();
        }
    }
};

int main(int argc, char** argv)
{
    QGuiApplication app(argc, argv);
    if (argc > 3)
        return otherProcess(QGuiApplication::arguments());
    KilledGalleryTest test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_killed_gallery.moc"
