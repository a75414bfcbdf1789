// SPDX-License-Identifier: MIT
#include "core/base/data_folders.h"

#include <algorithm>
#include <cstdlib>
#include <string>

namespace reverie {

namespace {

namespace fs = std::filesystem;

std::string environment(const char* name)
{
    const char* value = std::getenv(name);
    return value ? value : "";
}

} // namespace

std::vector<fs::path> data_folders()
{
    std::vector<fs::path> folders;
    const fs::path home = environment("HOME"), data_home = environment("XDG_DATA_HOME");
    if (data_home.is_absolute())
        folders.push_back(data_home);
    else if (!home.empty())
        folders.push_back(home / ".local/share");

    std::string shared = environment("XDG_DATA_DIRS");
    if (shared.empty())
        shared = "/usr/local/share:/usr/share";
    for (std::size_t begin = 0; begin <= shared.size();) {
        const std::size_t end = std::min(shared.find(':', begin), shared.size());
        if (end > begin)
            folders.emplace_back(shared.substr(begin, end - begin));
        begin = end + 1;
    }
    std::error_code error;
    const fs::path executable = fs::read_symlink("/proc/self/exe", error);
    if (!error)
        folders.push_back(executable.parent_path().parent_path() / "share");
    for (auto& folder : folders)
        folder /= "reverie";
    return folders;
}

} // namespace reverie
