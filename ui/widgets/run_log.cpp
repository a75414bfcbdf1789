// SPDX-License-Identifier: MIT
#include "ui/widgets/run_log.h"

#include <QFontDatabase>
#include <QScrollBar>

namespace reverie::ui {

namespace {

constexpr int most_lines = 10000;

} // namespace

RunLog::RunLog(QWidget* parent)
    : QPlainTextEdit(parent)
{
    setObjectName(QStringLiteral("runLog"));
    setAccessibleName(tr("Log of the run"));
    setReadOnly(true);
    setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    setTabChangesFocus(true);
    setMaximumBlockCount(most_lines);
    setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    setPlaceholderText(tr("The run has not said anything yet."));
}

void RunLog::setLog(const QString& log)
{
    if (log == m_log)
        return;
    const bool atEnd = verticalScrollBar()->value() == verticalScrollBar()->maximum();
    if (!m_log.isEmpty() && log.startsWith(m_log))
        appendPlainText(log.mid(m_log.size()).trimmed());
    else
        setPlainText(log.trimmed());
    m_log = log;
    if (atEnd)
        verticalScrollBar()->setValue(verticalScrollBar()->maximum());
}

} // namespace reverie::ui
