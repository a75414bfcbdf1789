// SPDX-License-Identifier: MIT
#pragma once

#include <csignal>
#include <sys/resource.h>

/// While it lives, writing past `bytes` of any file fails, as on a disk that fills up.
class SmallFilesOnly
{
public:
    explicit SmallFilesOnly(rlim_t bytes)
        : m_oldHandler(std::signal(SIGXFSZ, SIG_IGN))
    {
        getrlimit(RLIMIT_FSIZE, &m_oldLimit);
        const rlimit limit{ bytes, m_oldLimit.rlim_max };
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~SmallFilesOnly()
    {
        setrlimit(RLIMIT_FSIZE, &m_oldLimit);
        std::signal(SIGXFSZ, m_oldHandler);
    }
    SmallFilesOnly(const SmallFilesOnly&) = delete;
    SmallFilesOnly& operator=(const SmallFilesOnly&) = delete;

private:
    void (*m_oldHandler)(int);
    rlimit m_oldLimit{};
};
