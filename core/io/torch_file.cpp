// SPDX-License-Identifier: MIT
#include "core/io/torch_file.h"

#include "core/base/error.h"
#include "core/io/safetensors_header.h"
#include "core/io/torch_values.h"
#include "core/io/zip_reader.h"

#include <algorithm>
#include <cstring>

namespace reverie {

namespace {

constexpr std::string_view zip_magic = "PK\x03\x04", pickle_magic = "\x80";
constexpr std::size_t largest_pickle = 64 << 20, most_inflated = std::size_t{ 1 } << 30;

/// A file of weights may name its tensors several times (tied weights), but not without end.
std::uint64_t budget_for(std::uint64_t bytes)
{
    constexpr std::uint64_t times = 16, at_least = 16 << 20;
    return bytes * times + at_least;
}

// The zip archive: TOP/data.pkl, TOP/data/0, TOP/data/1, ..., TOP/version, and for TorchScript TOP/code/...
// (never read) and TOP/constants.pkl.

class ZipStorages : public StorageSource
{
public:
    ZipStorages(const ZipReader& zip, std::shared_ptr<const void> owner, std::string folder, std::string name)
        : zip_(zip)
        , owner_(std::move(owner))
        , folder_(std::move(folder))
        , name_(std::move(name))
    {
    }

    StorageBytes find(const std::string& key) override
    {
        const auto* entry = zip_.find(folder_ + key);
        if (!entry)
            throw Error(name_ + " lacks the numbers of a tensor; copy it again.");
        if (!entry->deflated)
            return { entry->content, owner_ };
        auto& inflated = inflated_[key];
        if (!inflated) {
            const auto left = most_inflated - inflated_bytes_;
            inflated = std::make_shared<const std::string>(zip_.read(folder_ + key, left));
            inflated_bytes_ += inflated->size();
        }
        return { *inflated, inflated };
    }

private:
    const ZipReader& zip_;
    std::shared_ptr<const void> owner_;
    std::string folder_, name_;
    std::map<std::string, std::shared_ptr<const std::string>> inflated_;
    std::size_t inflated_bytes_ = 0;
};

/// "archive/" of "archive/data.pkl".
std::string top_folder(const ZipReader& zip, const std::string& name)
{
    constexpr std::string_view wanted = "data.pkl";
    std::string top;
    int found = 0;
    for (const auto& [entry, content] : zip.entries()) {
        const auto slash = entry.rfind('/');
        const auto start = slash == std::string::npos ? 0 : slash + 1;
        if (entry.substr(start) != wanted || entry.find('/') != slash)
            continue;
        top = entry.substr(0, start);
        ++found;
    }
    if (found == 0)
        throw Error(name + " is a zip archive but none of PyTorch (it holds no data.pkl); choose another.");
    if (found > 1)
        throw Error(name + " holds several files of PyTorch; take them apart first.");
    return top;
}

void read_zip(WeightsFile& file, const std::string& name, std::string_view bytes,
              const std::shared_ptr<const void>& owner)
{
    const ZipReader zip(bytes, name);
    const auto top = top_folder(zip, name);
    if (zip.find(top + "byteorder") && zip.read(top + "byteorder", 16) == "big")
        throw Error(name + " has its numbers in big-endian order; save it again on a machine of today.");
    const bool script = zip.find(top + "constants.pkl") != nullptr;
    file.format = script ? "TorchScript archive" : "PyTorch zip archive";
    const auto add = [&](const std::string& part, const std::string& path) {
        const auto text = zip.read(top + part + ".pkl", largest_pickle);
        const auto pickle = read_pickle(text, name);
        ZipStorages storages(zip, owner, top + part + "/", name);
        add_torch_values(file, pickle, storages, budget_for(bytes.size()), name, path);
    };
    add("data", {});
    if (script)
        add("constants", "constants");
}

// The older stream: pickles of a magic number, a protocol number, the writer's byte order, the object and the
// keys of its storages; then for each of these an int64 count and the numbers.

class StreamStorages : public StorageSource
{
public:
    StreamStorages(std::map<std::string, std::string_view> storages, std::shared_ptr<const void> owner,
                   std::string name)
        : storages_(std::move(storages))
        , owner_(std::move(owner))
        , name_(std::move(name))
    {
    }

    StorageBytes find(const std::string& key) override
    {
        const auto found = storages_.find(key);
        if (found == storages_.end())
            throw Error(name_ + " lacks the numbers of a tensor; copy it again.");
        return { found->second, owner_ };
    }

private:
    std::map<std::string, std::string_view> storages_;
    std::shared_ptr<const void> owner_;
    std::string name_;
};

/// The next pickle, taken off `bytes`.
Pickle take_pickle(std::string_view& bytes, const std::string& name)
{
    auto pickle = read_pickle(bytes, name);
    bytes.remove_prefix(pickle.bytes);
    return pickle;
}

void check_stream_head(std::string_view& bytes, const std::string& name)
{
    const auto magic = take_pickle(bytes, name);
    if (magic.at(magic.root).text != "119547037146038801333356")
        throw Error(name + " is a pickle but no file of PyTorch; choose another.");
    const auto protocol = take_pickle(bytes, name);
    if (protocol.at(protocol.root).integer != 1001)
        throw Error(name + " has a protocol that no version of PyTorch wrote; choose another.");
    const auto system = take_pickle(bytes, name);
    const auto& entries = system.at(system.root).items;
    for (std::size_t i = 0; i + 1 < entries.size(); i += 2)
        if (system.at(entries[i]).text == "little_endian"
            && system.at(entries[i + 1]).kind == Pickle::Kind::Bool && system.at(entries[i + 1]).integer == 0)
            throw Error(name + " has its numbers in big-endian order; save it again on a machine of today.");
}

/// Bytes an element of each storage takes, by key; only the object's pickle says.
std::map<std::string, std::size_t> element_sizes(const Pickle& pickle)
{
    std::map<std::string, std::size_t> sizes;
    for (Pickle::Id id = 0; id < pickle.nodes.size(); ++id)
        if (const auto reference = storage_reference(pickle, id))
            sizes[reference->key] = reference->dtype.empty() ? 1 : dtype_bytes(reference->dtype);
    return sizes;
}

void read_stream(WeightsFile& file, const std::string& name, std::string_view bytes,
                 const std::shared_ptr<const void>& owner)
{
    file.format = "PyTorch stream";
    const auto size = bytes.size();
    check_stream_head(bytes, name);
    const auto pickle = take_pickle(bytes, name);
    const auto sizes = element_sizes(pickle);
    const auto keys = take_pickle(bytes, name);
    std::map<std::string, std::string_view> storages;
    for (const auto id : keys.at(keys.root).items) {
        const std::string key(keys.at(id).text);
        const auto element = sizes.find(key);
        std::uint64_t count = 0, length = 0;
        if (element == sizes.end() || bytes.size() < sizeof count)
            throw Error(name + " is damaged or cut short; copy it again.");
        std::memcpy(&count, bytes.data(), sizeof count); // little-endian, as every platform of ours is
        bytes.remove_prefix(sizeof count);
        if (__builtin_mul_overflow(count, element->second, &length) || length > bytes.size())
            throw Error(name + " is cut short; copy it again.");
        storages[key] = bytes.substr(0, length);
        bytes.remove_prefix(length);
    }
    StreamStorages source(std::move(storages), owner, name);
    add_torch_values(file, pickle, source, budget_for(size), name);
}

} // namespace

bool is_torch_file(std::string_view bytes)
{
    return bytes.starts_with(zip_magic) || bytes.starts_with(pickle_magic);
}

WeightsFile read_torch_bytes(const std::string& name, std::string_view bytes,
                             std::shared_ptr<const void> owner)
{
    WeightsFile file;
    file.bytes = bytes.size();
    if (bytes.starts_with(zip_magic))
        read_zip(file, name, bytes, owner);
    else
        read_stream(file, name, bytes, owner);
    return file;
}

WeightsFile read_torch_file(const std::filesystem::path& path, std::shared_ptr<const MappedFile> map)
{
    const auto bytes = map->bytes();
    auto file = read_torch_bytes(path.string(), bytes, std::move(map));
    file.path = path;
    file.files = { path };
    return file;
}

void check_numbers(const WeightsFile& file)
{
    for (const auto& path : file.files) {
        const MappedFile map(path);
        if (!map.bytes().starts_with(zip_magic))
            continue;
        const ZipReader zip(map.bytes(), path.string());
        for (const auto& [name, entry] : zip.entries())
            if (!entry.deflated && zip_crc32(entry.content) != entry.crc)
                throw Error(path.string() + " is damaged (" + std::to_string(entry.size)
                            + " bytes do not have their checksum); copy it again.");
    }
}

} // namespace reverie
