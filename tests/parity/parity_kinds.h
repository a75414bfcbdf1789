// SPDX-License-Identifier: MIT
#pragma once

#include "tests/parity/parity_case.h"

#include <functional>
#include <map>
#include <stdexcept>

namespace reverie {

/// Thrown for a case whose kind or options are not built yet.
struct NotBuilt : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Builds the module of a case from its configuration, makes the recorded call and returns its outputs by
/// their recorded names.
TensorMap run_parity_case(const ParityCase& parity);

} // namespace reverie
