// SPDX-License-Identifier: MIT
#include "ui/widgets/message_bar.h"

#include "ui/widgets/icon_label.h"
#include "ui/widgets/theme.h"

#include <QAccessible>
#include <QAction>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QStyle>
#include <QToolButton>

namespace reverie::ui {

MessageBar::MessageBar(QWidget* parent)
    : QFrame(parent)
    , m_icon(new IconLabel(QStringLiteral("info"), 18))
    , m_text(new QLabel)
    , m_remedies(new QHBoxLayout)
    , m_close(new QToolButton)
{
    setObjectName(QStringLiteral("messageBar"));
    m_text->setWordWrap(true);
    m_text->setTextFormat(Qt::PlainText);
    m_close->setIcon(Theme::icon(QStringLiteral("close")));
    m_close->setToolTip(tr("Dismiss"));
    m_close->setAccessibleName(tr("Dismiss the message"));
    m_close->setFocusPolicy(Qt::StrongFocus);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(16, 8, 8, 8);
    layout->setSpacing(8);
    layout->addWidget(m_icon);
    layout->addWidget(m_text, 1);
    layout->addLayout(m_remedies);
    layout->addWidget(m_close);
    connect(m_close, &QToolButton::clicked, this, &MessageBar::dismiss);
    hide();
}

void MessageBar::showError(const QString& text, const QList<QAction*>& remedies)
{
    show(QStringLiteral("error"), text, remedies);
}

void MessageBar::showNote(const QString& text)
{
    showOffer(text, {});
}

void MessageBar::showOffer(const QString& text, const QList<QAction*>& actions)
{
    if (isHidden() || m_kind != QLatin1String("error"))
        show(QStringLiteral("note"), text, actions);
}

void MessageBar::show(const QString& kind, const QString& text, const QList<QAction*>& remedies)
{
    m_kind = kind;
    setProperty("kind", kind);
    style()->unpolish(this);
    style()->polish(this);
    m_icon->setIcon(kind == QLatin1String("error") ? QStringLiteral("warning") : QStringLiteral("info"));
    m_text->setText(text);
    setAccessibleName(text);
    while (m_remedies->count() > 0) {
        const std::unique_ptr<QLayoutItem> item(m_remedies->takeAt(0));
        item->widget()->deleteLater();
    }
    QWidget* before = nullptr;
    for (QAction* remedy : remedies) {
        auto* button = new QPushButton(remedy->text());
        m_remedies->addWidget(button);
        connect(button, &QPushButton::clicked, remedy, &QAction::trigger);
        if (before)
            setTabOrder(before, button);
        before = button;
    }
    if (before)
        setTabOrder(before, m_close);
    setVisible(true);
    QAccessibleEvent alert(this, QAccessible::Alert);
    QAccessible::updateAccessibility(&alert);
}

void MessageBar::dismiss()
{
    setVisible(false);
}

QString MessageBar::text() const
{
    return isHidden() ? QString() : m_text->text();
}

} // namespace reverie::ui
