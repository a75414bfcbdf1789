// SPDX-License-Identifier: MIT
#include "core/io/weights_file.h"

#include "core/base/error.h"
#include "core/io/json_file.h"
#include "core/io/mapped_file.h"
#include "core/io/safetensors_header.h"
#include "core/io/torch_file.h"

#include <algorithm>
#include <array>

namespace reverie {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

WeightsFile read_safetensors_weights(const fs::path& path, const std::shared_ptr<const MappedFile>& map)
{
    const auto header = parse_safetensors_header(map->bytes(), path.string());
    WeightsFile file;
    file.path = path;
    file.files = { path };
    file.format = "safetensors";
    file.bytes = header.file_bytes;
    for (const auto& [name, entry] : header.tensors)
        file.tensors[name] = { entry.dtype, entry.shape, contiguous_strides(entry.shape),
                               map->bytes().data() + header.data_offset + entry.begin, map };
    // What convert_weights() took out of a file of PyTorch.
    if (const auto kept = header.metadata.find("source.values"); kept != header.metadata.end())
        if (auto values = parse_json(kept->second); values.is_object())
            file.values = std::move(values);
    for (const auto& [key, text] : header.metadata)
        if (key != "source.values")
            file.values["metadata"][key] = text;
    return file;
}

WeightsFile read_one(const fs::path& path)
{
    const auto map = std::make_shared<const MappedFile>(path);
    const auto bytes = map->bytes();
    if (is_safetensors(bytes) || path.extension() == ".safetensors")
        return read_safetensors_weights(path, map);
    if (is_torch_file(bytes))
        return read_torch_file(path, map);
    if (bytes.starts_with("\x1f\x8b"))
        throw Error(path.string() + " is compressed; unpack it with gunzip first.");
    throw Error(
        path.string()
        + " holds no weights that can be read; choose a .safetensors file or one that torch.save() wrote.");
}

/// Hugging Face's shards: {"weight_map": {"tensor": "file beside"}}.
WeightsFile read_shards(const fs::path& path, const json& index)
{
    WeightsFile whole;
    whole.path = path;
    std::map<std::string, WeightsFile> shards;
    for (const auto& [name, shard] : index["weight_map"].items()) {
        const auto file = shard.is_string() ? shard.get<std::string>() : std::string();
        if (file.empty() || file.front() == '.'
            || file.find_first_of(std::string("/\\\0", 3)) != std::string::npos)
            throw Error(
                path.string()
                + " names a shard that does not lie beside it; it was made to deceive, so get it elsewhere.");
        if (!shards.contains(file))
            shards[file] = read_one(path.parent_path() / file);
        const auto& tensors = shards[file].tensors;
        const auto found = tensors.find(name);
        if (found == tensors.end())
            throw Error((path.parent_path() / file).string() + " lacks the tensor " + name + ", which "
                        + path.filename().string() + " says is there; copy both again.");
        whole.tensors[name] = found->second;
    }
    for (const auto& [name, shard] : shards) {
        whole.format = shard.format + " in " + std::to_string(shards.size()) + " shards";
        whole.bytes += shard.bytes;
        whole.files.push_back(path.parent_path() / name);
        whole.opaque.insert(shard.opaque.begin(), shard.opaque.end());
    }
    return whole;
}

WeightsFile read_file_or_index(const fs::path& path)
{
    if (path.extension() != ".json")
        return read_one(path);
    const auto json = read_json_file(path);
    if (!json.is_object() || !json.contains("weight_map") || !json["weight_map"].is_object())
        throw Error(path.string() + " is JSON but no index of shards; choose the weights beside it.");
    return read_shards(path, json);
}

bool is_weights_name(const fs::path& path)
{
    constexpr std::array<const char*, 7> extensions
        = { ".safetensors", ".pt", ".pth", ".ckpt", ".bin", ".th", ".pkl" };
    return std::find(extensions.begin(), extensions.end(), path.extension()) != extensions.end();
}

std::vector<fs::path> sorted_files(const fs::path& folder)
{
    std::vector<fs::path> files;
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
        if (it->is_regular_file(error))
            files.push_back(it->path());
    std::sort(files.begin(), files.end());
    return files;
}

fs::path config_beside(const fs::path& weights)
{
    const auto folder = weights.parent_path();
    auto stem = weights.stem().string();
    for (const auto& name : { stem + ".json", stem + "_config.json", std::string("config.json"),
                              std::string("open_clip_config.json") })
        if (std::error_code error; folder / name != weights && fs::is_regular_file(folder / name, error))
            return folder / name;
    fs::path only;
    for (const auto& path : sorted_files(folder.empty() ? "." : folder)) {
        const bool config
            = path.extension() == ".json" && path.filename().string().find("config") != std::string::npos;
        if (config && !only.empty())
            return {};
        if (config)
            only = path;
    }
    return only;
}

void add_config(WeightsFile& file, const fs::path& path)
{
    if (path.empty())
        return;
    file.config = read_json_file(path);
    file.config_path = path;
}

/// A pipeline of diffusers: model_index.json and a folder for each part.
WeightsFile read_diffusers(const fs::path& folder)
{
    WeightsFile whole;
    whole.path = folder;
    whole.format = "diffusers folder";
    add_config(whole, folder / "model_index.json");
    std::error_code error;
    std::vector<fs::path> parts;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
        if (it->is_directory(error))
            parts.push_back(it->path());
    std::sort(parts.begin(), parts.end());
    for (const auto& part : parts) {
        fs::path weights;
        try {
            weights = weights_in(part);
        } catch (const Error&) { // a tokenizer, a scheduler
            if (const auto scheduler = part / "scheduler_config.json"; fs::is_regular_file(scheduler, error))
                whole.values[part.filename().string()] = read_json_file(scheduler);
            continue;
        }
        const auto file = open_weights(weights);
        const auto name = part.filename().string();
        for (const auto& [key, tensor] : file.tensors)
            whole.tensors[name + "." + key] = tensor;
        whole.values[name] = file.config;
        whole.bytes += file.bytes;
        whole.files.insert(whole.files.end(), file.files.begin(), file.files.end());
        whole.opaque.insert(file.opaque.begin(), file.opaque.end());
    }
    return whole;
}

} // namespace

fs::path weights_in(const fs::path& path)
{
    std::error_code error;
    if (!fs::is_directory(path, error))
        return path;
    for (const char* name :
         { "model.safetensors.index.json", "model.safetensors",
           "diffusion_pytorch_model.safetensors.index.json", "diffusion_pytorch_model.safetensors",
           "open_clip_model.safetensors", "open_clip_pytorch_model.safetensors",
           "pytorch_model.bin.index.json", "pytorch_model.bin", "diffusion_pytorch_model.bin",
           "open_clip_pytorch_model.bin" })
        if (fs::is_regular_file(path / name, error))
            return path / name;
    std::vector<fs::path> found;
    for (const auto& file : sorted_files(path))
        if (is_weights_name(file))
            found.push_back(file);
    if (found.size() == 1)
        return found[0];
    throw Error(path.string() + " holds " + std::to_string(found.size())
                + " files of weights; name the one you mean.");
}

WeightsFile open_weights(const fs::path& path)
{
    std::error_code error;
    if (fs::is_regular_file(path / "model_index.json", error))
        return read_diffusers(path);
    if (path.filename() == "model_index.json" && fs::is_regular_file(path, error))
        return read_diffusers(path.has_parent_path() ? path.parent_path() : fs::path("."));
    const auto weights = weights_in(path);
    auto file = read_file_or_index(weights);
    add_config(file, config_beside(weights));
    return file;
}

} // namespace reverie
