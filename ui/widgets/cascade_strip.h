// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/drawing.h"

#include "core/api/model_info.h"

#include <QFrame>

class QHBoxLayout;

namespace reverie::ui {

class CandidateTile;
class StageTile;

/// How one picture comes about, from the prior's candidates to the last stage.
class CascadeStrip : public QFrame
{
    Q_OBJECT
public:
    explicit CascadeStrip(QWidget* parent = nullptr);
    void setModel(const ModelInfo& model);
    void show(const CascadeState& state);

Q_SIGNALS:
    void stageChosen(int stage); ///< of the decoder, from 1

private:
    void addArrow();

    QHBoxLayout* m_layout;
    CandidateTile* m_prior;
    std::vector<StageTile*> m_stages;
};

} // namespace reverie::ui
