// SPDX-License-Identifier: MIT
#include "core/models/cost.h"

#include <algorithm>

namespace reverie {

void CostLedger::add(const LayerCost& layer)
{
    layers_.push_back(layer);
    evaluation_peak_ = std::max(evaluation_peak_, held_ + layer.forward);
}

void CostLedger::recompute_from(std::size_t first)
{
    LayerCost whole;
    double saved = 0;
    for (auto i = first; i < layers_.size(); ++i) {
        whole.parameters += layers_[i].parameters;
        whole.flops += layers_[i].flops;
        whole.backward = std::max(whole.backward, layers_[i].backward);
        saved += layers_[i].saved;
    }
    whole.backward += saved;
    layers_.resize(first);
    layers_.push_back(whole);
}

NetworkCost CostLedger::total(std::int64_t batch) const
{
    NetworkCost cost;
    double flops = 0, live = 0, gradients = 0;
    for (const auto& layer : layers_) {
        cost.parameters += layer.parameters;
        flops += layer.flops;
        live += layer.saved;
    }
    // Backwards, what was saved goes and gradients come.
    double peak = live;
    for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer) {
        gradients += static_cast<double>(layer->parameters);
        peak = std::max(peak, live + gradients + layer->backward);
        live -= layer->saved;
    }
    // Beside the weights two moments, the average and the gradients of the step before stay; the optimiser
    // needs as many numbers again for a moment, when the activations are gone.
    const auto parameters = static_cast<double>(cost.parameters);
    constexpr double resident = 5;
    // The allocator holds about a tenth more than is in use in training, and more in drawing, where nothing
    // is kept and blocks of many sizes come and go (both measured).
    constexpr double training_number = 4 * 1.1, evaluation_number = 4 * 1.7; // bytes
    cost.flops = flops / static_cast<double>(batch);
    cost.evaluation_bytes = evaluation_number * evaluation_peak_;
    cost.training_bytes = training_number * (resident * parameters + std::max(peak, parameters));
    return cost;
}

} // namespace reverie
