// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>

namespace reverie {

/// A whole file in memory. The map is private and writable: writing to it changes no file. A file that is cut
/// while it is mapped ends the program (SIGBUS), as with any map.
class MappedFile
{
public:
    /// Throws Error that names the file and says why it can't be mapped; an empty file is one reason.
    explicit MappedFile(const std::filesystem::path& path);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    [[nodiscard]] std::string_view bytes() const { return { data_, size_ }; }

private:
    char* data_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace reverie
