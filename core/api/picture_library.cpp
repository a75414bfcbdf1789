// SPDX-License-Identifier: MIT
#include "core/api/picture_library.h"

#include "core/base/error.h"
#include "core/base/file.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

namespace reverie {

namespace {

namespace fs = std::filesystem;

fs::path environment_path(const char* name)
{
    const char* value = std::getenv(name);
    return value ? fs::path(value) : fs::path();
}

/// XDG_PICTURES_DIR of user-dirs.dirs: "$HOME/name" or an absolute path, in double quotes.
fs::path pictures_folder(const fs::path& home)
{
    fs::path config = environment_path("XDG_CONFIG_HOME");
    if (!config.is_absolute())
        config = home / ".config";
    std::string text;
    try {
        text = read_file(config / "user-dirs.dirs");
    } catch (const Error&) {
        return home / "Pictures";
    }
    constexpr std::string_view key = "XDG_PICTURES_DIR=\"", relative = "$HOME";
    const auto begin = text.starts_with(key) ? 0 : text.find("\n" + std::string(key));
    if (begin == std::string::npos)
        return home / "Pictures";
    const auto value_at = text.find('"', begin) + 1;
    std::string value = text.substr(value_at, text.find('"', value_at) - value_at);
    if (value.starts_with(relative))
        value = home.string() + value.substr(relative.size());
    const fs::path folder = value;
    return folder.is_absolute() ? folder : home / "Pictures";
}

class Descriptor
{
public:
    explicit Descriptor(int descriptor)
        : descriptor_(descriptor)
    {
    }
    ~Descriptor()
    {
        if (descriptor_ >= 0)
            close(descriptor_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int get() const { return descriptor_; }

private:
    int descriptor_;
};

[[noreturn]] void fail(const fs::path& path)
{
    throw Error(path.string() + " can't be written (" + std::strerror(errno)
                + "); ratings and tags need it, so free some space or make it writable.");
}

bool ends_in_a_part(int descriptor)
{
    struct stat status {
    };
    char last = '\n';
    return fstat(descriptor, &status) == 0 && status.st_size > 0
        && pread(descriptor, &last, 1, status.st_size - 1) == 1 && last != '\n';
}

} // namespace

fs::path picture_library()
{
    fs::path home = environment_path("HOME");
    if (!home.is_absolute())
        home = "/";
    return pictures_folder(home).lexically_normal() / "Reverie";
}

LibraryJournal::LibraryJournal(fs::path library)
    : library_(std::move(library))
{
}

void LibraryJournal::append(std::string_view line)
{
    std::error_code error;
    fs::create_directories(library_, error);
    const Descriptor file(open(path().c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
    if (file.get() < 0)
        fail(path());
    const std::string text = (ends_in_a_part(file.get()) ? "\n" : "") + std::string(line) + "\n";
    const auto written = write(file.get(), text.data(), text.size());
    if (written != static_cast<ssize_t>(text.size())) {
        errno = written < 0 ? errno : ENOSPC;
        fail(path());
    }
    if (fsync(file.get()) != 0)
        fail(path());
}

std::uintmax_t LibraryJournal::read(std::uintmax_t from,
                                    const std::function<void(std::string_view line)>& each) const
{
    std::error_code error;
    const auto size = fs::file_size(path(), error);
    if (error || size <= from)
        return from;
    const std::string content = read_file(path());
    std::string_view rest(content);
    rest.remove_prefix(std::min<std::uintmax_t>(from, rest.size()));
    for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
        if (end > 0)
            each(rest.substr(0, end));
        rest.remove_prefix(end + 1);
    }
    return content.size() - rest.size();
}

std::string LibraryJournal::name_of(const fs::path& picture) const
{
    const auto relative = picture.lexically_normal().lexically_relative(library_.lexically_normal());
    const bool inside = !relative.empty() && *relative.begin() != "..";
    return (inside ? relative : picture.lexically_normal()).string();
}

fs::path LibraryJournal::path_of(const std::string& name) const
{
    return (library_ / name).lexically_normal();
}

void register_picture(const fs::path& picture)
{
    LibraryJournal journal(picture_library());
    std::error_code error;
    const auto absolute = fs::absolute(picture, error);
    const nlohmann::json line = { { "file", journal.name_of(error ? picture : absolute) },
                                  { "added", true },
                                  { "time", std::time(nullptr) } };
    journal.append(line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

} // namespace reverie
