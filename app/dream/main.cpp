// SPDX-License-Identifier: MIT
#include "app/dream/commands.h"
#include "core/api/library.h"

int main(int argc, char* argv[])
{
    reverie::prepare_process(argv);
    return runDream({ argv + 1, argv + argc });
}
