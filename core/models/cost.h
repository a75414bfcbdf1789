// SPDX-License-Identifier: MIT
#pragma once

#include "core/models/openai_clip.h"
#include "core/models/prior_network.h"
#include "core/models/prior_transformer.h"
#include "core/models/unet_options.h"
#include "core/models/x_clip_options.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace reverie {

/// What a network takes, counted from its options: nothing is allocated for it. Numbers are float32.
struct NetworkCost {
    std::int64_t parameters = 0; ///< that train
    double flops = 0; ///< of one evaluation of one sample; a training step takes about three times as many
    double evaluation_bytes = 0; ///< at the peak of evaluating a batch without gradients, beside the weights
    double training_bytes = 0; ///< at the peak of a training step of a batch: weights, gradients, Adam's two
                               ///< moments, the averaged weights and all that the backward pass needs.
                               ///< Within 15 % of what a process takes, from some 100 MiB on

    [[nodiscard]] double weight_bytes() const { return 4. * static_cast<double>(parameters); }
};

/// A U-Net on pictures of `side` pixels.
NetworkCost cost_of(const UnetOptions& options, std::int64_t side, std::int64_t batch);
NetworkCost cost_of(const PriorNetworkOptions& options, std::int64_t batch);
NetworkCost cost_of(const PriorTransformerOptions& options, std::int64_t batch);
/// Both towers on a batch of pairs; of a ResNet's image tower nothing is counted.
NetworkCost cost_of(const OpenAiClipOptions& options, std::int64_t batch);
/// cost_of() for the kinds adm and adm_pair.
NetworkCost adm_cost(const UnetOptions& options, std::int64_t side, std::int64_t batch);
/// Both encoders on a batch of pairs; the losses beside the contrastive one are not counted.
NetworkCost cost_of(const XClipOptions& options, std::int64_t batch);

/// One layer, for a whole batch. All but parameters and flops count numbers.
struct LayerCost {
    std::int64_t parameters = 0;
    double flops = 0;
    double saved = 0; ///< kept from the forward pass for the backward pass
    double forward = 0; ///< alive at once within the layer where nothing is kept, its input included
    double backward = 0; ///< alive for the moment in its backward pass
};

/// Adds layers up in the order in which they run.
class CostLedger
{
public:
    void add(const LayerCost& layer);
    /// Numbers that wait for a later layer, such as those of a skip connection; negative when it took them.
    void hold(double numbers) { held_ += numbers; }
    /// Layers from `first` on are computed again in the backward pass instead of kept for it.
    void recompute_from(std::size_t first);
    [[nodiscard]] std::size_t size() const { return layers_.size(); }
    [[nodiscard]] NetworkCost total(std::int64_t batch) const;

private:
    std::vector<LayerCost> layers_;
    double held_ = 0, evaluation_peak_ = 0;
};

} // namespace reverie
