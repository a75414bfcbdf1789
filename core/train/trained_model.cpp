// SPDX-License-Identifier: MIT
#include "core/train/training_plan.h"
#include "core/train/training_session.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <ctime>

namespace reverie {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string today()
{
    const std::time_t time = std::time(nullptr);
    std::tm utc{};
    gmtime_r(&time, &utc);
    std::array<char, 16> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%d", &utc);
    return text.data();
}

} // namespace

/// The parts that were trained, with what a reader of the file wants to know.
Pipeline TrainingSession::trained_pipeline() const
{
    auto pipeline = pipeline_;
    const bool unets = std::any_of(trained_.begin(), trained_.end(),
                                   [](const auto& entry) { return entry.first.starts_with("unet"); });
    if (!trained_.contains("clip")) {
        pipeline.clip = nullptr;
        pipeline.config.clip.reset();
    }
    if (!trained_.contains("prior")) {
        pipeline.prior = nullptr;
        pipeline.config.prior.reset();
    }
    if (!unets) {
        pipeline.decoder = nullptr;
        pipeline.config.decoder.reset();
    }
    const auto size = std::to_string(picture_size(config_.model));
    pipeline.metadata = { { "reverie.trained", json(trained_).dump() },
                          { "reverie.captions", json(captions_of(*dataset_, dataset_->train())).dump() },
                          { "reverie.description", config_.description },
                          { "modelspec.sai_model_spec", "1.0.0" },
                          { "modelspec.architecture", "unclip" },
                          { "modelspec.implementation", "reverie" },
                          { "modelspec.title", config_.title.empty() ? config_.data : config_.title },
                          { "modelspec.description", config_.description },
                          { "modelspec.date", today() },
                          { "modelspec.resolution", size + "x" + size } };
    return pipeline;
}

fs::path TrainingSession::save_model()
{
    const auto path = run_->path() / "model.safetensors";
    save_pipeline(path, trained_pipeline(), config_.dtype);
    event(parts_.empty() ? "tokenizer" : parts_.back(), 0, "Saved the model as " + path.string() + ".");
    return path;
}

} // namespace reverie
