// SPDX-License-Identifier: MIT
#include "ui/widgets/verdict_list.h"

#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QVBoxLayout>

namespace reverie::ui {

VerdictList::VerdictList(QWidget* parent)
    : QScrollArea(parent)
    , m_content(new QWidget)
    , m_layout(new QVBoxLayout(m_content))
{
    setObjectName(QStringLiteral("verdicts"));
    setAccessibleName(tr("What the doctor says"));
    setFrameShape(NoFrame);
    setWidgetResizable(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFocusPolicy(Qt::NoFocus);
    m_layout->setContentsMargins({});
    m_layout->setSpacing(8);
    setWidget(m_content);
}

void VerdictList::setMarks(const QList<ChartMark>& marks)
{
    const auto same
        = [](const ChartMark& a, const ChartMark& b) { return a.step == b.step && a.text == b.text; };
    if (std::equal(marks.begin(), marks.end(), m_marks.begin(), m_marks.end(), same))
        return;
    m_marks = marks;
    m_cards.clear();
    while (auto* item = m_layout->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    for (int i = 0; i < marks.size(); ++i) {
        m_cards += makeCard(i, marks[i]);
        m_layout->addWidget(m_cards.last());
    }
    m_layout->addStretch(1);
}

QWidget* VerdictList::makeCard(int index, const ChartMark& mark)
{
    auto* card = new QFrame;
    card->setProperty("verdict", true);
    auto* layout = new QVBoxLayout(card);
    layout->setContentsMargins(12, 8, 12, 10);
    layout->setSpacing(4);
    auto* head
        = new QPushButton(tr("%1   Step %2").arg(index + 1).arg(QLocale().toString(qlonglong(mark.step))));
    head->setObjectName(QStringLiteral("verdict-%1").arg(index + 1));
    head->setProperty("flat", true);
    head->setToolTip(tr("Show where it happened"));
    head->setAccessibleName(tr("Verdict %1 at step %2: %3").arg(index + 1).arg(mark.step).arg(mark.text));
    connect(head, &QPushButton::clicked, this, [this, index] { Q_EMIT chosen(index); });
    layout->addWidget(head, 0, Qt::AlignLeft);
    for (const auto& [text, muted] : { std::pair(mark.text, false), std::pair(mark.advice, true) }) {
        if (text.isEmpty())
            continue;
        auto* label = new QLabel(text);
        label->setTextFormat(Qt::PlainText);
        label->setWordWrap(true);
        label->setProperty("muted", muted);
        label->setTextInteractionFlags(Qt::TextSelectableByMouse);
        layout->addWidget(label);
    }
    return card;
}

void VerdictList::choose(int index)
{
    if (index < 0 || index >= m_cards.size())
        return;
    ensureWidgetVisible(m_cards[index]);
    m_cards[index]->findChild<QPushButton*>()->setFocus();
}

} // namespace reverie::ui
