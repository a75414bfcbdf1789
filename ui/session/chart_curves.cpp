// SPDX-License-Identifier: MIT
#include "ui/session/chart_curves.h"

#include <QtGlobal>

namespace reverie::ui {

namespace {

constexpr std::size_t sampled_rows = 4096; ///< that tell what an outlier is
constexpr double outlier_share = 0.02; ///< on each side

/// The curves of one query.
class Drawing
{
public:
    Drawing(const std::vector<RunSource*>& sources, const ChartQuery& query)
        : m_sources(sources)
    {
        m_set.query = query;
        for (const auto& source : sources)
            addExtent(source->numbers());
        Extent range = query.range.value_or(m_set.x);
        if (query.logX)
            range.low = std::max(range.low, smallestX());
        if (range.isEmpty())
            return;
        m_set.shown = { toAxis(range.low, query.logX), toAxis(range.high, query.logX) };
        m_visible = range;
        // As much again at both sides, for whoever pans faster than curves come.
        const double margin = query.range ? m_set.shown.size() / 2 : 0;
        m_view = { .range = { fromAxis(m_set.shown.low - margin, query.logX),
                              fromAxis(m_set.shown.high + margin, query.logX) },
                   .columns = query.range ? 2 * query.columns : query.columns,
                   .logX = query.logX };
        for (const auto& kind : chartKinds())
            if (query.charts.contains(QLatin1String(kind.id)))
                addChart(kind);
        for (std::size_t i = 0; i < sources.size(); ++i)
            addMarks(int(i));
    }

    [[nodiscard]] CurveSet take() { return std::move(m_set); }

private:
    [[nodiscard]] const ChartQuery& query() const { return m_set.query; }

    void addExtent(const RunNumbers& numbers)
    {
        const auto part = partOf(numbers, query().part);
        for (const auto& [key, table] : numbers.tables) {
            if (key.part != part || key.split == "facts" || table.rows() == 0)
                continue;
            const auto rows = rowsOf(numbers, key, table, query().x);
            m_set.x.add(rows.at(0));
            m_set.x.add(rows.at(table.rows() - 1));
        }
    }

    /// Where a logarithmic axis begins: with the first row past zero.
    [[nodiscard]] double smallestX() const
    {
        double smallest = m_set.x.high;
        for (const auto& source : m_sources) {
            const auto& numbers = source->numbers();
            for (const auto& [key, table] : numbers.tables)
                if (key.part == partOf(numbers, query().part) && key.split == "train" && table.rows() > 0) {
                    const auto rows = rowsOf(numbers, key, table, query().x);
                    for (std::size_t row = 0; row < std::min(table.rows(), std::size_t(2)); ++row)
                        if (rows.at(row) > 0)
                            smallest = std::min(smallest, rows.at(row));
                }
        }
        return smallest;
    }

    void addChart(const ChartKind& kind)
    {
        ChartCurves chart{ .chart = QLatin1String(kind.id), .logY = query().logY && kind.mayBeLogarithmic };
        m_view.logY = chart.logY;
        m_view.unitSize = kind.unitSize;
        for (std::size_t i = 0; i < m_sources.size(); ++i) {
            auto& numbers = m_sources[i]->numbers();
            const auto part = partOf(numbers, query().part);
            for (std::size_t line = 0; line < kind.lines.size(); ++line) {
                const TableKey key{ part, kind.lines[line].split };
                const auto table = numbers.tables.find(key);
                auto* column
                    = table == numbers.tables.end() ? nullptr : table->second.column(kind.lines[line].number);
                if (!column)
                    continue;
                const auto rows = rowsOf(numbers, key, table->second, query().x);
                chart.curves.append(curve(rows, *column, kind.smooth && !kind.lines[line].sparse, chart.y));
                chart.curves.last().source = int(i);
                chart.curves.last().line = int(line);
            }
        }
        if (kind.fromZero && !chart.logY && !chart.y.isEmpty())
            chart.y.add(0);
        m_set.charts.append(std::move(chart));
    }

    ChartCurve curve(const AxisRows& rows, NumberColumn& column, bool smoothly, Extent& y)
    {
        ChartCurve curve;
        curve.points = decimate(rows, column.raw(), m_view);
        if (smoothly && query().window > 1)
            curve.smooth = decimate(rows, column.smoothed(query().window), m_view);
        if (query().cursor && !rows.positions.empty()) {
            const auto row = rows.nearest(*query().cursor);
            curve.read = column.values()[row] / m_view.unitSize;
            curve.readAt = toAxis(rows.at(row), m_view.logX);
            if (smoothly && query().window > 1)
                curve.readSmooth = column.smoothed(query().window).values[row] / m_view.unitSize;
        }
        if (query().clip)
            y.add(usualExtent(rows, column.values()));
        else
            for (const auto& points : { curve.points, curve.smooth })
                addVisible(points, y);
        return curve;
    }

    void addVisible(const QList<QPointF>& points, Extent& y) const
    {
        for (const auto& point : points)
            if (point.x() >= m_set.shown.low && point.x() <= m_set.shown.high)
                y.add(point.y());
    }

    /// Of what is visible, without the outermost share at both ends.
    [[nodiscard]] Extent usualExtent(const AxisRows& rows, const std::vector<double>& values) const
    {
        const auto first = rows.firstFrom(m_visible.low);
        const auto last = std::min(rows.firstFrom(m_visible.high) + 1, values.size());
        std::vector<double> sample;
        const auto count = last > first ? std::min(last - first, sampled_rows) : 0;
        for (std::size_t i = 0; i < count; ++i)
            if (const double place
                = toAxis(values[first + i * (last - first) / count] / m_view.unitSize, m_view.logY);
                std::isfinite(place))
                sample.push_back(place);
        Extent extent;
        if (sample.empty())
            return extent;
        for (const double share : { outlier_share, 1 - outlier_share }) {
            const auto at = sample.begin() + std::ptrdiff_t(share * double(sample.size() - 1) + 0.5);
            std::nth_element(sample.begin(), at, sample.end());
            extent.add(*at);
        }
        return extent;
    }

    void addMarks(int index)
    {
        const auto& numbers = m_sources[std::size_t(index)]->numbers();
        const auto part = partOf(numbers, query().part);
        const TableKey key{ part, "train" };
        const auto table = numbers.tables.find(key);
        for (const auto& event : numbers.events) {
            if (event.kind != RunEvent::Kind::Doctor || event.part != part)
                continue;
            ChartMark mark{ .source = index, .step = event.step, .text = event.text, .advice = event.advice };
            mark.at = { std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN() };
            if (table != numbers.tables.end() && table->second.rows() > 0)
                mark.at
                    = placeOf(event, rowsOf(numbers, key, table->second, ChartX::Steps),
                              rowsOf(numbers, key, table->second, query().x), table->second.column("loss"));
            m_set.marks.append(mark);
        }
    }

    [[nodiscard]] QPointF placeOf(const RunEvent& event, const AxisRows& steps, const AxisRows& rows,
                                  const NumberColumn* loss) const
    {
        const auto row = steps.nearest(event.step);
        const bool logY = query().logY;
        const double x = query().x == ChartX::Time ? rows.at(row)
            : query().x == ChartX::Steps           ? event.step
                                                   : event.step * rows.scale;
        return { toAxis(x, query().logX),
                 loss ? toAxis(loss->values()[row], logY) : std::numeric_limits<double>::quiet_NaN() };
    }

    const std::vector<RunSource*>& m_sources;
    CurveSet m_set;
    Extent m_visible; ///< x
    AxisView m_view; ///< of what is drawn
};

} // namespace

const std::vector<ChartKind>& chartKinds()
{
    static constexpr double gibibyte = 1024.0 * 1024 * 1024;
    static const std::vector<ChartKind> kinds{
        { "loss",
          QT_TRANSLATE_NOOP("reverie::ui::RunCharts", "Loss"),
          "",
          1,
          true,
          true,
          false,
          { { "train", "loss", QT_TRANSLATE_NOOP("reverie::ui::RunCharts", "training") },
            { "valid", "loss", QT_TRANSLATE_NOOP("reverie::ui::RunCharts", "validation"), true } } },
        { "lr",
          QT_TRANSLATE_NOOP("reverie::ui::RunCharts", "Learning rate"),
          "",
          1,
          true,
          false,
          true,
          { { "train", "lr", QT_TRANSLATE_NOOP("reverie::ui::RunCharts", "learning rate") } } },
        { "grad_norm",
          QT_TRANSLATE_NOOP("reverie::ui::RunCharts", "Gradient norm"),
          "",
          1,
          true,
          true,
          false,
          { { "train", "grad_norm", QT_TRANSLATE_NOOP("reverie::ui::RunCharts", "gradient norm") } } },
        { "samples_per_s",
          QT_TRANSLATE_NOOP("reverie::ui::RunCharts", "Samples per second"),
          "",
          1,
          false,
          true,
          true,
          { { "train", "samples_per_s",
              QT_TRANSLATE_NOOP("reverie::ui::RunCharts", "samples per second") } } },
        { "use",
          QT_TRANSLATE_NOOP("reverie::ui::RunCharts", "Use"),
          "%",
          1,
          false,
          false,
          true,
          { { "train", "gpu_util", QT_TRANSLATE_NOOP("reverie::ui::RunCharts", "GPU") },
            { "train", "cpu_util", QT_TRANSLATE_NOOP("reverie::ui::RunCharts", "CPU") } } },
        { "memory",
          QT_TRANSLATE_NOOP("reverie::ui::RunCharts", "Memory"),
          "GiB",
          gibibyte,
          false,
          false,
          true,
          { { "train", "gpu_memory_bytes", QT_TRANSLATE_NOOP("reverie::ui::RunCharts", "GPU") },
            { "train", "memory_bytes", QT_TRANSLATE_NOOP("reverie::ui::RunCharts", "process") } } },
        { "temperature",
          QT_TRANSLATE_NOOP("reverie::ui::RunCharts", "Temperature"),
          "°C",
          1,
          false,
          false,
          true,
          { { "train", "gpu_temperature", QT_TRANSLATE_NOOP("reverie::ui::RunCharts", "GPU") },
            { "train", "cpu_temperature", QT_TRANSLATE_NOOP("reverie::ui::RunCharts", "CPU") } } },
    };
    return kinds;
}

std::string partOf(const RunNumbers& numbers, const QString& wanted)
{
    auto part = wanted.toStdString();
    const auto parts = numbers.parts();
    return parts.size() == 1 && parts.front().empty() ? parts.front() : part;
}

AxisRows rowsOf(const RunNumbers& numbers, const TableKey& key, const NumberTable& table, ChartX x)
{
    if (x == ChartX::Time) {
        // A part's time begins with it.
        double begin = table.seconds().empty() ? 0 : table.seconds().front();
        for (const auto* split : { "facts", "train", "valid", "test" })
            if (const auto found = numbers.tables.find({ key.part, split });
                found != numbers.tables.end() && found->second.rows() > 0)
                begin = std::min(begin, found->second.seconds().front());
        return { table.seconds(), begin, 1 };
    }
    if (x == ChartX::Steps)
        return { table.steps(), 0, 1 };
    const auto batch = numbers.batches.find(key.part);
    return { table.steps(), 0, batch == numbers.batches.end() ? 1 : batch->second };
}

CurveSet chartCurves(const std::vector<RunSource*>& sources, const ChartQuery& query)
{
    return Drawing(sources, query).take();
}

} // namespace reverie::ui
