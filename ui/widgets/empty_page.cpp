// SPDX-License-Identifier: MIT
#include "ui/widgets/empty_page.h"

#include "ui/widgets/flow_layout.h"
#include "ui/widgets/theme.h"

#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace reverie::ui {

namespace {

constexpr int widest_captions = 640;

} // namespace

EmptyPage::EmptyPage(QWidget* parent)
    : QWidget(parent)
    , m_headline(new QLabel(tr("What should it draw?")))
    , m_description(new QLabel)
    , m_captions(new QWidget)
    , m_flow(new FlowLayout(8))
    , m_others(new QPushButton(Theme::icon(QStringLiteral("shuffle")), tr("&Other ideas")))
{
    m_headline->setObjectName(QStringLiteral("headline"));
    m_description->setProperty("muted", true);
    m_description->setTextFormat(Qt::PlainText);
    m_others->setProperty("flat", true);
    m_others->hide();
    m_captions->setLayout(m_flow);
    m_captions->setMaximumWidth(widest_captions);
    for (QLabel* label : { m_headline, m_description }) {
        label->setWordWrap(true);
        label->setAlignment(Qt::AlignCenter);
    }
    auto* column = new QVBoxLayout;
    column->setSpacing(12);
    column->addStretch(2);
    column->addWidget(m_headline);
    column->addWidget(m_description);
    column->addSpacing(12);
    auto* captions = new QHBoxLayout; // in the middle of a wide window
    captions->addStretch(1);
    captions->addWidget(m_captions, 1000);
    captions->addStretch(1);
    column->addLayout(captions);
    column->addWidget(m_others, 0, Qt::AlignHCenter);
    column->addStretch(3);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(24, 24, 24, 24);
    layout->addStretch(1);
    layout->addLayout(column, 6);
    layout->addStretch(1);
    connect(m_others, &QPushButton::clicked, this, &EmptyPage::otherCaptionsWanted);
}

void EmptyPage::setModel(const ModelInfo& model)
{
    QString text = QString::fromStdString(model.description);
    if (!model.trained)
        text += QLatin1Char(' ') + tr("It records no training, so expect noise.");
    m_description->setText(text.trimmed());
}

void EmptyPage::setCaptions(const QStringList& captions)
{
    while (m_flow->count() > 0) {
        const std::unique_ptr<QLayoutItem> item(m_flow->takeAt(0));
        item->widget()->deleteLater();
    }
    for (const QString& caption : captions) {
        auto* chip = new QPushButton(QString(caption).replace(QLatin1Char('&'), QStringLiteral("&&")));
        chip->setProperty("chip", true);
        chip->setAccessibleName(tr("Draw “%1”").arg(caption));
        m_flow->addWidget(chip);
        connect(chip, &QPushButton::clicked, this, [this, caption] { Q_EMIT captionChosen(caption); });
    }
    m_others->setVisible(!captions.isEmpty());
    QWidget* before = nullptr;
    for (int i = 0; i < m_flow->count(); ++i) {
        QWidget* chip = m_flow->itemAt(i)->widget();
        if (before)
            setTabOrder(before, chip);
        before = chip;
    }
    if (before)
        setTabOrder(before, m_others);
}

} // namespace reverie::ui
