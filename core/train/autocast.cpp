// SPDX-License-Identifier: MIT
#include "core/train/autocast.h"

#include <ATen/autocast_mode.h>
#include <torch/version.h>

namespace reverie {

namespace {

void set_autocast(c10::DeviceType device, bool on, c10::ScalarType type)
{
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
    at::autocast::set_autocast_enabled(device, on);
    at::autocast::set_autocast_dtype(device, type);
#else
    if (device == c10::kCUDA) {
        at::autocast::set_enabled(on);
        at::autocast::set_autocast_gpu_dtype(type);
    } else {
        at::autocast::set_cpu_enabled(on);
        at::autocast::set_autocast_cpu_dtype(type);
    }
#endif
}

} // namespace

Autocast::Autocast(c10::Device device, const std::string& precision)
    : active_(precision != "f32")
    , device_(device.type())
{
    if (!active_)
        return;
    set_autocast(device_, true, precision == "f16" ? c10::kHalf : c10::kBFloat16);
    // Its cache of converted weights is shared by all threads, and pieces of a batch run side by side.
    at::autocast::set_autocast_cache_enabled(false);
}

Autocast::~Autocast()
{
    if (!active_)
        return;
    set_autocast(device_, false, device_ == c10::kCUDA ? c10::kHalf : c10::kBFloat16);
    at::autocast::set_autocast_cache_enabled(true);
}

bool LossScaler::accept(bool finite)
{
    constexpr std::int64_t patience = 2000;
    constexpr double highest = 1 << 24;
    if (!finite) {
        scale_ /= 2;
        good_steps_ = 0;
    } else if (++good_steps_ == patience) {
        scale_ = scale_ < highest ? scale_ * 2 : scale_;
        good_steps_ = 0;
    }
    return finite;
}

void LossScaler::restore(double scale, std::int64_t good_steps)
{
    scale_ = scale;
    good_steps_ = good_steps;
}

} // namespace reverie
