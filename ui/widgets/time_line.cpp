// SPDX-License-Identifier: MIT
#include "ui/widgets/time_line.h"

#include "ui/widgets/animation_export.h"
#include "ui/widgets/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QSlider>
#include <QToolButton>

#include <algorithm>

namespace reverie::ui {

namespace {

constexpr int frame_ms = 60, picture_ms = 200, last_ms = 1500; ///< in an animation, too

} // namespace

TimeLine::TimeLine(QWidget* parent)
    : QFrame(parent)
    , m_play(new QToolButton)
    , m_export(new QToolButton)
    , m_animation(new AnimationExport(this))
    , m_slider(new QSlider(Qt::Horizontal))
    , m_label(new QLabel)
{
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(16, 4, 16, 4);
    layout->setSpacing(8);
    m_play->setCheckable(true);
    m_play->setIcon(Theme::icon(QStringLiteral("play")));
    m_play->setIconSize({ 18, 18 });
    m_play->setToolTip(tr("Play how the picture came about"));
    m_play->setAccessibleName(tr("Play the steps"));
    m_play->setFocusPolicy(Qt::StrongFocus);
    m_slider->setAccessibleName(tr("Step of the picture"));
    m_slider->setFocusPolicy(Qt::StrongFocus);
    m_label->setProperty("muted", true);
    m_label->setMinimumWidth(
        m_label->fontMetrics().horizontalAdvance(tr("stage %1, step %2 of %3").arg(8).arg(8888).arg(8888)));
    m_label->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    layout->addWidget(m_play);
    layout->addWidget(m_slider, 1);
    layout->addWidget(m_label);
    m_export->setIcon(Theme::icon(QStringLiteral("export")));
    m_export->setIconSize({ 18, 18 });
    m_export->setToolTip(tr("Export as an animation (WebP or GIF)…"));
    m_export->setAccessibleName(tr("Export the steps"));
    m_export->setFocusPolicy(Qt::StrongFocus);
    layout->addWidget(m_export);
    connect(m_export, &QToolButton::clicked, this, &TimeLine::exportFrames);
    connect(m_animation, &AnimationExport::written, this, &TimeLine::exported);
    connect(m_animation, &AnimationExport::failed, this, &TimeLine::exportFailed);
    m_clock.setInterval(frame_ms);
    connect(m_play, &QToolButton::clicked, this, &TimeLine::play);
    connect(&m_clock, &QTimer::timeout, this, &TimeLine::advance);
    connect(m_slider, &QSlider::valueChanged, this, [this] {
        showPosition();
        Q_EMIT moved();
    });
}

void TimeLine::setFrames(std::vector<Frame> frames)
{
    m_clock.stop();
    m_play->setChecked(false);
    m_frames = std::move(frames);
    const QSignalBlocker quiet(m_slider);
    m_slider->setRange(0, std::max(0, static_cast<int>(m_frames.size()) - 1));
    m_slider->setValue(m_slider->maximum());
    showPosition();
}

QImage TimeLine::current() const
{
    return m_frames.empty() ? QImage() : m_frames.at(m_slider->value()).image;
}

bool TimeLine::atEnd() const
{
    return m_slider->value() == m_slider->maximum();
}

int TimeLine::stage() const
{
    return m_frames.empty() ? 0 : m_frames.at(m_slider->value()).stage;
}

void TimeLine::showStage(int stage)
{
    const auto last = std::find_if(m_frames.rbegin(), m_frames.rend(),
                                   [stage](const Frame& frame) { return frame.stage == stage; });
    if (last != m_frames.rend())
        m_slider->setValue(static_cast<int>(m_frames.rend() - last) - 1);
}

void TimeLine::exportFrames()
{
    std::vector<AnimationFrame> frames;
    for (const Frame& frame : m_frames)
        frames.push_back({ frame.image, frame.stage == 0 ? picture_ms : frame_ms });
    if (!frames.empty())
        frames.back().milliseconds = last_ms;
    m_animation->ask(window(), std::move(frames));
}

void TimeLine::play()
{
    if (!m_play->isChecked()) {
        m_clock.stop();
        return;
    }
    if (atEnd())
        m_slider->setValue(0);
    m_clock.start(m_frames.empty() || m_frames.front().stage > 0 ? frame_ms : picture_ms);
}

void TimeLine::advance()
{
    m_slider->setValue(m_slider->value() + 1);
    if (!atEnd())
        return;
    m_clock.stop();
    m_play->setChecked(false);
}

void TimeLine::showPosition()
{
    if (m_frames.empty())
        return;
    const Frame& frame = m_frames.at(m_slider->value());
    m_label->setText(frame.stage == 0
                         ? tr("picture %1 of %2").arg(frame.step).arg(frame.steps)
                         : tr("stage %1, step %2 of %3").arg(frame.stage).arg(frame.step).arg(frame.steps));
    m_slider->setAccessibleDescription(m_label->text());
}

} // namespace reverie::ui
