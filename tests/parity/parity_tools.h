// SPDX-License-Identifier: MIT
#pragma once

#include "core/models/x_clip.h"
#include "tests/parity/parity_case.h"

#include <memory>
#include <optional>
#include <stdexcept>

namespace reverie {

/// Thrown for a case whose kind or options are not built yet.
struct NotBuilt : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// The parameters under `prefix`, without it.
TensorMap under(const TensorMap& all, const std::string& prefix);
/// Those that are not under `prefix`.
TensorMap without(const TensorMap& all, const std::string& prefix);

/// The norm of all gradients of `loss`, and those that were recorded.
void add_gradients(TensorMap& outputs, torch::nn::Module& module, const Tensor& loss,
                   const ParityCase& parity);

/// The frozen CLIP of a case, with its weights; null for a null configuration.
std::shared_ptr<XClipImpl> build_clip(const nlohmann::json& config, const ParityCase& parity);

/// object[key], or null.
nlohmann::json member(const nlohmann::json& object, const char* key);
double number(const nlohmann::json& object, const char* key, double fallback);
std::optional<std::int64_t> whole(const nlohmann::json& object, const char* key);

} // namespace reverie
