// SPDX-License-Identifier: MIT
#include "ui/widgets/run_list_delegate.h"

#include "ui/session/run_model.h"
#include "ui/widgets/theme.h"

#include <QPainter>

namespace reverie::ui {

namespace {

constexpr int margin = 10;
constexpr int line_gap = 3;
constexpr int dot = 8;
constexpr int bar = 3, bar_gap = line_gap + 3;

bool showsBar(const RunEntry& run)
{
    return run.isAlive() && run.state != RunEntry::State::Queued && run.status.steps > 0;
}

/// `text` within `rect`, `more` at its end.
void paintLine(QPainter& painter, const QRect& rect, const QString& text, const QString& more,
               const QColor& colour)
{
    const QFontMetrics metrics = painter.fontMetrics();
    QFont plain = painter.font();
    const int width = more.isEmpty() ? 0 : QFontMetrics(plain).horizontalAdvance(more) + margin;
    painter.setPen(colour);
    painter.drawText(rect.adjusted(0, 0, -width, 0), Qt::AlignLeft | Qt::AlignVCenter,
                     metrics.elidedText(text, Qt::ElideRight, rect.width() - width));
    painter.setPen(Theme::instance().colours().muted);
    painter.drawText(rect, Qt::AlignRight | Qt::AlignVCenter, more);
}

void paintBar(QPainter& painter, const QRectF& rect, double share, const QColor& colour)
{
    painter.setPen(Qt::NoPen);
    painter.setBrush(Theme::instance().colours().border);
    painter.drawRoundedRect(rect, bar / 2., bar / 2.);
    painter.setBrush(colour);
    painter.drawRoundedRect(QRectF(rect.topLeft(), QSizeF(rect.width() * share, rect.height())), bar / 2.,
                            bar / 2.);
}

} // namespace

QColor stateColour(RunEntry::State state)
{
    const Colours& colours = Theme::instance().colours();
    switch (state) {
    case RunEntry::State::Running:
    case RunEntry::State::Starting:
        return colours.accent;
    case RunEntry::State::Failed:
    case RunEntry::State::Died:
    case RunEntry::State::Unreadable:
        return colours.danger;
    default:
        return colours.muted;
    }
}

QSize RunListDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const
{
    const int line = option.fontMetrics.height();
    return { 200, 2 * margin + 2 * line + 2 * line_gap + bar + 4 };
}

void RunListDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                            const QModelIndex& index) const
{
    const auto* model = qobject_cast<const RunModel*>(index.model());
    const RunEntry* run = model ? model->entryAt(index.row()) : nullptr;
    if (!run)
        return;
    const Colours& colours = Theme::instance().colours();
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    const QRect row = option.rect.adjusted(2, 2, -2, -2);
    if (option.state & QStyle::State_Selected || option.state & QStyle::State_MouseOver) {
        QColor background = colours.accentSoft;
        if (!(option.state & QStyle::State_Selected))
            background.setAlphaF(0.5F);
        painter->setPen(option.state & QStyle::State_HasFocus ? QPen(colours.accent) : QPen(Qt::NoPen));
        painter->setBrush(background);
        painter->drawRoundedRect(QRectF(row).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6);
    }
    const int line = option.fontMetrics.height();
    const int above = showsBar(*run) ? 0 : (bar_gap + bar) / 2;
    QRect text = row.adjusted(margin, margin - 2 + above, -margin, 0);
    text.setHeight(line);
    QFont bold = option.font;
    bold.setWeight(QFont::DemiBold);
    painter->setFont(bold);
    paintLine(*painter, text, run->name(), {}, colours.text);
    painter->setFont(option.font);
    text.translate(0, line + line_gap);
    const QColor colour = stateColour(run->state);
    painter->setPen(Qt::NoPen);
    painter->setBrush(colour);
    painter->drawEllipse(QRectF(text.left(), text.center().y() - dot / 2. + 1, dot, dot));
    const bool isBad = colour == colours.danger;
    paintLine(*painter, text.adjusted(dot + 6, 0, 0, 0), progressText(*run), sizeText(run->bytes),
              isBad ? colours.danger : colours.muted);
    if (showsBar(*run))
        paintBar(*painter, QRectF(text.left(), text.bottom() + bar_gap, text.width(), bar), run->progress(),
                 colour);
    painter->restore();
}

} // namespace reverie::ui
