// SPDX-License-Identifier: MIT
#include "ui/widgets/run_charts.h"

#include "ui/widgets/chart_controls.h"
#include "ui/widgets/run_chart.h"
#include "ui/widgets/verdict_list.h"

#include <QFileDialog>
#include <QGridLayout>
#include <QLabel>
#include <QScrollArea>
#include <QStandardPaths>
#include <QVBoxLayout>

namespace reverie::ui {

namespace {

constexpr int small_height = 148, loss_height = 236, verdicts_width = 264;

} // namespace

RunCharts::RunCharts(QWidget* parent)
    : QWidget(parent)
    , m_controls(new ChartControls)
    , m_area(new QWidget)
    , m_grid(new QGridLayout(m_area))
    , m_verdicts(new VerdictList)
{
    auto* scroll = new QScrollArea;
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setWidget(m_area);
    scroll->setFocusPolicy(Qt::NoFocus);
    m_grid->setContentsMargins(0, 0, 4, 0);
    m_grid->setSpacing(12);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 12, 0, 0);
    layout->setSpacing(12);
    layout->addWidget(m_controls);
    layout->addWidget(scroll, 1);
    makeCards();
    arrange();
    connect(m_controls, &ChartControls::changed, this, &RunCharts::updateQuery);
    connect(m_controls, &ChartControls::allWanted, this, [this] { showRange(std::nullopt); });
    connect(m_verdicts, &VerdictList::chosen, this, &RunCharts::showMark);
}

void RunCharts::makeCards()
{
    for (const auto& kind : chartKinds()) {
        auto* card = new ChartCard(kind);
        m_cards += card;
        connectCard(*card);
    }
}

void RunCharts::connectCard(ChartCard& card)
{
    auto& chart = card.chart();
    connect(&chart, &RunChart::shownXWanted, this, [this](const Extent& x) { showRange(x); });
    connect(&chart, &RunChart::allWanted, this, [this] { showRange(std::nullopt); });
    connect(&chart, &RunChart::cursorWanted, this, &RunCharts::setCursorAt);
    connect(&chart, &RunChart::markChosen, m_verdicts, &VerdictList::choose);
    connect(&card, &ChartCard::saveWanted, this,
            [this, &card](ChartCard::Format format) { askWhereToSave(card, format); });
}

ChartCard* RunCharts::card(const QString& kind) const
{
    for (auto* card : m_cards)
        if (kind == QLatin1String(card->kind().id))
            return card;
    return nullptr;
}

void RunCharts::begin(bool comparing)
{
    m_comparing = comparing;
    m_curves = {};
    m_runs.clear();
    m_hidden.clear();
    m_query.range.reset();
    m_query.cursor.reset();
    m_controls->offerKinds(comparing);
    m_controls->setParts({});
    m_controls->setZoomed(false);
    m_verdicts->setMarks({});
    for (auto* card : m_cards)
        card->chart().setMarks({});
    arrange();
    updateQuery();
}

/// Comparing: one chart over all. Else the loss over all columns, or beside the verdicts, and the others
/// below in rows of three.
void RunCharts::arrange()
{
    while (auto* item = m_grid->takeAt(0))
        delete item;
    const bool sick = !m_comparing && !m_curves.marks.isEmpty();
    int place = 0;
    for (auto* card : m_cards) {
        const bool isLoss = card == m_cards.first();
        const bool shown = m_comparing ? QLatin1String(card->kind().id) == m_controls->kind()
                                       : isLoss || m_curves.has(QLatin1String(card->kind().id));
        card->setParent(m_area);
        card->setVisible(shown);
        card->setMinimumHeight(isLoss || m_comparing ? loss_height : small_height);
        if (!shown)
            continue;
        if (isLoss || m_comparing) {
            m_grid->addWidget(card, 0, 0, 1, sick ? 4 : 6);
        } else {
            m_grid->addWidget(card, 1 + place / 3, place % 3 * 2, 1, 2);
            ++place;
        }
    }
    m_verdicts->setParent(m_area);
    m_verdicts->setVisible(sick);
    if (sick)
        m_grid->addWidget(m_verdicts, 0, 4, 1, 2);
    for (int column = 0; column < 6; ++column)
        m_grid->setColumnStretch(column, 1);
    m_grid->setRowStretch(0, 3);
    for (int row = 1; row <= 2; ++row)
        m_grid->setRowStretch(row, m_comparing ? 0 : 2);
}

void RunCharts::setStates(const QList<RunState>& states)
{
    // Comparing: the parts that most runs have come last, where the choice is.
    QMap<QString, int> runsWith;
    m_runs.clear();
    for (const auto& state : states) {
        m_runs += state.name;
        for (const auto& part : state.parts)
            ++runsWith[part];
    }
    if (runsWith.size() > 1)
        runsWith.remove({}); // other programs' numbers, which show with every part
    auto parts = runsWith.keys();
    std::stable_sort(parts.begin(), parts.end(), [&](const QString& a, const QString& b) {
        return std::pair(runsWith[a], part_order(a.toStdString()))
            < std::pair(runsWith[b], part_order(b.toStdString()));
    });
    m_controls->setParts(parts);
}

void RunCharts::setCurves(const CurveSet& answer)
{
    auto curves = answer;
    const auto& asked = answer.query;
    const bool sameAxes = asked.x == m_query.x && asked.logX == m_query.logX && asked.part == m_query.part
        && asked.charts == m_query.charts && asked.range.has_value() == m_query.range.has_value();
    if (!sameAxes)
        return; // the answer to the newer query is on its way
    if (m_query.range) // somebody may have panned on
        curves.shown
            = { toAxis(m_query.range->low, m_query.logX), toAxis(m_query.range->high, m_query.logX) };
    const auto outline = [](const CurveSet& set) {
        QStringList charts{ set.marks.isEmpty() ? QString() : QStringLiteral("verdicts") };
        for (const auto& chart : set.charts)
            if (set.has(chart.chart))
                charts += chart.chart;
        return charts;
    };
    const bool otherCards = outline(curves) != outline(m_curves);
    m_curves = curves;
    if (otherCards)
        arrange();
    for (auto* card : m_cards)
        card->setCurves(curves, m_runs, m_hidden);
    if (!m_comparing) {
        m_cards.first()->chart().setMarks(curves.marks);
        m_verdicts->setMarks(curves.marks);
    }
}

void RunCharts::setHidden(const QList<bool>& hidden)
{
    m_hidden = hidden;
    for (auto* card : m_cards)
        card->setCurves(m_curves, m_runs, m_hidden);
}

void RunCharts::updateQuery()
{
    auto query = m_query;
    m_controls->fill(query);
    if (query.x != m_query.x || query.part != m_query.part || query.logX != m_query.logX) {
        query.range.reset();
        query.cursor.reset();
    }
    query.charts.clear();
    for (const auto& kind : chartKinds())
        if (!m_comparing || QLatin1String(kind.id) == m_controls->kind())
            query.charts += QLatin1String(kind.id);
    query.columns = std::max(200, width());
    const bool otherCharts = query.charts != m_query.charts;
    m_query = query;
    m_controls->setZoomed(query.range.has_value());
    if (otherCharts)
        arrange();
    Q_EMIT queryChanged(m_query);
}

/// `places` on the axis; none: all.
void RunCharts::showRange(const std::optional<Extent>& places)
{
    m_query.range.reset();
    if (places) {
        m_query.range = Extent{ fromAxis(places->low, m_query.logX), fromAxis(places->high, m_query.logX) };
        for (auto* card : m_cards)
            if (card->isVisible())
                card->chart().setShownX(*places);
    }
    m_controls->setZoomed(places.has_value());
    Q_EMIT queryChanged(m_query);
}

void RunCharts::setCursorAt(std::optional<double> x)
{
    if (x == m_query.cursor)
        return;
    m_query.cursor = x;
    for (auto* card : m_cards)
        card->chart().setCursorAt(x);
    Q_EMIT queryChanged(m_query);
}

void RunCharts::showMark(int index)
{
    if (index >= m_curves.marks.size() || !std::isfinite(m_curves.marks[index].at.x()))
        return;
    const double place = m_curves.marks[index].at.x();
    const auto& shown = m_cards.first()->chart().shownX();
    if (place < shown.low || place > shown.high)
        showRange(Extent{ place - shown.size() / 2, place + shown.size() / 2 });
    setCursorAt(fromAxis(place, m_query.logX));
}

void RunCharts::askWhereToSave(ChartCard& card, ChartCard::Format format)
{
    static constexpr const char* suffixes[] = { "png", "svg", "csv" };
    const auto suffix = QLatin1String(suffixes[int(format)]);
    auto* dialog = new QFileDialog(this, tr("Save the chart"),
                                   QStandardPaths::writableLocation(QStandardPaths::DownloadLocation));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(suffix);
    dialog->setNameFilter(tr("%1 files (*.%2)").arg(QString(suffix).toUpper(), suffix));
    const auto name = m_runs.size() == 1 ? m_runs.first() : tr("comparison");
    dialog->selectFile(QStringLiteral("%1-%2.%3").arg(name, QLatin1String(card.kind().id), suffix));
    connect(dialog, &QFileDialog::fileSelected, this, [this, &card, format](const QString& file) {
        if (format == ChartCard::Format::Csv)
            Q_EMIT saveNumbersWanted(file);
        else
            Q_EMIT savePictureWanted(file, card.picture(format));
    });
    dialog->open();
}

void RunCharts::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    if (std::abs(m_query.columns - width()) > 100)
        updateQuery();
}

} // namespace reverie::ui
