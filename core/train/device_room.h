// SPDX-License-Identifier: MIT
#pragma once

#include <c10/core/Device.h>

#include <cstdint>

namespace reverie {

/// Memory a new run could take on the device; 0 if the system does not say. Of the processor's, what control
/// groups allow.
std::uint64_t available_memory(c10::Device device);
/// All it has, the disk that memory is swapped to included; 0 if the system does not say.
std::uint64_t total_memory(c10::Device device);

} // namespace reverie
