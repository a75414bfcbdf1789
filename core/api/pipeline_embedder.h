// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/loaded_pipeline.h"
#include "core/train/autocast.h"

#include <ATen/core/grad_mode.h>

namespace reverie {

/// How this thread computes with a model while it lives: its threads and precision, without gradients.
class ComputeScope
{
public:
    explicit ComputeScope(const LoadedPipeline& model);

private:
    at::NoGradGuard no_grad_;
    Autocast autocast_;
};

/// The Embedder over a loaded pipeline, which must outlive it.
class PipelineEmbedder : public Embedder
{
public:
    explicit PipelineEmbedder(LoadedPipeline& model)
        : model_(model)
    {
    }

    std::vector<Embedding> texts(const std::vector<std::string>& texts) override;
    std::vector<Embedding> pictures(const std::vector<Image>& pictures) override;
    std::vector<Embedding> imagined(const std::vector<std::string>& texts, std::uint64_t seed) override;

private:
    LoadedPipeline& model_;
};

} // namespace reverie
