// SPDX-License-Identifier: MIT
#pragma once

#include "tests/parity/parity_case.h"

namespace reverie {

/// Builds the module of a case from its configuration, makes the recorded call and returns its outputs by
/// their recorded names.
TensorMap run_parity_case(const ParityCase& parity);

} // namespace reverie
