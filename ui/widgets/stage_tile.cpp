// SPDX-License-Identifier: MIT
#include "ui/widgets/stage_tile.h"

#include "ui/widgets/painting.h"
#include "ui/widgets/theme.h"

#include <QKeyEvent>
#include <QLabel>
#include <QLocale>
#include <QMouseEvent>
#include <QPainter>
#include <QProgressBar>
#include <QVBoxLayout>

#include <algorithm>

namespace reverie::ui {

namespace {

constexpr int picture_side = StageTile::pictureSide;
constexpr int chart_width = 176;
constexpr qreal corner = 6;

void layOut(QWidget* tile, QWidget* canvas, QLabel* name, QProgressBar* progress)
{
    auto* layout = new QVBoxLayout(tile);
    layout->setContentsMargins({});
    layout->setSpacing(6);
    layout->addWidget(canvas, 0, Qt::AlignHCenter);
    layout->addWidget(progress);
    layout->addWidget(name);
    name->setAlignment(Qt::AlignCenter);
    name->setProperty("muted", true);
    progress->setTextVisible(false);
    QSizePolicy policy = progress->sizePolicy();
    policy.setRetainSizeWhenHidden(true);
    progress->setSizePolicy(policy);
}

void showProgress(QProgressBar* progress, const StageState& state)
{
    progress->setRange(0, std::max(1, state.steps));
    progress->setValue(state.step);
    progress->setVisible(!state.done());
}

QString stepText(const StageState& state)
{
    return state.steps > 0 && !state.done() ? QStringLiteral("  %1/%2").arg(state.step).arg(state.steps)
                                            : QString();
}

} // namespace

class StageTile::Canvas : public QWidget
{
public:
    Canvas() { setFixedSize(picture_side, picture_side); }
    QImage image;

protected:
    void paintEvent(QPaintEvent*) override
    {
        QPainter painter(this);
        if (image.isNull())
            paintPlaceholder(painter, rect(), corner);
        else
            paintPicture(painter, rect(), image, corner, Enlarge::AsSquares);
        if (!parentWidget()->hasFocus())
            return;
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(QPen(Theme::instance().colours().accent, 2));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), corner, corner);
    }
};

StageTile::StageTile(int size, QWidget* parent)
    : QWidget(parent)
    , m_size(size)
    , m_canvas(new Canvas)
    , m_name(new QLabel)
    , m_progress(new QProgressBar)
{
    layOut(this, m_canvas, m_name, m_progress);
    setAccessibleName(tr("Stage of %1 pixels").arg(size));
    m_progress->setAccessibleName(tr("Progress of the stage of %1 pixels").arg(size));
    setFixedWidth(picture_side);
    setFocusPolicy(Qt::StrongFocus);
    show({});
}

void StageTile::choose()
{
    if (!m_canvas->image.isNull())
        Q_EMIT clicked();
}

void StageTile::mouseReleaseEvent(QMouseEvent* event)
{
    if (event->button() == Qt::LeftButton && rect().contains(event->pos()))
        choose();
}

void StageTile::keyPressEvent(QKeyEvent* event)
{
    const int key = event->key();
    if (event->modifiers() == Qt::NoModifier
        && (key == Qt::Key_Space || key == Qt::Key_Return || key == Qt::Key_Enter))
        choose();
    else
        QWidget::keyPressEvent(event);
}

void StageTile::focusInEvent(QFocusEvent* event)
{
    QWidget::focusInEvent(event);
    m_canvas->update();
}

void StageTile::focusOutEvent(QFocusEvent* event)
{
    QWidget::focusOutEvent(event);
    m_canvas->update();
}

void StageTile::show(const StageState& state)
{
    m_canvas->image = state.image;
    m_canvas->update();
    m_name->setText(tr("%1 px").arg(m_size) + stepText(state));
    showProgress(m_progress, state);
}

class CandidateTile::Chart : public QWidget
{
public:
    Chart() { setFixedSize(chart_width, picture_side); }
    std::vector<Candidate> candidates;

protected:
    void paintEvent(QPaintEvent*) override;
    void paintRow(QPainter& painter, const QRectF& row, const Candidate& candidate) const;
};

void CandidateTile::Chart::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    paintPlaceholder(painter, rect(), corner);
    constexpr int most_rows = 5;
    // With more candidates than rows, the ones that came closest to the prompt.
    auto shown = candidates;
    if (shown.size() > most_rows) {
        std::sort(shown.begin(), shown.end(), [](auto& a, auto& b) { return a.similarity > b.similarity; });
        shown.resize(most_rows);
    }
    const qreal height = std::min(24.0, (picture_side - 8.0) / std::max<size_t>(1, shown.size()));
    qreal top = (picture_side - height * shown.size()) / 2;
    for (const Candidate& candidate : shown) {
        paintRow(painter, QRectF(10, top, chart_width - 20, height), candidate);
        top += height;
    }
}

void CandidateTile::Chart::paintRow(QPainter& painter, const QRectF& row, const Candidate& candidate) const
{
    const Colours& colours = Theme::instance().colours();
    constexpr qreal number_width = 36, thickness = 6;
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    QRectF bar(row.left(), row.center().y() - thickness / 2, row.width() - number_width, thickness);
    painter.setBrush(colours.canvas);
    painter.drawRoundedRect(bar, thickness / 2, thickness / 2);
    bar.setWidth(std::max(thickness, bar.width() * std::clamp(candidate.similarity, 0.0, 1.0)));
    painter.setBrush(candidate.chosen ? colours.accent : colours.border);
    painter.drawRoundedRect(bar, thickness / 2, thickness / 2);
    QFont font = painter.font();
    font.setBold(candidate.chosen);
    painter.setFont(font);
    painter.setPen(candidate.chosen ? colours.text : colours.muted);
    painter.drawText(row, Qt::AlignRight | Qt::AlignVCenter,
                     QLocale().toString(candidate.similarity, 'f', 2));
}

CandidateTile::CandidateTile(QWidget* parent)
    : QWidget(parent)
    , m_chart(new Chart)
    , m_name(new QLabel)
    , m_progress(new QProgressBar)
{
    layOut(this, m_chart, m_name, m_progress);
    setAccessibleName(tr("Candidates of the prior"));
    setToolTip(tr("How close each candidate of the prior comes to the prompt; the closest is drawn"));
    m_progress->setAccessibleName(tr("Progress of the prior"));
    setFixedWidth(chart_width);
    show({}, {});
}

void CandidateTile::show(const std::vector<Candidate>& candidates, const StageState& state)
{
    m_chart->candidates = candidates;
    m_chart->update();
    m_name->setText(tr("Prior") + stepText(state));
    showProgress(m_progress, state);
    QStringList values;
    for (const Candidate& candidate : candidates)
        values << QLocale().toString(candidate.similarity, 'f', 2)
                + (candidate.chosen ? tr(" (chosen)") : QString());
    setAccessibleDescription(values.join(QStringLiteral(", ")));
}

} // namespace reverie::ui
