// SPDX-License-Identifier: MIT
#include "core/api/request_json.h"

#include "core/api/recipe_json.h"
#include "core/base/error.h"

#include <nlohmann/json.hpp>

namespace reverie {

namespace {

using nlohmann::json;

template <class T>
void write(json& object, const char* key, const std::optional<T>& value)
{
    if (value)
        object[key] = *value;
}

template <class T>
void read(const json& object, const char* key, std::optional<T>& value)
{
    if (object.contains(key))
        value = object.at(key).get<T>();
}

} // namespace

std::string to_json(const GenerateRequest& request)
{
    json object = { { "prompts", request.prompts },
                    { "count", request.count },
                    { "seed", request.seed },
                    { "seeds", request.seeds },
                    { "steps", request.steps },
                    { "batch", request.batch },
                    { "keep_steps", request.keep_steps },
                    { "preview_every", request.preview_every },
                    { "recipe", to_json(request.recipe) } };
    write(object, "cond_scale", request.cond_scale);
    write(object, "prior_cond_scale", request.prior_cond_scale);
    write(object, "prior_steps", request.prior_steps);
    write(object, "candidates", request.candidates);
    write(object, "eta", request.eta);
    if (request.sampler)
        object["sampler"] = to_string(*request.sampler);
    return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

GenerateRequest request_from_json(const std::string& text)
{
    try {
        const auto object = json::parse(text);
        GenerateRequest request;
        object.at("prompts").get_to(request.prompts);
        object.at("count").get_to(request.count);
        object.at("seed").get_to(request.seed);
        object.at("seeds").get_to(request.seeds);
        object.at("steps").get_to(request.steps);
        object.at("batch").get_to(request.batch);
        object.at("keep_steps").get_to(request.keep_steps);
        object.at("preview_every").get_to(request.preview_every);
        request.recipe = recipe_from_json(object.at("recipe"));
        read(object, "cond_scale", request.cond_scale);
        read(object, "prior_cond_scale", request.prior_cond_scale);
        read(object, "prior_steps", request.prior_steps);
        read(object, "candidates", request.candidates);
        read(object, "eta", request.eta);
        if (object.contains("sampler"))
            request.sampler = sampler_from_string(object.at("sampler").get<std::string>());
        return request;
    } catch (const json::exception& problem) {
        throw Error(std::string("A drawing that was asked for can't be read (") + problem.what() + ").");
    }
}

} // namespace reverie
