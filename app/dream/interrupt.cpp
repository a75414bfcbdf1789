// SPDX-License-Identifier: MIT
#include "app/dream/interrupt.h"

#include "core/base/error.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <unistd.h>

namespace {

// A signal handler may do little more than write to a pipe; a thread reads it and asks to stop.
std::array<int, 2> signalPipe = { -1, -1 };

void onSignal(int)
{
    const int savedErrno = errno;
    const char byte = 1;
    [[maybe_unused]] const auto written = write(signalPipe[1], &byte, 1);
    errno = savedErrno;
}

void handle(int signal, void (*handler)(int), int flags)
{
    struct sigaction action {
    };
    action.sa_handler = handler;
    action.sa_flags = flags;
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, nullptr);
}

} // namespace

Interrupt::Interrupt()
{
    if (pipe2(signalPipe.data(), O_CLOEXEC) != 0)
        throw reverie::Error("Too many files are open; close some programs.");
    m_watcher = std::thread([stop = m_stop, input = signalPipe[0]]() mutable {
        char byte = 0;
        ssize_t got = 0;
        while ((got = read(input, &byte, 1)) < 0 && errno == EINTR) { }
        if (got == 1)
            stop.request_stop();
    });
    for (const int signal : { SIGINT, SIGTERM })
        handle(signal, onSignal, SA_RESTART | static_cast<int>(SA_RESETHAND));
}

Interrupt::~Interrupt()
{
    for (const int signal : { SIGINT, SIGTERM })
        handle(signal, SIG_DFL, 0);
    close(signalPipe[1]);
    m_watcher.join();
    close(signalPipe[0]);
}
