// SPDX-License-Identifier: MIT
#include "core/api/picture_file.h"

#include "core/api/picture_texts.h"
#include "core/api/prompt_weights.h"
#include "core/api/recipe_json.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/utf8.h"
#include "core/io/png.h"
#include "core/io/xmp.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <sstream>

namespace reverie {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int record_format = 1;
constexpr const char* record_keyword = "reverie";

std::string dump(const json& value)
{
    return value.dump(-1, ' ', /*ensure_ascii=*/false, json::error_handler_t::replace);
}

std::string number(double value)
{
    std::ostringstream out;
    out.imbue(std::locale::classic());
    out << value;
    return out.str();
}

/// The name A1111 and its readers know the sampler by.
const char* a1111_sampler(Sampler sampler)
{
    switch (sampler) {
    case Sampler::Auto:
        return "Auto";
    case Sampler::Ddpm:
        return "DDPM";
    case Sampler::Ddim:
        return "DDIM";
    case Sampler::Dpmpp:
        return "DPM++ 2M";
    }
    return "";
}

json parents_json(const std::vector<PictureParent>& parents)
{
    json list = json::array();
    for (const auto& parent : parents)
        list.push_back({ { "file", parent.file }, { "sha256", parent.sha256 }, { "drawn", parent.drawn } });
    return list;
}

std::vector<PictureParent> parents_from(const json& list)
{
    std::vector<PictureParent> parents;
    for (const auto& parent : list)
        parents.push_back(
            { parent.value("file", ""), parent.value("sha256", ""), parent.value("drawn", true) });
    return parents;
}

json axes_json(const std::vector<Axis>& axes)
{
    json list = json::array();
    for (const auto& axis : axes)
        list.push_back({ { "parameter", axis.parameter }, { "values", axis.values } });
    return list;
}

std::vector<Axis> axes_from(const json& list)
{
    std::vector<Axis> axes;
    for (const auto& axis : list)
        axes.push_back(
            { axis.at("parameter").get<std::string>(), axis.at("values").get<std::vector<std::string>>() });
    return axes;
}

/// Pictures from before there were weights took brackets for what they are.
void escape_texts(PictureMaking& making)
{
    making.prompt = escape_weights(making.prompt);
    making.recipe.negative = escape_weights(making.recipe.negative);
    for (auto& part : making.recipe.blend)
        part.text = escape_weights(part.text);
    if (auto& diff = making.recipe.text_diff) {
        diff->from = escape_weights(diff->from);
        diff->to = escape_weights(diff->to);
    }
}

DigitalSource source_of(const PictureMaking& making)
{
    const bool all_drawn = std::all_of(making.parents.begin(), making.parents.end(),
                                       [](const auto& parent) { return parent.drawn; });
    return all_drawn ? DigitalSource::TrainedModel : DigitalSource::Composite;
}

PictureMaking from_json(const json& record)
{
    PictureMaking making;
    making.prompt = record.at("prompt").get<std::string>();
    making.seed = record.at("seed").get<std::uint64_t>();
    making.width = record.at("width").get<int>();
    making.height = record.at("height").get<int>();
    making.complete = record.at("complete").get<bool>();
    making.version = record.at("version").get<std::string>();
    making.settings.model = record.at("model").at("title").get<std::string>();
    making.settings.model_hash = record.at("model").at("sha256").get<std::string>();
    const json& settings = record.at("settings");
    making.settings.cond_scale = settings.at("cond_scale").get<double>();
    making.settings.prior_cond_scale = settings.at("prior_cond_scale").get<double>();
    making.settings.prior_steps = settings.at("prior_steps").get<int>();
    making.settings.steps = settings.at("steps").get<std::vector<int>>();
    making.settings.candidates = settings.at("candidates").get<int>();
    making.settings.sampler = sampler_from_string(settings.at("sampler").get<std::string>());
    making.settings.eta = settings.at("eta").get<double>();
    making.settings.device = settings.at("device").get<std::string>();
    making.settings.dtype = settings.at("dtype").get<std::string>();
    making.kind = record.value("kind", making.kind);
    making.parents = parents_from(record.value("parents", json::array()));
    making.recipe = recipe_from_json(record.value("recipe", json::object()));
    making.axes = axes_from(record.value("axes", json::array()));
    if (!record.value("weights", false))
        escape_texts(making);
    return making;
}

bool is_apostrophe(char32_t code)
{
    return code == U'\'' || code == U'\u2019';
}

/// Letters and digits. Outside ASCII the blocks of punctuation, symbols, private use, presentation selectors
/// and emoji are left out as a whole.
bool is_letter(char32_t code)
{
    if (code < 0x80)
        return (code >= U'a' && code <= U'z') || (code >= U'0' && code <= U'9');
    constexpr std::array<std::pair<char32_t, char32_t>, 9> others = { { { 0x80, 0xbf },
                                                                        { 0xd7, 0xd7 },
                                                                        { 0xf7, 0xf7 },
                                                                        { 0x2000, 0x2bff },
                                                                        { 0x2e00, 0x303f },
                                                                        { 0xe000, 0xf8ff },
                                                                        { 0xfe00, 0xff0f },
                                                                        { 0xfff0, 0x1ffff },
                                                                        { 0xe0000, 0x10ffff } } };
    return std::none_of(others.begin(), others.end(),
                        [code](const auto& block) { return code >= block.first && code <= block.second; });
}

char32_t lower(char32_t code)
{
    const bool ascii = code >= U'A' && code <= U'Z';
    const bool latin1 = code >= 0xc0 && code <= 0xde && code != 0xd7;
    return ascii || latin1 ? code + 0x20 : code;
}

} // namespace

std::string a1111_parameters(const PictureMaking& making)
{
    const auto& settings = making.settings;
    std::string line;
    const auto add = [&line](const std::string& key, const std::string& value) {
        const bool plain = value.find_first_of(",:\n\"") == std::string::npos;
        line += (line.empty() ? "" : ", ") + key + ": " + (plain ? value : dump(value));
    };
    if (!settings.steps.empty())
        add("Steps", std::to_string(settings.steps.back()));
    add("Sampler", a1111_sampler(settings.sampler));
    add("CFG scale", number(settings.cond_scale));
    add("Seed", std::to_string(making.seed));
    add("Size", std::to_string(making.width) + "x" + std::to_string(making.height));
    if (!settings.model_hash.empty())
        add("Model hash", settings.model_hash.substr(0, 10));
    if (!settings.model.empty())
        add("Model", settings.model);
    add("Prior steps", std::to_string(settings.prior_steps));
    add("Prior CFG scale", number(settings.prior_cond_scale));
    add("Prior candidates", std::to_string(settings.candidates));
    for (std::size_t i = 0; i + 1 < settings.steps.size(); ++i)
        add("Stage " + std::to_string(i + 1) + " steps", std::to_string(settings.steps[i]));
    if (settings.sampler == Sampler::Ddim)
        add("Eta", number(settings.eta));
    if (const auto& start = making.recipe.start)
        add("Denoising strength", number(start->strength));
    for (std::size_t i = 0; i < making.axes.size(); ++i) { // as A1111's script says it
        const std::string name = i == 0 ? "X" : "Y";
        std::string values;
        for (const auto& value : making.axes[i].values)
            values += (values.empty() ? "" : ", ") + value;
        if (i == 0)
            add("Script", "X/Y/Z plot");
        add(name + " Type", making.axes[i].parameter);
        add(name + " Values", values);
    }
    add("Version", "Reverie " + making.version);
    const auto& negative = making.recipe.negative;
    return making.prompt + (negative.empty() ? "" : "\nNegative prompt: " + negative) + "\n" + line;
}

std::string to_json(const PictureMaking& making)
{
    const auto& settings = making.settings;
    json record = { { "format", record_format },
                    { "version", making.version },
                    { "prompt", making.prompt },
                    { "weights", true }, // in its texts, see read_weights()
                    { "seed", making.seed },
                    { "width", making.width },
                    { "height", making.height },
                    { "complete", making.complete },
                    { "kind", making.kind },
                    { "parents", parents_json(making.parents) },
                    { "recipe", to_json(making.recipe) },
                    { "model", { { "title", settings.model }, { "sha256", settings.model_hash } } },
                    { "settings",
                      { { "cond_scale", settings.cond_scale },
                        { "prior_cond_scale", settings.prior_cond_scale },
                        { "prior_steps", settings.prior_steps },
                        { "steps", settings.steps },
                        { "candidates", settings.candidates },
                        { "sampler", to_string(settings.sampler) },
                        { "eta", settings.eta },
                        { "device", settings.device },
                        { "dtype", settings.dtype } } } };
    if (!making.axes.empty())
        record["axes"] = axes_json(making.axes);
    return dump(record);
}

PictureTexts making_texts(const PictureMaking& making)
{
    return { { "parameters", a1111_parameters(making) },
             { record_keyword, to_json(making) },
             { "XML:com.adobe.xmp", xmp_packet(source_of(making), making.version) } };
}

void write_picture(const fs::path& path, const Image& image, const PictureMaking& making)
{
    write_file(path, encode_png(image, making_texts(making)));
}

PictureMaking read_making(const fs::path& path)
{
    const auto texts = picture_texts(read_file(path));
    const auto found = std::find_if(texts.begin(), texts.end(),
                                    [](const auto& text) { return text.first == record_keyword; });
    if (found == texts.end())
        throw Error(path.string() + " does not say how it was made; choose a picture that Reverie drew.");
    return making_from_json(found->second, path.string());
}

PictureMaking making_from_json(const std::string& record, const std::string& name)
{
    try {
        const json object = json::parse(record);
        if (object.at("format").get<int>() <= record_format)
            return from_json(object);
    } catch (const std::exception&) {
        throw Error(name + " holds a damaged record of how it was made; choose another picture.");
    }
    throw Error(name + " was drawn by a newer Reverie; install that version to read it.");
}

GenerateRequest request_from(const PictureMaking& making)
{
    GenerateRequest request;
    request.prompts = { making.prompt };
    request.seed = making.seed;
    request.cond_scale = making.settings.cond_scale;
    request.prior_cond_scale = making.settings.prior_cond_scale;
    request.prior_steps = making.settings.prior_steps;
    request.steps = making.settings.steps;
    request.candidates = making.settings.candidates;
    request.sampler = making.settings.sampler;
    request.eta = making.settings.eta;
    request.recipe = making.recipe;
    return request;
}

PictureMaking making_of(const Picture& picture, const Image& image, const ResolvedSettings& settings,
                        const Recipe& recipe, const std::string& version)
{
    PictureMaking making;
    making.prompt = picture.prompt;
    making.seed = picture.seed;
    making.width = image.width;
    making.height = image.height;
    making.settings = settings;
    making.complete = picture.complete;
    making.version = version;
    making.kind = kind_of(recipe);
    for (const auto* source : sources_of(recipe))
        making.parents.push_back({ source->file, source->sha256, source->drawn });
    making.recipe = without_pixels(recipe);
    return making;
}

std::string slug(const std::string& prompt)
{
    constexpr std::size_t longest = 60;
    std::string name;
    bool between_words = false;
    for (char32_t code : decode_utf8(prompt)) {
        code = lower(code);
        if (is_apostrophe(code))
            continue;
        if (!is_letter(code)) {
            between_words = !name.empty();
            continue;
        }
        std::string piece = between_words ? "-" : "";
        append_utf8(piece, code);
        if (name.size() + piece.size() > longest)
            break;
        name += piece;
        between_words = false;
    }
    return name.empty() ? "picture" : name;
}

fs::path unused_path(const fs::path& wanted)
{
    const auto exists = [](const fs::path& path) {
        std::error_code error;
        return fs::exists(fs::symlink_status(path, error));
    };
    fs::path path = wanted;
    for (int n = 2; exists(path); ++n) {
        path = wanted;
        path.replace_filename(wanted.stem().string() + "-" + std::to_string(n) + wanted.extension().string());
    }
    return path;
}

} // namespace reverie
