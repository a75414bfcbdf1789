// SPDX-License-Identifier: MIT
#include "core/api/cascade_planning.h"

#include "core/api/system_inspection.h"
#include "core/models/cascade.h"
#include "core/train/training_config.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace reverie {

namespace {

std::string shape_of(const UnetOptions& o)
{
    std::string mults;
    for (const auto mult : o.dim_mults)
        mults += (mults.empty() ? "" : ", ") + std::to_string(mult);
    return "width " + std::to_string(o.dim) + " (" + mults + ")";
}

std::string shape_of(const Cascade& cascade, const std::string& part)
{
    if (part == "clip")
        return "width " + std::to_string(cascade.clip.dim_text) + ", "
            + std::to_string(cascade.clip.text_enc_depth) + " + "
            + std::to_string(cascade.clip.visual_enc_depth) + " layers";
    if (part == "prior")
        return "width " + std::to_string(cascade.net.dim) + ", " + std::to_string(cascade.net.depth)
            + " layers";
    return shape_of(cascade.unets.at(std::stoul(part.substr(4)) - 1));
}

/// What `dream train --config` takes; the data set is left to --data.
std::string training_config(const Cascade& cascade, const CascadeRequest& request)
{
    TrainingConfig config;
    config.title = "Untitled";
    config.tokenizer.vocab_size = cascade.clip.num_text_tokens;
    for (PartOptions* part : { static_cast<PartOptions*>(&config.clip), &config.prior }) {
        part->batch = request.batch;
        part->schedule = "cosine";
        part->warmup_steps = 100;
    }
    config.unets.resize(cascade.unets.size());
    for (auto& unet : config.unets) {
        unet.batch = request.batch;
        unet.lr = 1e-4;
    }
    config.model.clip = cascade.clip;
    config.model.net = cascade.net;
    config.model.prior = cascade.prior;
    config.model.decoder = cascade.decoder;
    config.model.unets = cascade.unets;
    config.model.sampling.cond_scale = 2;
    config.model.sampling.prior_cond_scale = 2;
    config.model.sampling.prior_steps = cascade.prior_steps;
    config.model.sampling.steps = cascade.steps;
    config.model.sampling.sampler = "ddim";
    auto json = to_json(config);
    json.erase("data");
    return json.dump(4) + "\n";
}

} // namespace

CascadePreview plan_cascade_here(const CascadeRequest& request)
{
    CascadeBudget budget;
    budget.parameters = request.parameters;
    if (request.memory_bytes)
        budget.memory_bytes = double(*request.memory_bytes);
    budget.batch = request.batch;
    const auto cascade = cascade_for(request.size, budget);

    CascadePreview preview;
    preview.request = request;
    if (!(preview.request.gflops > 0))
        preview.request.gflops = std::max(inspect_system_here().gemm_gflops, 1e-3);
    const double rate = preview.request.gflops * 1e9;
    for (const auto& part : parts_of(cascade, request.batch)) {
        CascadePartPreview shown;
        shown.part = part.part;
        shown.shape = shape_of(cascade, part.part);
        shown.size = int(part.side);
        shown.training_size = int(part.training_side);
        shown.parameters = part.training.parameters;
        shown.training_bytes = std::uint64_t(part.training_bytes);
        shown.sampling_bytes = std::uint64_t(part.sampling_bytes);
        shown.training_step_flops = 3 * part.training.flops * double(request.batch);
        shown.training_step_seconds = shown.training_step_flops / rate;
        shown.steps = int(part.steps);
        shown.sampling_step_flops = part.sampling.flops * (part.part == "clip" ? 1 : 2);
        shown.sampling_seconds = shown.sampling_step_flops * shown.steps / rate;
        preview.parameters += shown.parameters;
        preview.training_bytes = std::max(preview.training_bytes, shown.training_bytes);
        preview.sampling_bytes = std::max(preview.sampling_bytes, shown.sampling_bytes);
        preview.sampling_seconds += shown.sampling_seconds;
        preview.parts.push_back(shown);
    }
    preview.config = training_config(cascade, request);
    return preview;
}

} // namespace reverie
