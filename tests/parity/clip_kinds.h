// SPDX-License-Identifier: MIT
#pragma once

#include "tests/parity/parity_case.h"

namespace reverie {

TensorMap run_xclip(const ParityCase& parity);
TensorMap run_openai_clip(const ParityCase& parity);
TensorMap run_open_clip(const ParityCase& parity);

} // namespace reverie
