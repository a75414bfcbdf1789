// SPDX-License-Identifier: MIT
#include "ui/session/compute_thread.h"

#include <sys/resource.h>
#include <unistd.h>

namespace reverie::ui {

void setUpComputeThread(QThreadPool& pool)
{
    pool.setMaxThreadCount(1);
    pool.setExpiryTimeout(-1);
    pool.start([] { setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), 10); });
}

} // namespace reverie::ui
