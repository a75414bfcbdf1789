// SPDX-License-Identifier: MIT
#include "core/api/generation_run.h"

#include "core/api/drawing_cost.h"
#include "core/api/out_of_memory.h"
#include "core/api/request_check.h"
#include "core/api/weighted_texts.h"
#include "core/base/random_key.h"
#include "core/models/outpainting.h"
#include "core/nn/pixels.h"
#include "core/nn/resize.h"
#include "core/train/device_memory.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

namespace reverie {

namespace {

/// How long a step takes compared with others: parameters times positions they are applied to.
double step_cost(torch::nn::Module& module, std::int64_t positions)
{
    double parameters = 0;
    for (const auto& parameter : module.parameters())
        parameters += static_cast<double>(parameter.numel());
    return parameters * static_cast<double>(positions);
}

std::size_t at(int index)
{
    return static_cast<std::size_t>(index);
}

Tensor to_row(const Embedding& embedding)
{
    return torch::tensor(embedding).unsqueeze(0);
}

/// Of the points of a blend, which are 1 long but for models whose embeddings have a length of their own. A
/// single point keeps its own.
double mean_length(const std::vector<Embedding>& points, const std::vector<double>& weights)
{
    constexpr double rounding = 1e-5;
    double length = 0, total = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
        length += to_row(points[i]).norm().item<double>() * weights[i];
        total += weights[i];
    }
    return points.size() == 1 || std::abs(length / total - 1) < rounding ? 1 : length / total;
}

int pictures_of(const GenerateRequest& request)
{
    return static_cast<int>(request.prompts.size()) * request.count;
}

int windows_of(const OutpaintPicture& outpainting, std::int64_t window)
{
    const auto& picture = outpainting.picture.image;
    const auto width = outpainting.width > 0 ? outpainting.width : picture.width * 2;
    const auto height = outpainting.height > 0 ? outpainting.height : picture.height * 2;
    const auto left = outpainting.left.value_or((width - picture.width) / 2);
    const auto top = outpainting.top.value_or((height - picture.height) / 2);
    const bool fits = left >= 0 && top >= 0 && left + picture.width <= width && top + picture.height <= height
        && width >= window && height >= window && outpainting.overlap >= 0 && outpainting.overlap < 1;
    if (!fits)
        return 1; // outpaint() says why
    return static_cast<int>(
        outpaint_windows(height, width, top, left, picture.height, picture.width, window, outpainting.overlap)
            .size());
}

} // namespace

GenerationRun::GenerationRun(LoadedPipeline& model, const GenerateRequest& request,
                             const OnGenerateUpdate& on_update, std::stop_token stop,
                             const MakeNoise& make_noise)
    : model_(model)
    , request_(request)
    , on_update_(on_update)
    , stop_(std::move(stop))
    , make_noise_(make_noise)
{
    result_.settings = resolved(request, model);
    check_request(request, result_.settings, model);
    if (request.recipe.inpaint)
        square_ = square_to_inpaint(request.recipe.inpaint->mask.image);
    if (request.recipe.outpaint)
        windows_ = windows_of(*request.recipe.outpaint, model.parts.decoder->image_size(last_stage()));
    progress_ = RunProgress(costs(), pictures_of(request), windows_);
}

GenerateResult GenerationRun::all()
{
    for (const auto& warning : warnings_of(request_, model_)) {
        GenerateUpdate update;
        update.warning = warning;
        report(std::move(update));
    }
    const int total = pictures_of(request_);
    int batch = request_.batch > 0 ? request_.batch : default_drawing_batch;
    for (int first = 0; first < total && !stop_.stop_requested();) {
        const int count = std::min(batch, total - first);
        if (draw_within_memory(first, count))
            first += count;
        else
            batch = (count + 1) / 2;
    }
    result_.stopped = stop_.stop_requested();
    return std::move(result_);
}

int GenerationRun::last_stage() const
{
    return request_.stop_after_stage > 0 ? request_.stop_after_stage
                                         : static_cast<int>(model_.parts.decoder->num_unets());
}

bool GenerationRun::guided_away() const
{
    return !request_.recipe.negative.empty() && result_.settings.cond_scale != 1 && first_stage() == 1;
}

int GenerationRun::prior_passes() const
{
    const auto& blend = request_.recipe.blend;
    const auto texts
        = std::count_if(blend.begin(), blend.end(), [](const auto& part) { return !part.picture; });
    const auto passes = !with_embeds() ? 0 : blend.empty() ? 1 : static_cast<int>(texts);
    return passes + (guided_away() ? 1 : 0);
}

int GenerationRun::steps_of(int stage) const
{
    const int steps = result_.settings.steps[at(stage - 1)];
    const auto& start = request_.recipe.start;
    return start ? std::max(1, static_cast<int>(std::lround(steps * start->strength))) : steps;
}

std::vector<StageCost> GenerationRun::costs() const
{
    auto& parts = model_.parts;
    const auto& settings = result_.settings;
    std::vector<StageCost> costs(settings.steps.size() + 1);
    const auto tokens = parts.config.net ? parts.config.net->max_text_len : parts.clip->max_text_len();
    costs[0] = { step_cost(*parts.prior, settings.candidates * (tokens + 4))
                     * (settings.prior_cond_scale == 1 ? 1 : 2),
                 settings.prior_steps * prior_passes() };
    const auto& recipe = request_.recipe;
    const int again = recipe.inpaint ? recipe.inpaint->resample_times
        : recipe.outpaint            ? recipe.outpaint->resample_times
                                     : 1;
    for (int stage = first_stage(); stage <= last_stage(); ++stage) {
        const auto size = parts.decoder->image_size(stage);
        costs[at(stage)] = { step_cost(*parts.decoder->unet(stage), size * size / 8)
                                 * (settings.cond_scale == 1 ? 1 : 2) * again,
                             steps_of(stage) };
    }
    return costs;
}

std::unique_ptr<Noise> GenerationRun::noise(int stage, int candidates, int variant) const
{
    if (make_noise_)
        return make_noise_(stage, first_, count_, candidates);
    const auto& later = request_.recipe.later;
    std::vector<std::uint64_t> keys;
    for (int picture = first_; picture < first_ + count_; ++picture)
        for (int candidate = 0; candidate < candidates; ++candidate)
            keys.push_back(random_key({ later && stage >= later->from ? later->seed : seed_of(picture),
                                        static_cast<std::uint64_t>(stage),
                                        static_cast<std::uint64_t>(candidate + variant) }));
    return std::make_unique<KeyedNoise>(keys);
}

std::uint64_t GenerationRun::seed_of(int picture) const
{
    return request_.seeds.empty() ? request_.seed + static_cast<std::uint64_t>(picture)
                                  : request_.seeds[at(picture)];
}

void GenerationRun::draw(int first, int count)
{
    first_ = first;
    count_ = count;
    passes_ = window_ = 0;
    begin_pictures();
    texts_.reset();
    negative_ = request_.recipe.negative.empty() ? EmbeddedText{} : text_for_all(request_.recipe.negative);
    const auto embeds = embeds_of();
    if (!stop_.stop_requested())
        through_decoder(embeds);
    for (auto& picture : pictures_) {
        if (picture.image.empty())
            continue;
        if (!picture.complete)
            picture.image = put_back(picture.image);
        result_.pictures.push_back(std::move(picture));
    }
}

bool GenerationRun::draw_within_memory(int first, int count)
{
    try {
        draw(first, count);
        return true;
    } catch (const std::exception& error) {
        if (count == 1 || !is_out_of_memory(error))
            throw;
    }
    release_device_memory();
    GenerateUpdate update;
    update.warning = "There is not enough memory for " + std::to_string(count)
        + " pictures at a time; going on with " + std::to_string((count + 1) / 2) + ".";
    report(std::move(update));
    return false;
}

void GenerationRun::begin_pictures()
{
    pictures_.clear();
    const auto stages = result_.settings.steps.size();
    for (int i = first_; i < first_ + count_; ++i) {
        Picture picture;
        picture.index = i;
        picture.prompt = request_.prompts[at(i / request_.count)];
        picture.seed = seed_of(i);
        picture.stages.resize(stages);
        picture.steps.resize(request_.keep_steps ? stages : 0);
        pictures_.push_back(std::move(picture));
    }
}

const EmbeddedText& GenerationRun::texts()
{
    if (texts_)
        return *texts_;
    if (request_.ids.empty()) {
        std::vector<std::string> prompts;
        for (const auto& picture : pictures_)
            prompts.push_back(picture.prompt);
        texts_ = embed_weighted(model_, prompts);
    } else {
        std::vector<Tensor> rows; // int64 (n)
        for (const auto& picture : pictures_)
            rows.push_back(torch::tensor(request_.ids[at(picture.index / request_.count)]));
        texts_ = model_.parts.clip->embed_text(torch::stack(rows).to(model_.device));
    }
    return *texts_;
}

EmbeddedText GenerationRun::text_for_all(const std::string& text) const
{
    return embed_weighted(model_, std::vector<std::string>(at(count_), text));
}

TextCondition GenerationRun::condition_of(const EmbeddedText& texts) const
{
    const bool reads = model_.parts.prior->options().condition_on_text_encodings;
    return { texts.text_embed, reads ? texts.text_encodings : Tensor() };
}

Tensor GenerationRun::embeds_of()
{
    const auto& recipe = request_.recipe;
    Tensor embeds;
    if (!request_.image_embeds.empty())
        embeds = given_embeds();
    else if (!request_.kept.empty())
        return {};
    else if (!recipe.blend.empty())
        embeds = blended(recipe);
    else
        embeds = through_prior(texts(), /*chosen=*/true, /*away=*/true, result_.settings.candidates);
    if (recipe.text_diff && !stop_.stop_requested())
        embeds = turned(embeds, *recipe.text_diff);
    if (!stop_.stop_requested())
        keep_embeds(embeds);
    return embeds;
}

Tensor GenerationRun::given_embeds()
{
    std::vector<Tensor> rows;
    for (int i = first_; i < first_ + count_; ++i)
        rows.push_back(to_row(request_.image_embeds[at(i)]));
    return torch::cat(rows).to(model_.device);
}

Tensor GenerationRun::blended(const Recipe& recipe)
{
    std::vector<Tensor> parts;
    std::vector<double> weights;
    for (const auto& part : recipe.blend) {
        parts.push_back(part.picture ? model_.embed_picture(part.picture->image).expand({ count_, -1 })
                                     : through_prior(text_for_all(part.text), recipe.blend.size() == 1,
                                                     /*away=*/true, result_.settings.candidates));
        weights.push_back(part.weight);
        if (stop_.stop_requested())
            return {};
    }
    std::vector<Tensor> rows;
    for (int i = 0; i < count_; ++i) {
        std::vector<Embedding> points;
        for (const auto& part : parts)
            points.push_back(to_vector(part[i]));
        rows.push_back(to_row(spherical_mean(points, weights)) * mean_length(points, weights));
    }
    return torch::cat(rows).to(model_.device);
}

Tensor GenerationRun::turned(const Tensor& embeds, const TextDiff& diff)
{
    const auto phrases = embed_weighted(model_, { diff.from, diff.to }).text_embed; // (2, d)
    const auto from = to_vector(phrases[0]), to = to_vector(phrases[1]);
    std::vector<Tensor> rows;
    for (int i = 0; i < count_; ++i)
        rows.push_back(to_row(text_diff(to_vector(embeds[i]), from, to, diff.strength)));
    return torch::cat(rows).to(model_.device);
}

Tensor GenerationRun::through_prior(const EmbeddedText& texts, bool chosen, bool away, int candidates)
{
    auto& prior = *model_.parts.prior;
    const auto& settings = result_.settings;
    const auto source = noise(0, candidates);
    const SamplingOptions options{ .cond_scale = settings.prior_cond_scale,
                                   .timesteps = settings.prior_steps,
                                   .sampler = settings.sampler,
                                   .eta = model_.parts.config.sampling.eta };
    const int done = passes_ * settings.prior_steps, all = prior_passes() * settings.prior_steps;
    const auto on_step = [&](std::int64_t step, std::int64_t, const Tensor&) {
        report(progress(0, done + static_cast<int>(step), all));
    };
    const bool with_negative = away && negative_.text_embed.defined() && settings.prior_cond_scale != 1;
    const auto negative = with_negative ? condition_of(negative_) : TextCondition{};
    const auto samples = prior.sample(condition_of(texts), candidates, options, *source, on_step, stop_,
                                      with_negative ? &negative : nullptr);
    ++passes_;
    if (stop_.stop_requested() || !chosen)
        return samples.image_embed;
    auto update = progress(0, passes_ * settings.prior_steps, all);
    for (int i = 0; i < count_; ++i) {
        auto& picture = pictures_[at(i)];
        for (const auto similarity : to_vector(samples.similarity[i]))
            picture.candidates.push_back({ similarity, false });
        picture.candidates[static_cast<std::size_t>(samples.chosen[i].item<std::int64_t>())].chosen = true;
        update.candidates.push_back(picture.candidates);
    }
    report(std::move(update));
    return samples.image_embed;
}

void GenerationRun::keep_embeds(const Tensor& embeds)
{
    for (int i = 0; i < count_; ++i)
        pictures_[at(i)].image_embed = to_vector(embeds[i]);
}

void GenerationRun::through_decoder(const Tensor& embeds)
{
    auto& decoder = model_.parts.decoder;
    const auto& settings = result_.settings;
    auto condition = condition_of(embeds, texts());
    DecoderSampling sampling;
    sampling.cond_scale = settings.cond_scale;
    sampling.start_at_unet_number = first_stage();
    sampling.stop_at_unet_number = last_stage();
    sampling.stop = stop_;
    if (const auto& later = request_.recipe.later; later && later->cond_scale) {
        std::vector<double> scales(settings.steps.size(), settings.cond_scale);
        std::fill(scales.begin() + later->from - 1, scales.end(), *later->cond_scale);
        sampling.cond_scale = PerStage<double>(std::move(scales));
    }
    for (const auto steps : settings.steps)
        sampling.stages.push_back({ .timesteps = steps, .sampler = settings.sampler, .eta = settings.eta });
    if (guided_away())
        sampling.negative = negative_condition();
    if (stop_.stop_requested())
        return;
    sampling.on_step = [&](std::int64_t stage, std::int64_t step, std::int64_t steps, const Tensor& x0) {
        on_decoder_step(static_cast<int>(stage), static_cast<int>(step), static_cast<int>(steps), x0);
    };
    if (request_.recipe.outpaint)
        return draw_around(*request_.recipe.outpaint, condition, sampling);
    set_pictures(sampling);
    sampling.on_stage
        = [&](std::int64_t stage, const Tensor& images) { on_stage(static_cast<int>(stage), images); };
    std::unique_ptr<Noise> source;
    decoder->sample(count_, condition, sampling, [&](std::int64_t stage) -> Noise& {
        source = noise(static_cast<int>(stage), 1);
        return *source;
    });
}

DecoderCondition GenerationRun::negative_condition()
{
    return condition_of(through_prior(negative_, /*chosen=*/false, /*away=*/false, 1), negative_);
}

DecoderCondition GenerationRun::condition_of(const Tensor& embeds, const EmbeddedText& texts) const
{
    DecoderCondition condition{ embeds, {} };
    if (model_.parts.decoder->reads_text()) {
        condition.text_encodings = texts.text_encodings;
        condition.text_embed = texts.text_embed;
    }
    return condition;
}

void GenerationRun::draw_around(const OutpaintPicture& wanted, const DecoderCondition& condition,
                                DecoderSampling sampling)
{
    const auto picture
        = decoder_range(to_tensor(wanted.picture.image)).to(model_.device).expand({ count_, -1, -1, -1 });
    sampling.inpaint_resample_times = wanted.resample_times;
    Outpainting outpainting{ wanted.height, wanted.width, {}, {}, wanted.overlap, std::move(sampling), {} };
    if (wanted.top)
        outpainting.top = *wanted.top;
    if (wanted.left)
        outpainting.left = *wanted.left;
    outpainting.on_window = [&](std::int64_t done, std::int64_t, const Tensor& frame) {
        auto update = progress(last_stage(), steps_of(last_stage()), steps_of(last_stage()));
        window_ = static_cast<int>(done) - 1;
        finish(update, last_stage(), frame);
        window_ = static_cast<int>(done);
        report(std::move(update));
    };
    std::unique_ptr<Noise> source;
    const auto frame = outpaint(*model_.parts.decoder, picture, condition, outpainting,
                                [&](std::int64_t window, std::int64_t stage) -> Noise& {
                                    source = noise(static_cast<int>(stage), 1, static_cast<int>(window));
                                    return *source;
                                });
    if (!pictures_[0].complete && !stop_.stop_requested()) { // the picture fills its frame
        window_ = windows_ - 1;
        auto update = progress(last_stage(), steps_of(last_stage()), steps_of(last_stage()));
        finish(update, last_stage(), frame);
        report(std::move(update));
    }
}

void GenerationRun::set_pictures(DecoderSampling& sampling)
{
    const auto& recipe = request_.recipe;
    const auto size = model_.parts.decoder->image_size(last_stage());
    if (!request_.kept.empty())
        sampling.image = kept_pictures();
    if (recipe.start) {
        sampling.start_image = decoder_range(model_.square_of(recipe.start->picture.image, size));
        sampling.start_strength = recipe.start->strength;
    }
    if (recipe.inpaint)
        set_inpainting(sampling, *recipe.inpaint);
}

void GenerationRun::set_inpainting(DecoderSampling& sampling, const InpaintPicture& inpaint)
{
    const auto size = model_.parts.decoder->image_size(last_stage());
    const auto old = decoder_range(model_.square_of(cut(inpaint.picture.image, square_), size));
    const auto mask
        = to_tensor(cut(inpaint.mask.image, square_)).mean(1).to(model_.device); // (1, side, side)
    sampling.inpaint_image = old;
    // Where any of a pixel is drawn anew, all of it is.
    sampling.inpaint_mask = std::get<0>(torch::adaptive_max_pool2d(mask, { size, size })) <= 0.5;
    sampling.inpaint_resample_times = inpaint.resample_times;
    kept_ = Tensor();
    const auto& picture = inpaint.picture.image;
    if (picture.width == size && picture.height == size) // otherwise it fades where it is put back
        set_feather(mask, old);
}

void GenerationRun::set_feather(const Tensor& mask, const Tensor& old)
{
    constexpr double half = 0.5, white = 254. / 255;
    if (!((mask > half) & (mask < white)).any().item<bool>())
        return;
    kept_ = ((1 - mask) / half).clamp(0, 1).unsqueeze(1) * (mask < white).unsqueeze(1); // (1, 1, h, w)
    old_ = old;
}

Image GenerationRun::put_back(const Image& drawn) const
{
    const auto& inpaint = request_.recipe.inpaint;
    if (!inpaint || last_stage() < static_cast<int>(result_.settings.steps.size()))
        return drawn;
    const auto& picture = inpaint->picture.image;
    if (drawn.width == picture.width && drawn.height == picture.height)
        return drawn;
    const auto scaled = to_images(resize_bicubic(to_tensor(drawn), square_.side)).front();
    return pasted(picture, inpaint->mask.image, square_, scaled);
}

Tensor GenerationRun::feathered(int stage, const Tensor& pixels) const
{
    return kept_.defined() && stage == last_stage()
        ? torch::where(kept_ == 0, pixels, torch::where(kept_ == 1, old_, torch::lerp(pixels, old_, kept_)))
        : pixels;
}

Tensor GenerationRun::kept_pictures()
{
    std::vector<Tensor> images;
    for (int i = 0; i < count_; ++i) {
        const auto& kept = request_.kept[at(first_ + i)];
        pictures_[at(i)].stages[at(kept.stage - 1)] = kept.image;
        images.push_back(to_tensor(kept.image));
    }
    return decoder_range(torch::cat(images).to(model_.device));
}

Tensor GenerationRun::decoder_range(const Tensor& pixels) const
{
    return model_.parts.decoder->options().auto_normalize_img ? pixels : pixels * 2 - 1;
}

Tensor GenerationRun::in_unit_range(const Tensor& pixels) const
{
    return model_.parts.decoder->options().auto_normalize_img ? pixels : (pixels + 1) * 0.5;
}

void GenerationRun::on_decoder_step(int stage, int step, int steps, const Tensor& x0)
{
    auto update = progress(stage, step, steps);
    const bool shown = request_.preview_every > 0 && (step % request_.preview_every == 0 || step == steps);
    const bool whole = !request_.recipe.outpaint; // a window alone is not the picture
    if (whole && (shown || request_.keep_steps || stop_.stop_requested())) {
        const auto estimates = to_images(in_unit_range(feathered(stage, x0)));
        for (std::size_t i = 0; i < estimates.size(); ++i) {
            auto& picture = pictures_[i];
            picture.image = estimates[i];
            if (request_.keep_steps)
                picture.steps[at(stage - 1)].push_back(estimates[i]);
            if (shown)
                update.previews.push_back({ picture.index, estimates[i] });
        }
    }
    report(std::move(update));
}

void GenerationRun::on_stage(int stage, const Tensor& pixels)
{
    auto update = progress(stage, steps_of(stage), steps_of(stage));
    finish(update, stage, pixels);
    report(std::move(update));
}

void GenerationRun::finish(GenerateUpdate& update, int stage, const Tensor& pixels)
{
    const auto images = to_images(in_unit_range(feathered(stage, pixels)));
    const bool complete = stage == last_stage() && window_ + 1 >= windows_;
    for (std::size_t i = 0; i < images.size(); ++i) {
        auto& picture = pictures_[i];
        picture.image = complete ? put_back(images[i]) : images[i];
        picture.complete = complete;
        update.previews.push_back({ picture.index, images[i] });
        if (stage == last_stage() ? complete : true)
            picture.stages[at(stage - 1)] = images[i];
        if (complete)
            update.finished.push_back(picture);
    }
    if (complete)
        update.settings = result_.settings;
}

GenerateUpdate GenerationRun::progress(int stage, int step, int steps)
{
    progress_.move(stage, step, window_, first_, count_);
    GenerateUpdate update;
    update.stage = stage;
    update.step = step;
    update.steps = steps;
    update.first = first_;
    update.count = count_;
    update.progress = progress_.share();
    update.seconds_left = progress_.seconds_left();
    return update;
}

void GenerationRun::report(GenerateUpdate update) const
{
    if (on_update_)
        on_update_(update);
}

} // namespace reverie
