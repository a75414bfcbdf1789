// SPDX-License-Identifier: MIT
#include "ui/widgets/progress_line.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>

#include <algorithm>
#include <cmath>

namespace reverie::ui {

namespace {

constexpr int resolution = 1000;

} // namespace

QString timeLeftText(double seconds)
{
    constexpr double minute = 60, hour = 3600;
    if (seconds < 10)
        return ProgressLine::tr("%1 s left").arg(std::max(1, int(std::ceil(seconds))));
    if (seconds < minute)
        return ProgressLine::tr("about %1 s left").arg(int(std::ceil(seconds / 5) * 5));
    if (seconds < hour)
        return ProgressLine::tr("about %1 min left").arg(int(std::ceil(seconds / minute)));
    return ProgressLine::tr("about %1 h left").arg(int(std::ceil(seconds / hour)));
}

ProgressLine::ProgressLine(QWidget* parent)
    : QFrame(parent)
    , m_what(new QLabel)
    , m_left(new QLabel)
    , m_back(new QPushButton(tr("Sho&w the drawing")))
    , m_bar(new QProgressBar)
{
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(16, 6, 16, 6);
    layout->setSpacing(12);
    layout->addWidget(m_what);
    layout->addWidget(m_bar, 1);
    layout->addWidget(m_left);
    layout->addWidget(m_back);
    m_left->setProperty("muted", true);
    m_back->setProperty("flat", true);
    m_back->hide();
    m_bar->setRange(0, resolution);
    m_bar->setTextVisible(false);
    m_bar->setAccessibleName(tr("Progress"));
    connect(m_back, &QPushButton::clicked, this, &ProgressLine::backWanted);
}

void ProgressLine::show(const QString& what, double progress, std::optional<double> secondsLeft)
{
    m_what->setText(what);
    m_bar->setValue(static_cast<int>(std::lround(progress * resolution)));
    m_left->setText(secondsLeft ? timeLeftText(*secondsLeft) : QString());
}

void ProgressLine::setAway(bool away)
{
    m_back->setVisible(away);
}

} // namespace reverie::ui
