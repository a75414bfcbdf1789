// SPDX-License-Identifier: MIT
#include "core/run/run_directory.h"

#include "core/base/error.h"
#include "core/base/file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sstream>
#include <tuple>
#include <unistd.h>
#include <utility>

namespace reverie {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr auto heartbeat_period = std::chrono::seconds(1);
constexpr double heartbeat_limit_s = 30;
constexpr std::size_t kept_checkpoints = 3;

std::string host_name()
{
    std::array<char, 256> name{};
    gethostname(name.data(), name.size() - 1);
    return name.data();
}

double now()
{
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
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
    std::string skipped;
    for (int field = 3; field < 22; ++field)
        fields >> skipped;
    std::uint64_t start = 0;
    fields >> start;
    return start;
}

void sync_folder(const fs::path& folder)
{
    const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return;
    fsync(descriptor);
    close(descriptor);
}

/// Whole, to the end of the line, so that a reader never sees two writes mixed.
void append_line(const fs::path& path, const std::string& line)
{
    const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    const std::string text = line + "\n";
    const bool written
        = descriptor >= 0 && write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    const int reason = errno;
    if (descriptor >= 0)
        close(descriptor);
    if (!written)
        throw Error(path.string() + " can't be written (" + std::strerror(reason)
                    + "); check the disk, then go on with --resume.");
}

std::string digits(std::int64_t step)
{
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%08lld", static_cast<long long>(step));
    return text.data();
}

/// Place of a part in the order of training.
std::int64_t part_order(const std::string& part)
{
    if (part.starts_with("unet"))
        return 2 + std::strtoll(part.c_str() + 4, nullptr, 10);
    return part == "clip" ? 0 : 1;
}

void create_folders(const fs::path& folder)
{
    std::error_code error;
    fs::create_directories(folder, error);
    if (error)
        throw Error(folder.string() + " can't be created (" + error.message()
                    + "); choose a place you have access to.");
}

} // namespace

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
    if (status.state != "starting" && status.state != "running" && status.state != "paused")
        return false;
    if (status.host == host_name())
        return status.process_start != 0 && process_start(status.pid) == status.process_start;
    return std::abs(now() - status.heartbeat) < heartbeat_limit_s;
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
        if (named && fs::exists(it->path() / "model.safetensors", error)
            && fs::exists(it->path() / "state.safetensors", error))
            checkpoints.push_back({ name.substr(0, dash), std::stoll(name.substr(dash + 1)), it->path() });
    }
    std::sort(checkpoints.begin(), checkpoints.end(), [](const Checkpoint& a, const Checkpoint& b) {
        return std::tuple(part_order(a.part), a.step) < std::tuple(part_order(b.part), b.step);
    });
    return checkpoints;
}

RunDirectory::RunDirectory(fs::path path, bool resume)
    : path_(std::move(path))
{
    if (path_.empty())
        throw UsageError("A run needs a folder; give one with --run.");
    const auto status = read_run_status(path_);
    if (status && is_alive(*status))
        throw UsageError(path_.string() + " is in use by process " + std::to_string(status->pid) + " on "
                         + status->host + "; stop that run first, or choose another folder.");
    const bool holds_run = fs::exists(path_ / "run.json");
    if (holds_run && !resume)
        throw UsageError(path_.string()
                         + " holds a run already; go on with it by --resume, or choose another folder.");
    if (!holds_run && resume)
        throw UsageError(path_.string() + " holds no run; give the folder of one, or start one with --run.");
    create_folders(path_);
    status_.pid = getpid();
    status_.process_start = process_start(getpid());
    status_.host = host_name();
    write_status();
    heart_ = std::jthread([this](const std::stop_token& stop) { beat(stop); });
}

RunDirectory::~RunDirectory()
{
    heart_.request_stop();
    heart_.join();
    try {
        if (is_alive(status_))
            status_.state = "failed";
        write_status();
    } catch (const std::exception&) { // nothing more can be done about a full disk here
    }
}

void RunDirectory::write_status()
{
    json object;
    {
        const std::lock_guard lock(mutex_);
        status_.heartbeat = now();
        object = { { "state", status_.state }, { "part", status_.part },
                   { "step", status_.step },   { "steps", status_.steps },
                   { "eta_s", status_.eta_s }, { "reason", status_.reason },
                   { "pid", status_.pid },     { "process_start", status_.process_start },
                   { "host", status_.host },   { "heartbeat", status_.heartbeat } };
    }
    write_file(path_ / "status.json", object.dump() + "\n");
}

void RunDirectory::beat(const std::stop_token& stop)
{
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, stop, heartbeat_period, [&] { return stop.stop_requested(); })) {
        if (stop.stop_requested())
            return;
        lock.unlock();
        try {
            write_status();
        } catch (const Error&) { // the next checkpoint will say what is wrong with the disk
        }
        lock.lock();
    }
}

void RunDirectory::write_configuration(const std::string& json) const
{
    write_file(path_ / "run.json", json);
}

void RunDirectory::set_state(const std::string& state, const std::string& reason)
{
    {
        const std::lock_guard lock(mutex_);
        status_.state = state;
        status_.reason = reason;
    }
    write_status();
}

void RunDirectory::set_progress(const std::string& part, std::int64_t step, std::int64_t steps, double eta_s)
{
    const std::lock_guard lock(mutex_);
    status_.part = part;
    status_.step = step;
    status_.steps = steps;
    status_.eta_s = eta_s;
}

void RunDirectory::append_metrics(const std::string& json) const
{
    append_line(path_ / "metrics.jsonl", json);
}

void RunDirectory::log(const std::string& sentence) const
{
    const std::time_t time = std::time(nullptr);
    std::tm local{};
    localtime_r(&time, &local);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S ", &local);
    append_line(path_ / "log.txt", text.data() + sentence);
}

fs::path RunDirectory::sample_folder(const std::string& part, std::int64_t step) const
{
    auto folder = path_ / "samples" / part / digits(step);
    create_folders(folder);
    return folder;
}

void RunDirectory::write_checkpoint(const std::string& part, std::int64_t step,
                                    const std::function<void(const fs::path&)>& fill) const
{
    const auto parent = path_ / "checkpoints";
    const auto folder = parent / (part + "-" + digits(step));
    const auto aside = fs::path(folder).concat(".tmp");
    std::error_code error;
    fs::remove_all(aside, error);
    create_folders(aside);
    fill(aside);
    sync_folder(aside);
    fs::remove_all(folder, error);
    fs::rename(aside, folder, error);
    if (error)
        throw Error(folder.string() + " can't be written (" + error.message() + "); check the disk.");
    sync_folder(parent);

    const auto all = list_checkpoints(path_);
    for (std::size_t i = 0; i + kept_checkpoints < all.size(); ++i)
        fs::remove_all(all[i].folder, error);
}

} // namespace reverie
