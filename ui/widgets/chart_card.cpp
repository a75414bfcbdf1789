// SPDX-License-Identifier: MIT
#include "ui/widgets/chart_card.h"

#include "ui/session/chart_ticks.h"
#include "ui/widgets/run_chart.h"
#include "ui/widgets/run_colours.h"
#include "ui/widgets/theme.h"

#include <QBuffer>
#include <QCoreApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPainter>
#include <QSvgGenerator>
#include <QToolButton>
#include <QVBoxLayout>

namespace reverie::ui {

namespace {

constexpr int picture_scale = 2;
constexpr qsizetype most_named = 6; ///< curves in a card's own legend
constexpr int widest_name = 130; ///< pixels of a curve's name there

QString translated(const char* text)
{
    return QCoreApplication::translate("reverie::ui::RunCharts", text);
}

double lastOf(const QList<QPointF>& points, bool logarithmic)
{
    return points.isEmpty() ? std::numeric_limits<double>::quiet_NaN()
                            : fromAxis(points.last().y(), logarithmic);
}

} // namespace

ChartCard::ChartCard(const ChartKind& kind, QWidget* parent)
    : QFrame(parent)
    , m_kind(kind)
    , m_title(new QLabel)
    , m_legend(new QLabel)
    , m_chart(new RunChart)
{
    const auto title = translated(kind.title);
    const auto unit = QString::fromUtf8(kind.unit);
    setObjectName(QLatin1String("chart-") + QLatin1String(kind.id));
    setProperty("card", true);
    m_title->setText(unit.isEmpty() ? title : tr("%1, %2").arg(title, unit));
    m_title->setProperty("section", true);
    m_legend->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_legend->setTextFormat(Qt::RichText);
    m_legend->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_legend->setObjectName(QStringLiteral("legend"));
    m_chart->setObjectName(QLatin1String("plot-") + QLatin1String(kind.id));
    m_chart->setAccessibleName(tr("Chart: %1").arg(m_title->text()));
    auto* head = new QHBoxLayout;
    head->setContentsMargins(12, 6, 4, 0);
    head->setSpacing(8);
    head->addWidget(m_title);
    head->addWidget(m_legend, 1);
    head->addWidget(makeSaveButton());
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(1, 1, 1, 4);
    layout->setSpacing(0);
    layout->addLayout(head);
    layout->addWidget(m_chart, 1);
    connect(&Theme::instance(), &Theme::changed, this, &ChartCard::showLegend);
}

QToolButton* ChartCard::makeSaveButton()
{
    auto* button = new QToolButton;
    button->setObjectName(QStringLiteral("save"));
    button->setIcon(Theme::icon(QStringLiteral("export")));
    button->setIconSize({ 14, 14 });
    button->setToolTip(tr("Save this chart or its numbers"));
    button->setAccessibleName(tr("Save the chart: %1").arg(m_title->text()));
    button->setFocusPolicy(Qt::StrongFocus);
    button->setPopupMode(QToolButton::InstantPopup);
    auto* menu = new QMenu(button);
    const auto add = [&](const QString& text, Format format) {
        connect(menu->addAction(text), &QAction::triggered, this,
                [this, format] { Q_EMIT saveWanted(format); });
    };
    add(tr("Save as &PNG…"), Format::Png);
    add(tr("Save as &SVG…"), Format::Svg);
    add(tr("Save the numbers as &CSV…"), Format::Csv);
    button->setMenu(menu);
    return button;
}

QString ChartCard::nameOf(const ChartCurve& curve, const QStringList& runs) const
{
    const auto& line = m_kind.lines[std::size_t(curve.line)];
    const auto name = translated(line.name);
    if (runs.size() < 2)
        return name;
    const auto run = runs.value(curve.source);
    return curve.line > 0 ? tr("%1, %2").arg(run, name) : run; // the first is what runs are compared by
}

void ChartCard::setCurves(const CurveSet& set, const QStringList& runs, const QList<bool>& hidden)
{
    const ChartCurves* chart = nullptr;
    for (const auto& one : set.charts)
        if (one.chart == QLatin1String(m_kind.id))
            chart = &one;
    if (!chart)
        return;
    QList<CurvesItem::Look> looks;
    m_entries.clear();
    for (const auto& curve : chart->curves) {
        CurvesItem::Look look;
        look.colour = curveColour(runs.size() > 1 ? curve.source : int(looks.size()));
        look.dashed = runs.size() > 1 && curve.line > 0;
        look.sparse = m_kind.lines[std::size_t(curve.line)].sparse;
        look.hidden = hidden.value(curve.source);
        looks += look;
        if (look.hidden)
            continue;
        Entry entry{ .colour = look.colour, .name = nameOf(curve, runs) };
        if (runs.size() > 1 || m_kind.lines.size() > 1)
            entry.label = m_legend->fontMetrics().elidedText(entry.name, Qt::ElideMiddle, widest_name);
        const double value = set.query.cursor ? curve.read : lastOf(curve.points, chart->logY);
        const double smooth = set.query.cursor ? curve.readSmooth : lastOf(curve.smooth, chart->logY);
        if (std::isfinite(value))
            entry.value = numberText(value);
        if (std::isfinite(smooth) && m_kind.lines.size() > 1 && runs.size() < 2)
            entry.value += QStringLiteral(" (%1)").arg(tr("smoothed %1").arg(numberText(smooth)));
        m_entries += entry;
    }
    m_chart->setEmptyText(tr("No numbers yet"));
    m_chart->setCurves(set, *chart, looks);
    showLegend();
}

void ChartCard::showLegend()
{
    QString text;
    for (const auto& entry : m_entries.mid(0, most_named))
        text += QStringLiteral("&nbsp;&nbsp; <span style='color:%1'>●</span> %2 <b>%3</b>")
                    .arg(entry.colour.name(), entry.label.toHtmlEscaped(), entry.value.toHtmlEscaped());
    m_legend->setText(m_entries.size() > most_named ? QString() : text);
    m_chart->setAccessibleDescription(legendText());
}

QString ChartCard::legendText() const
{
    QStringList words;
    for (const auto& entry : m_entries)
        words += entry.name + QLatin1Char(' ') + entry.value;
    return words.join(QStringLiteral("; "));
}

void ChartCard::paintEvent(QPaintEvent* event)
{
    QFrame::paintEvent(event);
    if (!m_chart->hasFocus())
        return;
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(Theme::instance().colours().accent, 1));
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8);
}

QByteArray ChartCard::picture(Format format) const
{
    const auto size = m_chart->size() + QSize(0, 32 + 20 * int((m_entries.size() + 3) / 4));
    QBuffer bytes;
    bytes.open(QBuffer::WriteOnly);
    if (format == Format::Svg) {
        QSvgGenerator generator;
        generator.setOutputDevice(&bytes);
        generator.setSize(size);
        generator.setViewBox(QRect({}, size));
        generator.setTitle(m_title->text());
        QPainter painter(&generator);
        paintPicture(painter, size);
    } else {
        QImage image(size * picture_scale, QImage::Format_RGB32);
        image.setDevicePixelRatio(picture_scale);
        QPainter painter(&image);
        paintPicture(painter, size);
        painter.end();
        image.save(&bytes, "PNG");
    }
    return bytes.data();
}

void ChartCard::paintPicture(QPainter& painter, const QSize& size) const
{
    const auto& colours = Theme::instance().colours();
    painter.setRenderHints(QPainter::Antialiasing | QPainter::TextAntialiasing);
    painter.fillRect(QRect({}, size), colours.surface);
    auto font = this->font();
    font.setPixelSize(14);
    font.setBold(true);
    painter.setFont(font);
    painter.setPen(colours.text);
    painter.drawText(QRect(12, 8, size.width() - 24, 20), Qt::AlignLeft | Qt::AlignVCenter, m_title->text());
    font.setPixelSize(11);
    font.setBold(false);
    painter.setFont(font);
    int top = 32;
    const int width = (size.width() - 24) / int(std::clamp<qsizetype>(m_entries.size(), 1, 4));
    for (int i = 0; i < m_entries.size(); ++i) {
        const QRect place(12 + i % 4 * width, 32 + i / 4 * 20, width, 20);
        top = place.bottom() + 1;
        painter.setPen(Qt::NoPen);
        painter.setBrush(m_entries[i].colour);
        painter.drawEllipse(QPointF(place.left() + 5, place.center().y() + 0.5), 4, 4);
        painter.setPen(colours.muted);
        painter.drawText(place.adjusted(14, 0, -4, 0), Qt::AlignLeft | Qt::AlignVCenter,
                         painter.fontMetrics().elidedText(m_entries[i].name, Qt::ElideMiddle, width - 20));
    }
    m_chart->paintInto(painter, QRectF(0, top, size.width(), size.height() - top));
}

} // namespace reverie::ui
