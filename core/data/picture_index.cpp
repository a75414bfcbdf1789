// SPDX-License-Identifier: MIT
#include "core/data/picture_index.h"

#include "core/base/error.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace reverie {

std::string entry_name(const PictureIndex& index, const PictureEntry& entry)
{
    const auto& place = entry.tar < 0 ? index.folder : index.tars[std::size_t(entry.tar)];
    return (place / entry.name).string();
}

std::string read_entry(const PictureIndex& index, const PictureEntry& entry)
{
    constexpr std::uint64_t largest = 1U << 30U;
    const auto path = entry.tar < 0 ? index.folder / entry.name : index.tars[std::size_t(entry.tar)];
    const auto fail = [&](const std::string& why) {
        throw Error(entry_name(index, entry) + " can't be read (" + why + "); copy it again or remove it.");
    };
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        fail(std::strerror(errno));
    std::string bytes(entry.bytes <= largest ? entry.bytes : 0, '\0');
    std::size_t done = 0;
    while (done < bytes.size()) {
        const auto got
            = pread(file, bytes.data() + done, bytes.size() - done, static_cast<off_t>(entry.offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        done += static_cast<std::size_t>(got);
    }
    const int reason = errno;
    close(file);
    if (entry.bytes > largest)
        fail("it is larger than 1 GiB");
    if (done < bytes.size())
        fail(done == 0 ? std::strerror(reason) : "it became shorter");
    return bytes;
}

} // namespace reverie
