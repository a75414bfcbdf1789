// SPDX-License-Identifier: MIT
#include "core/io/json_file.h"

#include "core/base/error.h"
#include "core/io/mapped_file.h"

namespace reverie {

nlohmann::json parse_json(std::string_view text)
{
    bool deep = false;
    const auto watch = [&deep](int depth, nlohmann::json::parse_event_t, const nlohmann::json&) {
        constexpr int deepest = 64;
        deep = deep || depth > deepest;
        return !deep;
    };
    auto json = nlohmann::json::parse(text, watch, /*allow_exceptions=*/false);
    return deep ? nlohmann::json(nlohmann::json::value_t::discarded) : json;
}

nlohmann::json read_json_file(const std::filesystem::path& path)
{
    constexpr std::size_t largest = 100'000'000;
    const MappedFile file(path);
    if (file.bytes().size() > largest)
        throw Error(path.string() + " is too large for a configuration; choose another file.");
    auto json = parse_json(file.bytes());
    if (json.is_discarded())
        throw Error(path.string() + " is not JSON; get the file again.");
    return json;
}

} // namespace reverie
