// SPDX-License-Identifier: MIT
#include "core/api/foreign_metadata.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>

namespace reverie {

namespace {

using nlohmann::json;

template <class Number>
std::optional<Number> to_number(std::string_view text)
{
    Number number{};
    while (text.starts_with(' '))
        text.remove_prefix(1);
    const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
    return result.ec == std::errc() ? std::optional(number) : std::nullopt;
}

/// Python writes NaN and Infinity, which JSON does not know.
json parse_python(const std::string& text)
{
    std::string clean = text;
    bool quoted = false;
    for (std::size_t i = 0; i < clean.size(); ++i) {
        if (quoted && clean[i] == '\\')
            ++i;
        else if (clean[i] == '"')
            quoted = !quoted;
        for (const std::string_view word : { "NaN", "-Infinity", "Infinity" })
            if (!quoted && std::string_view(clean).substr(i).starts_with(word))
                clean.replace(i, word.size(), "null");
    }
    return json::parse(clean, nullptr, /*allow_exceptions=*/false);
}

const json& member(const json& object, const char* key)
{
    static const json nothing;
    if (!object.is_object())
        return nothing;
    const auto found = object.find(key);
    return found == object.end() ? nothing : *found;
}

std::string string_in(const json& object, const char* key)
{
    const json& value = member(object, key);
    return value.is_string() ? value.get<std::string>() : std::string();
}

std::optional<double> number_in(const json& object, const char* key)
{
    const json& value = member(object, key);
    return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

/// A count or a size; 0 for what is none.
double bounded(const json& value)
{
    const double number = value.is_number() ? value.get<double>() : 0;
    return number >= 0 && number <= 1e9 ? number : 0;
}

std::optional<std::uint64_t> seed_in(const json& object, const char* key)
{
    const json& value = member(object, key);
    return value.is_number_unsigned() ? std::optional(value.get<std::uint64_t>()) : std::nullopt;
}

int integer_in(const json& object, const char* key)
{
    return static_cast<int>(bounded(member(object, key)));
}

// ---- A1111

bool is_key(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ' '
        || c == '-' || c == '/' || static_cast<unsigned char>(c) >= 0x80;
}

std::string unquoted(const std::string& value)
{
    if (!value.starts_with('"'))
        return value;
    const json text = json::parse(value, nullptr, /*allow_exceptions=*/false);
    return text.is_string() ? text.get<std::string>() : value;
}

std::string trimmed(std::string_view text)
{
    const auto begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos)
        return {};
    return std::string(text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1));
}

/// "Key: value, Key: "quoted, value", ..." as A1111 reads it.
std::vector<std::pair<std::string, std::string>> settings_in(std::string_view line)
{
    constexpr std::size_t longest_key = 64;
    std::vector<std::pair<std::string, std::string>> settings;
    for (std::size_t at = 0; at < line.size();) {
        std::size_t colon = at;
        while (colon < line.size() && is_key(line[colon]) && colon - at <= longest_key)
            ++colon;
        const auto key = trimmed(line.substr(at, colon - at));
        if (colon >= line.size() || line[colon] != ':' || key.size() < 2) {
            ++at;
            continue;
        }
        std::size_t begin = colon + 1;
        while (begin < line.size() && line[begin] == ' ')
            ++begin;
        std::size_t end = begin;
        if (begin < line.size() && line[begin] == '"') {
            for (++end; end < line.size() && line[end] != '"'; ++end)
                end += line[end] == '\\';
            ++end;
        }
        end = std::min(line.find(',', std::min(end, line.size())), line.size());
        settings.emplace_back(key, unquoted(trimmed(line.substr(begin, end - begin))));
        at = end + 1;
    }
    return settings;
}

void apply_setting(const std::string& key, const std::string& value, PictureMetadata& metadata)
{
    if (key == "Steps")
        metadata.steps = to_number<int>(value).value_or(0);
    else if (key == "Sampler")
        metadata.sampler = value;
    else if (key == "CFG scale")
        metadata.cond_scale = to_number<double>(value);
    else if (key == "Seed")
        metadata.seed = to_number<std::uint64_t>(value);
    else if (key == "Model")
        metadata.model = value;
    else if (key == "Model hash")
        metadata.model_hash = value;
    else if (key == "Version") {
        for (const char* tool : { "stable-diffusion.cpp", "Reverie", "Fooocus", "ComfyUI" })
            if (value.starts_with(tool))
                metadata.tool = tool;
    } else if (key == "Size" && value.find('x') != std::string::npos) {
        metadata.width = to_number<int>(value).value_or(0);
        metadata.height = to_number<int>(std::string_view(value).substr(value.find('x') + 1)).value_or(0);
    }
}

// ---- ComfyUI

class ComfyGraph
{
public:
    explicit ComfyGraph(json graph)
        : graph_(std::move(graph))
    {
    }

    bool read(PictureMetadata& metadata)
    {
        const json* sampler = find_sampler();
        if (!sampler)
            return false;
        const json& inputs = member(*sampler, "inputs");
        metadata.tool = "ComfyUI";
        const json* guider = linked(inputs, "guider");
        const json& guided = guider ? member(*guider, "inputs") : inputs;
        metadata.seed = seed_of(inputs);
        metadata.prompt = text_behind(
            member(guided, guider && member(guided, "positive").is_null() ? "conditioning" : "positive"));
        metadata.negative_prompt = text_behind(member(guided, "negative"));
        metadata.cond_scale = number_in(guided, "cfg");
        metadata.steps = static_cast<int>(number_behind(inputs, { "steps" }, { "sigmas" }));
        metadata.sampler = string_behind(inputs, { "sampler_name" }, { "sampler" });
        metadata.model = string_behind(guided, { "ckpt_name", "unet_name" }, { "model" });
        metadata.width = static_cast<int>(number_behind(inputs, { "width" }, { "latent_image", "samples" }));
        metadata.height
            = static_cast<int>(number_behind(inputs, { "height" }, { "latent_image", "samples" }));
        return true;
    }

private:
    static constexpr int deepest = 32;

    /// The node that turns noise into a picture; of several, the last one whose prompt can be found.
    const json* find_sampler() const
    {
        const json* found = nullptr;
        if (!graph_.is_object())
            return found;
        for (const auto& node : graph_) {
            const json& inputs = member(node, "inputs");
            const bool samples = !member(inputs, "positive").is_null()
                && (!member(inputs, "seed").is_null() || !member(inputs, "noise_seed").is_null());
            if (samples || (!member(inputs, "guider").is_null() && !member(inputs, "noise").is_null()))
                found = &node;
        }
        return found;
    }

    /// The node that ["id", slot] points to; null for anything else.
    const json* target(const json& link) const
    {
        if (!link.is_array() || link.size() != 2 || !link[0].is_string())
            return nullptr;
        const auto found = graph_.find(link[0].get<std::string>());
        return found == graph_.end() ? nullptr : &*found;
    }

    const json* linked(const json& inputs, const char* key) const { return target(member(inputs, key)); }

    std::optional<std::uint64_t> seed_of(const json& inputs) const
    {
        for (const char* key : { "seed", "noise_seed" }) {
            if (const auto seed = seed_in(inputs, key))
                return seed;
            if (const json* node = linked(inputs, key))
                for (const char* value : { "seed", "value", "int", "noise_seed" })
                    if (const auto seed = seed_in(member(*node, "inputs"), value))
                        return seed;
        }
        const json* noise = linked(inputs, "noise");
        return noise ? seed_in(member(*noise, "inputs"), "noise_seed") : std::nullopt;
    }

    /// The first text on the way back from a conditioning, whatever nodes combine it.
    std::string text_behind(const json& link, int depth = 0) const
    {
        if (link.is_string())
            return link.get<std::string>();
        const json* node = target(link);
        if (!node || depth > deepest)
            return {};
        const json& inputs = member(*node, "inputs");
        for (const char* key : { "text", "text_g", "t5xxl", "prompt", "string", "value", "positive",
                                 "conditioning", "conditioning_1", "conditioning_to", "text1", "string_a" }) {
            if (member(inputs, key).is_null())
                continue;
            if (auto text = text_behind(member(inputs, key), depth + 1); !text.empty())
                return text;
        }
        return {};
    }

    /// Looks for one of `keys` in these inputs and on along `links`.
    const json* behind(const json& inputs, std::initializer_list<const char*> keys,
                       std::initializer_list<const char*> links, int depth = 0) const
    {
        for (const char* key : keys)
            if (const json& value = member(inputs, key); value.is_string() || value.is_number())
                return &value;
        for (const char* link : links)
            if (const json* node = linked(inputs, link); node && depth < deepest)
                return behind(member(*node, "inputs"), keys, links, depth + 1);
        return nullptr;
    }

    double number_behind(const json& inputs, std::initializer_list<const char*> keys,
                         std::initializer_list<const char*> links) const
    {
        const json* value = behind(inputs, keys, links);
        return value ? bounded(*value) : 0;
    }

    std::string string_behind(const json& inputs, std::initializer_list<const char*> keys,
                              std::initializer_list<const char*> links) const
    {
        const json* value = behind(inputs, keys, links);
        return value && value->is_string() ? value->get<std::string>() : std::string();
    }

    json graph_;
};

// ---- InvokeAI

/// What its records have called alike through all versions.
void read_invoke_settings(const json& settings, const char* sampler, PictureMetadata& metadata)
{
    metadata.seed = seed_in(settings, "seed");
    metadata.steps = integer_in(settings, "steps");
    metadata.cond_scale = number_in(settings, "cfg_scale");
    metadata.sampler = string_in(settings, sampler);
    metadata.width = integer_in(settings, "width");
    metadata.height = integer_in(settings, "height");
}

void read_old_invoke(const json& record, PictureMetadata& metadata)
{
    const json& image = member(record, "image");
    const json& prompt = member(image, "prompt");
    if (prompt.is_array() && !prompt.empty())
        metadata.prompt = string_in(prompt[0], "prompt");
    else if (prompt.is_string())
        metadata.prompt = prompt.get<std::string>();
    read_invoke_settings(image, "sampler", metadata);
    metadata.model = string_in(record, "model_weights");
    metadata.model_hash = string_in(record, "model_hash");
}

} // namespace

bool read_a1111(const std::string& parameters, PictureMetadata& metadata)
{
    std::string_view text = parameters;
    // A record of its own behind the settings, with commas that are none of theirs.
    if (const auto record = text.rfind(", SDCPP: {"); record != std::string_view::npos)
        text = text.substr(0, record);
    text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
    const auto last_line = text.rfind('\n') + 1; // 0 if there is one line only
    const auto settings = settings_in(text.substr(last_line));
    const bool has_settings = settings.size() >= 3;
    if (text.empty())
        return false;
    metadata.tool = "AUTOMATIC1111";
    for (const auto& [key, value] : settings)
        if (has_settings)
            apply_setting(key, value, metadata);
    std::string_view prompt = has_settings ? text.substr(0, last_line) : text;
    constexpr std::string_view mark = "Negative prompt:";
    const auto line = prompt.starts_with(mark) ? 0 : prompt.find("\nNegative prompt:");
    if (line != std::string_view::npos) {
        const auto begin = prompt.find(mark, line);
        metadata.negative_prompt = trimmed(prompt.substr(begin + mark.size()));
        prompt = prompt.substr(0, begin);
    }
    metadata.prompt = trimmed(prompt);
    return true;
}

bool read_invoke(const std::string& text, PictureMetadata& metadata)
{
    const json record = parse_python(text);
    if (!record.is_object())
        return false;
    metadata.tool = "InvokeAI";
    if (member(record, "image").is_object()) {
        read_old_invoke(record, metadata);
        return true;
    }
    metadata.prompt = string_in(record, "positive_prompt");
    metadata.negative_prompt = string_in(record, "negative_prompt");
    read_invoke_settings(record, "scheduler", metadata);
    const json& model = member(record, "model");
    metadata.model = string_in(model, "name");
    if (metadata.model.empty())
        metadata.model = string_in(model, "model_name");
    metadata.model_hash = string_in(model, "hash");
    return true;
}

bool read_invoke_command(const std::string& text, PictureMetadata& metadata)
{
    if (!text.starts_with('"'))
        return false;
    std::size_t end = 1;
    while (end < text.size() && text[end] != '"')
        end += text[end] == '\\' ? 2 : 1;
    if (end >= text.size())
        return false;
    metadata.tool = "InvokeAI";
    metadata.prompt = unquoted(text.substr(0, end + 1));
    std::map<std::string, std::string> flags;
    std::string_view rest = std::string_view(text).substr(end + 1);
    while (!rest.empty()) {
        const auto dash = rest.find(" -");
        if (dash == std::string_view::npos)
            break;
        rest.remove_prefix(dash + 1);
        const auto space = std::min(rest.find(' '), rest.size());
        const auto next = std::min(rest.find(" -", space), rest.size());
        flags[std::string(rest.substr(0, space))] = trimmed(rest.substr(space, next - space));
        rest.remove_prefix(next);
    }
    metadata.steps = to_number<int>(flags["-s"]).value_or(0);
    metadata.seed = to_number<std::uint64_t>(flags["-S"]);
    metadata.width = to_number<int>(flags["-W"]).value_or(0);
    metadata.height = to_number<int>(flags["-H"]).value_or(0);
    metadata.cond_scale = to_number<double>(flags["-C"]);
    metadata.sampler = flags["-A"];
    return true;
}

bool read_comfy(const std::string& graph, PictureMetadata& metadata)
{
    return ComfyGraph(parse_python(graph)).read(metadata);
}

} // namespace reverie
