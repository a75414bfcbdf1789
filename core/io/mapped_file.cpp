// SPDX-License-Identifier: MIT
#include "core/io/mapped_file.h"

#include "core/base/error.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace reverie {

MappedFile::MappedFile(const std::filesystem::path& path)
{
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0 && errno == ENOENT)
        throw Error(path.string() + " does not exist; check the path.");
    if (file < 0)
        throw Error(path.string() + " can't be opened (" + std::strerror(errno)
                    + "); choose a file you may read.");
    struct stat status {
    };
    const bool known = fstat(file, &status) == 0;
    const bool regular = known && S_ISREG(status.st_mode);
    if (regular && status.st_size > 0) {
        size_ = static_cast<std::size_t>(status.st_size);
        void* map = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file, 0);
        data_ = map == MAP_FAILED ? nullptr : static_cast<char*>(map);
    }
    const int reason = errno;
    close(file);
    if (!regular)
        throw Error(path.string() + " is not a file; choose a file of weights.");
    if (size_ == 0)
        throw Error(path.string() + " is empty; copy it again.");
    if (!data_)
        throw Error(path.string() + " can't be mapped (" + std::strerror(reason) + "); free some memory.");
}

MappedFile::~MappedFile()
{
    munmap(data_, size_);
}

} // namespace reverie
