// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/gallery_database.h"

#include <QFrame>

class QComboBox;
class QLineEdit;
class QListWidget;

namespace reverie::ui {

/// Boards, which take pictures that are dropped on them, and what restricts the pictures shown.
class GallerySidebar : public QFrame
{
    Q_OBJECT
public:
    explicit GallerySidebar(QWidget* parent = nullptr);
    void setFacets(const GalleryFacets& facets);
    /// Puts in what the sidebar says; text and sort stay.
    void apply(GalleryQuery& query) const;
    void reset();
    [[nodiscard]] QString board() const; ///< the one that is shown; empty for none
    [[nodiscard]] QListWidget& boards() const;

Q_SIGNALS:
    void changed();
    void boardWanted(const QString& name); ///< a new one
    void boardRemovalWanted(const QString& name);
    void dropped(const QList<qint64>& ids, const QString& board);

private:
    class BoardList;
    QComboBox* addChoice(const QString& name, const QStringList& first);
    void showFacets(const GalleryFacets& facets);
    void fill(QComboBox* box, const QStringList& values);

    BoardList* m_boards;
    QLineEdit* m_newBoard;
    QComboBox* m_date;
    QComboBox* m_model;
    QComboBox* m_size;
    QComboBox* m_rating;
    QComboBox* m_tag;
    QComboBox* m_kind;
    QLineEdit* m_seed;
};

} // namespace reverie::ui
