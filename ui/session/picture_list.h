// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/drawing.h"

#include "core/api/picture_file.h"

#include <QAbstractListModel>

#include <optional>

class QMimeData;

namespace reverie::ui {

/// A picture of this sitting, written to a file or not yet.
struct FinishedPicture {
    quint64 id = 0;
    Picture picture;
    ResolvedSettings settings;
    QImage image;
    QString path; ///< empty as long as it is not written
    Recipe recipe; ///< without pixels but those of a mask
    [[nodiscard]] PictureMaking making() const;
};

CascadeState cascadeOf(const FinishedPicture& picture);

/// The finished pictures, newest first. Dragging one hands out its file and its pixels.
class PictureList : public QAbstractListModel
{
    Q_OBJECT
public:
    enum Role { PathRole = Qt::UserRole, PromptRole, SeedRole, CompleteRole };

    using QAbstractListModel::QAbstractListModel;
    /// Returns its id.
    quint64 add(Picture picture, const ResolvedSettings& settings, const Recipe& recipe = {});
    void setPath(quint64 id, const QString& path);

    [[nodiscard]] const FinishedPicture& at(int row) const
    {
        return m_pictures.at(m_pictures.size() - 1 - row);
    }
    [[nodiscard]] int rowOf(quint64 id) const; ///< -1 if there is none
    [[nodiscard]] std::vector<FinishedPicture> unsaved() const;
    /// File, pixels and prompt of one picture, for the clipboard and for dragging. The caller owns it.
    [[nodiscard]] QMimeData* mimeData(int row) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;
    QStringList mimeTypes() const override;
    QMimeData* mimeData(const QModelIndexList& indexes) const override;

private:
    QString description(const FinishedPicture& picture) const;
    std::vector<FinishedPicture> m_pictures; ///< oldest first
    quint64 m_lastId = 0;
};

} // namespace reverie::ui
