// SPDX-License-Identifier: MIT
#pragma once

#include <QFrame>

class QAction;
class QLabel;
class QListView;

namespace reverie::ui {

class DrawQueue;

/// The queue as a list to reorder, edit and take from. Hidden while there is nothing in it.
class QueuePanel : public QFrame
{
    Q_OBJECT
public:
    struct Actions {
        QAction* pause;
        QAction* remove;
        QAction* undo;
        QAction* up;
        QAction* down;
        QAction* edit;
        QAction* retry;
    };

    explicit QueuePanel(DrawQueue& queue, QWidget* parent = nullptr);
    [[nodiscard]] const Actions& actions() const { return m_actions; }

Q_SIGNALS:
    void editWanted(int row); ///< its settings are taken over, and it leaves the queue
    void removed(int count);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QAction* addAction(const QString& text, const QKeySequence& key, void (QueuePanel::*run)());
    void makeActions();
    void show();
    void enableActions();
    void remove();
    void moveUp();
    void moveDown();
    void edit();
    void retry();
    void select(int row);
    [[nodiscard]] int currentRow() const;

    DrawQueue& m_queue;
    QLabel* m_title;
    QLabel* m_left;
    QListView* m_list;
    Actions m_actions{};
};

} // namespace reverie::ui
