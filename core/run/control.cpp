// SPDX-License-Identifier: MIT
#include "core/run/control.h"

#include "core/base/error.h"
#include "core/base/file.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <nlohmann/json.hpp>

namespace reverie {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::array verbs{ "pause", "resume", "stop", "checkpoint", "sample", "set", "rollback" };

/// "<time in ns>-<verb>.json"
bool is_request(const fs::path& path)
{
    const std::string name = path.filename();
    return path.extension() == ".json" && !name.empty() && name.front() >= '0' && name.front() <= '9'
        && name.find('-') != std::string::npos;
}

} // namespace

void post_request(const fs::path& run, const ControlRequest& request)
{
    if (std::find(verbs.begin(), verbs.end(), request.verb) == verbs.end())
        throw UsageError("A run can't be asked to \"" + request.verb
                         + "\"; it knows pause, resume, stop, checkpoint, sample, set and rollback.");
    const auto arguments = json::parse(request.arguments, nullptr, /*allow_exceptions=*/false);
    if (!arguments.is_object())
        throw UsageError("The arguments of " + request.verb + " must be a JSON object, not "
                         + request.arguments + ".");
    std::error_code error;
    fs::create_directories(run / "control", error);
    fs::path path;
    do {
        const auto time = std::chrono::system_clock::now().time_since_epoch();
        const auto count = std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
        path = run / "control" / (std::to_string(count) + "-" + request.verb + ".json");
    } while (fs::exists(path));
    write_file(path, json{ { "verb", request.verb }, { "arguments", arguments } }.dump() + "\n");
}

std::vector<ControlRequest> take_requests(const fs::path& run)
{
    std::vector<fs::path> paths;
    std::error_code error;
    for (fs::directory_iterator it(run / "control", error), end; !error && it != end; it.increment(error))
        if (is_request(it->path()))
            paths.push_back(it->path());
    std::sort(paths.begin(), paths.end());
    std::vector<ControlRequest> requests;
    for (const auto& path : paths) {
        const std::string stem = path.stem();
        ControlRequest request{ stem.substr(stem.find('-') + 1) };
        try {
            const auto text = read_file(path);
            const auto object = json::parse(text, nullptr, /*allow_exceptions=*/false);
            // The arguments may stand by themselves or under their key.
            if (object.is_object())
                request.arguments = object.value("arguments", object).dump();
            else if (!text.empty())
                request.arguments = text;
        } catch (const Error&) { // taken away again
            continue;
        }
        fs::remove(path, error);
        requests.push_back(std::move(request));
    }
    return requests;
}

} // namespace reverie
