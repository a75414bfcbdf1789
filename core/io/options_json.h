// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/error.h"
#include "core/base/options.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <type_traits>

namespace reverie {

namespace detail {

template <class T>
struct is_optional : std::false_type {
};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {
};
template <class T>
struct is_per_stage : std::false_type {
};
template <class T>
struct is_per_stage<PerStage<T>> : std::true_type {
};
template <class T>
struct is_vector : std::false_type {
};
template <class T>
struct is_vector<std::vector<T>> : std::true_type {
};

} // namespace detail

template <Options T>
T options_from_json(const nlohmann::json& json, const std::string& where);
template <Options T>
nlohmann::json options_to_json(const T& options);

/// One field's value. Throws UsageError that names `where` and the type that was expected.
template <class T>
T value_from_json(const nlohmann::json& json, const std::string& where)
{
    const auto expected = [&](const char* type) {
        return UsageError("The option " + where + " must be " + type + ", not " + json.dump() + ".");
    };
    if constexpr (detail::is_optional<T>::value) {
        if (json.is_null())
            return std::nullopt;
        return value_from_json<typename T::value_type>(json, where);
    } else if constexpr (detail::is_per_stage<T>::value) {
        using Value = typename std::decay_t<decltype(std::declval<T>().values())>::value_type;
        if (!json.is_array())
            return T(value_from_json<Value>(json, where));
        return T(value_from_json<std::vector<Value>>(json, where));
    } else if constexpr (detail::is_vector<T>::value) {
        if (!json.is_array())
            throw expected("a list");
        T values;
        for (const auto& element : json)
            values.push_back(value_from_json<typename T::value_type>(element, where));
        return values;
    } else if constexpr (Options<T>) {
        return options_from_json<T>(json, where);
    } else if constexpr (std::is_same_v<T, bool>) {
        if (!json.is_boolean())
            throw expected("true or false");
        return json.get<bool>();
    } else if constexpr (std::is_integral_v<T>) {
        if (!json.is_number_integer()
            && !(json.is_number() && json.get<double>() == double(json.get<std::int64_t>())))
            throw expected("a whole number");
        return json.get<T>();
    } else if constexpr (std::is_floating_point_v<T>) {
        if (!json.is_number())
            throw expected("a number");
        return json.get<T>();
    } else {
        static_assert(std::is_same_v<T, std::string>);
        if (!json.is_string())
            throw expected("a text");
        return json.get<std::string>();
    }
}

/// An options struct over its defaults. A key it does not have is an error that names it, so that a misspelt
/// option never passes for a default. `where` is the dotted path so far, for the message.
template <Options T>
T options_from_json(const nlohmann::json& json, const std::string& where)
{
    if (!json.is_object())
        throw UsageError("The options of " + where + " must be a JSON object.");
    T options;
    std::set<std::string> known;
    T::visit(options, [&](const char* name, auto& value) {
        known.insert(name);
        if (const auto found = json.find(name); found != json.end())
            value = value_from_json<std::decay_t<decltype(value)>>(*found, where + "." + name);
    });
    for (const auto& [key, value] : json.items())
        if (!known.contains(key))
            throw UsageError("There is no option " + where + "." + key + "; check its spelling.");
    return options;
}

template <class T>
nlohmann::json value_to_json(const T& value)
{
    if constexpr (detail::is_optional<T>::value) {
        return value ? value_to_json(*value) : nlohmann::json(nullptr);
    } else if constexpr (detail::is_per_stage<T>::value) {
        if (value.empty())
            return nlohmann::json(nullptr);
        return value.is_list() ? value_to_json(value.values()) : value_to_json(value.at(0));
    } else if constexpr (detail::is_vector<T>::value) {
        auto list = nlohmann::json::array();
        for (const auto& element : value)
            list.push_back(value_to_json(typename T::value_type(element)));
        return list;
    } else if constexpr (Options<T>) {
        return options_to_json(value);
    } else {
        return nlohmann::json(value);
    }
}

template <Options T>
nlohmann::json options_to_json(const T& options)
{
    auto json = nlohmann::json::object();
    T::visit(options, [&](const char* name, const auto& value) { json[name] = value_to_json(value); });
    return json;
}

} // namespace reverie
