// SPDX-License-Identifier: MIT
#include "ui/session/picture_list.h"

#include <QMimeData>
#include <QUrl>

#include <algorithm>

namespace reverie::ui {

PictureMaking FinishedPicture::making() const
{
    PictureMaking making = making_of(picture, picture.image, settings, recipe, REVERIE_VERSION);
    if (recipe.inpaint)
        making.recipe.inpaint->mask.image = recipe.inpaint->mask.image;
    return making;
}

CascadeState cascadeOf(const FinishedPicture& picture)
{
    CascadeState state = cascadeOf(picture.picture, picture.settings);
    state.mix = mixOf(picture.recipe);
    return state;
}

quint64 PictureList::add(Picture picture, const ResolvedSettings& settings, const Recipe& recipe)
{
    beginInsertRows({}, 0, 0);
    const QImage image = toQImage(picture.image);
    m_pictures.push_back({ ++m_lastId, std::move(picture), settings, image, {}, without_pixels(recipe) });
    if (recipe.inpaint) // which is kept beside the picture's file
        m_pictures.back().recipe.inpaint->mask.image = recipe.inpaint->mask.image;
    endInsertRows();
    return m_lastId;
}

void PictureList::setPath(quint64 id, const QString& path)
{
    const int row = rowOf(id);
    if (row < 0)
        return;
    m_pictures[m_pictures.size() - 1 - row].path = path;
    Q_EMIT dataChanged(index(row), index(row));
}

int PictureList::rowOf(quint64 id) const
{
    const auto found = std::find_if(m_pictures.rbegin(), m_pictures.rend(),
                                    [id](const auto& picture) { return picture.id == id; });
    return found == m_pictures.rend() ? -1 : static_cast<int>(found - m_pictures.rbegin());
}

std::vector<FinishedPicture> PictureList::unsaved() const
{
    std::vector<FinishedPicture> found;
    std::copy_if(m_pictures.begin(), m_pictures.end(), std::back_inserter(found),
                 [](const auto& picture) { return picture.path.isEmpty(); });
    return found;
}

QMimeData* PictureList::mimeData(int row) const
{
    const FinishedPicture& picture = at(row);
    auto* data = new QMimeData;
    data->setImageData(picture.image);
    if (!picture.path.isEmpty())
        data->setUrls({ QUrl::fromLocalFile(picture.path) });
    return data;
}

int PictureList::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_pictures.size());
}

QString PictureList::description(const FinishedPicture& picture) const
{
    const QString prompt = QString::fromStdString(picture.picture.prompt).simplified();
    QString text = tr("%1, seed %2").arg(prompt.left(120)).arg(picture.picture.seed);
    if (!picture.picture.complete)
        text += tr(", stopped early");
    if (picture.path.isEmpty())
        text += tr(", not saved");
    return text;
}

QVariant PictureList::data(const QModelIndex& index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount())
        return {};
    const FinishedPicture& picture = at(index.row());
    switch (role) {
    case Qt::DecorationRole:
        return picture.image;
    case Qt::AccessibleTextRole:
    case Qt::ToolTipRole:
        return description(picture);
    case PathRole:
        return picture.path;
    case PromptRole:
        return QString::fromStdString(picture.picture.prompt);
    case SeedRole:
        return quint64(picture.picture.seed);
    case CompleteRole:
        return picture.picture.complete;
    default:
        return {};
    }
}

Qt::ItemFlags PictureList::flags(const QModelIndex& index) const
{
    return index.isValid() ? Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsDragEnabled
                           : Qt::NoItemFlags;
}

QStringList PictureList::mimeTypes() const
{
    return { QStringLiteral("text/uri-list"), QStringLiteral("application/x-qt-image") };
}

QMimeData* PictureList::mimeData(const QModelIndexList& indexes) const
{
    return indexes.isEmpty() ? nullptr : mimeData(indexes.front().row());
}

} // namespace reverie::ui
