// SPDX-License-Identifier: MIT
#pragma once

#include <c10/core/Device.h>

#include <string>

namespace reverie {

/// auto | cpu | cuda | cuda:N; auto takes the first CUDA device if there is one. Throws UsageError for
/// another name or a device that is not there.
at::Device device_named(const std::string& name);

/// The same for one of several processes on this machine: auto and cuda take the CUDA device of its number,
/// or the only one it sees.
at::Device device_named(const std::string& name, int local_rank);

} // namespace reverie
