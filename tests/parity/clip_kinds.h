// SPDX-License-Identifier: MIT
#pragma once

#include "tests/parity/parity_case.h"

namespace reverie {

TensorMap run_xclip(const ParityCase& parity);

} // namespace reverie
