// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/generation_run.h"
#include "core/api/pipeline_embedder.h"

namespace reverie {

/// The Generator over a loaded pipeline.
class PipelineGenerator : public Generator
{
public:
    /// As LoadedPipeline. Without `make_noise`, draws are keyed by seed, stage and candidate.
    PipelineGenerator(Pipeline pipeline, std::string hash, const GeneratorOptions& options,
                      MakeNoise make_noise = {});
    ~PipelineGenerator() override;

    GenerateResult generate(const GenerateRequest& request, const OnGenerateUpdate& on_update,
                            std::stop_token stop) override;
    Embedder& embedder() override { return embedder_; }

private:
    LoadedPipeline model_;
    MakeNoise make_noise_;
    PipelineEmbedder embedder_;
};

} // namespace reverie
