// SPDX-License-Identifier: MIT
#include "ui/session/queue_database.h"

#include "core/api/request_json.h"
#include "core/base/error.h"
#include "ui/session/drawing.h"

#include <QBuffer>
#include <QDir>
#include <QFileInfo>
#include <QSqlError>
#include <QSqlQuery>
#include <QUuid>
#include <QVariant>

namespace reverie::ui {

namespace {

constexpr int schema_version = 2;

const char* const schema[]
    = { "CREATE TABLE entries(id INTEGER PRIMARY KEY, place REAL NOT NULL, request TEXT NOT NULL,"
        " device TEXT, model TEXT, saved TEXT, attempts INTEGER NOT NULL DEFAULT 0, problem TEXT,"
        " grid TEXT, cells TEXT)",
        "CREATE TABLE pictures(entry INTEGER NOT NULL REFERENCES entries(id) ON DELETE CASCADE,"
        " number INTEGER NOT NULL, png BLOB NOT NULL, PRIMARY KEY(entry, number)) WITHOUT ROWID" };

/// What made a queue of version 1 one of version 2.
const char* const grids[]
    = { "ALTER TABLE entries ADD COLUMN grid TEXT", "ALTER TABLE entries ADD COLUMN cells TEXT" };

[[noreturn]] void fail(const QSqlError& error)
{
    throw Error("The queue can't be kept on the disk (" + error.databaseText().toStdString()
                + "); it lasts until the window is closed.");
}

QByteArray toPng(const Image& image)
{
    QByteArray bytes;
    QBuffer buffer(&bytes);
    toQImage(image).save(&buffer, "PNG");
    return bytes;
}

Image fromPng(const QByteArray& bytes)
{
    const QImage picture = QImage::fromData(bytes).convertToFormat(QImage::Format_RGB888);
    Image image{ picture.width(), picture.height(), {} };
    for (int y = 0; y < picture.height(); ++y)
        image.rgb.insert(image.rgb.end(), picture.constScanLine(y),
                         picture.constScanLine(y) + static_cast<ptrdiff_t>(picture.width()) * 3);
    return image;
}

template <class Numbers>
QString toText(const Numbers& numbers)
{
    QStringList texts;
    for (const int number : numbers)
        texts << QString::number(number);
    return texts.join(QLatin1Char(' '));
}

std::vector<int> fromText(const QString& text)
{
    std::vector<int> numbers;
    for (const QString& number : text.split(QLatin1Char(' '), Qt::SkipEmptyParts))
        numbers.push_back(number.toInt());
    return numbers;
}

/// A prepared statement that was carried out.
QSqlQuery carriedOut(const QSqlDatabase& database, const QString& sql, const QVariantList& values)
{
    QSqlQuery query(database);
    if (!query.prepare(sql))
        fail(query.lastError());
    for (const QVariant& value : values)
        query.addBindValue(value);
    if (!query.exec())
        fail(query.lastError());
    return query;
}

} // namespace

QueueDatabase::QueueDatabase(const QString& path)
    : m_lock(path + QStringLiteral(".lock"))
    , m_name(QStringLiteral("queue-") + QUuid::createUuid().toString(QUuid::Id128))
{
    QDir().mkpath(QFileInfo(path).absolutePath());
    m_lock.setStaleLockTime(0); // stale only if its process is gone
    if (!m_lock.tryLock())
        throw Error(
            "Another window of Reverie has the queue, so this one's lasts until the window is closed.");
    try {
        open(path);
    } catch (const Error&) {
        m_database = {};
        QSqlDatabase::removeDatabase(m_name);
        throw;
    }
}

QueueDatabase::~QueueDatabase()
{
    m_database.close();
    m_database = {};
    QSqlDatabase::removeDatabase(m_name);
}

void QueueDatabase::open(const QString& path)
{
    m_database = QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), m_name);
    m_database.setDatabaseName(path);
    if (!m_database.open())
        fail(m_database.lastError());
    run(QStringLiteral("PRAGMA journal_mode = WAL"));
    run(QStringLiteral("PRAGMA foreign_keys = ON"));
    QSqlQuery version = carriedOut(m_database, QStringLiteral("PRAGMA user_version"), {});
    const int found = version.next() ? version.value(0).toInt() : 0;
    version.finish();
    if (found > schema_version)
        throw Error("The queue was written by a newer Reverie; this window's lasts until it is closed.");
    if (found == schema_version)
        return;
    m_database.transaction();
    if (found == 0)
        for (const char* statement : schema)
            run(QLatin1String(statement));
    else
        for (const char* statement : grids)
            run(QLatin1String(statement));
    run(QStringLiteral("PRAGMA user_version = %1").arg(schema_version));
    if (!m_database.commit())
        fail(m_database.lastError());
}

void QueueDatabase::run(const QString& sql)
{
    carriedOut(m_database, sql, {});
}

std::vector<QueueEntry> QueueDatabase::entries()
{
    QSqlQuery rows = carriedOut(m_database,
                                QStringLiteral("SELECT id, place, request, device, model, saved, attempts, "
                                               "problem, grid, cells FROM entries ORDER BY place, id"),
                                {});
    std::vector<QueueEntry> entries;
    while (rows.next())
        entries.push_back(entryOf(rows));
    return entries;
}

QueueEntry QueueDatabase::entryOf(const QSqlQuery& row)
{
    QueueEntry entry;
    entry.id = row.value(0).toLongLong();
    entry.place = row.value(1).toDouble();
    entry.device = row.value(3).toString();
    entry.model = row.value(4).toString();
    const auto saved = fromText(row.value(5).toString());
    entry.saved.insert(saved.begin(), saved.end());
    entry.attempts = row.value(6).toInt();
    entry.problem = row.value(7).toString();
    entry.grid = row.value(8).toString();
    entry.cells = fromText(row.value(9).toString());
    try {
        entry.request = request_from_json(row.value(2).toString().toStdString());
        readPictures(entry);
    } catch (const Error& error) {
        entry.problem = QString::fromStdString(error.what());
    }
    return entry;
}

void QueueDatabase::readPictures(QueueEntry& entry)
{
    int number = 0;
    for (SourcePicture* source : sources_of(entry.request.recipe)) {
        QSqlQuery row = carriedOut(m_database,
                                   QStringLiteral("SELECT png FROM pictures WHERE entry = ? AND number = ?"),
                                   { entry.id, number++ });
        if (!row.next())
            throw Error("The picture " + source->file + " of this drawing is gone; ask for it again.");
        source->image = fromPng(row.value(0).toByteArray());
    }
}

void QueueDatabase::wholly(const std::function<void()>& work)
{
    m_database.transaction();
    try {
        work();
    } catch (const Error&) {
        m_database.rollback();
        throw;
    }
    if (!m_database.commit())
        fail(m_database.lastError());
}

void QueueDatabase::add(const std::vector<QueueEntry>& entries)
{
    wholly([&] {
        for (const QueueEntry& entry : entries)
            addOne(entry);
    });
}

void QueueDatabase::addOne(const QueueEntry& entry)
{
    carriedOut(m_database,
               QStringLiteral(
                   "INSERT INTO entries(id, place, request, device, model, saved, attempts, problem, grid, "
                   "cells) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
               { entry.id, entry.place, QString::fromStdString(to_json(entry.request)), entry.device,
                 entry.model, toText(entry.saved), entry.attempts, entry.problem, entry.grid,
                 toText(entry.cells) });
    int number = 0;
    for (const SourcePicture* source : sources_of(entry.request.recipe))
        carriedOut(m_database, QStringLiteral("INSERT INTO pictures(entry, number, png) VALUES(?, ?, ?)"),
                   { entry.id, number++, toPng(source->image) });
}

void QueueDatabase::update(const std::vector<QueueEntry>& entries)
{
    const auto statement
        = QStringLiteral("UPDATE entries SET place = ?, saved = ?, attempts = ?, problem = ? WHERE id = ?");
    wholly([&] {
        for (const QueueEntry& entry : entries)
            carriedOut(m_database, statement,
                       { entry.place, toText(entry.saved), entry.attempts, entry.problem, entry.id });
    });
}

void QueueDatabase::remove(const std::vector<qint64>& ids)
{
    wholly([&] {
        for (const qint64 id : ids)
            carriedOut(m_database, QStringLiteral("DELETE FROM entries WHERE id = ?"), { id });
    });
}

} // namespace reverie::ui
