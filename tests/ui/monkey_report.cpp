// SPDX-License-Identifier: MIT
#include "tests/ui/monkey_report.h"

#include <QMutex>
#include <QStringList>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <execinfo.h>
#include <thread>
#include <unistd.h>

namespace {

constexpr int kept_events = 20;
constexpr size_t line_size = 256;
constexpr int longest_hang_s = 120;

char title[line_size];
char lines[kept_events][line_size];
std::atomic<int> added = 0;
std::atomic<long long> last_sign_of_life = 0;
QMutex mutex;
QString trouble;
QtMessageHandler previousHandler = nullptr;
std::jthread watchdog;

long long now()
{
    return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::milliseconds(1);
}

void copy(char* line, const QString& text)
{
    std::strncpy(line, text.toUtf8().constData(), line_size - 1);
}

void put(const char* text)
{
    [[maybe_unused]] const auto written = write(STDERR_FILENO, text, std::strlen(text));
}

/// Only what a handler of signals may do.
void writeReport()
{
    put("\n");
    put(title);
    for (int i = std::max(0, added - kept_events); i < added; ++i) {
        put("\n  ");
        put(lines[i % kept_events]);
    }
    put("\n");
}

void onCrash(int signal)
{
    writeReport();
    void* frames[64];
    backtrace_symbols_fd(frames, backtrace(frames, 64), STDERR_FILENO);
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

/// What the platform without a screen can't do, which is no fault of the program's.
bool isOfThePlatform(const QString& message)
{
    return message.startsWith(QLatin1String("This plugin does not support"));
}

void onMessage(QtMsgType type, const QMessageLogContext& context, const QString& message)
{
    if (isOfThePlatform(message))
        return;
    if (type != QtDebugMsg && type != QtInfoMsg)
        monkey_report::complain(message);
    if (previousHandler)
        previousHandler(type, context, message);
}

} // namespace

namespace monkey_report {

void begin(const QString& text)
{
    copy(title, text);
    added = 0;
    trouble.clear();
    previousHandler = qInstallMessageHandler(onMessage);
#ifndef __SANITIZE_ADDRESS__ // which reports crashes itself
    for (const int signal : { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT })
        std::signal(signal, onCrash);
#endif
    last_sign_of_life = now();
    watchdog = std::jthread([](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            std::this_thread::sleep_for(std::chrono::milliseconds(200));
            if (now() - last_sign_of_life > longest_hang_s * 1000) {
                put("\nThe window hangs.");
                writeReport();
                std::abort();
            }
        }
    });
}

void end()
{
    watchdog = {};
    qInstallMessageHandler(previousHandler);
    for (const int signal : { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT })
        std::signal(signal, SIG_DFL);
}

void add(const QString& event)
{
    copy(lines[added % kept_events], event);
    ++added;
    last_sign_of_life = now();
}

void complain(const QString& what)
{
    const QMutexLocker lock(&mutex);
    if (!trouble.isEmpty())
        return;
    trouble = what + QLatin1Char('\n') + QString::fromUtf8(title);
    for (int i = std::max(0, added - kept_events); i < added; ++i)
        trouble += QStringLiteral("\n  ") + QString::fromUtf8(lines[i % kept_events]);
}

QString text()
{
    const QMutexLocker lock(&mutex);
    return trouble;
}

} // namespace monkey_report
