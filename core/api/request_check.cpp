// SPDX-License-Identifier: MIT
#include "core/api/request_check.h"

#include "core/api/prompt_weights.h"
#include "core/base/error.h"
#include "core/base/utf8.h"
#include "core/data/text_ids.h"

#include <algorithm>
#include <cmath>

namespace reverie {

namespace {

void require(bool holds, const std::string& sentence)
{
    if (!holds)
        throw UsageError(sentence);
}

void require_finite(double value, const char* name)
{
    require(std::isfinite(value), std::string("The ") + name + " must be a finite number.");
}

void require_steps(std::int64_t steps, std::int64_t most, const std::string& whose)
{
    require(steps >= 1 && steps <= most,
            whose + " takes 1 to " + std::to_string(most) + " steps, not " + std::to_string(steps) + ".");
}

bool is_blank(const std::string& text)
{
    return text.find_first_not_of(" \t\r\n") == std::string::npos;
}

void check_prompts(const GenerateRequest& request)
{
    const bool told_otherwise
        = !request.ids.empty() || !request.image_embeds.empty() || !request.recipe.blend.empty();
    require(!request.prompts.empty()
                && (told_otherwise || std::none_of(request.prompts.begin(), request.prompts.end(), is_blank)),
            "The prompt is empty; say what to draw.");
    require(request.ids.empty()
                || (request.ids.size() == request.prompts.size()
                    && std::none_of(
                        request.ids.begin(), request.ids.end(),
                        [&](const auto& ids) { return ids.empty() || ids.size() != request.ids[0].size(); })),
            "There must be token ids for every prompt, and as many for each.");
}

void check_sampling(const GenerateRequest& request, const ResolvedSettings& settings,
                    const LoadedPipeline& model)
{
    const auto& decoder = *model.parts.decoder;
    const auto& prior = *model.parts.prior;
    require(settings.candidates >= 1, "The prior must propose at least one candidate.");
    require_finite(settings.cond_scale, "guidance scale");
    require_finite(settings.prior_cond_scale, "prior's guidance scale");
    require(settings.eta >= 0 && settings.eta <= 1, "Eta must lie between 0 and 1.");
    require_steps(settings.prior_steps, prior.num_timesteps(), "The prior");
    require(request.steps.size() <= 1
                || request.steps.size() == static_cast<std::size_t>(decoder.num_unets()),
            "The model has " + std::to_string(decoder.num_unets())
                + " stages; give one number of steps for all or one for each.");
    for (std::size_t i = 0; i < settings.steps.size(); ++i)
        require_steps(settings.steps[i], decoder.num_timesteps(), "Stage " + std::to_string(i + 1));
    const bool whole_prior = prior.is_respaced() || settings.prior_steps == prior.num_timesteps();
    const bool whole_stages = decoder.options().respaced
        || std::all_of(settings.steps.begin(), settings.steps.end(),
                       [&](int steps) { return steps == decoder.num_timesteps(); });
    require(settings.sampler != Sampler::Ddpm || (whole_prior && whole_stages),
            "The ddpm sampler takes every step of the schedule; leave the steps out, or choose ddim or dpmpp "
            "for fewer.");
    require(settings.cond_scale == 1 || decoder.can_guide(),
            "The decoder was trained without dropping its conditions, so its guidance scale must stay 1.");
    require(settings.prior_cond_scale == 1 || prior.can_guide(),
            "The prior was trained without dropping its conditions, so its guidance scale must stay 1.");
    if (const auto& later = request.recipe.later; later && later->cond_scale) {
        require_finite(*later->cond_scale, "guidance scale of later stages");
        require(*later->cond_scale == 1 || decoder.can_guide(),
                "The decoder was trained without dropping its conditions, so the guidance scale of later "
                "stages must stay 1.");
    }
}

void check_given(const GenerateRequest& request, std::size_t pictures, const LoadedPipeline& model)
{
    const auto stages = model.parts.decoder->num_unets();
    const auto numbers = model.parts.prior->image_embed_dim();
    require(request.stop_after_stage >= 0 && request.stop_after_stage <= stages,
            "The model has stages 1 to " + std::to_string(stages) + ".");
    require(request.image_embeds.empty() || request.image_embeds.size() == pictures,
            "There must be one image embedding for each picture.");
    for (const auto& embed : request.image_embeds)
        require(static_cast<std::int64_t>(embed.size()) == numbers,
                "An image embedding of this model has " + std::to_string(numbers) + " numbers.");
    require(request.kept.empty() || request.kept.size() == pictures,
            "There must be one kept stage for each picture.");
    for (const auto& kept : request.kept)
        require(kept.stage >= 1 && kept.stage < stages && kept.stage == request.kept[0].stage
                    && !kept.image.empty() && kept.image.width == kept.image.height
                    && kept.image.width == request.kept[0].image.width,
                "A kept stage must be a square picture of a stage before the last, the same stage and size "
                "for all.");
}

void check_recipe(const Recipe& recipe, bool kept, int stages)
{
    for (const auto& part : recipe.blend) {
        require(part.picture || !is_blank(part.text), "A part of a blend is empty; give a picture or words.");
        require(std::isfinite(part.weight) && part.weight >= 0,
                "The weights of a blend must not be negative.");
    }
    require(recipe.blend.empty()
                || std::any_of(recipe.blend.begin(), recipe.blend.end(),
                               [](const auto& part) { return part.weight > 0; }),
            "All weights of the blend are zero; give one of its parts some.");
    if (recipe.text_diff) {
        require(!is_blank(recipe.text_diff->from) && !is_blank(recipe.text_diff->to),
                "A text difference goes from one phrase to another; give both.");
        require(recipe.text_diff->strength >= 0 && recipe.text_diff->strength <= 1,
                "The strength of a text difference lies from 0 to 1.");
    }
    require(!!recipe.start + !!recipe.inpaint + !!recipe.outpaint <= 1,
            "A picture can be started from, inpainted or outpainted, but only one of these at a time.");
    require(!recipe.start || (recipe.start->strength > 0 && recipe.start->strength <= 1),
            "The strength of a start from a picture lies above 0 and up to 1.");
    require(!kept || (!recipe.start && !recipe.inpaint && !recipe.outpaint),
            "A kept stage can't be combined with another picture to start from, inpaint or outpaint.");
    if (recipe.inpaint) {
        const auto& picture = recipe.inpaint->picture.image;
        const auto& mask = recipe.inpaint->mask.image;
        require(mask.width == picture.width && mask.height == picture.height,
                "The mask is " + std::to_string(mask.width) + " x " + std::to_string(mask.height)
                    + " pixels but the picture " + std::to_string(picture.width) + " x "
                    + std::to_string(picture.height) + "; make them the same size.");
    }
    require(!recipe.later || (recipe.later->from >= 2 && recipe.later->from <= stages),
            "What comes behind the first stage can be drawn anew, from stage 2 to the last, which is "
                + std::to_string(stages) + ".");
    require(!recipe.later || (recipe.later->seed >> 53U == 0 && !kept),
            "The seed of later stages must be below 9007199254740992, and there must be no kept stages.");
    const auto resamples = recipe.inpaint ? recipe.inpaint->resample_times
        : recipe.outpaint                 ? recipe.outpaint->resample_times
                                          : 1;
    require(resamples >= 1, "Inpainting takes every step at least once.");
}

} // namespace

ResolvedSettings resolved(const GenerateRequest& request, const LoadedPipeline& model)
{
    const auto& defaults = model.parts.config.sampling;
    const auto& prior = *model.parts.prior;
    const auto& decoder = *model.parts.decoder;
    ResolvedSettings settings;
    settings.cond_scale = request.cond_scale.value_or(defaults.cond_scale);
    settings.prior_cond_scale = request.prior_cond_scale.value_or(defaults.prior_cond_scale);
    settings.candidates = request.candidates.value_or(static_cast<int>(defaults.candidates));
    settings.sampler = request.sampler.value_or(sampler_from_string(defaults.sampler));
    settings.eta = request.eta.value_or(defaults.eta.value_or(decoder.options().ddim_sampling_eta));
    // Unless chains are respaced, DDPM knows full ones only, so it is what the default steps give way to.
    const bool ddpm = settings.sampler == Sampler::Ddpm;
    const bool full = ddpm && !decoder.options().respaced;
    const auto prior_default = ddpm && !prior.is_respaced()
        ? prior.num_timesteps()
        : defaults.prior_steps.value_or(prior.options().sample_timesteps.value_or(prior.num_timesteps()));
    settings.prior_steps = request.prior_steps.value_or(static_cast<int>(prior_default));
    for (std::int64_t i = 0; i < decoder.num_unets(); ++i) {
        const auto index = static_cast<std::size_t>(i);
        auto steps = decoder.default_steps(i + 1);
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
    const auto title = model.parts.metadata.find("modelspec.title");
    settings.model = title == model.parts.metadata.end() ? "untitled" : title->second;
    settings.model_hash = model.hash;
    settings.device = model.device.str();
    settings.dtype = model.options.dtype;
    return settings;
}

void check_request(const GenerateRequest& request, const ResolvedSettings& settings,
                   const LoadedPipeline& model)
{
    check_prompts(request);
    require(request.count >= 1, "At least one picture must be asked for.");
    const auto pictures = request.prompts.size() * static_cast<std::size_t>(request.count);
    const auto fits = [](std::uint64_t seed) { return seed >> 53U == 0; };
    require(fits(request.seed) && std::all_of(request.seeds.begin(), request.seeds.end(), fits),
            "The seed must be below 9007199254740992.");
    require(!request.seeds.empty() || fits(request.seed + pictures - 1),
            "The seed is too large for that many pictures, whose seeds must be below 9007199254740992.");
    require(request.seeds.empty() || request.seeds.size() == pictures,
            "There must be one seed for each picture.");
    require(request.batch >= 0, "The batch must be at least 1.");
    check_sampling(request, settings, model);
    check_given(request, pictures, model);
    check_recipe(request.recipe, !request.kept.empty(), static_cast<int>(settings.steps.size()));
}

std::vector<std::string> texts_of(const GenerateRequest& request)
{
    auto texts = request.prompts;
    for (const auto& part : request.recipe.blend)
        if (!part.picture)
            texts.push_back(part.text);
    texts.push_back(request.recipe.negative);
    if (const auto& diff = request.recipe.text_diff)
        texts.insert(texts.end(), { diff->from, diff->to });
    for (auto& text : texts)
        text = without_weights(text);
    return texts;
}

std::vector<std::string> warnings_of(const GenerateRequest& request, const LoadedPipeline& model)
{
    std::vector<std::string> all;
    if (!model.untrained.empty())
        all.push_back("The model file does not say that these parts were trained: " + model.untrained
                      + "; the pictures may be noise.");
    const auto context = room_for_text(model.parts.clip->text_frame(), model.text_length());
    const auto& known = model.known_letters;
    bool cut = false, unknown = false;
    for (const auto& text : texts_of(request)) {
        cut = cut || model.parts.tokenizer->encode(text).size() > context;
        const auto letters = decode_utf8(text);
        const auto seen = [&](char32_t letter) {
            const char32_t lower = letter >= U'A' && letter <= U'Z' ? letter + 32 : letter;
            return letter <= U' ' || known.contains(letter) || known.contains(lower);
        };
        unknown = unknown || (!known.empty() && !std::all_of(letters.begin(), letters.end(), seen));
    }
    if (cut)
        all.push_back("The prompt is longer than the " + std::to_string(context)
                      + " tokens this model reads; the rest is left out.");
    if (unknown)
        all.push_back("The prompt has characters this model never saw in training; they mean nothing to it.");
    const auto settings = resolved(request, model);
    if (!request.recipe.negative.empty() && settings.cond_scale == 1 && settings.prior_cond_scale == 1)
        all.push_back(
            "A negative prompt works through guidance, which is off; set a guidance scale above 1.");
    return all;
}

} // namespace reverie
