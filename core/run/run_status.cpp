// SPDX-License-Identifier: MIT
#include "core/run/run_status.h"

#include "core/base/error.h"
#include "core/base/file.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>
#include <tuple>
#include <unistd.h>

namespace reverie {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr double heartbeat_limit_s = 30;

std::string host_name()
{
    std::array<char, 256> name{};
    gethostname(name.data(), name.size() - 1);
    return name.data();
}

/// Field 22 of /proc/<pid>/stat; 0 if there is no such process.
std::uint64_t process_start(std::int64_t pid)
{
    std::string stat;
    try {
        stat = read_file("/proc/" + std::to_string(pid) + "/stat");
    } catch (const Error&) {
        return 0;
    }
    std::istringstream fields(stat.substr(std::min(stat.rfind(')') + 1, stat.size())));
    std::string state, skipped;
    fields >> state;
    if (state == "Z" || state == "X") // killed, and not yet waited for
        return 0;
    for (int field = 4; field < 22; ++field)
        fields >> skipped;
    std::uint64_t start = 0;
    fields >> start;
    return start;
}

bool is_whole(const fs::path& folder)
{
    std::error_code error;
    return fs::exists(folder / "model.safetensors", error) && fs::exists(folder / "state.safetensors", error);
}

} // namespace

double seconds_now()
{
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

RunStatus own_process()
{
    RunStatus status;
    status.pid = getpid();
    status.process_start = process_start(getpid());
    status.host = host_name();
    return status;
}

std::optional<RunStatus> read_run_status(const fs::path& run)
{
    try {
        const auto object = json::parse(read_file(run / "status.json"));
        RunStatus status;
        status.state = object.at("state");
        status.part = object.at("part");
        status.step = object.at("step");
        status.steps = object.at("steps");
        status.eta_s = object.at("eta_s");
        status.reason = object.at("reason");
        status.pid = object.at("pid");
        status.process_start = object.at("process_start");
        status.host = object.at("host");
        status.heartbeat = object.at("heartbeat");
        return status;
    } catch (const std::exception&) { // no file, or no JSON of ours
        return std::nullopt;
    }
}

bool is_alive(const RunStatus& status)
{
    if (status.state == "finished" || status.state == "stopped" || status.state == "failed")
        return false; // a word that is not known here may be a newer version's for one that goes on
    if (status.host == host_name())
        return status.process_start != 0 && process_start(status.pid) == status.process_start;
    return std::abs(seconds_now() - status.heartbeat) < heartbeat_limit_s;
}

std::int64_t part_order(const std::string& part)
{
    if (part.starts_with("unet"))
        return 3 + std::strtoll(part.c_str() + 4, nullptr, 10);
    if (part == "tokenizer")
        return 0;
    if (part == "vqgan")
        return 3;
    return part == "clip" ? 1 : 2;
}

std::string step_digits(std::int64_t step)
{
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%08lld", static_cast<long long>(step));
    return text.data();
}

fs::path checkpoint_folder(const fs::path& run, const std::string& part, std::int64_t step)
{
    return run / "checkpoints" / (part + "-" + step_digits(step));
}

std::vector<Checkpoint> list_checkpoints(const fs::path& run)
{
    std::vector<Checkpoint> checkpoints;
    std::error_code error;
    for (fs::directory_iterator it(run / "checkpoints", error), end; !error && it != end;
         it.increment(error)) {
        const std::string name = it->path().filename();
        const auto dash = name.rfind('-');
        const bool named = dash != std::string::npos && dash + 1 < name.size()
            && name.find_first_not_of("0123456789", dash + 1) == std::string::npos;
        if (named && is_whole(it->path()))
            checkpoints.push_back({ name.substr(0, dash), std::stoll(name.substr(dash + 1)), it->path() });
    }
    std::sort(checkpoints.begin(), checkpoints.end(), [](const Checkpoint& a, const Checkpoint& b) {
        return std::tuple(part_order(a.part), a.step) < std::tuple(part_order(b.part), b.step);
    });
    return checkpoints;
}

std::optional<Checkpoint> best_checkpoint(const fs::path& run, const std::string& part)
{
    try {
        const auto best = json::parse(read_file(run / "checkpoints" / (part + "-best.json")));
        const std::int64_t step = best.at("step");
        const auto folder = checkpoint_folder(run, part, step);
        if (is_whole(folder))
            return Checkpoint{ part, step, folder };
    } catch (const std::exception&) { // none was named, or it can't be read
    }
    return std::nullopt;
}

} // namespace reverie
