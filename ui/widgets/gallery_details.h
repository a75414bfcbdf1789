// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/gallery.h"

#include <QFrame>

class QFormLayout;
class QLabel;
class QLineEdit;
class QVBoxLayout;

namespace reverie::ui {

class FlowLayout;

/// What is known about the picture that is chosen, and its tags.
class GalleryDetails : public QFrame
{
    Q_OBJECT
public:
    explicit GalleryDetails(QWidget* parent = nullptr);
    /// `selected` pictures are chosen, `entry` is the current one; null for none.
    void show(const GalleryEntry* entry, int selected);
    /// Links to its relatives; parents that are not in the gallery are named.
    void showLineage(const QStringList& parents, const Lineage& lineage);
    void addAction(QAction* action);
    [[nodiscard]] QString text() const; ///< everything shown, for the clipboard
    void focusTags();

Q_SIGNALS:
    void tagWanted(const QString& tag, bool set);
    void pictureWanted(qint64 id); ///< a relative

private:
    void addRow(const QString& name, const QString& value);
    void showTags(const QStringList& tags);
    void clearFamily();
    void addRelatives(const QString& title, const QList<GalleryEntry>& entries, const QStringList& absent);

    QLabel* m_prompt;
    QLabel* m_negative;
    QWidget* m_content;
    QLabel* m_hint;
    QFormLayout* m_rows;
    QLineEdit* m_newTag;
    QWidget* m_tagBox;
    FlowLayout* m_tags;
    QVBoxLayout* m_family;
    FlowLayout* m_actions;
    QStringList m_lines;
    QStringList m_shownTags;
    qint64 m_familyOf = 0; ///< id of the picture whose relatives stand there
};

} // namespace reverie::ui
