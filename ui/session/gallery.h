// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/embedding_index.h"
#include "ui/session/gallery_database.h"

#include "core/api/picture_library.h"

#include <memory>

namespace reverie::ui {

/// Where a gallery keeps what.
struct GalleryPlaces {
    QString library; ///< pictures and library.jsonl
    QString database;
    /// The user's pictures folder, and $XDG_DATA_HOME/reverie/gallery.sqlite.
    static GalleryPlaces standard();
};

/// A picture that lies in the trash, and all that brings it back.
struct TrashedPicture {
    QString path, trashed; ///< where it was, and where it is
    QString stages, trashedStages; ///< the same for `<picture>.reverie`; empty if it had none
    GalleryEntry entry;
};

/// What a query found.
struct GalleryFound {
    QList<qint64> ids;
    std::vector<float> nearness; ///< of each to the query's point, as a cosine; empty without one
    QHash<qint64, int> folded; ///< how many near-duplicates stand behind a picture
};

/// Where a picture comes from and what came from it.
struct Lineage {
    QList<GalleryEntry> parents, children;
};

/// Every picture that was drawn or added, with what the person said about it. Blocking, on one thread;
/// several programs may have it open. What is said is in the journal before anything else, so that killing
/// the program loses nothing: the database only follows. Functions throw Error.
class Gallery
{
public:
    /// An index that is damaged or of a later version is put aside and begun anew, and one that can't be
    /// opened at all is kept in memory; warning() then says so.
    explicit Gallery(GalleryPlaces places);
    ~Gallery();

    [[nodiscard]] const QString& warning() const { return m_warning; }
    [[nodiscard]] const GalleryPlaces& places() const { return m_places; }

    /// Takes over what other programs wrote into the journal. True if there was something.
    bool readJournal();
    /// The pictures of the library, the added folders and the journal that are new or have changed; those
    /// whose file is gone are hidden. Follow it with index().
    [[nodiscard]] QStringList findChanges();
    /// Reads what these files say about themselves.
    void index(const QStringList& paths);
    /// Forgets the database and makes it again from the journal and the files; `progress` gets what is done
    /// of how many.
    void rebuild(const std::function<void(int done, int of)>& progress = {});
    /// Throws DamagedDatabase if the index is; startAnew() is the remedy.
    void check() { m_database->check(); }
    /// Puts the index aside as damaged and begins another; warning() says so, and looking for changes is due.
    void startAnew();

    /// A picture, or a folder that is looked through from now on.
    void add(const QString& path);

    [[nodiscard]] QList<qint64> find(const GalleryQuery& query) { return m_database->find(query); }
    [[nodiscard]] QList<GalleryEntry> entries(const QList<qint64>& ids) { return m_database->entries(ids); }
    [[nodiscard]] GalleryFacets facets() { return m_database->facets(); }
    [[nodiscard]] qint64 idOf(const QString& path) { return m_database->idOf(path); }
    /// Those of its relatives that are in the gallery. They are known by the names of their files.
    [[nodiscard]] Lineage lineage(const GalleryEntry& entry);

    /// find() by meaning: the most alike first where the query has a point, near-duplicates folded if it asks
    /// for that. Only pictures that its model has placed take part in either.
    [[nodiscard]] GalleryFound search(const GalleryQuery& query);
    /// Pictures that the model of this hash has not placed yet, newest first.
    [[nodiscard]] QList<qint64> unplaced(const QString& model);
    void place(const QString& model, const std::vector<EmbeddingIndex::Placed>& points);
    /// Empty if the model has not placed it.
    [[nodiscard]] Embedding pointOf(const QString& model, const GalleryEntry& entry);

    void setRating(const QList<qint64>& ids, int rating);
    void setStarred(const QList<qint64>& ids, bool starred);
    void setTag(const QList<qint64>& ids, const QString& tag, bool set);
    void setBoard(const QList<qint64>& ids, const QString& board, bool set);
    void addBoard(const QString& board);
    void removeBoard(const QString& board); ///< its pictures stay

    /// To the system's trash. Stops at the first that can't be moved; the ones before are returned by
    /// `moved`.
    void trash(const QList<qint64>& ids, QList<TrashedPicture>& moved);
    void restore(const QList<TrashedPicture>& pictures);

private:
    void open();
    void setAside(const QString& why);
    void say(const QStringList& lines);
    void apply(std::string_view line);
    QStringList listedPictures() const;
    QString nameOf(const QString& path) const;
    EmbeddingIndex& pointsOf(const QString& model);
    void markEach(const QList<qint64>& ids, const std::function<QVariantMap(const GalleryEntry&)>& mark);

    GalleryPlaces m_places;
    LibraryJournal m_journal;
    QString m_index; ///< places().database, or ":memory:"
    std::unique_ptr<GalleryDatabase> m_database;
    std::unique_ptr<EmbeddingIndex> m_points;
    QString m_placedBy; ///< the model of m_points
    QString m_warning;
};

/// What a file says about itself; without a size if it is no picture.
GalleryEntry readEntry(const QString& path);

} // namespace reverie::ui
