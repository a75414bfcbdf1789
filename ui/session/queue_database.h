// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/queue_entry.h"

#include <QLockFile>
#include <QSqlDatabase>

#include <functional>

namespace reverie::ui {

/// The queue on the disk: SQLite, used from the thread it was made on. Every call is whole or did not happen,
/// also where the program is killed. Functions throw Error.
class QueueDatabase
{
public:
    /// Throws Error if another window of this program has it, or it is damaged or newer.
    explicit QueueDatabase(const QString& path);
    ~QueueDatabase();
    QueueDatabase(const QueueDatabase&) = delete;
    QueueDatabase& operator=(const QueueDatabase&) = delete;

    /// In their order. An entry that can't be read keeps its place, with a problem.
    [[nodiscard]] std::vector<QueueEntry> entries();
    void add(const std::vector<QueueEntry>& entries);
    /// Everything but their requests, which never change.
    void update(const std::vector<QueueEntry>& entries);
    void remove(const std::vector<qint64>& ids);

private:
    void open(const QString& path);
    void run(const QString& sql);
    void wholly(const std::function<void()>& work);
    void addOne(const QueueEntry& entry);
    QueueEntry entryOf(const class QSqlQuery& row);
    void readPictures(QueueEntry& entry);

    QLockFile m_lock;
    QString m_name; ///< of the connection
    QSqlDatabase m_database;
};

} // namespace reverie::ui
