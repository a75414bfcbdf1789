// SPDX-License-Identifier: MIT
#include "core/nn/resize.h"
#include "core/train/caption_ranks.h"
#include "core/train/objective.h"

#include <torch/torch.h>

namespace reverie {

namespace {

namespace F = torch::nn::functional;

/// Each picture moved and zoomed by its own amounts; white comes in at the sides.
Tensor shift_and_zoom(const Tensor& pictures, const ClipPartOptions& options, Noise& noise)
{
    const auto batch = pictures.size(0);
    const auto amounts = noise.uniform({ batch, 3 }).to(pictures.device()) * 2 - 1;
    auto transform = torch::zeros({ batch, 2, 3 }, pictures.options());
    const auto zoom = 1 + amounts.select(1, 0) * options.augment_zoom;
    transform.select(1, 0).select(1, 0).copy_(zoom);
    transform.select(1, 1).select(1, 1).copy_(zoom);
    transform.select(2, 2).copy_(amounts.slice(1, 1) * 2 * options.augment_shift); // the side is 2 units long
    const auto grid = F::affine_grid(transform, pictures.sizes(), /*align_corners=*/false);
    const auto sampled
        = F::grid_sample(1 - pictures, grid, F::GridSampleFuncOptions().align_corners(false)); // outside is 0
    return 1 - sampled;
}

/// The row of the picture nearest to each text: (n). Not all n x n similarities at a time.
Tensor nearest_pictures(const Tensor& texts, const Tensor& images)
{
    constexpr std::int64_t at_once = 1024;
    std::vector<Tensor> nearest;
    for (const auto& some : texts.split(at_once))
        nearest.push_back(some.matmul(images.t()).argmax(1));
    return torch::cat(nearest);
}

double share_of_hits(const Tensor& nearest, const Rows& rows)
{
    if (rows.empty())
        return 0;
    const auto wanted = torch::tensor(rows, torch::kLong).to(nearest.device());
    return nearest.index_select(0, wanted).eq(wanted).to(torch::kFloat).mean().item<double>();
}

class ClipObjective : public Objective
{
public:
    ClipObjective(XClip clip, Corpus& corpus, const ClipPartOptions& options, ProcessGroup& group)
        : clip_(std::move(clip))
        , corpus_(corpus)
        , options_(options)
        , group_(group)
    {
        if (!options_.lock_image)
            return;
        corpus_.embed(*clip_);
        set_image_tower_trains(false);
    }

    ~ClipObjective() override
    {
        if (options_.lock_image)
            set_image_tower_trains(true);
    }
    ClipObjective(const ClipObjective&) = delete;
    ClipObjective& operator=(const ClipObjective&) = delete;

    torch::nn::Module& module() override { return *clip_; }
    [[nodiscard]] bool sees_pictures() const override { return !options_.lock_image; }
    [[nodiscard]] bool compares_samples() const override { return true; }
    void load(const Batch& batch) override { corpus_.batch = batch; }

    [[nodiscard]] TensorMap inputs(const Rows& rows) const override
    {
        if (options_.lock_image)
            return { { "image_embed", corpus_.take(corpus_.image_embed, rows) } };
        return { { "pictures", corpus_.training_pictures(rows) } };
    }

    Tensor loss(const Rows& rows, Noise& noise) override
    {
        const auto ids = corpus_.captions(rows, noise);
        if (options_.lock_image)
            return clip_->loss_to_embeds(ids, corpus_.take(corpus_.image_embed, rows), noise, all_ranks());
        auto pictures = corpus_.training_pictures(rows);
        if (options_.augment_shift > 0 || options_.augment_zoom > 0)
            pictures = shift_and_zoom(pictures, options_, noise);
        pictures = resize_cubic(pictures, clip_->image_size());
        XClipExtras extras;
        extras.all_rows = all_ranks();
        return clip_->loss(ids, pictures, noise, extras);
    }

    std::map<std::string, double> evaluate() override
    {
        corpus_.embed(*clip_);
        const auto nearest = nearest_pictures(corpus_.text_embed, corpus_.image_embed);
        std::map<std::string, double> numbers{
            { "train_top1", share_of_hits(nearest, corpus_.dataset.train()) },
            { "test_top1", share_of_hits(nearest, corpus_.dataset.test()) }
        };
        numbers.merge(caption_ranks(corpus_, corpus_.dataset.train(), "train"));
        numbers.merge(caption_ranks(corpus_, corpus_.dataset.test(), "test"));
        return numbers;
    }

private:
    /// What is only evaluated is on rank 0 alone.
    [[nodiscard]] AllRows all_ranks() const
    {
        if (group_.is_alone() || !clip_->is_training())
            return {};
        return [this](const Tensor& rows) { return group_.gather(rows); };
    }

    void set_image_tower_trains(bool trains)
    {
        for (auto& parameter : clip_->named_parameters())
            if (parameter.key().starts_with("visual_transformer.")
                || parameter.key().starts_with("to_visual_latent."))
                parameter.value().set_requires_grad(trains);
    }

    XClip clip_;
    Corpus& corpus_;
    ClipPartOptions options_;
    ProcessGroup& group_;
};

} // namespace

std::unique_ptr<Objective> clip_objective(XClip clip, Corpus& corpus, const ClipPartOptions& options,
                                          ProcessGroup& group)
{
    return std::make_unique<ClipObjective>(std::move(clip), corpus, options, group);
}

} // namespace reverie
