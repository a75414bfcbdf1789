// SPDX-License-Identifier: MIT
#include "ui/session/gallery_database.h"

#include "ui/session/embedding_index.h"
#include "ui/session/gallery_errors.h"

#include <QDir>
#include <QFileInfo>
#include <QSqlError>
#include <QSqlQuery>
#include <QUuid>
#include <QVariant>

namespace reverie::ui {

namespace {

// Each list of statements leads to the next version.
const std::vector<const char*> schema[] = {
    {
        "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID",
        "CREATE TABLE pictures(id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, present INTEGER NOT NULL "
        "DEFAULT 0,"
        " prompt TEXT NOT NULL DEFAULT '', negative TEXT NOT NULL DEFAULT '', seed INTEGER, model TEXT NOT "
        "NULL "
        "DEFAULT '',"
        " model_hash TEXT NOT NULL DEFAULT '', sampler TEXT NOT NULL DEFAULT '', tool TEXT NOT NULL DEFAULT "
        "'',"
        " kind TEXT NOT NULL DEFAULT '', steps INTEGER NOT NULL DEFAULT 0, width INTEGER NOT NULL DEFAULT 0,"
        " height INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0, time INTEGER NOT NULL DEFAULT "
        "0,"
        " rating INTEGER NOT NULL DEFAULT 0, starred INTEGER NOT NULL DEFAULT 0,"
        " parents TEXT NOT NULL DEFAULT '')",
        "CREATE INDEX pictures_by_time ON pictures(present, time DESC, id DESC)",
        "CREATE INDEX pictures_by_seed ON pictures(seed)",
        "CREATE INDEX pictures_by_model ON pictures(model)",
        "CREATE INDEX pictures_by_rating ON pictures(rating) WHERE rating > 0",
        "CREATE TABLE tags(picture INTEGER NOT NULL REFERENCES pictures(id) ON DELETE CASCADE, tag TEXT NOT "
        "NULL,"
        " PRIMARY KEY(picture, tag)) WITHOUT ROWID",
        "CREATE INDEX tags_by_name ON tags(tag)",
        "CREATE TABLE boards(picture INTEGER NOT NULL REFERENCES pictures(id) ON DELETE CASCADE, board TEXT "
        "NOT "
        "NULL,"
        " PRIMARY KEY(picture, board)) WITHOUT ROWID",
        "CREATE INDEX boards_by_name ON boards(board)",
        "CREATE TABLE board_names(board TEXT PRIMARY KEY) WITHOUT ROWID",
        "CREATE TABLE folders(folder TEXT PRIMARY KEY) WITHOUT ROWID",
        "CREATE VIRTUAL TABLE texts USING fts5(prompt, model, tags, tokenize = 'unicode61 remove_diacritics "
        "2',"
        " prefix = '2 3')",
    },
    {
        "ALTER TABLE pictures ADD COLUMN stamp INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX pictures_made_from ON pictures(parents) WHERE parents <> ''",
    }
};
constexpr int schema_version = static_cast<int>(std::size(schema));
constexpr int version_with_stamps = 2;

[[noreturn]] void fail(const QSqlError& error)
{
    constexpr int corrupt = 11, full = 13, not_a_database = 26; // SQLite's result codes
    const int code = error.nativeErrorCode().toInt() & 0xff; // without what extends them
    const QString text = error.databaseText();
    if (code == corrupt || code == not_a_database)
        throw DamagedDatabase("The gallery's index is damaged (" + text.toStdString() + ").");
    if (code == full)
        throw Error("The gallery's index can't be written (the disk is full); free some space.");
    throw Error("The gallery's index can't be used (" + text.toStdString()
                + "); check the disk and its permissions.");
}

} // namespace

/// A prepared query whose failures are exceptions.
class GalleryDatabase::Statement
{
public:
    Statement(const QSqlDatabase& database, const QString& sql)
        : m_query(database)
    {
        m_query.setForwardOnly(true);
        if (!m_query.prepare(sql))
            fail(m_query.lastError());
    }

    template <class... Values>
    Statement& run(const Values&... values)
    {
        int place = 0;
        (m_query.bindValue(place++, values), ...);
        return execute();
    }

    Statement& run(const QVariantMap& values)
    {
        for (auto it = values.begin(); it != values.end(); ++it)
            m_query.bindValue(it.key(), it.value());
        return execute();
    }

    bool next()
    {
        if (m_query.next())
            return true;
        if (m_query.lastError().isValid())
            fail(m_query.lastError());
        return false;
    }

    [[nodiscard]] QVariant value(int column) const { return m_query.value(column); }
    [[nodiscard]] QString text(int column) const { return m_query.value(column).toString(); }
    [[nodiscard]] qint64 lastId() const { return m_query.lastInsertId().toLongLong(); }

private:
    Statement& execute()
    {
        if (!m_query.exec())
            fail(m_query.lastError());
        return *this;
    }

    QSqlQuery m_query;
};

GalleryDatabase::GalleryDatabase(const QString& path)
    : m_name(QStringLiteral("gallery-") + QUuid::createUuid().toString(QUuid::Id128))
{
    try {
        open(path);
        migrate();
    } catch (const Error&) {
        m_database = {};
        QSqlDatabase::removeDatabase(m_name);
        throw;
    }
}

GalleryDatabase::~GalleryDatabase()
{
    m_database = {};
    QSqlDatabase::removeDatabase(m_name);
}

void GalleryDatabase::open(const QString& path)
{
    if (!QSqlDatabase::isDriverAvailable(QStringLiteral("QSQLITE")))
        throw Error("The gallery needs Qt's SQLite driver; install libqt6sql6-sqlite.");
    if (path != QLatin1String(":memory:"))
        QDir().mkpath(QFileInfo(path).absolutePath());
    m_database = QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), m_name);
    m_database.setDatabaseName(path);
    m_database.setConnectOptions(QStringLiteral("QSQLITE_BUSY_TIMEOUT=10000"));
    if (!m_database.open())
        fail(m_database.lastError());
    for (const char* pragma : { "PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL",
                                "PRAGMA foreign_keys = ON", "PRAGMA cache_size = -16000" })
        run(QLatin1String(pragma));
}

void GalleryDatabase::migrate()
{
    Statement version(m_database, QStringLiteral("PRAGMA user_version"));
    version.run().next();
    const int found = version.value(0).toInt();
    if (found > schema_version)
        throw NewerDatabase("The gallery's index was made by a newer Reverie.");
    if (found == schema_version)
        return;
    transaction([this, found] {
        for (int version = found; version < schema_version; ++version)
            for (const char* sql : schema[version])
                run(QLatin1String(sql));
        if (found < version_with_stamps)
            stampAll();
        run(QStringLiteral("PRAGMA user_version = %1").arg(schema_version));
    });
}

void GalleryDatabase::stampAll()
{
    QList<std::pair<qint64, quint64>> stamps;
    Statement query(m_database, QStringLiteral("SELECT id, path, time, bytes FROM pictures"));
    query.run();
    while (query.next()) {
        GalleryEntry entry;
        entry.path = query.text(1);
        entry.time = query.value(2).toLongLong();
        entry.bytes = query.value(3).toLongLong();
        stamps.append({ query.value(0).toLongLong(), stampOf(entry) });
    }
    Statement update(m_database, QStringLiteral("UPDATE pictures SET stamp = ? WHERE id = ?"));
    for (const auto& [id, stamp] : stamps)
        update.run(static_cast<qint64>(stamp), id);
}

void GalleryDatabase::check()
{
    Statement check(m_database, QStringLiteral("PRAGMA integrity_check(1)"));
    if (check.run().next() && check.text(0) != QLatin1String("ok"))
        throw DamagedDatabase("The gallery's index is damaged (" + check.text(0).simplified().toStdString()
                              + ").");
}

void GalleryDatabase::run(const QString& sql)
{
    QSqlQuery query(m_database);
    if (!query.exec(sql))
        fail(query.lastError());
}

void GalleryDatabase::transaction(const std::function<void()>& work)
{
    run(QStringLiteral("BEGIN IMMEDIATE"));
    try {
        work();
        run(QStringLiteral("COMMIT"));
    } catch (const std::exception&) {
        QSqlQuery(m_database).exec(QStringLiteral("ROLLBACK"));
        throw;
    }
}

QString GalleryDatabase::meta(const QString& key)
{
    Statement query(m_database, QStringLiteral("SELECT value FROM meta WHERE key = ?"));
    return query.run(key).next() ? query.text(0) : QString();
}

void GalleryDatabase::setMeta(const QString& key, const QString& value)
{
    Statement(m_database, QStringLiteral("INSERT OR REPLACE INTO meta VALUES(?, ?)")).run(key, value);
}

QList<qint64> GalleryDatabase::find(const GalleryQuery& query)
{
    QVariantMap values;
    const QString where = query.where(values);
    Statement statement(
        m_database,
        QStringLiteral("SELECT p.id FROM pictures p WHERE %1 ORDER BY %2").arg(where, query.order()));
    statement.run(values);
    QList<qint64> ids;
    while (statement.next())
        ids << statement.value(0).toLongLong();
    return ids;
}

QList<GalleryDatabase::Stamped> GalleryDatabase::findStamped(const GalleryQuery& query)
{
    QVariantMap values;
    const QString where = query.where(values);
    Statement statement(m_database,
                        QStringLiteral("SELECT p.id, p.stamp FROM pictures p WHERE %1 ORDER BY %2")
                            .arg(where, query.order()));
    statement.run(values);
    QList<Stamped> found;
    while (statement.next())
        found.append({ statement.value(0).toLongLong(), statement.value(1).toULongLong() });
    return found;
}

QList<qint64> GalleryDatabase::idsByName(const QString& sql, const QString& name)
{
    Statement query(m_database, sql);
    query.run(QVariantMap{ { QStringLiteral(":name"), name } });
    QList<qint64> ids;
    while (query.next())
        ids << query.value(0).toLongLong();
    return ids;
}

QList<qint64> GalleryDatabase::named(const QString& name)
{
    return idsByName(QStringLiteral("SELECT id FROM pictures WHERE present = 1 AND"
                                    " substr(path, -length(:name) - 1) = '/' || :name ORDER BY time DESC"),
                     name);
}

QList<qint64> GalleryDatabase::madeFrom(const QString& name)
{
    return idsByName(
        QStringLiteral("SELECT id FROM pictures WHERE parents <> '' AND present = 1 AND"
                       " instr(char(10) || parents || char(10), char(10) || :name || char(10)) > 0"
                       " ORDER BY time DESC"),
        name);
}

QString GalleryDatabase::joined(const QString& sql, qint64 id)
{
    Statement query(m_database, sql);
    return query.run(id).next() ? query.text(0) : QString();
}

QList<GalleryEntry> GalleryDatabase::entries(const QList<qint64>& ids)
{
    Statement query(
        m_database,
        QStringLiteral("SELECT path, prompt, negative, seed, model, model_hash, sampler, tool, kind, steps,"
                       " width, height, bytes, time, rating, starred,"
                       " (SELECT group_concat(tag, char(10)) FROM tags WHERE picture = id),"
                       " (SELECT group_concat(board, char(10)) FROM boards WHERE picture = id), parents"
                       " FROM pictures WHERE id = ?"));
    QList<GalleryEntry> entries;
    for (const qint64 id : ids) {
        if (!query.run(id).next())
            continue;
        GalleryEntry entry;
        entry.id = id;
        int at = 0;
        for (QString* text : { &entry.path, &entry.prompt, &entry.negativePrompt })
            *text = query.text(at++);
        if (!query.value(at).isNull())
            entry.seed = static_cast<quint64>(query.value(at).toLongLong());
        ++at;
        for (QString* text : { &entry.model, &entry.modelHash, &entry.sampler, &entry.tool, &entry.kind })
            *text = query.text(at++);
        for (int* number : { &entry.steps, &entry.width, &entry.height })
            *number = query.value(at++).toInt();
        entry.bytes = query.value(at++).toLongLong();
        entry.time = query.value(at++).toLongLong();
        entry.rating = query.value(at++).toInt();
        entry.starred = query.value(at++).toBool();
        for (QStringList* list : { &entry.tags, &entry.boards, &entry.parents })
            *list = query.text(at++).split(QLatin1Char('\n'), Qt::SkipEmptyParts);
        entries << entry;
    }
    return entries;
}

QStringList GalleryDatabase::column(const QString& sql)
{
    Statement query(m_database, sql);
    query.run();
    QStringList values;
    while (query.next())
        values << query.text(0);
    return values;
}

GalleryFacets GalleryDatabase::facets()
{
    const auto distinct = [this](const char* name) {
        return column(
            QStringLiteral("SELECT DISTINCT %1 FROM pictures WHERE present = 1 AND %1 <> '' ORDER BY 1")
                .arg(QLatin1String(name)));
    };
    GalleryFacets facets;
    facets.models = distinct("model");
    facets.kinds = distinct("kind");
    facets.tools = distinct("tool");
    facets.tags = column(QStringLiteral("SELECT DISTINCT tag FROM tags ORDER BY 1"));
    facets.boards = column(QStringLiteral("SELECT board FROM board_names ORDER BY 1"));
    for (const QString& size : column(
             QStringLiteral("SELECT DISTINCT max(width, height) FROM pictures WHERE present = 1 AND width > 0"
                            " ORDER BY 1 LIMIT 50")))
        facets.sizes << size.toInt();
    facets.pictures
        = column(QStringLiteral("SELECT count(*) FROM pictures WHERE present = 1")).value(0).toInt();
    return facets;
}

QHash<QString, GalleryDatabase::Known> GalleryDatabase::known()
{
    Statement query(m_database, QStringLiteral("SELECT path, bytes, time, present FROM pictures"));
    query.run();
    QHash<QString, Known> known;
    while (query.next())
        known.insert(query.text(0),
                     { query.value(1).toLongLong(), query.value(2).toLongLong(), query.value(3).toBool() });
    return known;
}

qint64 GalleryDatabase::idOf(const QString& path)
{
    Statement query(m_database, QStringLiteral("SELECT id FROM pictures WHERE path = ?"));
    return query.run(path).next() ? query.value(0).toLongLong() : 0;
}

qint64 GalleryDatabase::rowFor(const QString& path)
{
    if (const qint64 id = idOf(path))
        return id;
    return Statement(m_database, QStringLiteral("INSERT INTO pictures(path) VALUES(?)")).run(path).lastId();
}

void GalleryDatabase::put(const GalleryEntry& entry)
{
    const qint64 id = rowFor(entry.path);
    const QVariant seed = entry.seed ? QVariant(static_cast<qint64>(*entry.seed)) : QVariant();
    // Null strings would be NULL.
    const auto text = [](const QString& value) { return value.isNull() ? QStringLiteral("") : value; };
    Statement(
        m_database,
        QStringLiteral("UPDATE pictures SET present = 1, prompt = ?, negative = ?, seed = ?, model = ?,"
                       " model_hash = ?, sampler = ?, tool = ?, kind = ?, steps = ?, width = ?, height = ?,"
                       " bytes = ?, time = ?, parents = ?, stamp = ? WHERE id = ?"))
        .run(text(entry.prompt), text(entry.negativePrompt), seed, text(entry.model), text(entry.modelHash),
             text(entry.sampler), text(entry.tool), text(entry.kind), entry.steps, entry.width, entry.height,
             entry.bytes, entry.time, text(entry.parents.join(QLatin1Char('\n'))),
             static_cast<qint64>(stampOf(entry)), id);
    indexText(id);
}

void GalleryDatabase::indexText(qint64 id)
{
    Statement(m_database, QStringLiteral("DELETE FROM texts WHERE rowid = ?")).run(id);
    Statement picture(m_database, QStringLiteral("SELECT prompt, model FROM pictures WHERE id = ?"));
    if (!picture.run(id).next())
        return;
    const QString tags
        = joined(QStringLiteral("SELECT group_concat(tag, char(10)) FROM tags WHERE picture = ?"), id);
    Statement(m_database, QStringLiteral("INSERT INTO texts(rowid, prompt, model, tags) VALUES(?, ?, ?, ?)"))
        .run(id, searchable(picture.text(0)), searchable(picture.text(1)), searchable(tags));
}

void GalleryDatabase::setList(const QString& table, const QString& column, qint64 id,
                              const QStringList& values)
{
    Statement(m_database, QStringLiteral("DELETE FROM %1 WHERE picture = ?").arg(table)).run(id);
    Statement insert(m_database,
                     QStringLiteral("INSERT OR IGNORE INTO %1(picture, %2) VALUES(?, ?)").arg(table, column));
    for (const QString& value : values)
        insert.run(id, value);
}

void GalleryDatabase::mark(const QString& path, const PictureMark& mark)
{
    const qint64 id = rowFor(path);
    if (mark.rating)
        Statement(m_database, QStringLiteral("UPDATE pictures SET rating = ? WHERE id = ?"))
            .run(*mark.rating, id);
    if (mark.starred)
        Statement(m_database, QStringLiteral("UPDATE pictures SET starred = ? WHERE id = ?"))
            .run(int(*mark.starred), id);
    if (mark.tags) {
        setList(QStringLiteral("tags"), QStringLiteral("tag"), id, *mark.tags);
        indexText(id);
    }
    if (mark.boards) {
        setList(QStringLiteral("boards"), QStringLiteral("board"), id, *mark.boards);
        for (const QString& board : *mark.boards)
            addBoard(board);
    }
}

void GalleryDatabase::setAbsent(const QString& path)
{
    Statement(m_database, QStringLiteral("UPDATE pictures SET present = 0 WHERE path = ?")).run(path);
}

void GalleryDatabase::remove(const QString& path)
{
    const qint64 id = idOf(path);
    Statement(m_database, QStringLiteral("DELETE FROM texts WHERE rowid = ?")).run(id);
    Statement(m_database, QStringLiteral("DELETE FROM pictures WHERE id = ?")).run(id);
}

void GalleryDatabase::addBoard(const QString& board)
{
    Statement(m_database, QStringLiteral("INSERT OR IGNORE INTO board_names VALUES(?)")).run(board);
}

void GalleryDatabase::removeBoard(const QString& board)
{
    Statement(m_database, QStringLiteral("DELETE FROM board_names WHERE board = ?")).run(board);
    Statement(m_database, QStringLiteral("DELETE FROM boards WHERE board = ?")).run(board);
}

QStringList GalleryDatabase::folders()
{
    return column(QStringLiteral("SELECT folder FROM folders ORDER BY 1"));
}

void GalleryDatabase::addFolder(const QString& folder)
{
    Statement(m_database, QStringLiteral("INSERT OR IGNORE INTO folders VALUES(?)")).run(folder);
}

} // namespace reverie::ui
