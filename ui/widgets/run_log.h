// SPDX-License-Identifier: MIT
#pragma once

#include <QPlainTextEdit>

namespace reverie::ui {

/// The end of a run's log. It follows what is added, unless somebody looks further up.
class RunLog : public QPlainTextEdit
{
    Q_OBJECT
public:
    explicit RunLog(QWidget* parent = nullptr);
    void setLog(const QString& log);

private:
    QString m_log;
};

} // namespace reverie::ui
