// SPDX-License-Identifier: MIT
#include "core/base/file.h"
#include "tests/base/error_of.h"
#include "tests/base/small_files_only.h"
#include "tests/ui/gallery_fixture.h"
#include "ui/session/gallery_store.h"

#include <QProcess>
#include <QSignalSpy>
#include <QSqlQuery>
#include <QTest>

#include <random>

using namespace reverie;
using namespace reverie::ui;

class GalleryTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<GalleryFixture> m_fixture;

    static QStringList prompts(Gallery& gallery, const char* query)
    {
        QStringList found;
        for (const auto& entry : gallery.entries(gallery.find(GalleryQuery::parse(QString::fromUtf8(query)))))
            found << entry.prompt;
        found.sort();
        return found;
    }

    static GalleryEntry only(Gallery& gallery, const char* query)
    {
        const auto entries = gallery.entries(gallery.find(GalleryQuery::parse(QString::fromUtf8(query))));
        return entries.size() == 1 ? entries.first() : GalleryEntry();
    }

    /// Overwrites pages in the middle of the database, which every program has closed.
    void flipBytes() const
    {
        QFile file(m_fixture->places().database);
        QVERIFY(file.open(QFile::ReadWrite));
        for (qint64 at = 4096; at + 64 < file.size(); at += 1024) {
            file.seek(at);
            file.write(QByteArray(64, '\xa5'));
        }
    }

private Q_SLOTS:
    void init() { m_fixture = std::make_unique<GalleryFixture>(); }

    void picturesOfTheLibraryAreFoundByWhatTheySay()
    {
        m_fixture->draw(QStringLiteral("2026-11-25/1.png"), "slice of pizza", 7);
        m_fixture->draw(QStringLiteral("2026-11-25/2.png"), "éclair, pizzeria", 8, 16);
        m_fixture->draw(QStringLiteral("3.png"), "寿司と猫", 9);
        const auto gallery = m_fixture->open();
        QCOMPARE(prompts(*gallery, "").size(), 3);
        QCOMPARE(prompts(*gallery, "pizz"),
                 (QStringList{ QStringLiteral("slice of pizza"), QStringLiteral("éclair, pizzeria") }));
        QCOMPARE(prompts(*gallery, "ECLAIR").size(), 1);
        QCOMPARE(prompts(*gallery, "猫"), QStringList{ QStringLiteral("寿司と猫") });
        QCOMPARE(prompts(*gallery, "seed:9"), QStringList{ QStringLiteral("寿司と猫") });
        QCOMPARE(prompts(*gallery, "size:16"), QStringList{ QStringLiteral("éclair, pizzeria") });
        QCOMPARE(prompts(*gallery, "model:Emoji kind:drawing").size(), 3);
        QCOMPARE(prompts(*gallery, "\"; DROP TABLE pictures; --\" * NEAR OR").size(), 0);
        const auto entry = only(*gallery, "slice");
        QCOMPARE(entry.path, m_fixture->picture(QStringLiteral("2026-11-25/1.png")));
        QCOMPARE(entry.steps, 10);
        QCOMPARE(entry.tool, QStringLiteral("Reverie"));
    }

    void whatMakesNoSenseIsSaid()
    {
        for (const char* query : { "rating:12", "seed:x", "date:yesterday", "sort:up" })
            QVERIFY2(errorOf([query] {
                         GalleryQuery::parse(QString::fromUtf8(query));
                     }).contains(QLatin1String("makes no sense")),
                     query);
        QCOMPARE(GalleryQuery::parse(QStringLiteral("person: dark tag:\"two words\"")).text,
                 QStringLiteral("person: dark"));
        QCOMPARE(GalleryQuery::parse(QStringLiteral("tag:\"two words\"")).tag, QStringLiteral("two words"));
    }

    void ratingsTagsAndBoardsComeBackFromTheFilesAlone()
    {
        m_fixture->draw(QStringLiteral("a.png"), "owl", 1);
        m_fixture->draw(QStringLiteral("b.png"), "cat", 2);
        {
            const auto gallery = m_fixture->open();
            const qint64 owl = only(*gallery, "owl").id;
            gallery->setRating({ owl }, 8);
            gallery->setStarred({ owl }, true);
            gallery->setTag({ owl }, QStringLiteral("night, \"bird\"\n"), true);
            gallery->setTag({ owl }, QStringLiteral("gone"), true);
            gallery->setTag({ owl }, QStringLiteral("gone"), false);
            gallery->setBoard({ owl }, QStringLiteral("Best"), true);
            gallery->addBoard(QStringLiteral("Empty"));
        }
        QVERIFY(QFile::remove(m_fixture->places().database));
        const auto gallery = m_fixture->open();
        const auto owl = only(*gallery, "rating:8 starred:yes board:Best");
        QCOMPARE(owl.prompt, QStringLiteral("owl"));
        QCOMPARE(owl.tags, QStringList{ QStringLiteral("night, \"bird\"") });
        QCOMPARE(gallery->facets().boards, (QStringList{ QStringLiteral("Best"), QStringLiteral("Empty") }));
        QCOMPARE(prompts(*gallery, "night"), QStringList{ QStringLiteral("owl") });
    }

    void aMovedLibraryKeepsWhatWasSaid()
    {
        m_fixture->draw(QStringLiteral("a.png"), "owl", 1);
        {
            const auto gallery = m_fixture->open();
            gallery->setRating({ only(*gallery, "owl").id }, 5);
        }
        auto places = m_fixture->places();
        QVERIFY(QDir().rename(places.library, m_fixture->path(QStringLiteral("moved"))));
        places.library = m_fixture->path(QStringLiteral("moved"));
        Gallery gallery(places);
        gallery.index(gallery.findChanges());
        QCOMPARE(only(gallery, "owl").rating, 5);
        QCOMPARE(gallery.facets().pictures, 1);
    }

    void foldersAndPicturesOfOtherProgramsAreAdded()
    {
        GalleryFixture::write(m_fixture->path(QStringLiteral("elsewhere/x.png")), "fox", 3);
        GalleryFixture::write(m_fixture->path(QStringLiteral("single.png")), "bee", 4);
        write_file(toPath(m_fixture->path(QStringLiteral("elsewhere/no.png"))), "not a picture");
        const auto gallery = m_fixture->open();
        gallery->add(m_fixture->path(QStringLiteral("elsewhere")));
        gallery->add(m_fixture->path(QStringLiteral("single.png")));
        gallery->index(gallery->findChanges());
        QCOMPARE(prompts(*gallery, ""), (QStringList{ QStringLiteral("bee"), QStringLiteral("fox") }));
        QVERIFY(errorOf([&] {
                    gallery->add(m_fixture->path(QStringLiteral("elsewhere/no.png")));
                }).contains(QLatin1String("no PNG")));
        QVERIFY(errorOf([&] {
                    gallery->add(QStringLiteral("/nowhere"));
                }).contains(QLatin1String("does not exist")));
        QFile::remove(m_fixture->path(QStringLiteral("elsewhere/x.png")));
        gallery->index(gallery->findChanges());
        QCOMPARE(prompts(*gallery, ""), QStringList{ QStringLiteral("bee") });
    }

    void whatAnotherProgramRegistersAppears()
    {
        const auto gallery = m_fixture->open();
        const QString file = m_fixture->path(QStringLiteral("drawn.png"));
        GalleryFixture::write(file, "moon", 5);
        LibraryJournal journal(toPath(m_fixture->places().library));
        journal.append("{\"file\": \"" + file.toStdString() + "\", \"added\": true}");
        QVERIFY(gallery->readJournal());
        QCOMPARE(only(*gallery, "moon").path, file);
        QVERIFY(!gallery->readJournal());
    }

    void aJournalCutShortLosesOnlyItsLastLine()
    {
        m_fixture->draw(QStringLiteral("a.png"), "owl", 1);
        LibraryJournal journal(toPath(m_fixture->places().library));
        journal.append("{\"file\": \"a.png\", \"rating\": 3}");
        QFile file(toQString(journal.path()));
        QVERIFY(file.open(QFile::Append));
        file.write("{\"file\": \"a.png\", \"rat");
        file.close();
        const auto gallery = m_fixture->open();
        const auto owl = only(*gallery, "owl");
        QCOMPARE(owl.rating, 3);
        gallery->setRating({ owl.id }, 4);
        QFile::remove(m_fixture->places().database);
        QCOMPARE(only(*m_fixture->open(), "owl").rating, 4);
    }

    void aDamagedIndexIsKeptAsideAndMadeAgain()
    {
        for (int i = 0; i < 40; ++i)
            m_fixture->draw(QStringLiteral("%1.png").arg(i), "owl number " + std::to_string(i), i);
        {
            const auto gallery = m_fixture->open();
            gallery->setRating(gallery->find({}), 6);
        }
        flipBytes();
        GalleryStore store(m_fixture->places());
        QSignalSpy warned(&store, &GalleryStore::warned), indexed(&store, &GalleryStore::indexed);
        store.lookForChanges();
        QTRY_VERIFY_WITH_TIMEOUT(warned.size() == 1, 10000);
        QVERIFY(warned[0][0].toString().contains(QLatin1String("is made again from your pictures")));
        QTRY_VERIFY(!indexed.isEmpty());
        int pictures = -1, rated = -1;
        store.ask(
            this,
            [](Gallery& gallery) {
                return std::pair(gallery.find({}).size(),
                                 gallery.find(GalleryQuery::parse(QStringLiteral("rating:6"))).size());
            },
            [&](const std::pair<qsizetype, qsizetype>& found) {
                pictures = int(found.first);
                rated = int(found.second);
            });
        QTRY_COMPARE(pictures, 40);
        QCOMPARE(rated, 40);
        QCOMPARE(QDir(m_fixture->path(QStringLiteral("data")))
                     .entryList({ QStringLiteral("*.kept-*") }, QDir::Files)
                     .isEmpty(),
                 false);
    }

    void wherePointsLieSurvivesTheIndexAndProgramsShareIt()
    {
        const QString model = QStringLiteral("c11b");
        m_fixture->draw(QStringLiteral("a.png"), "owl", 1);
        m_fixture->draw(QStringLiteral("b.png"), "cat", 2);
        const auto gallery = m_fixture->open();
        const auto other = m_fixture->open();
        const auto entries = gallery->entries(gallery->find({}));
        QCOMPARE(gallery->unplaced(model).size(), 2);
        gallery->place(model, { { stampOf(entries[0]), { 3, 4 } }, { stampOf(entries[1]), {} } });
        QCOMPARE(other->pointOf(model, entries[0]), (Embedding{ 0.6F, 0.8F }));
        QVERIFY(other->pointOf(model, entries[1]).empty()); // it can't be read, and is not asked for again
        QVERIFY(other->unplaced(model).isEmpty());
        QCOMPARE(other->unplaced(QStringLiteral("another")).size(), 2);
        gallery->rebuild();
        QVERIFY(gallery->unplaced(model).isEmpty());
        // A record that a killed program left half-written, and then a damaged beginning.
        const QString file = m_fixture->path(QStringLiteral("data/embeddings/c11b.points"));
        {
            QFile points(file);
            QVERIFY(points.open(QFile::Append));
            points.write("half");
        }
        other->place(model, { { 7, { 1, 0 } } });
        QVERIFY(m_fixture->open()->unplaced(model).isEmpty());
        write_file(toPath(file), "rubbish");
        const auto fresh = m_fixture->open();
        QCOMPARE(fresh->unplaced(model).size(), 2);
        fresh->place(model, { { stampOf(entries[0]), { 0, 2 } } });
        QCOMPARE(m_fixture->open()->pointOf(model, entries[0]), (Embedding{ 0, 1 }));
    }

    void anIndexOfTheFirstVersionIsBroughtUpToDate()
    {
        m_fixture->draw(QStringLiteral("a.png"), "owl", 1);
        QList<GalleryEntry> before;
        {
            const auto gallery = m_fixture->open();
            gallery->setRating(gallery->find({}), 7);
            before = gallery->entries(gallery->find({}));
        }
        {
            auto database = QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), QStringLiteral("first"));
            database.setDatabaseName(m_fixture->places().database);
            QVERIFY(database.open());
            for (const char* sql : { "DROP INDEX pictures_made_from",
                                     "ALTER TABLE pictures DROP COLUMN stamp", "PRAGMA user_version = 1" })
                QVERIFY2(QSqlQuery(database).exec(QLatin1String(sql)), sql);
        }
        QSqlDatabase::removeDatabase(QStringLiteral("first"));
        Gallery gallery(m_fixture->places());
        QCOMPARE(gallery.warning(), QString());
        QCOMPARE(gallery.find(GalleryQuery::parse(QStringLiteral("rating:7"))).size(), 1);
        gallery.place(QStringLiteral("c11b"), { { stampOf(before[0]), { 1, 0 } } });
        QVERIFY(gallery.unplaced(QStringLiteral("c11b")).isEmpty());
    }

    /// Whatever bytes are flipped, and wherever: the pictures stay reachable, and the marks too.
    void flippedBytesLoseNothing()
    {
        for (int i = 0; i < 20; ++i)
            m_fixture->draw(QStringLiteral("%1.png").arg(i), "owl number " + std::to_string(i), i);
        {
            const auto gallery = m_fixture->open();
            gallery->setRating(gallery->find({}), 6);
        }
        const std::string sound = read_file(toPath(m_fixture->places().database));
        std::mt19937 random(11);
        int noticed = 0;
        for (int round = 0; round < 30; ++round) {
            std::string damaged = sound;
            for (int flip = 0; flip < 1 << (round % 8); ++flip)
                damaged[random() % damaged.size()] ^= char(1U << (random() % 8));
            for (const char* part : { "", "-wal", "-shm" })
                QFile::remove(m_fixture->places().database + QLatin1String(part));
            write_file(toPath(m_fixture->places().database), damaged);
            GalleryStore store(m_fixture->places());
            QSignalSpy warned(&store, &GalleryStore::warned), failed(&store, &GalleryStore::failed);
            QSignalSpy indexed(&store, &GalleryStore::indexed);
            store.lookForChanges();
            QTRY_VERIFY_WITH_TIMEOUT(!indexed.isEmpty(), 20'000);
            // Damage may be met later, too; then everything is read again.
            int pictures = -1;
            const auto count = [&] {
                store.ask(
                    this, [](Gallery& gallery) { return gallery.entries(gallery.find({})).size(); },
                    [&pictures](qsizetype found) { pictures = static_cast<int>(found); });
                return pictures;
            };
            QTRY_COMPARE_WITH_TIMEOUT(count(), 20, 20'000);
            QVERIFY2(failed.isEmpty(), qPrintable(failed.value(0).value(0).toString()));
            noticed += warned.isEmpty() ? 0 : 1;
        }
        std::printf("gallery: damage that was noticed: %d of 30 times\n", noticed);
        QVERIFY(noticed > 10);
    }

    void whereNoIndexCanBeWrittenPicturesAreStillFound()
    {
        m_fixture->draw(QStringLiteral("a.png"), "owl", 1);
        m_fixture->open().reset();
        auto places = m_fixture->places();
        write_file(toPath(m_fixture->path(QStringLiteral("file"))), "in the way");
        places.database = m_fixture->path(QStringLiteral("file/gallery.sqlite"));
        Gallery gallery(places);
        QVERIFY2(gallery.warning().contains(QLatin1String("can't be used"))
                     && gallery.warning().endsWith(QLatin1String("made anew at every start.")),
                 qPrintable(gallery.warning()));
        gallery.index(gallery.findChanges());
        QCOMPARE(only(gallery, "owl").seed, std::optional<quint64>(1));
        gallery.setRating(gallery.find({}), 4);
        QCOMPARE(only(*m_fixture->open(), "rating:4").prompt, QStringLiteral("owl"));
    }

    void whereNoMarkCanBeWrittenASentenceSaysSo()
    {
        m_fixture->draw(QStringLiteral("a.png"), "owl", 1);
        const auto gallery = m_fixture->open();
        QVERIFY(QDir().mkpath(m_fixture->picture(QStringLiteral("library.jsonl"))));
        const QString error = errorOf([&] { gallery->setRating(gallery->find({}), 4); });
        QVERIFY2(error.contains(QLatin1String("library.jsonl can't be written"))
                     && error.contains(QLatin1String("ratings and tags need it")),
                 qPrintable(error));
        QCOMPARE(only(*gallery, "owl").rating, 0);
    }

    void aFullDiskCostsNoPicture()
    {
        m_fixture->draw(QStringLiteral("a.png"), "owl", 1);
        const auto gallery = m_fixture->open();
        const GalleryFound before = gallery->search({});
        {
            const SmallFilesOnly full(4096);
            QVERIFY(!errorOf([&] {
                         gallery->place(QStringLiteral("c11b"), { { 7, Embedding(10'000, 1.F) } });
                     }).isEmpty());
            const QString error = errorOf([&] {
                for (int i = 0; i < 200; ++i)
                    gallery->setTag(before.ids, QStringLiteral("a tag of some length %1").arg(i), true);
            });
            QVERIFY2(error.contains(QLatin1String("space"))
                         || error.contains(QLatin1String("check the disk")),
                     qPrintable(error));
        }
        const auto after = m_fixture->open();
        QCOMPARE(after->warning(), QString());
        QCOMPARE(only(*after, "owl").seed, std::optional<quint64>(1));
        gallery->setTag(before.ids, QStringLiteral("room again"), true);
        QVERIFY(only(*m_fixture->open(), "owl").tags.contains(QStringLiteral("room again")));
    }

    void anIndexOfALaterVersionIsKeptAside()
    {
        m_fixture->draw(QStringLiteral("a.png"), "owl", 1);
        m_fixture->open().reset();
        {
            auto database = QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), QStringLiteral("newer"));
            database.setDatabaseName(m_fixture->places().database);
            QVERIFY(database.open());
            QSqlQuery(database).exec(QStringLiteral("PRAGMA user_version = 99"));
        }
        QSqlDatabase::removeDatabase(QStringLiteral("newer"));
        const auto gallery = m_fixture->open();
        QVERIFY(gallery->warning().contains(QLatin1String("newer Reverie")));
        QCOMPARE(only(*gallery, "owl").seed, std::optional<quint64>(1));
    }

    void rubbishInThePlaceOfTheIndexIsKeptAside()
    {
        m_fixture->draw(QStringLiteral("a.png"), "owl", 1);
        QDir().mkpath(m_fixture->path(QStringLiteral("data")));
        write_file(toPath(m_fixture->places().database), std::string(10000, 'x'));
        QCOMPARE(only(*m_fixture->open(), "owl").prompt, QStringLiteral("owl"));
    }

    void aPictureGoesToTheTrashAndComesBackWithWhatWasSaid()
    {
        const QString file = m_fixture->draw(QStringLiteral("a.png"), "owl", 1);
        m_fixture->draw(QStringLiteral("a.png.reverie/stage-1.png"), "owl", 1, 4);
        const QByteArray bytes = QByteArray::fromStdString(read_file(toPath(file)));
        const auto gallery = m_fixture->open();
        QCOMPARE(prompts(*gallery, ""),
                 QStringList{ QStringLiteral("owl") }); // stages are no pictures of their own
        const qint64 id = only(*gallery, "owl").id;
        gallery->setRating({ id }, 9);
        gallery->setTag({ id }, QStringLiteral("bird"), true);
        QList<TrashedPicture> moved;
        gallery->trash({ id }, moved);
        QVERIFY(!QFile::exists(file) && !QFile::exists(file + QStringLiteral(".reverie")));
        QVERIFY(QFile::exists(moved.value(0).trashed));
        QCOMPARE(gallery->facets().pictures, 0);
        gallery->restore(moved);
        QCOMPARE(QByteArray::fromStdString(read_file(toPath(file))), bytes);
        QVERIFY(QFile::exists(file + QStringLiteral(".reverie/stage-1.png")));
        const auto back = only(*gallery, "rating:9");
        QCOMPARE(back.tags, QStringList{ QStringLiteral("bird") });
        QVERIFY(!QFile::exists(moved.value(0).trashed));
    }

    void restoringNeverOverwrites()
    {
        const QString file = m_fixture->draw(QStringLiteral("a.png"), "owl", 1);
        const auto gallery = m_fixture->open();
        QList<TrashedPicture> moved;
        gallery->trash(gallery->find({}), moved);
        write_file(toPath(file), "precious");
        QVERIFY(errorOf([&] { gallery->restore(moved); }).contains(QLatin1String("exists again")));
        QVERIFY(read_file(toPath(file)) == "precious");
        QFile::remove(moved[0].trashed);
    }

    void killingTheProgramLosesNothingThatWasAcknowledged()
    {
        for (int i = 0; i < 20; ++i)
            m_fixture->draw(QStringLiteral("%1.png").arg(i), "owl", i);
        m_fixture->open().reset();
        for (int round = 0; round < 3; ++round) {
            QProcess child;
            child.start(QCoreApplication::applicationFilePath(),
                        { QStringLiteral("rate-for-ever"), m_fixture->places().library,
                          m_fixture->places().database });
            QByteArray said;
            while (said.count('\n') < 20 + round * 7 && child.waitForReadyRead(20000))
                said += child.readAllStandardOutput();
            child.kill();
            child.waitForFinished();
            said += child.readAllStandardOutput();
            const auto lines = said.left(said.lastIndexOf('\n')).split('\n');
            QVERIFY(lines.size() >= 20);
            const int last = lines.last().toInt();
            const auto gallery = m_fixture->open();
            QVERIFY(gallery->warning().isEmpty());
            // What came after the last word may be there too, but only as a whole.
            const auto entry
                = gallery
                      ->entries(
                          { gallery->idOf(m_fixture->picture(QStringLiteral("%1.png").arg(last % 20))) })
                      .value(0);
            QCOMPARE(entry.tags.value(0).toInt() >= last, true);
            QCOMPARE(gallery->facets().pictures, 20);
        }
    }
};

int main(int argc, char** argv)
{
    if (argc == 4 && std::string(argv[1]) == "rate-for-ever") {
        const QCoreApplication app(argc, argv);
        Gallery gallery({ QString::fromUtf8(argv[2]), QString::fromUtf8(argv[3]) });
        const auto ids = gallery.find(GalleryQuery::parse(QStringLiteral("sort:seed")));
        for (int i = 1;; ++i) {
            const qint64 id = ids[i % ids.size()];
            const auto before = gallery.entries({ id }).value(0).tags;
            gallery.setTag({ id }, QStringLiteral("%1").arg(i, 6, 10, QLatin1Char('0')), true);
            for (const QString& tag : before)
                gallery.setTag({ id }, tag, false);
            std::printf("%d\n", i);
            std::fflush(stdout);
        }
    }
    QCoreApplication app(argc, argv);
    GalleryTest test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_gallery.moc"
