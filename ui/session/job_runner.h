// SPDX-License-Identifier: MIT
#pragma once

#include <QCoreApplication>
#include <QString>
#include <QThreadPool>

#include <exception>
#include <functional>
#include <memory>
#include <stop_token>

namespace reverie::ui {

/// One sentence for the person at the screen.
QString describe(const std::exception& error);

/// Runs one job at a time on `thread` and brings its news to the thread it was started from, which must be
/// the application's. stop() ends the job early and still delivers; start() and the destructor silence what
/// ran. Neither ever waits.
class JobRunner
{
public:
    using Call = std::function<void()>;
    using Post = std::function<void(Call)>; ///< from the job: run this on the application's thread

    explicit JobRunner(QThreadPool& thread)
        : m_thread(thread)
    {
    }
    ~JobRunner() { silence(); }
    JobRunner(const JobRunner&) = delete;
    JobRunner& operator=(const JobRunner&) = delete;

    /// `work(std::stop_token, const Post&)` runs on the worker; what it returns goes to `onDone`, and what it
    /// throws to `onError` as a sentence.
    template <class Work, class Done>
    void start(Work work, Done onDone, std::function<void(const QString&)> onError)
    {
        silence();
        m_stop = {};
        m_listening = std::make_shared<bool>(true);
        m_thread.start([work = std::move(work), onDone = std::move(onDone), onError = std::move(onError),
                        stop = m_stop.get_token(), listening = m_listening] {
            const Post post = [listening](Call call) {
                QMetaObject::invokeMethod(
                    qApp,
                    [listening, call = std::move(call)] {
                        if (*listening)
                            call();
                    },
                    Qt::QueuedConnection);
            };
            try {
                auto result = std::make_shared<decltype(work(stop, post))>(work(stop, post));
                post([onDone, result] { onDone(std::move(*result)); });
            } catch (const std::exception& e) {
                post([onError, text = describe(e)] { onError(text); });
            }
        });
    }

    void stop() { m_stop.request_stop(); }
    void silence()
    {
        stop();
        if (m_listening)
            *m_listening = false;
    }

private:
    QThreadPool& m_thread;
    std::stop_source m_stop;
    std::shared_ptr<bool> m_listening; ///< read and written on the application's thread only
};

} // namespace reverie::ui
