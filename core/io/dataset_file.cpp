// SPDX-License-Identifier: MIT
#include "core/io/dataset_file.h"

#include "core/base/error.h"
#include "core/data/emoji.h"
#include "core/data/memory_dataset.h"
#include "core/io/safetensors.h"

#include <nlohmann/json.hpp>

#include <ATen/ATen.h>

#include <numeric>

namespace reverie {

namespace {

constexpr const char* pack_format = "reverie.dataset";

std::unique_ptr<Dataset> open_pack(const std::filesystem::path& path, int size)
{
    auto [tensors, metadata] = read_safetensors(path);
    const auto images = tensors.find("images");
    if (!metadata.contains(pack_format) || images == tensors.end())
        throw Error(path.string() + " is no data set; make one with \"dream dataset pack\".");
    MemoryDataset::Content content;
    try {
        const auto json = nlohmann::json::parse(metadata.at(pack_format));
        json.at("description").get_to(content.description);
        json.at("native_size").get_to(content.native_size);
        json.at("captions").get_to(content.captions);
        json.at("test").get_to(content.test);
    } catch (const nlohmann::json::exception&) {
        throw Error(path.string() + " is damaged: its captions can't be read; pack the data set again.");
    }
    content.pictures = images->second;
    const auto count = static_cast<std::int64_t>(content.captions.size());
    const auto& shape = content.pictures.sizes();
    if (content.pictures.scalar_type() != at::kByte || shape.size() != 4 || shape[0] != count
        || shape[1] != shape[2] || shape[3] != 3)
        throw Error(path.string()
                    + " is damaged: it does not have one RGB picture for each caption; pack it again.");
    if (size > 0 && shape[1] != size)
        throw UsageError(path.string() + " holds pictures of " + std::to_string(shape[1])
                         + " pixels and the model is " + "trained on " + std::to_string(size)
                         + "; pack the data set at that size.");
    return std::make_unique<MemoryDataset>(std::move(content));
}

/// A size of 0 takes what costs least.
std::unique_ptr<Dataset> open_any(const std::string& spec, int size)
{
    if (spec == "emoji")
        return open_emoji_dataset(size > 0 ? size : 8);
    if (std::filesystem::path(spec).extension() == ".safetensors")
        return open_pack(spec, size);
    throw UsageError(
        "There is no data set \"" + spec
        + "\"; give \"emoji\", or a tensor pack (*.safetensors) made by \"dream dataset pack\".");
}

} // namespace

std::unique_ptr<Dataset> open_dataset(const std::string& spec, int size)
{
    if (size < 1 || size > 1024)
        throw UsageError("Pictures must be 1 to 1024 pixels a side, not " + std::to_string(size) + ".");
    return open_any(spec, size);
}

std::unique_ptr<Dataset> open_dataset(const std::string& spec)
{
    return open_any(spec, 0);
}

void write_dataset_pack(const std::string& spec, int size, const std::filesystem::path& out)
{
    const auto dataset = open_dataset(spec, size);
    std::vector<std::int64_t> all(dataset->captions().size());
    std::iota(all.begin(), all.end(), 0);
    const nlohmann::json json{ { "description", dataset->description() },
                               { "native_size", dataset->native_size() },
                               { "captions", dataset->captions() },
                               { "test", dataset->test() } };
    write_safetensors(out, { { "images", dataset->pictures(all).permute({ 0, 2, 3, 1 }).contiguous() } },
                      { { pack_format, json.dump() } });
}

} // namespace reverie
