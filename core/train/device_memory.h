// SPDX-License-Identifier: MIT
#pragma once

namespace reverie {

/// Bytes of memory this process holds; 0 where the system does not say.
double memory_in_use();

/// Gives what LibTorch keeps of the accelerator's memory for later back to the driver.
void release_device_memory();

} // namespace reverie
