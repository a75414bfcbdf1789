// SPDX-License-Identifier: MIT
#include "ui/widgets/run_comparison.h"

#include "ui/session/chart_ticks.h"
#include "ui/widgets/run_colours.h"
#include "ui/widgets/theme.h"

#include <QHeaderView>
#include <QPainter>

namespace reverie::ui {

namespace {

enum Row { ShownRow, StateRow, ReadingRow, FirstOptionRow };

QIcon dot(const QColor& colour)
{
    QPixmap pixmap(24, 24);
    pixmap.setDevicePixelRatio(2);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(colour);
    painter.drawEllipse(QRectF(1, 1, 10, 10));
    return pixmap;
}

/// How it stands, and what of it can't be read.
QString stateText(const RunState& state)
{
    QStringList words;
    if (state.status) {
        const std::string& word = state.status->state;
        const bool saysItGoesOn = word == "starting" || word == "running" || word == "paused";
        words
            += saysItGoesOn && !state.alive ? RunComparison::tr("interrupted") : QString::fromStdString(word);
    }
    if (!state.trouble.isEmpty())
        words += state.trouble;
    return words.isEmpty() ? QStringLiteral("–") : words.join(QStringLiteral(": "));
}

} // namespace

QStringList differingOptions(const QList<QMap<QString, QString>>& runs)
{
    QMap<QString, bool> differs;
    for (const auto& run : runs)
        for (auto it = run.begin(); it != run.end(); ++it)
            for (const auto& other : runs)
                if (!other.isEmpty() && (!other.contains(it.key()) || other.value(it.key()) != it.value()))
                    differs[it.key()] = true;
    return differs.keys();
}

RunComparison::RunComparison(QWidget* parent)
    : QTableWidget(parent)
{
    setObjectName(QStringLiteral("comparison"));
    setAccessibleName(tr("The runs and the options in which they differ"));
    setEditTriggers(NoEditTriggers);
    setSelectionMode(SingleSelection);
    setShowGrid(false);
    setTabKeyNavigation(false);
    setFrameShape(NoFrame);
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    horizontalHeader()->setMaximumSectionSize(260);
    horizontalHeader()->setTextElideMode(Qt::ElideMiddle);
    verticalHeader()->setHighlightSections(false);
    verticalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    verticalHeader()->setDefaultSectionSize(28);
    connect(this, &QTableWidget::itemChanged, this, [this](QTableWidgetItem* changed) {
        if (changed->row() != ShownRow)
            return;
        QList<bool> hidden;
        for (int column = 0; column < columnCount(); ++column)
            hidden += item(ShownRow, column) && item(ShownRow, column)->checkState() == Qt::Unchecked;
        Q_EMIT hiddenChanged(hidden);
    });
    connect(&Theme::instance(), &Theme::changed, this, &RunComparison::dress);
}

void RunComparison::setStates(const QList<RunState>& states)
{
    QStringList places;
    QList<QMap<QString, QString>> options;
    for (const auto& state : states) {
        places += state.place;
        options += state.options;
    }
    if (places != m_places || options != m_options) {
        m_places = places;
        m_options = options;
        build(states);
    }
    for (int column = 0; column < states.size(); ++column) {
        setCell(StateRow, column, stateText(states[column]));
    }
}

void RunComparison::build(const QList<RunState>& states)
{
    const QSignalBlocker quiet(this);
    const auto differing = differingOptions(m_options);
    clear();
    setColumnCount(int(states.size()));
    setRowCount(FirstOptionRow + int(differing.size()));
    setVerticalHeaderLabels(QStringList{ tr("Shown"), tr("State"), tr("Reading") } + differing);
    for (int column = 0; column < states.size(); ++column) {
        auto* head = new QTableWidgetItem(states[column].name);
        head->setToolTip(states[column].place);
        setHorizontalHeaderItem(column, head);
        auto* box = new QTableWidgetItem;
        box->setFlags(Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsUserCheckable);
        box->setCheckState(Qt::Checked);
        box->setToolTip(tr("Whether its curve shows"));
        setItem(ShownRow, column, box);
        for (int row = 0; row < differing.size(); ++row)
            setCell(FirstOptionRow + row, column,
                    m_options[column].isEmpty() ? QStringLiteral("–")
                                                : m_options[column].value(differing[row]));
    }
    dress();
}

void RunComparison::dress()
{
    for (int column = 0; column < columnCount(); ++column)
        if (auto* head = horizontalHeaderItem(column))
            head->setIcon(dot(curveColour(column)));
}

void RunComparison::setCell(int row, int column, const QString& text)
{
    if (!item(row, column))
        setItem(row, column, new QTableWidgetItem);
    if (item(row, column)->text() == text)
        return;
    item(row, column)->setText(text);
    item(row, column)->setToolTip(text);
}

void RunComparison::setCurves(const CurveSet& curves)
{
    if (curves.charts.isEmpty())
        return;
    const auto& chart = curves.charts.first();
    QMap<int, QStringList> readings;
    for (const auto& curve : chart.curves) {
        double value = curves.query.cursor ? curve.read : std::numeric_limits<double>::quiet_NaN();
        if (!curves.query.cursor && !curve.points.isEmpty())
            value = fromAxis(curve.points.last().y(), chart.logY);
        if (std::isfinite(value))
            readings[curve.source] += numberText(value);
    }
    for (int column = 0; column < columnCount(); ++column)
        setCell(ReadingRow, column, readings.value(column).join(QStringLiteral(" / ")));
}

} // namespace reverie::ui
