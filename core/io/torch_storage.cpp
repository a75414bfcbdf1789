// SPDX-License-Identifier: MIT
#include "core/io/torch_storage.h"

#include "core/io/safetensors_header.h"

#include <algorithm>
#include <array>
#include <utility>

namespace reverie {

namespace {

using Kind = Pickle::Kind;

struct Name {
    std::string_view torch, dtype;
};
constexpr std::array<Name, 31> names{ {
    { "DoubleStorage", "F64" },
    { "FloatStorage", "F32" },
    { "HalfStorage", "F16" },
    { "BFloat16Storage", "BF16" },
    { "LongStorage", "I64" },
    { "IntStorage", "I32" },
    { "ShortStorage", "I16" },
    { "CharStorage", "I8" },
    { "ByteStorage", "U8" },
    { "BoolStorage", "BOOL" },
    { "ComplexDoubleStorage", "C128" },
    { "ComplexFloatStorage", "C64" },
    { "ComplexHalfStorage", "C32" },
    { "float64", "F64" },
    { "float32", "F32" },
    { "float16", "F16" },
    { "bfloat16", "BF16" },
    { "int64", "I64" },
    { "int32", "I32" },
    { "int16", "I16" },
    { "int8", "I8" },
    { "uint8", "U8" },
    { "uint16", "U16" },
    { "uint32", "U32" },
    { "uint64", "U64" },
    { "bool", "BOOL" },
    { "complex128", "C128" },
    { "complex64", "C64" },
    { "complex32", "C32" },
    { "float8_e4m3fn", "F8_E4M3" },
    { "float8_e5m2", "F8_E5M2" },
} };

bool is_untyped(std::string_view name)
{
    return name == "torch.storage.UntypedStorage" || name == "torch.storage._UntypedStorage"
        || name == "torch.UntypedStorage";
}

std::optional<std::uint64_t> unsigned_of(const Pickle::Node& node)
{
    if (node.kind != Kind::Int || node.integer < 0)
        return std::nullopt;
    return static_cast<std::uint64_t>(node.integer);
}

} // namespace

std::string dtype_of_class(std::string_view name)
{
    for (const std::string_view prefix : { "torch.cuda.", "torch." }) {
        if (!name.starts_with(prefix))
            continue;
        for (const auto& [torch, dtype] : names)
            if (name.substr(prefix.size()) == torch)
                return std::string(dtype);
    }
    return {};
}

std::optional<StorageReference> storage_reference(const Pickle& pickle, Pickle::Id persistent)
{
    if (pickle.at(persistent).kind != Kind::Persistent)
        return std::nullopt;
    const auto& id = pickle.at(pickle.at(persistent).items[0]);
    if (id.kind != Kind::Tuple || id.items.size() < 5 || pickle.at(id.items[0]).text != "storage")
        return std::nullopt;
    const auto name = pickle.class_of(id.items[1]);
    const auto& key = pickle.at(id.items[2]);
    const auto elements = unsigned_of(pickle.at(id.items[4]));
    StorageReference reference;
    reference.dtype = dtype_of_class(name);
    if ((reference.dtype.empty() && !is_untyped(name)) || key.kind != Kind::Text || !elements)
        return std::nullopt;
    reference.key = std::string(key.text);
    reference.elements = *elements;
    if (id.items.size() > 5) {
        const auto& view = pickle.at(id.items[5]);
        if (view.kind == Kind::Tuple && view.items.size() == 3) {
            const auto offset = unsigned_of(pickle.at(view.items[1]));
            const auto size = unsigned_of(pickle.at(view.items[2]));
            if (!offset || !size)
                return std::nullopt;
            reference.view_offset = *offset;
        } else if (view.kind != Kind::None) {
            return std::nullopt;
        }
    }
    return reference;
}

Placement place_in_storage(StoredTensor& tensor, std::string_view storage, std::uint64_t offset)
{
    const std::uint64_t item = dtype_bytes(tensor.dtype);
    std::uint64_t count = 1, last = offset; // of the elements; the highest one in the storage
    for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
        const auto size = static_cast<std::uint64_t>(tensor.shape[i]);
        const auto stride = static_cast<std::uint64_t>(tensor.strides[i]);
        std::uint64_t reach = 0;
        if (size > 0
            && (__builtin_mul_overflow(count, size, &count)
                || __builtin_mul_overflow(size - 1, stride, &reach)
                || __builtin_add_overflow(last, reach, &last)))
            return Placement::TooLarge;
    }
    if (std::find(tensor.shape.begin(), tensor.shape.end(), 0) != tensor.shape.end()) {
        if (count > INT64_MAX) // strides are counted as if no dimension were 0
            return Placement::TooLarge;
        tensor.strides = contiguous_strides(tensor.shape);
        return Placement::Inside;
    }
    if (last >= storage.size() / item)
        return Placement::Outside;
    tensor.data = storage.data() + offset * item;
    return Placement::Inside;
}

} // namespace reverie
