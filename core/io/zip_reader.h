// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace reverie {

/// One file inside a zip archive, as its central directory and its own header agree on.
struct ZipEntry {
    bool deflated = false; ///< else stored: `content` is the file itself
    std::string_view content; ///< the bytes in the archive
    std::uint64_t size = 0; ///< of the file
    std::uint32_t crc = 0; ///< CRC-32 of the file
};

/// Looks into a zip archive (with or without ZIP64) that lies in memory. Nothing is ever written anywhere:
/// names are keys, not paths.
class ZipReader
{
public:
    /// `bytes` must outlive the reader, and `archive` names it in messages. Throws Error for what is no
    /// archive, is damaged, encrypted, in several pieces, or has two entries that share bytes.
    ZipReader(std::string_view bytes, std::string archive);

    [[nodiscard]] const std::map<std::string, ZipEntry>& entries() const { return entries_; }

    /// Null if there is no such entry.
    [[nodiscard]] const ZipEntry* find(const std::string& name) const;

    /// The file, inflated if need be. Throws Error if it is larger than `limit` or does not have its
    /// checksum.
    [[nodiscard]] std::string read(const std::string& name, std::size_t limit) const;

private:
    void read_directory(std::uint64_t offset, std::uint64_t size, std::uint64_t count);
    void add_entry(std::string name, ZipEntry entry, std::uint64_t header_offset, std::uint64_t packed_size);
    void check_overlaps() const;
    [[noreturn]] void fail(const std::string& what) const;

    std::string_view bytes_;
    std::string archive_;
    std::map<std::string, ZipEntry> entries_;
};

/// CRC-32 as zip and gzip use it.
std::uint32_t zip_crc32(std::string_view bytes);

} // namespace reverie
