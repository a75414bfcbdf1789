// SPDX-License-Identifier: MIT
#include "core/base/file.h"

#include "core/base/error.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace reverie {

namespace {

namespace fs = std::filesystem;

const char* remedy(int reason)
{
    switch (reason) {
    case EACCES:
    case EPERM:
    case EROFS:
        return "choose a place you have access to";
    case ENOSPC:
    case EDQUOT:
        return "free some space or choose another disk";
    case ENOENT:
    case ENOTDIR:
        return "check the path";
    case ENAMETOOLONG:
        return "choose a shorter name";
    default:
        return "check the path and the disk";
    }
}

[[noreturn]] void fail(const fs::path& path, const char* what, int reason)
{
    throw Error(path.string() + " can't be " + what + " (" + std::strerror(reason) + "); " + remedy(reason)
                + ".");
}

/// A file next to its target that is gone again unless it was renamed over it.
class AsideFile
{
public:
    explicit AsideFile(const fs::path& target)
        : target_(target)
    {
        static std::atomic<unsigned> counter = 0;
        do {
            aside_ = target;
            aside_.replace_filename(".reverie-" + std::to_string(getpid()) + "-" + std::to_string(counter++)
                                    + ".part");
            descriptor_ = open(aside_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        } while (descriptor_ < 0 && errno == EEXIST);
        check(descriptor_ >= 0);
        present_ = true;
    }

    ~AsideFile()
    {
        if (descriptor_ >= 0)
            close(descriptor_);
        if (present_)
            unlink(aside_.c_str());
    }

    AsideFile(const AsideFile&) = delete;
    AsideFile& operator=(const AsideFile&) = delete;

    void write(std::string_view bytes)
    {
        while (!bytes.empty()) {
            const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
            if (written < 0 && errno == EINTR)
                continue;
            check(written >= 0);
            bytes.remove_prefix(static_cast<std::size_t>(written));
        }
    }

    void commit()
    {
        check(fsync(descriptor_) == 0);
        check(close(std::exchange(descriptor_, -1)) == 0);
        check(rename(aside_.c_str(), target_.c_str()) == 0);
        present_ = false;
        sync_folder();
    }

private:
    void check(bool succeeded) const
    {
        if (!succeeded)
            fail(target_, "written", errno);
    }

    // Makes the new name durable. The content is safe already, so a folder that can't be synced is no
    // failure.
    void sync_folder() const
    {
        const fs::path folder = target_.has_parent_path() ? target_.parent_path() : ".";
        const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (descriptor < 0)
            return;
        fsync(descriptor);
        close(descriptor);
    }

    fs::path target_, aside_;
    int descriptor_ = -1;
    bool present_ = false;
};

} // namespace

void write_file(const fs::path& path, std::string_view content)
{
    write_file(path, [content](const Sink& sink) { sink(content); });
}

void write_file(const fs::path& path, const std::function<void(const Sink&)>& produce)
{
    AsideFile aside(path);
    produce([&aside](std::string_view bytes) { aside.write(bytes); });
    aside.commit();
}

std::string read_file(const fs::path& path)
{
    const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        fail(path, "read", errno);
    std::string content;
    std::string piece(1 << 16, '\0');
    ssize_t got = 0;
    while ((got = read(descriptor, piece.data(), piece.size())) > 0 || (got < 0 && errno == EINTR)) {
        if (got > 0)
            content.append(piece, 0, static_cast<std::size_t>(got));
    }
    const int reason = errno;
    close(descriptor);
    if (got < 0)
        fail(path, "read", reason);
    return content;
}

} // namespace reverie
