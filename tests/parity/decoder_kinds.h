// SPDX-License-Identifier: MIT
#pragma once

#include "tests/parity/parity_case.h"

namespace reverie {

TensorMap run_decoder(const ParityCase& parity);
TensorMap run_dalle2(const ParityCase& parity);
TensorMap run_lowres(const ParityCase& parity);
TensorMap run_dynamic_threshold(const ParityCase& parity);

} // namespace reverie
