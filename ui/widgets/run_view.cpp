// SPDX-License-Identifier: MIT
#include "ui/widgets/run_view.h"

#include "ui/session/run_watcher.h"
#include "ui/widgets/run_charts.h"
#include "ui/widgets/run_comparison.h"
#include "ui/widgets/run_log.h"
#include "ui/widgets/run_summary.h"
#include "ui/widgets/sample_view.h"

#include <QLabel>
#include <QSplitter>
#include <QStackedWidget>
#include <QTabWidget>
#include <QVBoxLayout>

namespace reverie::ui {

struct RunView::Parts {
    RunWatcher watcher;
    QStackedWidget* pages = new QStackedWidget;
    QLabel* empty = new QLabel;
    RunSummary* summary = new RunSummary;
    QTabWidget* tabs = new QTabWidget;
    RunCharts* charts = new RunCharts;
    SampleView* samples = new SampleView;
    RunLog* log = new RunLog;
    QSplitter* split = new QSplitter(Qt::Vertical); ///< charts over the comparison
    RunComparison* comparison = new RunComparison;
    bool comparing = false;
};

RunView::RunView(QWidget* parent)
    : QWidget(parent)
    , m_parts(std::make_unique<Parts>())
{
    makeEmptyPage();
    makeRunPage();
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->addWidget(m_parts->pages);
    connectWatcher();
    connect(m_parts->samples, &SampleView::openCheckpointWanted, this, &RunView::openCheckpointWanted);
}

RunView::~RunView() = default;

void RunView::makeEmptyPage()
{
    auto* page = new QWidget;
    auto* layout = new QVBoxLayout(page);
    auto* headline = new QLabel(tr("No run to watch"));
    headline->setObjectName(QStringLiteral("headline"));
    m_parts->empty->setText(
        tr("Start a run, or choose one from the list.\nIts curves, samples and log show here while "
           "it trains, whether it was started here, from a shell, or on another machine."));
    m_parts->empty->setProperty("muted", true);
    layout->addStretch(1);
    for (auto* label : { headline, m_parts->empty }) {
        label->setAlignment(Qt::AlignCenter);
        label->setWordWrap(true);
        layout->addWidget(label);
    }
    layout->setSpacing(8);
    layout->addStretch(1);
    m_parts->pages->addWidget(page);
}

void RunView::makeRunPage()
{
    auto& parts = *m_parts;
    auto* page = new QWidget;
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(24, 16, 20, 16);
    layout->setSpacing(12);
    parts.split->addWidget(parts.charts);
    parts.split->addWidget(parts.comparison);
    parts.split->setStretchFactor(0, 3);
    parts.split->setStretchFactor(1, 1);
    parts.split->setChildrenCollapsible(false);
    parts.split->setHandleWidth(12);
    parts.split->setSizes({ 500, 220 });
    auto* logPage = new QWidget;
    auto* logLayout = new QVBoxLayout(logPage);
    logLayout->setContentsMargins(0, 12, 4, 0);
    logLayout->addWidget(parts.log);
    parts.tabs->setObjectName(QStringLiteral("runTabs"));
    parts.tabs->setAccessibleName(tr("Curves, samples and log"));
    parts.tabs->setDocumentMode(true);
    parts.tabs->addTab(parts.split, tr("C&urves"));
    parts.tabs->addTab(parts.samples, tr("&Samples"));
    parts.tabs->addTab(logPage, tr("&Log"));
    parts.tabs->tabBar()->setDrawBase(false);
    layout->addWidget(parts.summary);
    layout->addWidget(parts.tabs, 1);
    parts.pages->addWidget(page);
    connect(parts.comparison, &RunComparison::hiddenChanged, parts.charts, &RunCharts::setHidden);
}

void RunView::connectWatcher()
{
    auto& parts = *m_parts;
    connect(parts.charts, &RunCharts::queryChanged, &parts.watcher, &RunWatcher::ask);
    connect(parts.charts, &RunCharts::saveNumbersWanted, &parts.watcher, &RunWatcher::saveNumbers);
    connect(parts.charts, &RunCharts::savePictureWanted, &parts.watcher, &RunWatcher::saveBytes);
    connect(&parts.watcher, &RunWatcher::saved, this, [&parts](const QString&, const QString& error) {
        if (error.isEmpty())
            return;
        parts.summary->show();
        parts.summary->showNotice(error);
    });
    connect(&parts.watcher, &RunWatcher::statesChanged, this, [&parts](const QList<RunState>& states) {
        parts.charts->setStates(states);
        if (parts.comparing) {
            parts.comparison->setStates(states);
            return;
        }
        parts.summary->setState(states.first());
        parts.samples->setSamples(states.first().samples);
        parts.log->setLog(states.first().log);
    });
    connect(&parts.watcher, &RunWatcher::curvesChanged, this, [&parts](const CurveSet& curves) {
        parts.charts->setCurves(curves);
        if (parts.comparing)
            parts.comparison->setCurves(curves);
    });
}

void RunView::watch(const QStringList& places, bool comparing)
{
    auto& parts = *m_parts;
    parts.comparing = comparing;
    parts.watcher.watch(places);
    parts.pages->setCurrentIndex(places.isEmpty() ? 0 : 1);
    parts.summary->setState({});
    parts.summary->setVisible(!comparing);
    parts.comparison->setVisible(comparing);
    parts.tabs->setCurrentIndex(0);
    parts.tabs->tabBar()->setVisible(!comparing);
    parts.samples->setSamples({});
    parts.log->setLog({});
    parts.charts->begin(comparing);
}

void RunView::showRun(const QString& folder)
{
    if (folder.isEmpty() || folder != run())
        watch(folder.isEmpty() ? QStringList() : QStringList(folder), false);
}

void RunView::compareRuns(const QStringList& sources)
{
    watch(sources, true);
}

QString RunView::run() const
{
    return m_parts->comparing ? QString() : m_parts->watcher.places().value(0);
}

} // namespace reverie::ui
