// SPDX-License-Identifier: MIT
#pragma once

#include <QFrame>

class QAbstractItemModel;
class QAction;
class QLabel;
class QListView;

namespace reverie::ui {

/// The column of finished pictures.
class FinishedPane : public QFrame
{
    Q_OBJECT
public:
    explicit FinishedPane(QAbstractItemModel* pictures, QWidget* parent = nullptr);
    [[nodiscard]] int currentRow() const; ///< -1 for none
    void setCurrentRow(int row);
    void setActions(const QList<QAction*>& actions); ///< of the context menu

Q_SIGNALS:
    void currentChanged(int row);

private:
    void showCount();

    QListView* m_list;
    QLabel* m_title;
    QLabel* m_hint;
};

} // namespace reverie::ui
