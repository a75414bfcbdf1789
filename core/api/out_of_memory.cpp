// SPDX-License-Identifier: MIT
#include "core/api/out_of_memory.h"

#include <c10/util/Exception.h>

#include <new>
#include <string>

namespace reverie {

bool is_out_of_memory(const std::exception& error)
{
    if (dynamic_cast<const std::bad_alloc*>(&error))
        return true;
    const auto* of_torch = dynamic_cast<const c10::Error*>(&error);
    const std::string text = of_torch ? of_torch->what_without_backtrace() : "";
    return text.find("out of memory") != std::string::npos
        || text.find("can't allocate memory") != std::string::npos;
}

} // namespace reverie
