// SPDX-License-Identifier: MIT
#include "ui/widgets/history_dialog.h"

#include "ui/session/prompt_history.h"

#include <QCoreApplication>
#include <QKeyEvent>
#include <QLineEdit>
#include <QListWidget>
#include <QVBoxLayout>

namespace reverie::ui {

HistoryDialog::HistoryDialog(const PromptHistory& history, QWidget* parent)
    : QDialog(parent)
    , m_history(history)
    , m_search(new QLineEdit)
    , m_list(new QListWidget)
{
    setWindowTitle(tr("Earlier prompts"));
    resize(480, 360);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 16, 16, 16);
    layout->setSpacing(8);
    m_search->setPlaceholderText(tr("Search…"));
    m_search->setAccessibleName(tr("Search earlier prompts"));
    m_search->setClearButtonEnabled(true);
    m_search->installEventFilter(this);
    m_list->setAccessibleName(tr("Earlier prompts"));
    m_list->setObjectName(QStringLiteral("historyList"));
    m_list->setTextElideMode(Qt::ElideRight);
    layout->addWidget(m_search);
    layout->addWidget(m_list, 1);
    connect(m_search, &QLineEdit::textChanged, this, &HistoryDialog::showMatching);
    connect(m_search, &QLineEdit::returnPressed, this, &HistoryDialog::choose);
    connect(m_list, &QListWidget::itemActivated, this, &HistoryDialog::choose);
    showMatching();
}

void HistoryDialog::showMatching()
{
    m_list->clear();
    m_list->addItems(m_history.matching(m_search->text()));
    m_list->setCurrentRow(0);
}

void HistoryDialog::choose()
{
    if (const QListWidgetItem* item = m_list->currentItem()) {
        Q_EMIT chosen(item->text());
        accept();
    }
}

bool HistoryDialog::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        if (key == Qt::Key_Up || key == Qt::Key_Down || key == Qt::Key_PageUp || key == Qt::Key_PageDown) {
            QCoreApplication::sendEvent(m_list, event);
            return true;
        }
    }
    return QDialog::eventFilter(watched, event);
}

} // namespace reverie::ui
