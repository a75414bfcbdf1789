// SPDX-License-Identifier: MIT
#include "core/api/picture_file.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/utf8.h"
#include "core/io/png.h"

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

/// IPTC's mark for pictures made by a trained model.
std::string xmp_packet(const std::string& version)
{
    return "<?xpacket begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>"
           "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">"
           "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">"
           "<rdf:Description rdf:about=\"\" xmlns:Iptc4xmpExt=\"http://iptc.org/std/Iptc4xmpExt/2008-02-29/\""
           " Iptc4xmpExt:DigitalSourceType="
           "\"http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia\""
           " Iptc4xmpExt:AISystemUsed=\"Reverie\" Iptc4xmpExt:AISystemVersionUsed=\""
        + version
        + "\"/>"
          "</rdf:RDF></x:xmpmeta><?xpacket end=\"w\"?>";
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
    add("Version", "Reverie " + making.version);
    return making.prompt + "\n" + line;
}

std::string to_json(const PictureMaking& making)
{
    const auto& settings = making.settings;
    return dump({ { "format", record_format },
                  { "version", making.version },
                  { "prompt", making.prompt },
                  { "seed", making.seed },
                  { "width", making.width },
                  { "height", making.height },
                  { "complete", making.complete },
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
                      { "dtype", settings.dtype } } } });
}

void write_picture(const fs::path& path, const Image& image, const PictureMaking& making)
{
    write_file(path,
               encode_png(image,
                          { { "parameters", a1111_parameters(making) },
                            { record_keyword, to_json(making) },
                            { "XML:com.adobe.xmp", xmp_packet(making.version) } }));
}

PictureMaking read_making(const fs::path& path)
{
    const auto texts = png_texts(read_file(path));
    const auto found = std::find_if(texts.begin(), texts.end(),
                                    [](const auto& text) { return text.first == record_keyword; });
    if (found == texts.end())
        throw Error(path.string() + " does not say how it was made; choose a picture that Reverie drew.");
    try {
        const json record = json::parse(found->second);
        if (record.at("format").get<int>() <= record_format)
            return from_json(record);
    } catch (const std::exception&) {
        throw Error(path.string() + " holds a damaged record of how it was made; choose another picture.");
    }
    throw Error(path.string() + " was drawn by a newer Reverie; install that version to read it.");
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
    return request;
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
