// SPDX-License-Identifier: MIT
#include "ui/session/set_forecast.h"

#include "ui/session/draw_queue.h"
#include "ui/session/session.h"

#include <algorithm>
#include <cmath>

namespace reverie::ui {

SetForecast::SetForecast(Session& session, QObject* parent)
    : QObject(parent)
    , m_session(session)
{
}

void SetForecast::ask(const std::vector<SetPart>& parts, const QString& device)
{
    constexpr size_t most_asked = 16; // of more, as many that lie evenly among them
    const int question = ++m_question;
    const size_t asked = std::min(parts.size(), most_asked);
    m_flops = 0;
    m_open = asked;
    for (size_t i = 0; i < asked; ++i) {
        const SetPart& part = parts[i * parts.size() / asked];
        const double share = static_cast<double>(parts.size()) / static_cast<double>(asked);
        m_session.preview(part.request, this, [this, question, share, device](const DrawingPreview& preview) {
            if (question != m_question)
                return;
            m_flops += preview.flops * share;
            if (--m_open > 0)
                return;
            if (const auto seconds = DrawQueue::secondsFor(device, m_flops))
                Q_EMIT answered(*seconds);
        });
    }
}

QString aboutTime(double seconds)
{
    if (seconds < 90)
        return DrawQueue::tr("about %1 s").arg(std::max(1, static_cast<int>(std::lround(seconds))));
    if (seconds < 5400)
        return DrawQueue::tr("about %1 min").arg(static_cast<int>(std::lround(seconds / 60)));
    return DrawQueue::tr("about %1 h").arg(seconds / 3600, 0, 'f', 1);
}

} // namespace reverie::ui
