// SPDX-License-Identifier: MIT
#include "core/run/growing_file.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace reverie {

namespace {

constexpr std::size_t block = 1 << 20;

struct Descriptor {
    explicit Descriptor(const std::filesystem::path& path)
        : number(open(path.c_str(), O_RDONLY | O_CLOEXEC))
    {
    }
    ~Descriptor()
    {
        if (number >= 0)
            close(number);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int number;
};

} // namespace

GrowingFile::GrowingFile(std::filesystem::path path)
    : path_(std::move(path))
{
}

GrowingFile::Outcome GrowingFile::read(std::size_t limit, const Take& take, const std::stop_token& stop)
{
    const Descriptor file(path_);
    struct stat about = {};
    if (file.number < 0 || fstat(file.number, &about) != 0)
        return Outcome::missing;
    const bool other = file_ != 0 && file_ != std::uint64_t(about.st_ino);
    file_ = std::uint64_t(about.st_ino);
    if (other || std::uint64_t(about.st_size) < offset_) {
        offset_ = 0;
        pending_.clear();
        return Outcome::restarted;
    }
    for (std::size_t done = 0; done < limit && !stop.stop_requested();) {
        const auto kept = pending_.size();
        pending_.resize(kept + block);
        const auto got = pread(file.number, pending_.data() + kept, block, off_t(offset_));
        pending_.resize(kept + std::size_t(std::max<ssize_t>(got, 0)));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0 ? Outcome::end : Outcome::missing;
        offset_ += std::uint64_t(got);
        done += std::size_t(got);
        pending_.erase(0, take(pending_));
    }
    return Outcome::more;
}

} // namespace reverie
