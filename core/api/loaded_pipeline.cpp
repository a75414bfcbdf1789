// SPDX-License-Identifier: MIT
#include "core/api/loaded_pipeline.h"

#include "core/base/error.h"
#include "core/base/utf8.h"
#include "core/data/text_ids.h"
#include "core/nn/device.h"
#include "core/nn/pixels.h"
#include "core/nn/resize.h"

#include <nlohmann/json.hpp>
#include <torch/torch.h>

#include <algorithm>

namespace reverie {

namespace {

constexpr std::int64_t reference_context = 256; ///< ids the reference's tokenizer pads to

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

void check_dtype(const std::string& dtype, const torch::Device& device)
{
    if (dtype != "f32" && dtype != "bf16" && dtype != "f16")
        throw UsageError("There is no number type '" + dtype + "'; choose f32, bf16 or f16.");
    if (dtype == "f16" && !device.is_cuda())
        throw UsageError("The number type f16 is for CUDA devices; on the processor choose bf16 or f32.");
}

} // namespace

LoadedPipeline::LoadedPipeline(Pipeline pipeline, std::string hash, const GeneratorOptions& options)
    : parts(std::move(pipeline))
    , hash(std::move(hash))
    , options(options)
    , device(device_named(options.device))
{
    if (!parts.clip || !parts.prior || !parts.decoder || !parts.tokenizer)
        throw Error("This model file holds only a part of a pipeline; drawing needs its tokenizer, CLIP, "
                    "prior and decoder.");
    check_dtype(options.dtype, device);
    for (auto* module : { static_cast<torch::nn::Module*>(parts.clip.get()),
                          static_cast<torch::nn::Module*>(parts.prior.get()),
                          static_cast<torch::nn::Module*>(parts.decoder.get()) }) {
        module->to(device);
        module->eval();
    }
    untrained = untrained_parts(parts);
    known_letters = letters_of_captions(parts);
}

std::size_t LoadedPipeline::text_length() const
{
    return static_cast<std::size_t>(std::min(reference_context, parts.clip->max_text_len()));
}

std::vector<std::int64_t> LoadedPipeline::ids_of(const std::string& prompt) const
{
    return text_ids(*parts.tokenizer, parts.clip->text_frame(), prompt, text_length());
}

Tensor LoadedPipeline::ids_of(const std::vector<std::string>& prompts) const
{
    std::vector<Tensor> rows;
    for (const auto& prompt : prompts)
        rows.push_back(torch::tensor(ids_of(prompt)));
    return torch::stack(rows).to(device);
}

Tensor LoadedPipeline::square_of(const Image& image, std::int64_t size) const
{
    if (image.empty())
        throw UsageError("There is no picture to go by; give one that can be read.");
    const std::int64_t side = std::min(image.width, image.height);
    const auto square = to_tensor(image)
                            .narrow(2, (image.height - side) / 2, side)
                            .narrow(3, (image.width - side) / 2, side);
    const auto resized
        = side % size == 0 ? resize_area(square, size) : resize_cubic(square, size, std::pair(0., 1.));
    return resized.to(device);
}

Tensor LoadedPipeline::embed_picture(const Image& image) const
{
    return parts.clip->embed_image(square_of(image, parts.clip->image_size())).image_embed;
}

std::vector<float> to_vector(const Tensor& row)
{
    const auto plain = row.to(torch::kCPU, torch::kFloat32).contiguous();
    return { plain.data_ptr<float>(), plain.data_ptr<float>() + plain.numel() };
}

} // namespace reverie
