// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/request_axes.h"

#include <QObject>
#include <QString>

namespace reverie::ui {

class Session;

/// How long a set of drawings will take. Only the newest question is answered.
class SetForecast : public QObject
{
    Q_OBJECT
public:
    explicit SetForecast(Session& session, QObject* parent = nullptr);

    /// Ends with answered(), unless nothing was drawn yet that one could judge by.
    void ask(const std::vector<SetPart>& parts, const QString& device);

Q_SIGNALS:
    void answered(double seconds);

private:
    Session& m_session;
    int m_question = 0;
    double m_flops = 0; ///< of those that are answered
    size_t m_open = 0;
};

/// "about 3 min"
QString aboutTime(double seconds);

} // namespace reverie::ui
