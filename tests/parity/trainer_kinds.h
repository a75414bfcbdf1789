// SPDX-License-Identifier: MIT
#pragma once

#include "tests/parity/parity_case.h"

namespace reverie {

TensorMap run_decoder_trainer(const ParityCase& parity);
TensorMap run_prior_trainer(const ParityCase& parity);

} // namespace reverie
