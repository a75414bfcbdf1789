// SPDX-License-Identifier: MIT
#pragma once

#include "core/io/stored_tensor.h"

#include <nlohmann/json.hpp>

#include <functional>

namespace reverie {

/// The shape of a tensor under the name that Karlo gives it, without "model."; empty if there is none.
using KarloShape = std::function<std::vector<std::int64_t>(const std::string& name)>;

/// What shapes don't show, out of Karlo's configuration ({"model": {"hparams": ...}}, as JSON) or diffusers'
/// of the same network; what neither says is as published.
struct KarloGiven {
    std::int64_t image_size = 0; ///< side of the pictures; 0: as published
    std::int64_t head_width = 0; ///< of attention; 0: as published
    std::int64_t groups = 32; ///< of the U-Nets' norms
};
KarloGiven karlo_given(const nlohmann::json& config);

/// Options of a KarloPrior, with "kind": "karlo". `what` names the file in messages; throws Error for shapes
/// that no such network has.
nlohmann::json karlo_prior_config(const KarloShape& shape, const KarloGiven& given, const std::string& what);

/// The section "decoder" for Karlo's decoder alone.
nlohmann::json karlo_decoder_config(const KarloShape& shape, const KarloGiven& given,
                                    const std::string& what);

/// Options of the U-Net that draws Karlo's larger pictures; shapes are those of one of the two networks.
nlohmann::json karlo_pair_config(const KarloShape& shape, const KarloGiven& given, const std::string& what);

/// "width 320 (1, 2, 3, 4), 3 blocks a resolution" of a U-Net's options.
std::string adm_in_words(const nlohmann::json& unet);

} // namespace reverie
