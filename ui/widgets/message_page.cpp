// SPDX-License-Identifier: MIT
#include "ui/widgets/message_page.h"

#include "ui/widgets/icon_label.h"
#include "ui/widgets/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>

namespace reverie::ui {

MessagePage::MessagePage(QWidget* parent)
    : QWidget(parent)
    , m_headline(new QLabel)
    , m_text(new QLabel)
    , m_choose(new QPushButton(Theme::icon(QStringLiteral("model")), tr("&Choose a model file…")))
    , m_retry(new QPushButton(Theme::icon(QStringLiteral("reset")), tr("&Try again")))
    , m_default(new QPushButton(tr("&Use the model that came along")))
{
    m_headline->setObjectName(QStringLiteral("headline"));
    m_text->setProperty("muted", true);
    m_text->setTextFormat(Qt::PlainText);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse);
    for (QLabel* label : { m_headline, m_text }) {
        label->setWordWrap(true);
        label->setAlignment(Qt::AlignCenter);
    }
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addStretch();
    buttons->addWidget(m_choose);
    buttons->addWidget(m_default);
    buttons->addWidget(m_retry);
    buttons->addStretch();
    auto* column = new QVBoxLayout;
    column->setSpacing(12);
    column->addStretch(2);
    column->addWidget(new IconLabel(QStringLiteral("warning"), 40), 0, Qt::AlignHCenter);
    column->addWidget(m_headline);
    column->addWidget(m_text);
    column->addSpacing(8);
    column->addLayout(buttons);
    column->addStretch(3);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(24, 24, 24, 24);
    layout->addStretch(1);
    layout->addLayout(column, 6);
    layout->addStretch(1);
    connect(m_choose, &QPushButton::clicked, this, &MessagePage::chooseModelWanted);
    connect(m_retry, &QPushButton::clicked, this, &MessagePage::retryWanted);
    connect(m_default, &QPushButton::clicked, this, &MessagePage::defaultModelWanted);
}

void MessagePage::showError(const QString& headline, const QString& text, bool offerDefault)
{
    m_headline->setText(headline);
    m_text->setText(text);
    m_default->setVisible(offerDefault);
    setAccessibleName(headline);
    setAccessibleDescription(text);
}

} // namespace reverie::ui
