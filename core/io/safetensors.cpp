// SPDX-License-Identifier: MIT
#include "core/io/safetensors.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/io/safetensors_header.h"

#include <nlohmann/json.hpp>
#include <torch/torch.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <sys/mman.h>
#include <unistd.h>

namespace reverie {

namespace {

using Dtype = std::pair<const char*, torch::ScalarType>;
constexpr std::array<Dtype, 9> dtypes{ { { "F64", torch::kFloat64 },
                                         { "F32", torch::kFloat32 },
                                         { "F16", torch::kFloat16 },
                                         { "BF16", torch::kBFloat16 },
                                         { "I64", torch::kInt64 },
                                         { "I32", torch::kInt32 },
                                         { "I16", torch::kInt16 },
                                         { "U8", torch::kUInt8 },
                                         { "BOOL", torch::kBool } } };

torch::ScalarType scalar_type(const std::string& dtype, const std::string& tensor,
                              const std::filesystem::path& path)
{
    for (const auto& [name, type] : dtypes)
        if (dtype == name)
            return type;
    if (dtype == "I8")
        return torch::kInt8;
    throw Error(path.string() + ": the tensor " + tensor + " has the type " + dtype
                + ", which can't be computed with; convert the file first.");
}

std::string dtype_name(torch::ScalarType type)
{
    for (const auto& [name, known] : dtypes)
        if (type == known)
            return name;
    if (type == torch::kInt8)
        return "I8";
    throw Error("A tensor of this type can't be written to a .safetensors file.");
}

/// A private, writable map of a whole file; unmapped with the last tensor that uses it.
class FileMap
{
public:
    explicit FileMap(const std::filesystem::path& path)
        : size_(std::filesystem::file_size(path))
    {
        const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
        if (file < 0)
            throw Error(path.string() + " can't be read: " + std::strerror(errno) + ".");
        data_ = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
        close(file);
        if (data_ == MAP_FAILED)
            throw Error(path.string() + " can't be mapped: " + std::strerror(errno) + ".");
    }
    ~FileMap() { munmap(data_, size_); }
    FileMap(const FileMap&) = delete;
    FileMap& operator=(const FileMap&) = delete;
    [[nodiscard]] char* at(std::uint64_t offset) const { return static_cast<char*>(data_) + offset; }

private:
    std::size_t size_;
    void* data_ = nullptr;
};

} // namespace

Safetensors read_safetensors(const std::filesystem::path& path)
{
    const auto header = read_safetensors_header(path);
    const auto map = std::make_shared<FileMap>(path);
    Safetensors result{ {}, header.metadata };
    for (const auto& [name, entry] : header.tensors) {
        const auto options = torch::TensorOptions(scalar_type(entry.dtype, name, path));
        auto* data = map->at(header.data_offset + entry.begin);
        // Headers are padded in practice, but an odd one may leave a tensor unaligned.
        const bool aligned = reinterpret_cast<std::uintptr_t>(data) % options.dtype().itemsize() == 0;
        if (entry.begin == entry.end) {
            result.tensors[name] = torch::empty(entry.shape, options);
        } else if (aligned) {
            result.tensors[name] = torch::from_blob(
                data, entry.shape, [map](void*) {}, options);
        } else {
            auto copy = torch::empty(entry.shape, options);
            std::memcpy(copy.data_ptr(), data, entry.end - entry.begin);
            result.tensors[name] = copy;
        }
    }
    return result;
}

void write_safetensors(const std::filesystem::path& path, const TensorMap& tensors,
                       const std::map<std::string, std::string>& metadata)
{
    auto header = nlohmann::json::object();
    if (!metadata.empty())
        header["__metadata__"] = metadata;
    std::uint64_t offset = 0;
    for (const auto& [name, tensor] : tensors) {
        const auto bytes = static_cast<std::uint64_t>(tensor.numel()) * tensor.element_size();
        header[name] = { { "dtype", dtype_name(tensor.scalar_type()) },
                         { "shape", tensor.sizes().vec() },
                         { "data_offsets", { offset, offset + bytes } } };
        offset += bytes;
    }
    auto text = header.dump();
    text.append((8 - text.size() % 8) % 8, ' ');
    write_file(path, [&](const Sink& sink) {
        const std::uint64_t length = text.size();
        sink({ reinterpret_cast<const char*>(&length), sizeof length });
        sink(text);
        for (const auto& [name, tensor] : tensors) {
            const auto plain = tensor.detach().cpu().contiguous();
            sink({ static_cast<const char*>(plain.data_ptr()), plain.nbytes() });
        }
    });
}

} // namespace reverie
