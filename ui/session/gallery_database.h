// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/gallery_entry.h"
#include "ui/session/gallery_query.h"

#include <QHash>
#include <QSqlDatabase>

#include <functional>

namespace reverie::ui {

/// What one line of the journal changes about a picture.
struct PictureMark {
    std::optional<int> rating;
    std::optional<bool> starred;
    std::optional<QStringList> tags, boards;
};

/// What there is to filter by.
struct GalleryFacets {
    QStringList models, tags, boards, kinds, tools;
    QList<int> sizes;
    int pictures = 0;
};

/// The gallery's index: SQLite with full-text search, used from the thread it was made on. Everything in it
/// can be made again from the picture files and the journal. Functions throw Error; one about a damaged file
/// is a DamagedDatabase.
class GalleryDatabase
{
public:
    struct Known {
        qint64 bytes = 0, time = 0;
        bool present = false;
    };

    explicit GalleryDatabase(const QString& path);
    ~GalleryDatabase();
    GalleryDatabase(const GalleryDatabase&) = delete;
    GalleryDatabase& operator=(const GalleryDatabase&) = delete;

    /// Throws DamagedDatabase if a page of it is, or an index and its table differ.
    void check();

    /// Everything `work` does happens, or nothing.
    void transaction(const std::function<void()>& work);

    [[nodiscard]] QString meta(const QString& key);
    void setMeta(const QString& key, const QString& value);

    struct Stamped {
        qint64 id = 0;
        quint64 stamp = 0; ///< see stampOf()
    };
    [[nodiscard]] QList<qint64> find(const GalleryQuery& query);
    [[nodiscard]] QList<Stamped> findStamped(const GalleryQuery& query);
    /// In the order of `ids`; those that are gone are left out.
    [[nodiscard]] QList<GalleryEntry> entries(const QList<qint64>& ids);
    [[nodiscard]] GalleryFacets facets();
    [[nodiscard]] QHash<QString, Known> known();
    /// 0 if there is none.
    [[nodiscard]] qint64 idOf(const QString& path);
    /// The pictures whose file has this name.
    [[nodiscard]] QList<qint64> named(const QString& name);
    /// The pictures that were made from a file of this name.
    [[nodiscard]] QList<qint64> madeFrom(const QString& name);

    /// Adds a picture or replaces what its file says; marks stay.
    void put(const GalleryEntry& entry);
    void mark(const QString& path, const PictureMark& mark);
    /// The file is gone; its marks stay in case it comes back.
    void setAbsent(const QString& path);
    void remove(const QString& path); ///< with its marks
    void addBoard(const QString& board);
    void removeBoard(const QString& board);
    [[nodiscard]] QStringList folders();
    void addFolder(const QString& folder);

private:
    class Statement;
    void open(const QString& path);
    void migrate();
    void stampAll();
    [[nodiscard]] QList<qint64> idsByName(const QString& sql, const QString& name);
    void run(const QString& sql);
    qint64 rowFor(const QString& path);
    void setList(const QString& table, const QString& column, qint64 id, const QStringList& values);
    void indexText(qint64 id);
    QStringList column(const QString& sql);
    QString joined(const QString& sql, qint64 id);

    QString m_name; ///< of the connection
    QSqlDatabase m_database;
};

} // namespace reverie::ui
