// SPDX-License-Identifier: MIT
#include "ui/widgets/cascade_strip.h"

#include "ui/widgets/icon_label.h"
#include "ui/widgets/stage_tile.h"

#include <QHBoxLayout>

#include <memory>

namespace reverie::ui {

CascadeStrip::CascadeStrip(QWidget* parent)
    : QFrame(parent)
    , m_layout(new QHBoxLayout(this))
    , m_prior(new CandidateTile)
{
    setObjectName(QStringLiteral("cascadeStrip"));
    setAccessibleName(tr("Cascade"));
    m_layout->setContentsMargins(16, 12, 16, 8);
    m_layout->setSpacing(12);
    m_layout->addStretch();
    m_layout->addWidget(m_prior);
    m_layout->addStretch();
}

void CascadeStrip::setModel(const ModelInfo& model)
{
    while (m_layout->count() > 2) {
        const std::unique_ptr<QLayoutItem> item(m_layout->takeAt(2));
        delete item->widget();
    }
    m_stages.clear();
    for (const StageInfo& stage : model.stages) {
        addArrow();
        m_stages.push_back(new StageTile(stage.size));
        m_stages.back()->setToolTip(tr("Show this stage; what comes behind it can be drawn anew (Ctrl+L)"));
        m_layout->addWidget(m_stages.back());
        connect(m_stages.back(), &StageTile::clicked, this,
                [this, number = static_cast<int>(m_stages.size())] { Q_EMIT stageChosen(number); });
    }
    m_layout->addStretch();
}

void CascadeStrip::addArrow()
{
    constexpr int size = 16, middle = (StageTile::pictureSide - size) / 2;
    auto* arrow = new IconLabel(QStringLiteral("arrow"), size);
    arrow->setContentsMargins(0, middle, 0, 0);
    arrow->setFixedHeight(middle + size);
    m_layout->addWidget(arrow, 0, Qt::AlignTop);
}

void CascadeStrip::show(const CascadeState& state)
{
    m_prior->show(state.candidates, state.mix, state.stages.empty() ? StageState{} : state.stages.front());
    for (size_t i = 0; i < m_stages.size(); ++i)
        m_stages[i]->show(i + 1 < state.stages.size() ? state.stages[i + 1] : StageState{});
}

} // namespace reverie::ui
