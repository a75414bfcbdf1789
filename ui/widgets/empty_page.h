// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/model_info.h"

#include <QWidget>

class QLabel;
class QPushButton;

namespace reverie::ui {

class FlowLayout;

/// What a newcomer sees: what the model knows, and captions to click.
class EmptyPage : public QWidget
{
    Q_OBJECT
public:
    explicit EmptyPage(QWidget* parent = nullptr);
    void setModel(const ModelInfo& model);
    void setCaptions(const QStringList& captions);

Q_SIGNALS:
    void captionChosen(const QString& caption);
    void otherCaptionsWanted();

private:
    QLabel* m_headline;
    QLabel* m_description;
    QWidget* m_captions;
    FlowLayout* m_flow;
    QPushButton* m_others;
};

} // namespace reverie::ui
