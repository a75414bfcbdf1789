// SPDX-License-Identifier: MIT
#include "ui/widgets/chart_controls.h"

#include "ui/session/run_entry.h"
#include "ui/widgets/theme.h"

#include <QCheckBox>
#include <QComboBox>
#include <QCoreApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QSlider>
#include <QToolButton>

namespace reverie::ui {

namespace {

constexpr int slider_end = 100, slider_start = 35;
constexpr double slider_decade = 25; ///< so that the end is ten thousand rows

} // namespace

ChartControls::ChartControls(QWidget* parent)
    : QWidget(parent)
    , m_kind(new QComboBox)
    , m_part(new QComboBox)
    , m_x(new QComboBox)
    , m_smoothing(new QSlider(Qt::Horizontal))
    , m_window(new QLabel)
    , m_logX(new QCheckBox(tr("Log x")))
    , m_logY(new QCheckBox(tr("Log y")))
    , m_clip(new QCheckBox(tr("Clip outliers")))
    , m_all(new QToolButton)
{
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins({});
    layout->setSpacing(12);
    makeChoices(*layout);
    makeSmoothing(*layout);
    makeSwitches(*layout);
    layout->addStretch(1);
    m_all->setObjectName(QStringLiteral("showAll"));
    m_all->setIcon(Theme::icon(QStringLiteral("fit")));
    m_all->setText(tr("Show all"));
    m_all->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_all->setToolTip(tr("Show all of x again (double click in a chart)"));
    m_all->setFocusPolicy(Qt::StrongFocus);
    m_all->setEnabled(false);
    layout->addWidget(m_all);
    connect(m_all, &QToolButton::clicked, this, &ChartControls::allWanted);
    offerKinds(false);
}

void ChartControls::makeChoices(QHBoxLayout& layout)
{
    m_kind->setObjectName(QStringLiteral("kind"));
    m_kind->setAccessibleName(tr("What to compare"));
    for (const auto& kind : chartKinds())
        m_kind->addItem(QCoreApplication::translate("reverie::ui::RunCharts", kind.title),
                        QLatin1String(kind.id));
    m_kind->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_kind->setMinimumContentsLength(12);
    m_part->setObjectName(QStringLiteral("part"));
    m_part->setAccessibleName(tr("Part of the model"));
    m_part->setToolTip(tr("Part of the model"));
    m_part->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    m_x->setObjectName(QStringLiteral("xAxis"));
    m_x->setAccessibleName(tr("X axis"));
    m_x->setToolTip(tr("X axis"));
    m_x->addItem(tr("Steps"), int(ChartX::Steps));
    m_x->addItem(tr("Time"), int(ChartX::Time));
    m_x->addItem(tr("Pictures"), int(ChartX::Pictures));
    for (auto* box : { m_kind, m_part, m_x })
        layout.addWidget(box);
    connect(m_kind, &QComboBox::currentIndexChanged, this, &ChartControls::changed);
    connect(m_x, &QComboBox::currentIndexChanged, this, &ChartControls::changed);
    connect(m_part, &QComboBox::currentIndexChanged, this, &ChartControls::changed);
    connect(m_part, &QComboBox::activated, this, [this] { m_partChosen = true; });
}

void ChartControls::makeSmoothing(QHBoxLayout& layout)
{
    auto* label = new QLabel(tr("Smoothing"));
    label->setProperty("muted", true);
    m_smoothing->setObjectName(QStringLiteral("smoothing"));
    m_smoothing->setAccessibleName(tr("Smoothing"));
    m_smoothing->setRange(0, slider_end);
    m_smoothing->setValue(slider_start);
    m_smoothing->setMinimumWidth(60);
    m_smoothing->setMaximumWidth(110);
    m_smoothing->setFocusPolicy(Qt::StrongFocus);
    m_window->setProperty("muted", true);
    m_window->setMinimumWidth(
        fontMetrics().horizontalAdvance(tr("%1 points").arg(QLocale().toString(10000))));
    layout.addWidget(label);
    layout.addWidget(m_smoothing);
    layout.addWidget(m_window);
    connect(m_smoothing, &QSlider::valueChanged, this, [this] {
        showWindow();
        Q_EMIT changed();
    });
    showWindow();
}

void ChartControls::makeSwitches(QHBoxLayout& layout)
{
    m_logX->setObjectName(QStringLiteral("logX"));
    m_logX->setToolTip(tr("Logarithmic x axis"));
    m_logY->setObjectName(QStringLiteral("logY"));
    m_logY->setToolTip(tr("Logarithmic y axis for loss, learning rate and gradient norm"));
    m_clip->setObjectName(QStringLiteral("clip"));
    m_clip->setToolTip(tr("Leave the outermost 2 % of the values out of the y axis"));
    for (auto* box : { m_logX, m_logY, m_clip }) {
        layout.addWidget(box);
        connect(box, &QCheckBox::toggled, this, &ChartControls::changed);
    }
}

void ChartControls::setParts(const QStringList& parts)
{
    QStringList shown;
    for (int i = 0; i < m_part->count(); ++i)
        shown += m_part->itemData(i).toString();
    if (shown == parts)
        return;
    const auto chosen = m_part->currentData().toString();
    {
        const QSignalBlocker quiet(m_part);
        m_part->clear();
        for (const auto& part : parts)
            m_part->addItem(part.isEmpty() ? tr("All") : partName(part), part);
        m_partChosen = m_partChosen && parts.contains(chosen);
        m_part->setCurrentIndex(m_partChosen ? int(parts.indexOf(chosen)) : int(parts.size()) - 1);
    }
    m_part->setVisible(parts.size() > 1 || !parts.value(0).isEmpty());
    Q_EMIT changed();
}

void ChartControls::offerKinds(bool offer)
{
    m_kind->setVisible(offer);
}

QString ChartControls::kind() const
{
    return m_kind->currentData().toString();
}

/// Rows that the smoothing reaches over: 1 to 10,000.
double ChartControls::window() const
{
    return std::round(std::pow(10, m_smoothing->value() / slider_decade));
}

void ChartControls::showWindow()
{
    const auto points = qlonglong(window());
    m_window->setText(points <= 1 ? tr("none") : tr("%1 points").arg(QLocale().toString(points)));
    m_smoothing->setAccessibleDescription(m_window->text());
}

void ChartControls::fill(ChartQuery& query) const
{
    query.part = m_part->currentData().toString();
    query.x = ChartX(m_x->currentData().toInt());
    query.window = window();
    query.logX = m_logX->isChecked();
    query.logY = m_logY->isChecked();
    query.clip = m_clip->isChecked();
}

void ChartControls::setZoomed(bool zoomed)
{
    m_all->setEnabled(zoomed);
}

} // namespace reverie::ui
