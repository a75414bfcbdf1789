// SPDX-License-Identifier: MIT
#include "core/run/run_directory.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/run/metrics.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/file.h>
#include <tuple>
#include <unistd.h>
#include <utility>

namespace reverie {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr auto heartbeat_period = std::chrono::seconds(1);
constexpr std::size_t kept_checkpoints = 3;

void sync_folder(const fs::path& folder)
{
    const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return;
    fsync(descriptor);
    close(descriptor);
}

/// Whole, to the end of the line, so that a reader never sees two writes mixed. A line that an earlier
/// process left unfinished is ended first.
void append_line(const fs::path& path, const std::string& line)
{
    const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    char last = '\n';
    if (const auto size = descriptor < 0 ? 0 : lseek(descriptor, 0, SEEK_END); size > 0)
        last = pread(descriptor, &last, 1, size - 1) == 1 ? last : '\n';
    const std::string text = (last == '\n' ? "" : "\n") + line + "\n";
    const bool written
        = descriptor >= 0 && write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    const int reason = errno;
    if (descriptor >= 0)
        close(descriptor);
    if (!written)
        throw Error(path.string() + " can't be written (" + std::strerror(reason)
                    + "); check the disk, then go on with --resume.");
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

RunDirectory::RunDirectory(fs::path path, bool resume)
    : path_(std::move(path))
{
    if (path_.empty())
        throw UsageError("A run needs a folder; give one with --run.");
    const auto status = read_run_status(path_);
    const auto in_use = [&] {
        return UsageError(path_.string() + " is in use by process "
                          + (status ? std::to_string(status->pid) + " on " + status->host : "of another run")
                          + "; stop that run first, or choose another folder.");
    };
    if (status && is_alive(*status))
        throw in_use();
    if (resume && !fs::exists(path_ / "run.json"))
        throw UsageError(path_.string() + " holds no run; give the folder of one, or start one with --run.");
    create_folders(path_);
    lock_folder();
    if (lock_ < 0)
        throw in_use();
    if (!resume && fs::exists(path_ / "run.json")) {
        close(lock_);
        throw UsageError(path_.string()
                         + " holds a run already; go on with it by --resume, or choose another folder.");
    }
    std::error_code error;
    fs::remove_all(path_ / "control", error); // meant for a process that is gone
    for (fs::directory_iterator it(path_ / "checkpoints", error), end; !error && it != end;
         it.increment(error))
        if (it->path().extension() == ".tmp") // half written when that process ended
            fs::remove_all(it->path());
    create_folders(path_ / "control");
    status_ = own_process();
    write_status();
    heart_ = std::jthread([this](const std::stop_token& stop) { beat(stop); });
}

/// An advisory lock goes with the process, however it ends. Leaves -1 if another has it.
void RunDirectory::lock_folder()
{
    const auto path = path_ / ".lock";
    lock_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (lock_ < 0)
        throw Error(path.string() + " can't be written (" + std::strerror(errno)
                    + "); choose a place you have access to.");
    if (flock(lock_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        close(std::exchange(lock_, -1));
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
    close(lock_);
}

void RunDirectory::write_status()
{
    json object;
    {
        const std::lock_guard lock(mutex_);
        status_.heartbeat = seconds_now();
        object = { { "state", status_.state }, { "part", status_.part },
                   { "step", status_.step },   { "steps", status_.steps },
                   { "eta_s", status_.eta_s }, { "reason", status_.reason },
                   { "pid", status_.pid },     { "process_start", status_.process_start },
                   { "host", status_.host },   { "heartbeat", status_.heartbeat } };
    }
    write_file(path_ / "status.json", object.dump(-1, ' ', false, json::error_handler_t::replace) + "\n");
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
        } catch (const std::exception&) { // the next checkpoint will say what is wrong with the disk
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

void RunDirectory::append_metrics(const std::string& json)
{
    append_line(path_ / "metrics.jsonl", json);
    const auto line = metrics_line(json);
    if (!line || line->split.empty())
        return;
    if (events_)
        add_events(*line);
    else
        open_events(); // with this line
    events_->flush();
}

void RunDirectory::add_events(const MetricsLine& line)
{
    const auto wall = line.numbers.find("wall_time");
    const double time = wall == line.numbers.end() ? 0 : wall->second;
    for (const auto& [name, value] : line.numbers)
        if (name != "time" && name != "wall_time")
            events_->add_scalar(line.part + "/" + line.split + "/" + name, value, line.step, time);
}

/// What metrics.jsonl says goes into one new file, and earlier ones go: they may hold steps that were resumed
/// from before.
void RunDirectory::open_events()
{
    std::vector<fs::path> earlier;
    std::error_code error;
    for (fs::directory_iterator it(path_, error), end; !error && it != end; it.increment(error))
        if (it->path().filename().string().starts_with("events.out.tfevents."))
            earlier.push_back(it->path());
    fs::path path;
    for (int number = 0; path.empty() || fs::exists(path); ++number)
        path = path_
            / ("events.out.tfevents." + std::to_string(std::int64_t(seconds_now())) + "." + status_.host + "."
               + std::to_string(status_.pid) + "." + std::to_string(number));
    events_ = std::make_unique<EventFile>(path);
    for (const auto& line : current_metrics(path_))
        if (!line.split.empty())
            add_events(line);
    events_->flush();
    for (const auto& file : earlier)
        fs::remove(file, error);
}

void RunDirectory::restart_events()
{
    events_.reset();
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
    auto folder = path_ / "samples" / part / step_digits(step);
    create_folders(folder);
    return folder;
}

std::vector<ControlRequest> RunDirectory::take_requests() const
{
    return reverie::take_requests(path_);
}

void RunDirectory::write_checkpoint(const std::string& part, std::int64_t step,
                                    const std::function<void(const fs::path&)>& fill) const
{
    const auto folder = checkpoint_folder(path_, part, step);
    const auto aside = fs::path(folder).concat(".tmp");
    std::error_code error;
    fs::remove_all(aside, error);
    create_folders(aside);
    try {
        fill(aside);
    } catch (const std::exception&) { // a full disk, most likely: what was written is of no use
        fs::remove_all(aside, error);
        throw;
    }
    sync_folder(aside);
    fs::remove_all(folder, error);
    fs::rename(aside, folder, error);
    if (error)
        throw Error(folder.string() + " can't be written (" + error.message() + "); check the disk.");
    sync_folder(folder.parent_path());

    const auto all = list_checkpoints(path_);
    for (std::size_t i = 0; i + kept_checkpoints < all.size(); ++i) {
        const auto best = best_checkpoint(path_, all[i].part);
        if (!best || best->step != all[i].step)
            fs::remove_all(all[i].folder, error);
    }
}

void RunDirectory::name_best(const std::string& part, std::int64_t step, double loss) const
{
    create_folders(path_ / "checkpoints");
    write_file(path_ / "checkpoints" / (part + "-best.json"),
               json{ { "step", step }, { "loss", loss } }.dump() + "\n");
}

void RunDirectory::remove_checkpoints_after(const std::string& part, std::int64_t step) const
{
    std::error_code error;
    const auto all = list_checkpoints(path_);
    for (auto it = all.rbegin(); it != all.rend(); ++it) // the newest first: what is left is always a past
        if (std::tuple(part_order(it->part), it->step) > std::tuple(part_order(part), step))
            fs::remove_all(it->folder, error);
}

} // namespace reverie
