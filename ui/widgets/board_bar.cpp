// SPDX-License-Identifier: MIT
#include "ui/widgets/board_bar.h"

#include <QAction>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>

namespace reverie::ui {

BoardBar::BoardBar(QWidget* parent)
    : QFrame(parent)
    , m_layout(new QHBoxLayout(this))
    , m_text(new QLabel)
{
    setAccessibleName(tr("Board"));
    m_layout->setContentsMargins(16, 4, 16, 8);
    m_layout->setSpacing(8);
    m_text->setProperty("muted", true);
    m_text->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_layout->addWidget(m_text, 1);
}

void BoardBar::addAction(QAction* action)
{
    auto* button = new QPushButton(action->text());
    button->setToolTip(action->toolTip());
    button->setEnabled(action->isEnabled());
    m_layout->addWidget(button);
    connect(button, &QPushButton::clicked, action, &QAction::trigger);
    connect(action, &QAction::changed, button, [button, action] {
        button->setText(action->text());
        button->setEnabled(action->isEnabled());
    });
}

void BoardBar::show(int candidates, int drawn, int picks, int finished)
{
    QString text = drawn < candidates ? tr("%1 of %2 candidates").arg(drawn).arg(candidates)
                                      : tr("%1 candidates").arg(candidates);
    text += QStringLiteral("  ·  ")
        + (picks > 0 ? tr("%n picked", nullptr, picks) : tr("click or press Space to pick"));
    if (finished > 0)
        text += QStringLiteral("  ·  ") + tr("%n drawn to the end", nullptr, finished);
    m_text->setText(text);
}

} // namespace reverie::ui
