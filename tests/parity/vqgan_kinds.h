// SPDX-License-Identifier: MIT
#pragma once

#include "tests/parity/parity_case.h"

namespace reverie {

TensorMap run_vqgan_vae(const ParityCase& parity);

} // namespace reverie
