// SPDX-License-Identifier: MIT
#include "core/api/recipe_json.h"

#include <nlohmann/json.hpp>

namespace reverie {

namespace {

using nlohmann::json;

template <class T>
void read(const json& object, const char* key, std::optional<T>& value)
{
    if (object.contains(key))
        value = object.at(key).get<T>();
}

json blend_json(const std::vector<BlendPart>& blend)
{
    json parts = json::array();
    for (const auto& part : blend) {
        json one = { { "weight", part.weight } };
        if (part.picture)
            one["picture"] = to_json(*part.picture);
        else
            one["text"] = part.text;
        parts.push_back(one);
    }
    return parts;
}

BlendPart blend_part_from(const json& object)
{
    BlendPart part;
    part.weight = object.at("weight").get<double>();
    if (object.contains("picture"))
        part.picture = source_from_json(object.at("picture"));
    else
        part.text = object.at("text").get<std::string>();
    return part;
}

json outpaint_json(const OutpaintPicture& outpaint)
{
    json object = { { "picture", to_json(outpaint.picture) },
                    { "width", outpaint.width },
                    { "height", outpaint.height },
                    { "overlap", outpaint.overlap },
                    { "resample_times", outpaint.resample_times } };
    if (outpaint.left)
        object["left"] = *outpaint.left;
    if (outpaint.top)
        object["top"] = *outpaint.top;
    return object;
}

OutpaintPicture outpaint_from(const json& object)
{
    OutpaintPicture outpaint{ .picture = source_from_json(object.at("picture")) };
    object.at("width").get_to(outpaint.width);
    object.at("height").get_to(outpaint.height);
    object.at("overlap").get_to(outpaint.overlap);
    object.at("resample_times").get_to(outpaint.resample_times);
    read(object, "left", outpaint.left);
    read(object, "top", outpaint.top);
    return outpaint;
}

json later_json(const LaterStages& later)
{
    json object = { { "from", later.from }, { "seed", later.seed } };
    if (later.cond_scale)
        object["cond_scale"] = *later.cond_scale;
    return object;
}

LaterStages later_from(const json& object)
{
    LaterStages later{ object.at("from").get<int>(), object.at("seed").get<std::uint64_t>() };
    read(object, "cond_scale", later.cond_scale);
    return later;
}

} // namespace

json to_json(const SourcePicture& source)
{
    return { { "file", source.file }, { "sha256", source.sha256 }, { "drawn", source.drawn } };
}

SourcePicture source_from_json(const json& json)
{
    return { .image = {},
             .file = json.at("file").get<std::string>(),
             .sha256 = json.at("sha256").get<std::string>(),
             .drawn = json.at("drawn").get<bool>() };
}

json to_json(const Recipe& recipe)
{
    json object = json::object();
    if (!recipe.negative.empty())
        object["negative"] = recipe.negative;
    if (!recipe.blend.empty())
        object["blend"] = blend_json(recipe.blend);
    if (const auto& diff = recipe.text_diff)
        object["text_diff"] = { { "from", diff->from }, { "to", diff->to }, { "strength", diff->strength } };
    if (const auto& start = recipe.start)
        object["start"] = { { "picture", to_json(start->picture) }, { "strength", start->strength } };
    if (const auto& inpaint = recipe.inpaint)
        object["inpaint"] = { { "picture", to_json(inpaint->picture) },
                              { "mask", to_json(inpaint->mask) },
                              { "resample_times", inpaint->resample_times } };
    if (recipe.outpaint)
        object["outpaint"] = outpaint_json(*recipe.outpaint);
    if (recipe.later)
        object["later"] = later_json(*recipe.later);
    return object;
}

Recipe recipe_from_json(const json& object)
{
    Recipe recipe;
    recipe.negative = object.value("negative", "");
    for (const auto& part : object.value("blend", json::array()))
        recipe.blend.push_back(blend_part_from(part));
    if (object.contains("text_diff")) {
        const auto& diff = object.at("text_diff");
        recipe.text_diff = TextDiff{ diff.at("from").get<std::string>(), diff.at("to").get<std::string>(),
                                     diff.at("strength").get<double>() };
    }
    if (object.contains("start")) {
        const auto& start = object.at("start");
        recipe.start
            = StartPicture{ source_from_json(start.at("picture")), start.at("strength").get<double>() };
    }
    if (object.contains("inpaint")) {
        const auto& inpaint = object.at("inpaint");
        recipe.inpaint
            = InpaintPicture{ source_from_json(inpaint.at("picture")), source_from_json(inpaint.at("mask")),
                              inpaint.at("resample_times").get<int>() };
    }
    if (object.contains("outpaint"))
        recipe.outpaint = outpaint_from(object.at("outpaint"));
    if (object.contains("later"))
        recipe.later = later_from(object.at("later"));
    return recipe;
}

} // namespace reverie
