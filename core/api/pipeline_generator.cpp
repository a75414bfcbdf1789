// SPDX-License-Identifier: MIT
#include "core/api/pipeline_generator.h"

#include "core/base/error.h"
#include "core/base/random_key.h"
#include "core/base/utf8.h"
#include "core/data/text_ids.h"
#include "core/models/dalle2.h"
#include "core/nn/device.h"
#include "core/nn/pixels.h"

#include <nlohmann/json.hpp>
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>

namespace reverie {

namespace {

constexpr std::int64_t reference_context = 256; ///< ids the reference's tokenizer pads to
constexpr int default_batch = 8;

std::unique_ptr<Noise> keyed_noise(std::uint64_t seed, int stage, int first, int pictures, int candidates)
{
    std::vector<std::uint64_t> keys;
    for (int i = 0; i < pictures; ++i)
        for (int c = 0; c < candidates; ++c)
            keys.push_back(random_key({ seed + static_cast<std::uint64_t>(first + i),
                                        static_cast<std::uint64_t>(stage), static_cast<std::uint64_t>(c) }));
    return std::make_unique<KeyedNoise>(keys);
}

void require_finite(double value, const char* name)
{
    if (!std::isfinite(value))
        throw UsageError(std::string("The ") + name + " must be a finite number.");
}

void require_steps(std::int64_t steps, std::int64_t most, const std::string& whose)
{
    if (steps < 1 || steps > most)
        throw UsageError(whose + " takes 1 to " + std::to_string(most) + " steps, not "
                         + std::to_string(steps) + ".");
}

/// How long a step takes compared with others: parameters times positions they are applied to.
double step_cost(torch::nn::Module& module, std::int64_t positions)
{
    double parameters = 0;
    for (const auto& parameter : module.parameters())
        parameters += static_cast<double>(parameter.numel());
    return parameters * static_cast<double>(positions);
}

Tensor stacked(const std::vector<std::vector<float>>& rows, int first, int count)
{
    std::vector<Tensor> tensors;
    for (int i = first; i < first + count; ++i)
        tensors.push_back(torch::tensor(rows[static_cast<std::size_t>(i)]));
    return torch::stack(tensors);
}

std::vector<float> to_vector(const Tensor& row)
{
    const auto plain = row.to(torch::kCPU, torch::kFloat32).contiguous();
    return { plain.data_ptr<float>(), plain.data_ptr<float>() + plain.numel() };
}

std::string untrained_parts(const Pipeline& pipeline)
{
    auto steps = nlohmann::json::object();
    if (const auto found = pipeline.metadata.find("reverie.trained"); found != pipeline.metadata.end())
        steps = nlohmann::json::parse(found->second, nullptr, /*allow_exceptions=*/false);
    const auto trained = [&](const std::string& part) {
        return steps.is_object() && steps.contains(part) && steps[part] != 0;
    };
    std::string list;
    const auto add = [&](const std::string& part, const std::string& name) {
        if (!trained(part))
            list += (list.empty() ? "" : ", ") + name;
    };
    add("clip", "CLIP");
    add("prior", "the prior");
    for (std::int64_t i = 1; i <= pipeline.decoder->num_unets(); ++i)
        add("unet" + std::to_string(i), "stage " + std::to_string(i));
    return list;
}

std::set<char32_t> letters_of_captions(const Pipeline& pipeline)
{
    std::set<char32_t> letters;
    const auto found = pipeline.metadata.find("reverie.captions");
    if (found == pipeline.metadata.end())
        return letters;
    const auto captions = nlohmann::json::parse(found->second, nullptr, /*allow_exceptions=*/false);
    for (const auto& caption : captions)
        if (caption.is_string())
            for (const auto letter : decode_utf8(caption.get<std::string>()))
                letters.insert(letter);
    return letters;
}

} // namespace

PipelineGenerator::PipelineGenerator(Pipeline pipeline, std::string hash, const GeneratorOptions& options,
                                     MakeNoise make_noise)
    : pipeline_(std::move(pipeline))
    , hash_(std::move(hash))
    , options_(options)
    , make_noise_(std::move(make_noise))
    , device_(device_named(options.device))
{
    if (!pipeline_.clip || !pipeline_.prior || !pipeline_.decoder || !pipeline_.tokenizer)
        throw Error("This model file holds only a part of a pipeline; drawing needs its tokenizer, CLIP, "
                    "prior and decoder.");
    if (options.dtype != "f32")
        throw UsageError("The networks compute in f32 only.");
    for (auto* module : { static_cast<torch::nn::Module*>(pipeline_.clip.get()),
                          static_cast<torch::nn::Module*>(pipeline_.prior.get()),
                          static_cast<torch::nn::Module*>(pipeline_.decoder.get()) }) {
        module->to(device_);
        module->eval();
    }
    untrained_ = untrained_parts(pipeline_);
    known_letters_ = letters_of_captions(pipeline_);
}

PipelineGenerator::~PipelineGenerator() = default;

ResolvedSettings PipelineGenerator::resolve(const GenerateRequest& request) const
{
    const auto& defaults = pipeline_.config.sampling;
    const auto& prior = *pipeline_.prior;
    const auto& decoder = *pipeline_.decoder;
    ResolvedSettings settings;
    settings.cond_scale = request.cond_scale.value_or(defaults.cond_scale);
    settings.prior_cond_scale = request.prior_cond_scale.value_or(defaults.prior_cond_scale);
    settings.candidates = request.candidates.value_or(static_cast<int>(defaults.candidates));
    settings.sampler = request.sampler.value_or(sampler_from_string(defaults.sampler));
    settings.eta = request.eta.value_or(defaults.eta.value_or(decoder.options().ddim_sampling_eta));
    // DDPM knows full chains only, so it is what the default steps give way to.
    const bool full = settings.sampler == Sampler::Ddpm;
    const auto prior_default = full
        ? prior.num_timesteps()
        : defaults.prior_steps.value_or(prior.options().sample_timesteps.value_or(prior.num_timesteps()));
    settings.prior_steps = request.prior_steps.value_or(static_cast<int>(prior_default));
    for (std::int64_t i = 0; i < decoder.num_unets(); ++i) {
        const auto index = static_cast<std::size_t>(i);
        auto steps = decoder.options().sample_timesteps.at(index).value_or(decoder.num_timesteps());
        if (index < defaults.steps.size())
            steps = defaults.steps[index];
        if (full)
            steps = decoder.num_timesteps();
        if (request.steps.size() == 1)
            steps = request.steps[0];
        else if (index < request.steps.size())
            steps = request.steps[index];
        settings.steps.push_back(static_cast<int>(steps));
    }
    const auto title = pipeline_.metadata.find("modelspec.title");
    settings.model = title == pipeline_.metadata.end() ? "untitled" : title->second;
    settings.model_hash = hash_;
    settings.device = device_.str();
    settings.dtype = options_.dtype;
    return settings;
}

void PipelineGenerator::check(const GenerateRequest& request, const ResolvedSettings& settings) const
{
    const auto& decoder = *pipeline_.decoder;
    const auto pictures = request.prompts.size() * static_cast<std::size_t>(std::max(request.count, 0));
    if (request.prompts.empty()
        || (request.ids.empty()
            && std::any_of(request.prompts.begin(), request.prompts.end(), [](const auto& prompt) {
                   return prompt.find_first_not_of(" \t\r\n") == std::string::npos;
               })))
        throw UsageError("The prompt is empty; say what to draw.");
    if (!request.ids.empty()
        && (request.ids.size() != request.prompts.size()
            || std::any_of(request.ids.begin(), request.ids.end(), [&](const auto& ids) {
                   return ids.empty() || ids.size() != request.ids[0].size();
               })))
        throw UsageError("There must be token ids for every prompt, and as many for each.");
    if (request.count < 1)
        throw UsageError("At least one picture must be asked for.");
    if (request.seed >> 53U)
        throw UsageError("The seed must be below 9007199254740992.");
    if (request.batch < 0)
        throw UsageError("The batch must be at least 1.");
    if (settings.candidates < 1)
        throw UsageError("The prior must propose at least one candidate.");
    require_finite(settings.cond_scale, "guidance scale");
    require_finite(settings.prior_cond_scale, "prior's guidance scale");
    if (!(settings.eta >= 0 && settings.eta <= 1))
        throw UsageError("Eta must lie between 0 and 1.");
    require_steps(settings.prior_steps, pipeline_.prior->num_timesteps(), "The prior");
    if (request.steps.size() > 1 && request.steps.size() != static_cast<std::size_t>(decoder.num_unets()))
        throw UsageError("The model has " + std::to_string(decoder.num_unets())
                         + " stages; give one number of steps for all or one for each.");
    for (std::size_t i = 0; i < settings.steps.size(); ++i)
        require_steps(settings.steps[i], decoder.num_timesteps(), "Stage " + std::to_string(i + 1));
    if (settings.sampler == Sampler::Ddpm
        && (settings.prior_steps != pipeline_.prior->num_timesteps()
            || std::any_of(settings.steps.begin(), settings.steps.end(),
                           [&](int steps) { return steps != decoder.num_timesteps(); })))
        throw UsageError("The ddpm sampler takes every step of the schedule; leave the steps out, or choose "
                         "ddim or dpmpp for fewer.");
    if (settings.cond_scale != 1 && !decoder.can_guide())
        throw UsageError(
            "The decoder was trained without dropping its conditions, so its guidance scale must stay 1.");
    if (settings.prior_cond_scale != 1 && !pipeline_.prior->can_guide())
        throw UsageError(
            "The prior was trained without dropping its conditions, so its guidance scale must stay 1.");
    if (request.stop_after_stage < 0 || request.stop_after_stage > decoder.num_unets())
        throw UsageError("The model has stages 1 to " + std::to_string(decoder.num_unets()) + ".");
    if (!request.image_embeds.empty() && request.image_embeds.size() != pictures)
        throw UsageError("There must be one image embedding for each picture.");
    for (const auto& embed : request.image_embeds)
        if (static_cast<std::int64_t>(embed.size()) != pipeline_.prior->image_embed_dim())
            throw UsageError("An image embedding of this model has "
                             + std::to_string(pipeline_.prior->image_embed_dim()) + " numbers.");
    if (!request.kept.empty() && request.kept.size() != pictures)
        throw UsageError("There must be one kept stage for each picture.");
    for (const auto& kept : request.kept)
        if (kept.stage < 1 || kept.stage >= decoder.num_unets() || kept.stage != request.kept[0].stage
            || kept.image.empty() || kept.image.width != kept.image.height)
            throw UsageError(
                "A kept stage must be a square picture of a stage before the last, the same stage for all.");
}

std::vector<std::string> PipelineGenerator::warnings(const GenerateRequest& request) const
{
    std::vector<std::string> all;
    if (!untrained_.empty())
        all.push_back("The model file does not say that these parts were trained: " + untrained_
                      + "; the pictures may be noise.");
    const auto context = room_for_text(pipeline_.clip->text_frame(), text_length());
    bool cut = false, unknown = false;
    for (const auto& prompt : request.prompts) {
        cut = cut || pipeline_.tokenizer->encode(prompt).size() > context;
        const auto letters = decode_utf8(prompt);
        const auto seen = [&](char32_t letter) {
            const char32_t lower = letter >= U'A' && letter <= U'Z' ? letter + 32 : letter;
            return letter <= U' ' || known_letters_.contains(letter) || known_letters_.contains(lower);
        };
        unknown = unknown || (!known_letters_.empty() && !std::all_of(letters.begin(), letters.end(), seen));
    }
    if (cut)
        all.push_back("The prompt is longer than the " + std::to_string(context)
                      + " tokens this model reads; the rest is left out.");
    if (unknown)
        all.push_back("The prompt has characters this model never saw in training; they mean nothing to it.");
    return all;
}

std::size_t PipelineGenerator::text_length() const
{
    return static_cast<std::size_t>(std::min(reference_context, pipeline_.clip->max_text_len()));
}

std::vector<std::int64_t> PipelineGenerator::ids_of(const std::string& prompt) const
{
    return text_ids(*pipeline_.tokenizer, pipeline_.clip->text_frame(), prompt, text_length());
}

/// A request on its way: which pictures are being drawn, what is there of them, and how long the rest takes.
class PipelineGenerator::Run
{
public:
    Run(PipelineGenerator& owner, const GenerateRequest& request, const OnGenerateUpdate& on_update,
        std::stop_token stop)
        : owner_(owner)
        , request_(request)
        , on_update_(on_update)
        , stop_(std::move(stop))
    {
        result_.settings = owner.resolve(request);
        owner.check(request, result_.settings);
        estimate_costs();
    }

    GenerateResult all()
    {
        for (const auto& warning : owner_.warnings(request_)) {
            GenerateUpdate update;
            update.warning = warning;
            report(std::move(update));
        }
        const int total = static_cast<int>(request_.prompts.size()) * request_.count;
        const int batch = request_.batch > 0 ? request_.batch : default_batch;
        for (int first = 0; first < total && !stop_.stop_requested(); first += batch)
            draw(first, std::min(batch, total - first));
        result_.stopped = stop_.stop_requested();
        return std::move(result_);
    }

private:
    [[nodiscard]] int last_stage() const
    {
        return request_.stop_after_stage > 0 ? request_.stop_after_stage
                                             : static_cast<int>(owner_.pipeline_.decoder->num_unets());
    }
    [[nodiscard]] int first_stage() const { return request_.kept.empty() ? 1 : request_.kept[0].stage + 1; }
    [[nodiscard]] bool with_prior() const { return request_.image_embeds.empty() && request_.kept.empty(); }

    void estimate_costs()
    {
        auto& pipeline = owner_.pipeline_;
        const auto& settings = result_.settings;
        costs_.assign(settings.steps.size() + 1, 0.);
        if (with_prior())
            costs_[0]
                = step_cost(*pipeline.prior, settings.candidates * (pipeline.config.net->max_text_len + 4))
                * (settings.prior_cond_scale == 1 ? 1 : 2);
        for (int stage = first_stage(); stage <= last_stage(); ++stage) {
            const auto size = pipeline.decoder->image_size(stage);
            costs_[static_cast<std::size_t>(stage)]
                = step_cost(*pipeline.decoder->unet(stage), size * size / 8)
                * (settings.cond_scale == 1 ? 1 : 2);
        }
        const int pictures = static_cast<int>(request_.prompts.size()) * request_.count;
        for (std::size_t stage = 0; stage < costs_.size(); ++stage)
            cost_of_all_ += costs_[stage] * steps_of(static_cast<int>(stage)) * pictures;
    }

    [[nodiscard]] int steps_of(int stage) const
    {
        return stage == 0 ? result_.settings.prior_steps
                          : result_.settings.steps[static_cast<std::size_t>(stage - 1)];
    }

    [[nodiscard]] std::unique_ptr<Noise> noise(int stage, int candidates) const
    {
        if (owner_.make_noise_)
            return owner_.make_noise_(stage, first_, count_, candidates);
        return keyed_noise(request_.seed, stage, first_, count_, candidates);
    }

    void draw(int first, int count)
    {
        first_ = first;
        count_ = count;
        pictures_.clear();
        std::vector<Tensor> rows;
        for (int i = first; i < first + count; ++i) {
            const auto which = static_cast<std::size_t>(i / request_.count);
            rows.push_back(torch::tensor(request_.ids.empty() ? owner_.ids_of(request_.prompts[which])
                                                              : request_.ids[which]));
            Picture picture;
            picture.index = i;
            picture.prompt = request_.prompts[which];
            picture.seed = request_.seed + static_cast<std::uint64_t>(i);
            picture.stages.resize(result_.settings.steps.size());
            picture.steps.resize(request_.keep_steps ? result_.settings.steps.size() : 0);
            pictures_.push_back(std::move(picture));
        }
        const auto ids = torch::stack(rows).to(owner_.device_); // int64 (b, n)
        const auto embeds = with_prior() ? through_prior(ids) : given_embeds();
        if (!stop_.stop_requested())
            through_decoder(ids, embeds);
        for (auto& picture : pictures_)
            if (!picture.image.empty())
                result_.pictures.push_back(std::move(picture));
    }

    Tensor through_prior(const Tensor& ids)
    {
        const auto& settings = result_.settings;
        const auto source = noise(0, settings.candidates);
        const SamplingOptions options{ .cond_scale = settings.prior_cond_scale,
                                       .timesteps = settings.prior_steps,
                                       .sampler = settings.sampler,
                                       .eta = owner_.pipeline_.config.sampling.eta };
        const auto on_step = [&](std::int64_t step, std::int64_t steps, const Tensor&) {
            report(progress(0, static_cast<int>(step), static_cast<int>(steps)));
        };
        const auto samples
            = owner_.pipeline_.prior->sample_text(ids, settings.candidates, options, *source, on_step, stop_);
        if (stop_.stop_requested())
            return {};
        auto update = progress(0, settings.prior_steps, settings.prior_steps);
        for (int i = 0; i < count_; ++i) {
            auto& picture = pictures_[static_cast<std::size_t>(i)];
            picture.image_embed = to_vector(samples.image_embed[i]);
            for (const auto similarity : to_vector(samples.similarity[i]))
                picture.candidates.push_back({ similarity, false });
            picture.candidates[static_cast<std::size_t>(samples.chosen[i].item<std::int64_t>())].chosen
                = true;
            update.candidates.push_back(picture.candidates);
        }
        report(std::move(update));
        return samples.image_embed;
    }

    Tensor given_embeds()
    {
        if (request_.image_embeds.empty())
            return {};
        for (int i = 0; i < count_; ++i)
            pictures_[static_cast<std::size_t>(i)].image_embed
                = request_.image_embeds[static_cast<std::size_t>(first_ + i)];
        return stacked(request_.image_embeds, first_, count_).to(owner_.device_);
    }

    void through_decoder(const Tensor& ids, const Tensor& embeds)
    {
        auto& decoder = owner_.pipeline_.decoder;
        const auto& settings = result_.settings;
        DecoderCondition condition{ embeds, {} };
        if (decoder->reads_text())
            condition.text_encodings = owner_.pipeline_.clip->embed_text(ids).text_encodings;
        DecoderSampling sampling;
        sampling.cond_scale = settings.cond_scale;
        sampling.start_at_unet_number = first_stage();
        sampling.stop_at_unet_number = last_stage();
        sampling.stop = stop_;
        for (const auto steps : settings.steps)
            sampling.stages.push_back(
                { .timesteps = steps, .sampler = settings.sampler, .eta = settings.eta });
        if (!request_.kept.empty())
            sampling.image = kept_pictures();
        std::unique_ptr<Noise> source;
        sampling.on_step = [&](std::int64_t stage, std::int64_t step, std::int64_t steps, const Tensor& x0) {
            on_decoder_step(static_cast<int>(stage), static_cast<int>(step), static_cast<int>(steps), x0);
        };
        sampling.on_stage
            = [&](std::int64_t stage, const Tensor& images) { on_stage(static_cast<int>(stage), images); };
        decoder->sample(count_, condition, sampling, [&](std::int64_t stage) -> Noise& {
            source = noise(static_cast<int>(stage), 1);
            return *source;
        });
    }

    Tensor kept_pictures()
    {
        std::vector<Tensor> images;
        for (int i = 0; i < count_; ++i) {
            const auto& kept = request_.kept[static_cast<std::size_t>(first_ + i)];
            pictures_[static_cast<std::size_t>(i)].stages[static_cast<std::size_t>(kept.stage - 1)]
                = kept.image;
            images.push_back(to_tensor(kept.image));
        }
        return torch::cat(images).to(owner_.device_);
    }

    void on_decoder_step(int stage, int step, int steps, const Tensor& x0)
    {
        auto update = progress(stage, step, steps);
        const bool shown
            = request_.preview_every > 0 && (step % request_.preview_every == 0 || step == steps);
        if (shown || request_.keep_steps || stop_.stop_requested()) {
            const auto estimates = to_images(in_unit_range(x0));
            for (std::size_t i = 0; i < estimates.size(); ++i) {
                auto& picture = pictures_[i];
                picture.image = estimates[i];
                if (request_.keep_steps)
                    picture.steps[static_cast<std::size_t>(stage - 1)].push_back(estimates[i]);
                if (shown)
                    update.previews.push_back({ picture.index, estimates[i] });
            }
        }
        report(std::move(update));
    }

    void on_stage(int stage, const Tensor& pixels)
    {
        const auto images = to_images(in_unit_range(pixels));
        auto update = progress(stage, steps_of(stage), steps_of(stage));
        for (std::size_t i = 0; i < images.size(); ++i) {
            auto& picture = pictures_[i];
            picture.stages[static_cast<std::size_t>(stage - 1)] = images[i];
            picture.image = images[i];
            picture.complete = stage == last_stage();
            update.previews.push_back({ picture.index, images[i] });
            if (picture.complete)
                update.finished.push_back(picture);
        }
        if (!update.finished.empty())
            update.settings = result_.settings;
        report(std::move(update));
    }

    [[nodiscard]] Tensor in_unit_range(const Tensor& pixels) const
    {
        return owner_.pipeline_.decoder->options().auto_normalize_img ? pixels : (pixels + 1) * 0.5;
    }

    GenerateUpdate progress(int stage, int step, int steps)
    {
        double done = 0;
        for (int before = 0; before < stage; ++before)
            done += costs_[static_cast<std::size_t>(before)] * steps_of(before) * count_;
        done += costs_[static_cast<std::size_t>(stage)] * step * count_;
        GenerateUpdate update;
        update.stage = stage;
        update.step = step;
        update.steps = steps;
        update.first = first_;
        update.count = count_;
        const double before
            = cost_of_all_ * first_ / (static_cast<double>(request_.prompts.size()) * request_.count);
        update.progress = cost_of_all_ > 0 ? std::min(1., (before + done) / cost_of_all_) : 0;
        const double elapsed
            = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
        if (update.progress > 0.02)
            update.seconds_left = elapsed * (1 / update.progress - 1);
        return update;
    }

    void report(GenerateUpdate update) const
    {
        if (on_update_)
            on_update_(update);
    }

    PipelineGenerator& owner_;
    const GenerateRequest& request_;
    const OnGenerateUpdate& on_update_;
    std::stop_token stop_;
    GenerateResult result_;
    std::vector<double> costs_; ///< of one step of one picture, by stage, in units of their own
    double cost_of_all_ = 0;
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
    int first_ = 0, count_ = 0; ///< the pictures being drawn
    std::vector<Picture> pictures_;
};

GenerateResult PipelineGenerator::generate(const GenerateRequest& request, const OnGenerateUpdate& on_update,
                                           std::stop_token stop)
{
    torch::NoGradGuard no_grad;
    at::set_num_threads(options_.threads > 0
                            ? options_.threads
                            : static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
    return Run(*this, request, on_update, std::move(stop)).all();
}

} // namespace reverie
