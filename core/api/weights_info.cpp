// SPDX-License-Identifier: MIT
#include "core/api/weights_info.h"

#include "core/base/error.h"
#include "core/io/clip_config.h"
#include "core/io/mapped_file.h"
#include "core/io/not_finite.h"
#include "core/io/safetensors_header.h"
#include "core/io/safetensors_writer.h"
#include "core/io/torch_file.h"
#include "core/io/weights_summary.h"

#include <algorithm>
#include <cctype>

namespace reverie {

namespace {

namespace fs = std::filesystem;

std::string main_dtype(const StoredTensors& tensors)
{
    std::map<std::string, std::uint64_t> counts;
    for (const auto& [name, tensor] : tensors)
        counts[tensor.dtype] += tensor.elements();
    const auto most = std::max_element(counts.begin(), counts.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    auto dtype = most == counts.end() ? std::string() : most->first;
    std::transform(dtype.begin(), dtype.end(), dtype.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    return dtype;
}

bool is_clip(WeightsKind kind)
{
    return kind == WeightsKind::XClip || kind == WeightsKind::OpenAiClip
        || kind == WeightsKind::HuggingFaceClip;
}

bool is_karlos(WeightsKind kind)
{
    return kind == WeightsKind::KarloPrior || kind == WeightsKind::KarloDecoder
        || kind == WeightsKind::KarloSuperResolution || kind == WeightsKind::KarloStatistics
        || kind == WeightsKind::DiffusersUnclip;
}

bool is_importable(WeightsKind kind)
{
    return kind == WeightsKind::Prior || kind == WeightsKind::PriorNetwork || kind == WeightsKind::Decoder
        || kind == WeightsKind::DecoderUnets || kind == WeightsKind::Pipeline || is_clip(kind)
        || is_karlos(kind);
}

/// "OpenAI's ViT-L/14" of the reference's {"make": "openai", "model": "ViT-L/14"}; empty if it says nothing.
std::string clip_wanted(const nlohmann::json& config)
{
    if (!config.is_object() || !config.contains("clip") || !config["clip"].is_object())
        return {};
    const auto& clip = config["clip"];
    const auto text = [&clip](const char* key) {
        return clip.contains(key) && clip[key].is_string() ? clip[key].get<std::string>() : std::string();
    };
    const auto make = text("make"), model = text("model");
    if (make.empty() || make == "x-clip")
        return make;
    return (make == "openai" ? "OpenAI's " : make + " ") + model;
}

/// Karlo's networks are drawn with together; diffusers' folder has them all, but for looking at pictures.
void add_karlos_needs(WeightsInfo& info, const WeightsFile& file, const std::vector<WeightsPart>& parts)
{
    const auto has = [&](WeightsKind kind) {
        return std::any_of(parts.begin(), parts.end(), [&](const WeightsPart& p) { return p.kind == kind; });
    };
    const auto below = [&](const std::string& prefix) {
        const auto found = file.tensors.lower_bound(prefix);
        return found != file.tensors.end() && found->first.starts_with(prefix);
    };
    const auto need = [&info](bool missing, const char* what) {
        if (missing)
            info.needs.emplace_back(what);
    };
    const bool folder = has(WeightsKind::DiffusersUnclip) && below("decoder.");
    need(!folder && !has(WeightsKind::DiffusersUnclip) && !has(WeightsKind::KarloStatistics),
         "The statistics of CLIP's embeddings, ViT-L-14_stats.th, beside the prior.");
    need(folder ? !below("prior.") : !has(WeightsKind::KarloPrior) && !has(WeightsKind::DiffusersUnclip),
         "Karlo's prior to draw from text.");
    need(!folder && !has(WeightsKind::KarloDecoder), "Karlo's decoder to draw at all.");
    need(folder ? !below("super_res_first.") : !has(WeightsKind::KarloSuperResolution),
         "Karlo's super-resolution for pictures of 256 pixels.");
    if (folder && below("text_encoder."))
        need(!below("image_encoder."),
             "For variations of pictures, OpenAI's whole CLIP ViT-L/14: --clip FILE.");
    else
        need(true, "OpenAI's CLIP ViT-L/14: --clip FILE.");
    std::error_code error;
    need(!folder
             || (!fs::is_regular_file(file.path / "tokenizer/merges.txt", error)
                 && !fs::is_regular_file(file.path / "tokenizer/tokenizer.json", error)),
         "OpenAI's vocabulary, bpe_simple_vocab_16e6.txt.gz: --vocab FILE.");
}

void add_needs(WeightsInfo& info, const WeightsFile& file, const std::vector<WeightsPart>& parts)
{
    const auto has = [&](auto wanted) {
        return std::any_of(parts.begin(), parts.end(), [&](const WeightsPart& p) { return wanted(p.kind); });
    };
    const bool prior
        = has([](WeightsKind k) { return k == WeightsKind::Prior || k == WeightsKind::PriorNetwork; });
    const bool decoder
        = has([](WeightsKind k) { return k == WeightsKind::Decoder || k == WeightsKind::DecoderUnets; });
    const bool clip = has(is_clip);
    if (has(is_karlos)) {
        add_karlos_needs(info, file, parts);
        return;
    }
    if (!prior && !decoder && !clip)
        return;
    if (decoder && given_config(file, "decoder").is_null())
        info.needs.emplace_back(
            "The decoder's configuration: put its JSON beside the file, with the same name.");
    if (prior && given_config(file, "prior").is_null())
        info.needs.emplace_back(
            "The prior's configuration, if it differs from the defaults in what weights don't "
            "show: put its JSON beside the file, with the same name.");
    if ((prior || decoder) && !clip) {
        auto wanted = clip_wanted(given_config(file, "prior"));
        if (wanted.empty())
            wanted = clip_wanted(given_config(file, "decoder"));
        info.needs.push_back("The CLIP it was trained with" + (wanted.empty() ? "" : ", " + wanted)
                             + ": --clip FILE.");
    }
    if (!prior)
        info.needs.emplace_back("A prior to draw from text.");
    if (!decoder)
        info.needs.emplace_back("A decoder to draw at all.");
    const bool openai = has([](WeightsKind k) { return is_clip(k) && k != WeightsKind::XClip; });
    info.needs.emplace_back(openai ? "OpenAI's vocabulary, bpe_simple_vocab_16e6.txt.gz: --vocab FILE."
                                   : "The vocabulary its CLIP was trained with: --vocab FILE.");
}

} // namespace

WeightsInfo read_weights_info(const fs::path& path)
{
    const auto file = open_weights(path);
    const auto parts = recognise(file);
    WeightsInfo info;
    info.path = path;
    info.format = file.format;
    info.bytes = file.bytes;
    info.tensors = file.tensors.size();
    info.opaque.assign(file.opaque.begin(), file.opaque.end());
    for (const auto& part : parts) {
        auto tensors = part_tensors(file, part);
        if (!is_clip(part.kind) && part.kind != WeightsKind::Pipeline) // a part of its own
            std::erase_if(tensors, [](const auto& entry) { return entry.first.starts_with("clip.clip."); });
        WeightsPartInfo about;
        about.kind = kind_name(part.kind);
        about.title = kind_in_words(part.kind);
        about.architecture = architecture_in_words(file, part, tensors);
        about.prefix = part.prefix;
        about.ema = part.ema;
        about.tensors = tensors.size();
        for (const auto& [name, tensor] : tensors)
            about.parameters += static_cast<std::int64_t>(tensor.elements());
        about.dtype = main_dtype(tensors);
        info.parts.push_back(about);
        info.importable = info.importable || is_importable(part.kind);
        if (part.kind <= WeightsKind::DecoderUnets) // others say versions of other programs
            info.version = written_by_version(file);
    }
    add_needs(info, file, parts);
    return info;
}

std::string numbers_to_warn_of(const fs::path& path)
{
    return not_finite_in_words(open_weights(path).tensors);
}

bool is_reverie_model(const fs::path& path)
{
    std::error_code error;
    if (!fs::is_regular_file(path, error))
        return false;
    const MappedFile map(path);
    return is_safetensors(map.bytes())
        && parse_safetensors_header(map.bytes(), path.string()).metadata.contains("reverie.format");
}

void convert_weights(const fs::path& from, const fs::path& to)
{
    if (std::error_code error; fs::exists(to, error))
        throw UsageError(to.string() + " exists; choose another name.");
    const auto file = open_weights(from);
    if (file.tensors.empty())
        throw Error(from.string() + " holds no tensors; choose another file.");
    check_numbers(file);
    std::map<std::string, std::string> metadata = { { "format", "pt" } };
    auto values = file.values;
    if (const auto kept = values.find("metadata"); kept != values.end() && kept->is_object()) {
        for (const auto& [key, text] : kept->items())
            if (text.is_string())
                metadata[key] = text.get<std::string>();
        values.erase("metadata");
    }
    constexpr std::size_t most_text = 16 << 20;
    auto text = values.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    if (!values.empty() && text.size() <= most_text)
        metadata["source.values"] = std::move(text);
    write_stored_tensors(to, file.tensors, metadata);
}

} // namespace reverie
