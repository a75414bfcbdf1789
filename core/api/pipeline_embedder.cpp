// SPDX-License-Identifier: MIT
#include "core/api/pipeline_embedder.h"

#include "core/api/request_check.h"
#include "core/models/dalle2.h"

#include <torch/torch.h>

#include <algorithm>
#include <thread>

namespace reverie {

namespace {

constexpr std::size_t batch = 32;

std::vector<Embedding> rows_of(const Tensor& embeds)
{
    std::vector<Embedding> rows;
    for (std::int64_t i = 0; i < embeds.size(0); ++i)
        rows.push_back(to_vector(embeds[i]));
    return rows;
}

/// `call(first, count)` for every batch of `total`, put together.
template <class Call>
std::vector<Embedding> in_batches(std::size_t total, Call call)
{
    std::vector<Embedding> all;
    for (std::size_t first = 0; first < total; first += batch)
        for (auto& row : rows_of(call(first, std::min(batch, total - first))))
            all.push_back(std::move(row));
    return all;
}

std::vector<std::string> part_of(const std::vector<std::string>& all, std::size_t first, std::size_t count)
{
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first);
    return { begin, begin + static_cast<std::ptrdiff_t>(count) };
}

} // namespace

ComputeScope::ComputeScope(const LoadedPipeline& model)
    : autocast_(model.device, model.options.dtype)
{
    at::set_num_threads(model.options.threads > 0
                            ? model.options.threads
                            : static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
}

std::vector<Embedding> PipelineEmbedder::texts(const std::vector<std::string>& texts)
{
    const ComputeScope scope(model_);
    return in_batches(texts.size(), [&](std::size_t first, std::size_t count) {
        return model_.parts.clip->embed_text(model_.ids_of(part_of(texts, first, count))).text_embed;
    });
}

std::vector<Embedding> PipelineEmbedder::pictures(const std::vector<Image>& pictures)
{
    const ComputeScope scope(model_);
    const auto size = model_.parts.clip->image_size();
    return in_batches(pictures.size(), [&](std::size_t first, std::size_t count) {
        std::vector<Tensor> squares;
        for (auto i = first; i < first + count; ++i)
            squares.push_back(model_.square_of(pictures[i], size));
        return model_.parts.clip->embed_image(torch::cat(squares)).image_embed;
    });
}

std::vector<Embedding> PipelineEmbedder::imagined(const std::vector<std::string>& texts, std::uint64_t seed)
{
    const ComputeScope scope(model_);
    const auto settings = resolved({}, model_);
    const SamplingOptions options{ .cond_scale = settings.prior_cond_scale,
                                   .timesteps = settings.prior_steps,
                                   .sampler = settings.sampler,
                                   .eta = model_.parts.config.sampling.eta };
    return in_batches(texts.size(), [&](std::size_t first, std::size_t count) {
        const auto noise = picture_noise(seed, 0, static_cast<std::int64_t>(first),
                                         static_cast<std::int64_t>(count), settings.candidates);
        return model_.parts.prior
            ->sample_text(model_.ids_of(part_of(texts, first, count)), settings.candidates, options, *noise)
            .image_embed;
    });
}

} // namespace reverie
