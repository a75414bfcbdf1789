// SPDX-License-Identifier: MIT
#include "core/train/run_remedy.h"

#include "core/train/part_need.h"
#include "core/train/training_facts.h"

namespace reverie {

namespace {

/// A change of the configuration and how it is written.
struct Change {
    std::string key, value;
    std::function<void(TrainingConfig&)> make;
};

class Remedy
{
public:
    Remedy(TrainingConfig config, std::string part, double bytes,
           const std::function<double(const TrainingConfig&)>& peak)
        : config_(std::move(config))
        , part_(std::move(part))
        , bytes_(bytes)
        , peak_(peak)
    {
    }

    [[nodiscard]] bool fits(const TrainingConfig& config) const { return peak_(config) <= bytes_; }
    [[nodiscard]] bool fits() const { return fits(config_); }

    /// Keeps a change that helps at all.
    void change(const Change& change)
    {
        if (fits())
            return;
        auto changed = config_;
        change.make(changed);
        if (peak_(changed) >= 0.99 * peak_(config_))
            return;
        config_ = std::move(changed);
        settings_.push_back(change.key + "=" + change.value);
    }

    /// The largest pieces that fit, or none at all if the smallest do not.
    void smaller_pieces()
    {
        const auto& options = part_options(config_, part_);
        for (auto piece = chunk_of(options) / 2; piece >= options.shards && !fits(); piece /= 2) {
            auto changed = config_;
            part_options(changed, part_).max_batch_size = piece;
            if (!fits(changed))
                continue;
            config_ = std::move(changed);
            settings_.push_back(part_ + ".max_batch_size=" + std::to_string(piece));
        }
    }

    void smaller_batch()
    {
        for (auto batch = part_options(config_, part_).batch / 2; batch >= 2 && !fits(); batch /= 2) {
            auto changed = config_;
            part_options(changed, part_).batch = batch;
            if (!fits(changed))
                continue;
            config_ = std::move(changed);
            settings_.push_back(part_ + ".batch=" + std::to_string(batch));
        }
    }

    [[nodiscard]] const TrainingConfig& config() const { return config_; }
    [[nodiscard]] const std::string& part() const { return part_; }
    [[nodiscard]] std::vector<std::string> settings() const
    {
        return fits() ? settings_ : std::vector<std::string>{};
    }

private:
    TrainingConfig config_;
    std::string part_;
    double bytes_;
    const std::function<double(const TrainingConfig&)>& peak_;
    std::vector<std::string> settings_;
};

Change precision(const std::string& part)
{
    return { part + ".precision", "bf16",
             [part](TrainingConfig& config) { part_options(config, part).precision = "bf16"; } };
}

Change recomputing(const std::string& part)
{
    const auto index = std::stoul(part.substr(4)) - 1;
    return { "model.decoder.unets." + std::to_string(index) + ".checkpoint_during_training", "true",
             [index](TrainingConfig& config) {
                 config.model.unets.at(index).checkpoint_during_training = true;
             } };
}

} // namespace

std::vector<std::string> remedy(const TrainingConfig& config, const std::string& part, double bytes,
                                c10::Device device, const std::function<double(const TrainingConfig&)>& peak)
{
    Remedy remedy(config, part, bytes, peak);
    const bool pieces = part != "clip"; // it compares a whole batch
    if (pieces)
        remedy.smaller_pieces();
    if (device.is_cuda() && config.model.unets.size() > 1)
        remedy.change({ "model.decoder.offload_unets", "true",
                        [](TrainingConfig& changed) { changed.model.decoder->offload_unets = true; } });
    if (part_options(config, part).precision == "f32")
        remedy.change(precision(part));
    if (part.starts_with("unet"))
        remedy.change(recomputing(part));
    if (part_options(config, part).shards > 1)
        remedy.change({ part + ".shards", "1",
                        [part](TrainingConfig& changed) { part_options(changed, part).shards = 1; } });
    if (pieces)
        remedy.smaller_pieces();
    else
        remedy.smaller_batch();
    return remedy.settings();
}

} // namespace reverie
