// SPDX-License-Identifier: MIT
#include "core/io/model_fit.h"

#include "core/base/error.h"
#include "core/io/clip_config.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace reverie {

namespace {

using nlohmann::json;

void check_wanted_clip(const ModelPart& part, const ModelPart& clip)
{
    const auto& wanted = part.clip_wanted;
    if (!wanted.is_object() || !wanted.contains("make") || !wanted["make"].is_string())
        return;
    const auto make = wanted["make"].get<std::string>();
    const bool x_clip = clip.config.value("kind", json()).is_null();
    if (make == "coca" || (make == "x-clip") != x_clip)
        throw Error(part.from + " was trained with a CLIP of " + make + ", but " + clip.from + " is "
                    + (x_clip ? "an x-clip" : "one of OpenAI's kind")
                    + "; give the CLIP it was trained with.");
}

std::optional<std::int64_t> whole(const json& options, const char* key)
{
    const auto found = options.find(key);
    if (found == options.end() || !found->is_number_integer())
        return std::nullopt;
    return found->get<std::int64_t>();
}

void check_prior(const ModelPart& prior, const ModelPart& clip, std::vector<std::string>& notes)
{
    check_wanted_clip(prior, clip);
    const auto sizes = clip_sizes(clip.config);
    const auto& net = prior.config.at("net");
    const auto width
        = whole(net, "clip_dim").value_or(whole(net, "dim").value_or(512)); // Karlo's name, the others'
    const auto dim = whole(prior.config, "image_embed_dim").value_or(width);
    if (dim != sizes.embed_dim)
        throw Error(prior.from + " makes image embeddings of " + std::to_string(dim)
                    + " numbers, but those of " + clip.from + " have " + std::to_string(sizes.embed_dim)
                    + "; give the CLIP it was trained with.");
    if (const auto side = whole(prior.config, "image_size"); side && *side != sizes.image_size) {
        const auto words = prior.from + " was trained on pictures of " + std::to_string(*side)
            + " pixels, but " + clip.from + " looks at " + std::to_string(sizes.image_size);
        if (clip.config.contains("kind"))
            throw Error(words + "; give the CLIP it was trained with.");
        notes.push_back(words + ".");
    }
    // Every CLIP here gives embeddings of unit length; the prior sees them times this.
    if (const auto scale = prior.config.find("image_embed_scale");
        scale != prior.config.end() && scale->is_number()) {
        const auto usual = std::sqrt(static_cast<double>(dim));
        if (!(scale->get<double>() > 0))
            throw Error(prior.from + " scales image embeddings by " + scale->dump()
                        + "; the scale must be above 0.");
        if (std::abs(scale->get<double>() / usual - 1) > 0.01)
            notes.push_back(prior.from + " scales image embeddings by " + scale->dump() + " instead of "
                            + std::to_string(usual) + ", the root of their length; it is kept.");
    }
}

void check_decoder(const ModelPart& decoder, const ModelPart& clip)
{
    check_wanted_clip(decoder, clip);
    const auto sizes = clip_sizes(clip.config);
    if (decoder.config.value("unconditional", json(false)) == true)
        return;
    const auto& unets = decoder.config.at("unets");
    const auto image = whole(unets[0], "image_embed_dim");
    if (image && *image != sizes.embed_dim)
        throw Error(decoder.from + " reads image embeddings of " + std::to_string(*image)
                    + " numbers, but those of " + clip.from + " have " + std::to_string(sizes.embed_dim)
                    + "; give the CLIP it was trained with.");
    for (const auto& unet : unets)
        if (const auto text = whole(unet, "text_embed_dim");
            text && unet.value("cond_on_text_encodings", json(false)) == true && *text != sizes.text_width)
            throw Error(decoder.from + " reads text of " + std::to_string(*text)
                        + " numbers a token, but that of " + clip.from + " has "
                        + std::to_string(sizes.text_width) + "; give the CLIP it was trained with.");
}

void check_vocabulary(const Tokenizer& tokenizer, const ModelPart& clip)
{
    const auto size = static_cast<std::int64_t>(tokenizer.vocab_size()),
               known = clip_sizes(clip.config).vocab_size;
    // OpenAI's kind ends every text with the last token of its vocabulary.
    if (size > known || (clip.config.contains("kind") && size != known))
        throw Error("The vocabulary has " + std::to_string(size) + " tokens, but " + clip.from + " knows "
                    + std::to_string(known) + "; give the vocabulary it was trained with.");
}

/// Parts of Reverie's own files must have learned from the CLIP that is taken.
void check_companions(const ModelAssembly& assembly)
{
    for (const auto& companion : assembly.companions) {
        const auto& clip = *assembly.clip;
        const bool same = std::all_of(clip.tensors.begin(), clip.tensors.end(), [&](const auto& entry) {
            const auto other = companion.tensors.find(entry.first);
            constexpr double relative = 1e-2, absolute = 1e-3; // one may be stored in half precision
            if (other != companion.tensors.end() && other->second.is_same(entry.second))
                return true;
            return other != companion.tensors.end() && other->second.sizes() == entry.second.sizes()
                && torch::allclose(entry.second.to(torch::kFloat32), other->second.to(torch::kFloat32),
                                   relative, absolute);
        });
        if (!same)
            throw Error("Parts of " + companion.from + " were trained with another CLIP than the one of "
                        + clip.from + "; take the CLIP of the former.");
    }
}

void check_versions(const ModelAssembly& assembly)
{
    for (const auto* part : { &assembly.prior, &assembly.decoder }) {
        int major = 0, minor = 0;
        if (!*part || std::sscanf((*part)->version.c_str(), "%d.%d", &major, &minor) != 2)
            continue;
        if (major < 1 || (major == 1 && minor < 4))
            throw Error(
                (*part)->from + " was written by DALLE2-pytorch " + (*part)->version
                + ", whose attention was scaled otherwise than from 1.4.0 on; its weights would draw noise.");
    }
}

} // namespace

void check_fit(ModelAssembly& assembly)
{
    check_versions(assembly);
    if (!assembly.clip)
        throw UsageError("No file has a CLIP, which every pipeline needs; give one with --clip.");
    if (assembly.prior)
        check_prior(*assembly.prior, *assembly.clip, assembly.notes);
    if (assembly.decoder)
        check_decoder(*assembly.decoder, *assembly.clip);
    check_companions(assembly);
    if (!assembly.tokenizer)
        throw UsageError("No file has a vocabulary; give the one its CLIP was trained with as --vocab.");
    check_vocabulary(*assembly.tokenizer, *assembly.clip);
    if (assembly.decoder)
        for (std::size_t i = 0; i < assembly.decoder->config["unets"].size(); ++i)
            if (!assembly.decoder->unets.contains(static_cast<std::int64_t>(i) + 1))
                assembly.notes.push_back("No file has trained U-Net " + std::to_string(i + 1)
                                         + "; its stage will draw noise.");
}

} // namespace reverie
