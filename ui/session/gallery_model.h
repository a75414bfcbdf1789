// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/gallery_entry.h"
#include "ui/session/gallery_query.h"

#include <QAbstractListModel>
#include <QCache>
#include <QHash>
#include <QSet>

namespace reverie::ui {

class GalleryStore;
struct GalleryFound;

/// The pictures a query found. Only their ids are kept for all of them; what a row shows is fetched by the
/// page and arrives with dataChanged().
class GalleryModel : public QAbstractListModel
{
    Q_OBJECT
public:
    enum Role { EntryRole = Qt::UserRole, FoldedRole };
    static constexpr const char* idsMimeType = "application/x-reverie-pictures";

    explicit GalleryModel(GalleryStore& store, QObject* parent = nullptr);

    void setQuery(const GalleryQuery& query);
    [[nodiscard]] const GalleryQuery& query() const { return m_query; }

    [[nodiscard]] qint64 idAt(int row) const { return m_ids.value(row); }
    [[nodiscard]] const QList<qint64>& ids() const { return m_ids; }
    [[nodiscard]] int rowOf(qint64 id) const { return static_cast<int>(m_ids.indexOf(id)); }
    /// Null until it was fetched.
    [[nodiscard]] const GalleryEntry* entryAt(int row) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;
    QStringList mimeTypes() const override;
    QMimeData* mimeData(const QModelIndexList& indexes) const override;
    Qt::DropActions supportedDragActions() const override { return Qt::CopyAction; }

Q_SIGNALS:
    void found(); ///< the query was answered

private:
    void ask();
    void take(const GalleryFound& answer);
    void fetch(int page) const;

    GalleryStore& m_store;
    GalleryQuery m_query;
    QList<qint64> m_ids;
    QHash<qint64, int> m_folded; ///< how many near-duplicates stand behind a picture
    mutable QCache<int, QList<GalleryEntry>> m_pages;
    mutable QSet<int> m_fetching;
    int m_generation = 0; ///< answers to older questions are dropped
    bool m_asking = false, m_askAgain = false;
};

/// One line for a screen reader or a tooltip.
QString describeEntry(const GalleryEntry& entry);

} // namespace reverie::ui
