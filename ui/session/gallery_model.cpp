// SPDX-License-Identifier: MIT
#include "ui/session/gallery_model.h"

#include "ui/session/gallery_store.h"

#include <QDataStream>
#include <QIODevice>
#include <QMimeData>
#include <QUrl>

namespace reverie::ui {

namespace {

constexpr int page_size = 128, pages_kept = 64;

} // namespace

QString describeEntry(const GalleryEntry& entry)
{
    QString text = entry.prompt.isEmpty() ? entry.path.section(QLatin1Char('/'), -1)
                                          : entry.prompt.simplified().left(120);
    if (entry.seed)
        text += GalleryModel::tr(", seed %1").arg(*entry.seed);
    if (entry.starred)
        text += GalleryModel::tr(", starred");
    if (entry.rating > 0)
        text += GalleryModel::tr(", rated %1").arg(entry.rating);
    return text;
}

GalleryModel::GalleryModel(GalleryStore& store, QObject* parent)
    : QAbstractListModel(parent)
    , m_store(store)
    , m_pages(pages_kept)
{
    connect(&store, &GalleryStore::changed, this, &GalleryModel::ask);
}

void GalleryModel::setQuery(const GalleryQuery& query)
{
    m_query = query;
    ask();
}

void GalleryModel::ask()
{
    if (m_asking) {
        m_askAgain = true;
        return;
    }
    m_asking = true;
    m_store.ask(
        this, [query = m_query](Gallery& gallery) { return gallery.search(query); },
        [this](const GalleryFound& answer) {
            m_asking = false;
            take(answer);
            if (std::exchange(m_askAgain, false))
                ask();
        });
}

void GalleryModel::take(const GalleryFound& answer)
{
    const QList<qint64>& ids = answer.ids;
    m_folded = answer.folded;
    ++m_generation;
    m_pages.clear();
    m_fetching.clear();
    if (ids == m_ids) {
        if (!ids.isEmpty())
            Q_EMIT dataChanged(index(0), index(rowCount() - 1));
        Q_EMIT found();
        return;
    }
    Q_EMIT layoutAboutToBeChanged();
    const QModelIndexList before = persistentIndexList();
    QList<qint64> kept;
    for (const QModelIndex& index : before)
        kept << m_ids.value(index.row());
    m_ids = ids;
    QHash<qint64, int> rows;
    if (!before.isEmpty()) {
        rows.reserve(m_ids.size());
        for (int row = 0; row < m_ids.size(); ++row)
            rows.insert(m_ids[row], row);
    }
    QModelIndexList after;
    for (const qint64 id : kept)
        after << (rows.contains(id) ? index(rows.value(id)) : QModelIndex());
    changePersistentIndexList(before, after);
    Q_EMIT layoutChanged();
    Q_EMIT found();
}

const GalleryEntry* GalleryModel::entryAt(int row) const
{
    if (row < 0 || row >= m_ids.size())
        return nullptr;
    const int page = row / page_size;
    const QList<GalleryEntry>* entries = m_pages.object(page);
    if (!entries) {
        fetch(page);
        return nullptr;
    }
    const int place = row % page_size;
    return place < entries->size() && entries->at(place).id == m_ids[row] ? &entries->at(place) : nullptr;
}

void GalleryModel::fetch(int page) const
{
    if (m_fetching.contains(page))
        return;
    m_fetching.insert(page);
    auto* self = const_cast<GalleryModel*>(this); // the cache fills behind data(), which must be const
    m_store.ask(
        self,
        [ids = m_ids.mid(page * page_size, page_size)](Gallery& gallery) {
            QList<GalleryEntry> entries = gallery.entries(ids);
            if (entries.size() == ids.size())
                return entries;
            QList<GalleryEntry> placed(ids.size()); // some are gone by now
            for (const GalleryEntry& entry : entries)
                placed[ids.indexOf(entry.id)] = entry;
            return placed;
        },
        [self, page, generation = m_generation](const QList<GalleryEntry>& entries) {
            if (generation != self->m_generation)
                return;
            self->m_fetching.remove(page);
            self->m_pages.insert(page, new QList<GalleryEntry>(entries));
            const int first = page * page_size;
            Q_EMIT self->dataChanged(self->index(first),
                                     self->index(std::min<int>(first + page_size, self->rowCount()) - 1));
        });
}

int GalleryModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_ids.size());
}

QVariant GalleryModel::data(const QModelIndex& index, int role) const
{
    if (role == FoldedRole)
        return m_folded.value(idAt(index.row()));
    const bool shows = role == EntryRole || role == Qt::AccessibleTextRole || role == Qt::ToolTipRole;
    const GalleryEntry* entry = index.isValid() && shows ? entryAt(index.row()) : nullptr;
    if (!entry)
        return {};
    if (role == EntryRole)
        return QVariant::fromValue(*entry);
    const int folded = m_folded.value(entry->id);
    return folded == 1 ? tr("%1, with a near-duplicate").arg(describeEntry(*entry))
        : folded > 1   ? tr("%1, with %n near-duplicates", nullptr, folded).arg(describeEntry(*entry))
                       : describeEntry(*entry);
}

Qt::ItemFlags GalleryModel::flags(const QModelIndex& index) const
{
    return index.isValid() ? Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsDragEnabled
                           : Qt::NoItemFlags;
}

QStringList GalleryModel::mimeTypes() const
{
    return { QLatin1String(idsMimeType), QStringLiteral("text/uri-list") };
}

QMimeData* GalleryModel::mimeData(const QModelIndexList& indexes) const
{
    QList<qint64> ids;
    QList<QUrl> urls;
    for (const QModelIndex& index : indexes) {
        ids << m_ids.value(index.row());
        if (const GalleryEntry* entry = entryAt(index.row()))
            urls << QUrl::fromLocalFile(entry->path);
    }
    auto* data = new QMimeData;
    QByteArray bytes;
    QDataStream stream(&bytes, QIODevice::WriteOnly);
    stream << ids;
    data->setData(QLatin1String(idsMimeType), bytes);
    data->setUrls(urls);
    return data;
}

} // namespace reverie::ui
