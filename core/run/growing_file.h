// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

namespace reverie {

/// A file that somebody else appends to, read piece by piece: each call goes on where the last one ended, in
/// memory that does not depend on the file's size.
class GrowingFile
{
public:
    enum class Outcome {
        more, ///< the limit was reached
        end, ///< there is no more for now
        restarted, ///< the file was cut or replaced: forget what it said, and read on from its beginning
        missing, ///< it can't be opened or read now
    };
    /// Takes from the front of what is there and returns how many bytes it took; the rest comes again, with
    /// more.
    using Take = std::function<std::size_t(std::string_view)>;

    explicit GrowingFile(std::filesystem::path path);

    /// Hands on at most about `limit` bytes.
    Outcome read(std::size_t limit, const Take& take, const std::stop_token& stop = {});
    /// Bytes behind what was taken: of something unfinished, or of more than the memory for it.
    [[nodiscard]] std::size_t left_over() const { return pending_.size(); }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
    std::uint64_t file_ = 0; ///< its inode
    std::uint64_t offset_ = 0;
    std::string pending_;
};

} // namespace reverie
