// SPDX-License-Identifier: MIT
#include "core/run/run_list.h"

#include "core/base/error.h"
#include "core/base/file.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sstream>
#include <unistd.h>

namespace reverie {

namespace {

namespace fs = std::filesystem;

/// $NAME/reverie, or below the home folder where that is not set.
fs::path user_folder(const char* name, const char* below_home)
{
    if (const char* value = std::getenv(name); value && fs::path(value).is_absolute())
        return fs::path(value) / "reverie";
    const char* home = std::getenv("HOME");
    return fs::path(home ? home : "/tmp") / below_home / "reverie";
}

fs::path list_path()
{
    return user_folder("XDG_STATE_HOME", ".local/state") / "runs.jsonl";
}

std::vector<fs::path> noted_runs()
{
    std::vector<fs::path> runs;
    std::string text;
    try {
        text = read_file(list_path());
    } catch (const Error&) {
        return runs;
    }
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (const auto object = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
            object.is_object() && object.contains("run") && object["run"].is_string())
            runs.emplace_back(object["run"].get<std::string>());
    return runs;
}

bool holds_run(const fs::path& folder)
{
    std::error_code error;
    return fs::exists(folder / "run.json", error) || fs::exists(folder / "status.json", error);
}

} // namespace

fs::path default_runs_folder()
{
    return user_folder("XDG_DATA_HOME", ".local/share") / "runs";
}

fs::path new_run_folder(const std::string& what)
{
    const std::time_t time = std::time(nullptr);
    std::tm local{};
    localtime_r(&time, &local);
    std::array<char, 16> date{};
    std::strftime(date.data(), date.size(), "%Y-%m-%d", &local);
    const auto first = default_runs_folder() / (std::string(date.data()) + "-" + what);
    auto folder = first;
    for (int number = 2; fs::exists(folder); ++number)
        folder = fs::path(first).concat("-" + std::to_string(number));
    return folder;
}

void note_run(const fs::path& run)
{
    std::error_code error;
    const auto absolute = fs::weakly_canonical(fs::absolute(run), error);
    if (error || absolute.parent_path() == fs::weakly_canonical(default_runs_folder(), error))
        return;
    const auto noted = noted_runs();
    if (std::find(noted.begin(), noted.end(), absolute) != noted.end())
        return;
    fs::create_directories(list_path().parent_path(), error);
    const int file = open(list_path().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file < 0)
        return;
    const auto line = nlohmann::json{ { "run", absolute.string() }, { "time", std::time(nullptr) } }.dump(
                          -1, ' ', false, nlohmann::json::error_handler_t::replace)
        + "\n";
    [[maybe_unused]] const auto written = write(file, line.data(), line.size());
    close(file);
}

std::vector<fs::path> known_runs()
{
    std::vector<fs::path> runs;
    std::error_code error;
    for (fs::directory_iterator it(default_runs_folder(), error), end; !error && it != end;
         it.increment(error))
        if (holds_run(it->path()))
            runs.push_back(it->path());
    std::sort(runs.begin(), runs.end());
    for (const auto& run : noted_runs())
        if (holds_run(run) && std::find(runs.begin(), runs.end(), run) == runs.end())
            runs.push_back(run);
    return runs;
}

} // namespace reverie
