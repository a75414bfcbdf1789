// SPDX-License-Identifier: MIT
#include "core/io/zip_reader.h"

#include "core/base/error.h"
#include "core/io/inflate.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace reverie {

namespace {

constexpr std::uint32_t entry_signature = 0x04034b50, central_signature = 0x02014b50,
                        end_signature = 0x06054b50, end64_signature = 0x06064b50,
                        locator64_signature = 0x07064b50;
constexpr std::size_t entry_bytes = 30, central_bytes = 46, end_bytes = 22, end64_bytes = 56,
                      locator64_bytes = 20;
constexpr std::uint64_t most_entries = 1'000'000;
constexpr std::uint16_t encrypted = 1, stored = 0, deflated = 8, zip64_extra = 1;
constexpr std::uint32_t in_extra = 0xffffffff; ///< a size or offset that stands in the ZIP64 extra field

/// Little-endian numbers out of `bytes` from `at` on; past the end they are 0, which no check takes for
/// right.
template <class T>
T number(std::string_view bytes, std::size_t at)
{
    T value = 0;
    if (at <= bytes.size() && sizeof(T) <= bytes.size() - at)
        for (std::size_t i = 0; i < sizeof(T); ++i)
            value |= static_cast<T>(static_cast<T>(static_cast<unsigned char>(bytes[at + i])) << (8 * i));
    return value;
}

std::string_view piece(std::string_view bytes, std::uint64_t at, std::uint64_t size)
{
    return at > bytes.size() || size > bytes.size() - at ? std::string_view() : bytes.substr(at, size);
}

/// Where the end record stands: the last place in which its comment reaches exactly to the end.
std::size_t find_end(std::string_view bytes)
{
    constexpr std::size_t longest_comment = 0xffff;
    const std::size_t lowest
        = bytes.size() > end_bytes + longest_comment ? bytes.size() - end_bytes - longest_comment : 0;
    for (std::size_t at = bytes.size() < end_bytes ? 0 : bytes.size() - end_bytes + 1; at-- > lowest;)
        if (number<std::uint32_t>(bytes, at) == end_signature
            && number<std::uint16_t>(bytes, at + 20) == bytes.size() - at - end_bytes)
            return at;
    return std::string_view::npos;
}

/// Fills in the numbers that did not fit their 32 bits, in the order the format fixes.
bool read_zip64(std::string_view extra, std::initializer_list<std::uint64_t*> numbers)
{
    while (extra.size() >= 4) {
        const auto id = number<std::uint16_t>(extra, 0);
        auto field = piece(extra, 4, number<std::uint16_t>(extra, 2));
        extra.remove_prefix(std::min<std::size_t>(extra.size(), 4 + number<std::uint16_t>(extra, 2)));
        if (id != zip64_extra)
            continue;
        for (auto* value : numbers) {
            if (*value != in_extra)
                continue;
            if (field.size() < 8)
                return false;
            *value = number<std::uint64_t>(field, 0);
            field.remove_prefix(8);
        }
    }
    return true;
}

} // namespace

std::uint32_t zip_crc32(std::string_view bytes)
{
    // Eight bytes at a time ("slicing by 8", Kounavis & Berry 2005).
    static const auto tables = [] {
        std::array<std::array<std::uint32_t, 256>, 8> t{};
        for (std::uint32_t n = 0; n < 256; ++n) {
            std::uint32_t c = n;
            for (int bit = 0; bit < 8; ++bit)
                c = (c & 1U) ? 0xedb88320U ^ (c >> 1U) : c >> 1U;
            t[0][n] = c;
        }
        for (std::size_t k = 1; k < t.size(); ++k)
            for (std::size_t n = 0; n < 256; ++n)
                t[k][n] = t[0][t[k - 1][n] & 0xffU] ^ (t[k - 1][n] >> 8U);
        return t;
    }();
    std::uint32_t c = 0xffffffffU;
    for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
        const auto low = c ^ number<std::uint32_t>(bytes, 0), high = number<std::uint32_t>(bytes, 4);
        c = 0;
        for (std::size_t i = 0; i < 4; ++i)
            c ^= tables[7 - i][(low >> (8 * i)) & 0xffU] ^ tables[3 - i][(high >> (8 * i)) & 0xffU];
    }
    for (const char byte : bytes)
        c = tables[0][(c ^ static_cast<unsigned char>(byte)) & 0xffU] ^ (c >> 8U);
    return ~c;
}

ZipReader::ZipReader(std::string_view bytes, std::string archive)
    : bytes_(bytes)
    , archive_(std::move(archive))
{
    const auto end = find_end(bytes);
    if (end == std::string_view::npos)
        fail("is cut short, or no zip archive; copy it again");
    std::uint64_t count = number<std::uint16_t>(bytes, end + 10),
                  size = number<std::uint32_t>(bytes, end + 12),
                  offset = number<std::uint32_t>(bytes, end + 16);
    if (number<std::uint16_t>(bytes, end + 4) != 0 && number<std::uint16_t>(bytes, end + 4) != 0xffff)
        fail("is one of several pieces of an archive; put them together first");
    if (end >= locator64_bytes
        && number<std::uint32_t>(bytes, end - locator64_bytes) == locator64_signature) {
        const auto at = number<std::uint64_t>(bytes, end - locator64_bytes + 8);
        const auto record = piece(bytes, at, end64_bytes);
        if (number<std::uint32_t>(record, 0) != end64_signature)
            fail("is damaged (its ZIP64 directory is not where it says); copy it again");
        count = number<std::uint64_t>(record, 32);
        size = number<std::uint64_t>(record, 40);
        offset = number<std::uint64_t>(record, 48);
    }
    read_directory(offset, size, count);
    check_overlaps();
}

void ZipReader::read_directory(std::uint64_t offset, std::uint64_t size, std::uint64_t count)
{
    auto directory = piece(bytes_, offset, size);
    if (directory.size() != size || count > most_entries || count > size / central_bytes)
        fail("is damaged (its directory does not lie within the file); copy it again");
    for (; count > 0; --count) {
        if (number<std::uint32_t>(directory, 0) != central_signature || directory.size() < central_bytes)
            fail("is damaged (its directory ends early); copy it again");
        const auto flags = number<std::uint16_t>(directory, 8), method = number<std::uint16_t>(directory, 10);
        const std::size_t name_bytes = number<std::uint16_t>(directory, 28),
                          extra_bytes = number<std::uint16_t>(directory, 30),
                          comment_bytes = number<std::uint16_t>(directory, 32);
        std::uint64_t packed = number<std::uint32_t>(directory, 20),
                      unpacked = number<std::uint32_t>(directory, 24),
                      header = number<std::uint32_t>(directory, 42);
        const auto rest = directory.substr(central_bytes);
        if (rest.size() < name_bytes + extra_bytes + comment_bytes
            || !read_zip64(rest.substr(name_bytes, extra_bytes), { &unpacked, &packed, &header }))
            fail("is damaged (its directory ends early); copy it again");
        const std::string name(rest.substr(0, name_bytes));
        if (flags & encrypted)
            fail("is encrypted; decrypt it first");
        if (method != stored && method != deflated)
            fail("is compressed in a way only archivers know; pack it again without compression");
        if (!name.ends_with('/'))
            add_entry(name, { method == deflated, {}, unpacked, number<std::uint32_t>(directory, 16) },
                      header, packed);
        directory = rest.substr(name_bytes + extra_bytes + comment_bytes);
    }
}

void ZipReader::add_entry(std::string name, ZipEntry entry, std::uint64_t header_offset,
                          std::uint64_t packed_size)
{
    const auto header = piece(bytes_, header_offset, entry_bytes);
    const std::size_t name_bytes = number<std::uint16_t>(header, 26),
                      extra_bytes = number<std::uint16_t>(header, 28);
    if (number<std::uint32_t>(header, 0) != entry_signature
        || piece(bytes_, header_offset + entry_bytes, name_bytes) != name)
        fail("is damaged (an entry is not where the directory says); copy it again");
    if (packed_size > 0) {
        entry.content = piece(bytes_, header_offset + entry_bytes + name_bytes + extra_bytes, packed_size);
        if (entry.content.size() != packed_size)
            fail("is damaged (an entry reaches past the end of the file); copy it again");
    }
    // Deflate makes nothing smaller than a 1032nd.
    const bool possible = entry.deflated ? entry.size / 1032 <= packed_size : entry.size == packed_size;
    if (!possible)
        fail("is damaged (an entry claims a size it can't have); copy it again");
    if (!entries_.emplace(std::move(name), entry).second)
        fail("has two entries of one name; it was made to deceive, so get it elsewhere");
}

void ZipReader::check_overlaps() const
{
    std::vector<std::string_view> contents;
    for (const auto& [name, entry] : entries_)
        if (!entry.content.empty())
            contents.push_back(entry.content);
    std::sort(contents.begin(), contents.end(), [](auto a, auto b) { return a.data() < b.data(); });
    for (std::size_t i = 1; i < contents.size(); ++i)
        if (contents[i - 1].data() + contents[i - 1].size() > contents[i].data())
            fail("has entries that share bytes; it was made to deceive, so get it elsewhere");
}

const ZipEntry* ZipReader::find(const std::string& name) const
{
    const auto found = entries_.find(name);
    return found == entries_.end() ? nullptr : &found->second;
}

std::string ZipReader::read(const std::string& name, std::size_t limit) const
{
    const auto* entry = find(name);
    if (!entry)
        fail("lacks an entry; copy it again");
    if (entry->size > limit)
        fail("has an entry of " + std::to_string(entry->size) + " bytes where at most "
             + std::to_string(limit) + " are expected; get it elsewhere");
    std::string content;
    try {
        content = entry->deflated ? inflate(entry->content, entry->size) : std::string(entry->content);
    } catch (const Error&) {
        fail("is damaged (an entry can't be unpacked); copy it again");
    }
    if (content.size() != entry->size || zip_crc32(content) != entry->crc)
        fail("is damaged (an entry does not have its checksum); copy it again");
    return content;
}

void ZipReader::fail(const std::string& what) const
{
    throw Error(archive_ + " " + what + ".");
}

} // namespace reverie
