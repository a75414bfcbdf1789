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
#include <cmath>

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
    QList<std::pair<QString, double>> mix; ///< names and shares

protected:
    void paintEvent(QPaintEvent*) override;
    void paintRow(QPainter& painter, const QRectF& row, const Candidate& candidate) const;
    void paintShare(QPainter& painter, const QRectF& row, const QString& name, double share) const;
};

namespace {

constexpr int most_rows = 5;

QList<std::pair<QString, double>> sharesOf(const std::vector<BlendPart>& mix)
{
    double whole = 0;
    for (const BlendPart& part : mix)
        whole += part.weight;
    QList<std::pair<QString, double>> shares;
    for (const BlendPart& part : mix)
        if (part.weight > 0)
            shares << std::pair(QString::fromStdString(part.picture ? part.picture->file : part.text),
                                part.weight / whole);
    std::stable_sort(shares.begin(), shares.end(), [](auto& a, auto& b) { return a.second > b.second; });
    return shares;
}

QString percent(double share)
{
    return StageTile::tr("%1%").arg(static_cast<int>(std::lround(share * 100)));
}

} // namespace

void CandidateTile::Chart::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    paintPlaceholder(painter, rect(), corner);
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
    if (!candidates.empty())
        return;
    const auto rows = std::min<qsizetype>(most_rows, mix.size());
    const qreal line = std::min(24.0, (picture_side - 8.0) / std::max<qreal>(1, rows));
    for (qsizetype i = 0; i < rows; ++i)
        paintShare(painter, QRectF(10, (picture_side - line * rows) / 2 + line * i, chart_width - 20, line),
                   mix[i].first, mix[i].second);
}

void CandidateTile::Chart::paintShare(QPainter& painter, const QRectF& row, const QString& name,
                                      double share) const
{
    const Colours& colours = Theme::instance().colours();
    constexpr int number_width = 44;
    const int width = static_cast<int>(row.width()) - number_width;
    painter.setPen(colours.text);
    painter.drawText(row, Qt::AlignLeft | Qt::AlignVCenter,
                     painter.fontMetrics().elidedText(name, Qt::ElideMiddle, width));
    painter.setPen(colours.muted);
    painter.drawText(row, Qt::AlignRight | Qt::AlignVCenter, percent(share));
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
    m_progress->setAccessibleName(tr("Progress of the prior"));
    setFixedWidth(chart_width);
    show({}, {}, {});
}

void CandidateTile::show(const std::vector<Candidate>& candidates, const std::vector<BlendPart>& mix,
                         const StageState& state)
{
    m_chart->candidates = candidates;
    m_chart->mix = sharesOf(mix);
    m_chart->update();
    const bool mixed = candidates.empty() && !mix.empty();
    m_name->setText((mixed ? tr("Mix") : tr("Prior")) + stepText(state));
    setToolTip(mixed ? tr("How much of what is in the mix")
                     : tr("How close each candidate of the prior comes to the prompt; the closest is drawn"));
    showProgress(m_progress, state);
    QStringList values;
    for (const Candidate& candidate : candidates)
        values << QLocale().toString(candidate.similarity, 'f', 2)
                + (candidate.chosen ? tr(" (chosen)") : QString());
    for (const auto& [name, share] : mixed ? m_chart->mix : QList<std::pair<QString, double>>())
        values << name + QLatin1Char(' ') + percent(share);
    setAccessibleDescription(values.join(QStringLiteral(", ")));
}

} // namespace reverie::ui
