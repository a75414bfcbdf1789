// SPDX-License-Identifier: MIT
#include "ui/widgets/run_view.h"

namespace reverie::ui {

struct RunView::Parts {
    QString run;
};

RunView::RunView(QWidget* parent)
    : QWidget(parent)
    , m_parts(std::make_unique<Parts>())
{
}

RunView::~RunView() = default;

void RunView::showRun(const QString& folder)
{
    m_parts->run = folder;
}

void RunView::compareRuns(const QStringList&)
{
    m_parts->run.clear();
}

QString RunView::run() const
{
    return m_parts->run;
}

} // namespace reverie::ui
