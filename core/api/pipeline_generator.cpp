// SPDX-License-Identifier: MIT
#include "core/api/pipeline_generator.h"

#include "core/train/autocast.h"

#include <torch/torch.h>

namespace reverie {

PipelineGenerator::PipelineGenerator(Pipeline pipeline, std::string hash, const GeneratorOptions& options,
                                     MakeNoise make_noise)
    : model_(std::move(pipeline), std::move(hash), options)
    , make_noise_(std::move(make_noise))
    , embedder_(model_)
{
}

PipelineGenerator::~PipelineGenerator() = default;

GenerateResult PipelineGenerator::generate(const GenerateRequest& request, const OnGenerateUpdate& on_update,
                                           std::stop_token stop)
{
    const ComputeScope scope(model_);
    return GenerationRun(model_, request, on_update, std::move(stop), make_noise_).all();
}

} // namespace reverie
