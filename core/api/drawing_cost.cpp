// SPDX-License-Identifier: MIT
#include "core/api/drawing_cost.h"

#include "core/api/model_info.h"
#include "core/io/pipeline.h"
#include "core/io/safetensors_header.h"
#include "core/models/cost.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace reverie {

namespace {

/// A request beside what its model says.
class DrawingCost
{
public:
    DrawingCost(const ModelInfo& model, const PipelineConfig& config, const GenerateRequest& request)
        : model_(model)
        , config_(config)
        , request_(request)
        , pictures_(static_cast<double>(request.prompts.size()) * request.count)
        , batch_(std::min<std::int64_t>(static_cast<std::int64_t>(pictures_),
                                        request.batch > 0 ? request.batch : default_drawing_batch))
    {
    }

    DrawingPreview whole()
    {
        if (config_.prior)
            add_prior();
        for (std::size_t stage = 0; stage < config_.unets.size(); ++stage)
            add_stage(stage);
        const double weights = 4. * static_cast<double>(model_.parameters);
        return { static_cast<std::uint64_t>(weights + peak_), flops_ };
    }

private:
    void add_prior()
    {
        const auto& blend = request_.recipe.blend;
        const auto texts
            = std::count_if(blend.begin(), blend.end(), [](const auto& part) { return !part.picture; });
        const double passes = blend.empty() ? 1 : static_cast<double>(texts);
        const auto candidates = request_.candidates.value_or(model_.candidates);
        const auto rows = candidates * guided(request_.prior_cond_scale.value_or(model_.prior_cond_scale));
        const auto net = config_.net.value_or(PriorNetworkOptions{});
        const int steps = request_.prior_steps.value_or(model_.prior.default_steps);
        add(cost_of(net, batch_ * rows), static_cast<double>(rows) * steps * passes);
    }

    void add_stage(std::size_t stage)
    {
        const auto& recipe = request_.recipe;
        const int again = recipe.inpaint ? recipe.inpaint->resample_times
            : recipe.outpaint            ? recipe.outpaint->resample_times
                                         : 1;
        const StageInfo& info = model_.stages.at(stage);
        const int steps = request_.steps.empty() ? info.default_steps
            : request_.steps.size() == 1         ? request_.steps[0]
                                                 : request_.steps.at(stage);
        const auto rows = guided(request_.cond_scale.value_or(model_.cond_scale));
        const double share = recipe.start ? recipe.start->strength : 1;
        add(cost_of(config_.unets[stage], info.size, batch_ * rows),
            static_cast<double>(rows) * steps * again * share);
    }

    void add(const NetworkCost& network, double evaluations)
    {
        peak_ = std::max(peak_, network.evaluation_bytes);
        flops_ += network.flops * evaluations * pictures_;
    }

    static std::int64_t guided(double scale) { return scale == 1 ? 1 : 2; }

    const ModelInfo& model_;
    const PipelineConfig& config_;
    const GenerateRequest& request_;
    double pictures_;
    std::int64_t batch_;
    double peak_ = 0, flops_ = 0;
};

} // namespace

DrawingPreview cost_of_drawing(const std::filesystem::path& model, const GenerateRequest& request)
{
    const auto header = read_safetensors_header(model);
    const auto config = header.metadata.find("reverie.config");
    const auto json
        = config == header.metadata.end() ? nlohmann::json::object() : nlohmann::json::parse(config->second);
    return DrawingCost(read_model_info(model), pipeline_config_from_json(json), request).whole();
}

} // namespace reverie
