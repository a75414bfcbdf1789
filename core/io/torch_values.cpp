// SPDX-License-Identifier: MIT
#include "core/io/torch_values.h"

#include "core/base/error.h"
#include "core/base/utf8.h"
#include "core/io/safetensors_header.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace reverie {

namespace {

using nlohmann::json;
using Id = Pickle::Id;
using Kind = Pickle::Kind;
using Node = Pickle::Node;

constexpr int deepest = 64;
constexpr std::size_t most_values = 2'000'000, most_tensors = 200'000, longest_name = 1024, most_dims = 64;
constexpr std::size_t longest_text = 1 << 16, most_text = 64 << 20;

/// Classes that are what they hold, or nothing of interest, and whose name says all there is to know.
bool is_familiar(std::string_view name)
{
    constexpr std::array<std::string_view, 18> familiar = { "collections.OrderedDict",
                                                            "collections.defaultdict",
                                                            "torch.Size",
                                                            "torch.device",
                                                            "torch._utils._rebuild_tensor",
                                                            "torch._utils._rebuild_tensor_v2",
                                                            "torch._utils._rebuild_tensor_v3",
                                                            "torch._utils._rebuild_parameter",
                                                            "torch._utils._rebuild_parameter_with_state",
                                                            "torch._tensor._rebuild_from_type_v2",
                                                            "builtins.set",
                                                            "builtins.frozenset",
                                                            "__builtin__.set",
                                                            "__builtin__.frozenset",
                                                            "builtins.tuple",
                                                            "builtins.list",
                                                            "builtins.dict",
                                                            "torch.jit._pickle.restore_type_tag" };
    return std::find(familiar.begin(), familiar.end(), name) != familiar.end()
        || name.starts_with("torch.jit._pickle.build_") || name.starts_with("__torch__.")
        || !dtype_of_class(name).empty() || name.ends_with("UntypedStorage");
}

/// UTF-8 without control characters, fit for JSON and for a name.
std::string clean(std::string_view text)
{
    std::string out;
    for (const char32_t code : decode_utf8(text.substr(0, longest_text)))
        append_utf8(out, code == 0 ? U'\uFFFD' : code);
    return out;
}

std::string shown(std::string_view text)
{
    constexpr std::size_t longest = 100;
    auto out = clean(text.substr(0, longest));
    std::replace_if(
        out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; },
        '?');
    return out;
}

class Walker
{
public:
    Walker(WeightsFile& file, const Pickle& pickle, StorageSource& source, std::uint64_t budget,
           const std::string& name, std::string path)
        : file_(file)
        , pickle_(pickle)
        , source_(source)
        , budget_(budget)
        , file_name_(name)
        , path_(std::move(path))
    {
    }

    json walk(Id id)
    {
        count(1);
        const auto& node = pickle_.at(id);
        switch (node.kind) {
        case Kind::None:
        case Kind::Persistent: // a storage without a tensor
            return nullptr;
        case Kind::Bool:
            return node.integer != 0;
        case Kind::Int:
            return node.integer;
        case Kind::Float:
            return node.real;
        case Kind::BigInt:
        case Kind::Text:
            return said(node.text);
        case Kind::Bytes:
            return std::to_string(node.text.size()) + " bytes";
        case Kind::List:
        case Kind::Tuple:
        case Kind::Set:
            return inner([&] { return walk_list(node.items); });
        case Kind::Dict:
            return inner([&] { return walk_dict(node.items); });
        case Kind::Class:
            return said(node.text);
        case Kind::Object:
            return inner([&] { return walk_object(node); });
        }
        return nullptr;
    }

private:
    [[noreturn]] void fail(const std::string& what) const
    {
        throw Error(file_name_ + " " + what + "; it is damaged or was made to deceive.");
    }

    void count(std::size_t more)
    {
        values_ += more;
        if (values_ > most_values)
            fail("holds more values than any of weights");
    }

    std::string said(std::string_view text)
    {
        said_ += std::min(text.size(), longest_text);
        if (said_ > most_text)
            fail("holds more text than any of weights");
        return clean(text);
    }

    template <class Walk>
    json inner(Walk walk)
    {
        if (++depth_ > deepest)
            fail("is nested deeper than any file of weights");
        auto value = walk();
        --depth_;
        return value;
    }

    /// What lies under `key`; its tensors get that name after the path so far.
    json walk_below(const std::string& key, Id id)
    {
        const auto length = path_.size();
        path_ += (path_.empty() ? "" : ".") + key;
        if (path_.size() > longest_name)
            fail("has a name of more than " + std::to_string(longest_name) + " letters");
        auto value = walk(id);
        path_.resize(length);
        return value;
    }

    json walk_list(const std::vector<Id>& items)
    {
        auto list = json::array();
        for (std::size_t i = 0; i < items.size(); ++i)
            list.push_back(walk_below(std::to_string(i), items[i]));
        return list;
    }

    json walk_dict(const std::vector<Id>& items)
    {
        // Of a key that is set twice, the last counts; the others must not leave tensors behind.
        count(items.size());
        std::map<std::string, Id> entries;
        for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
            const auto& key = pickle_.at(items[i]);
            if (key.kind == Kind::Text || key.kind == Kind::BigInt)
                entries[clean(key.text.substr(0, longest_name + 1))] = items[i + 1];
            else if (key.kind == Kind::Int || key.kind == Kind::Bool)
                entries[std::to_string(key.integer)] = items[i + 1];
        }
        auto object = json::object();
        for (const auto& [key, id] : entries) {
            const auto before = file_.tensors.size();
            auto value = walk_below(key, id);
            // Tensors, and what holds nothing else, are no values.
            const bool only_tensors = file_.tensors.size() > before && (value.is_null() || value.empty());
            if (!only_tensors)
                object[key] = std::move(value);
        }
        return object;
    }

    json walk_object(const Node& object)
    {
        const auto name = pickle_.at(object.items[Pickle::Callable]).kind == Kind::Class
            ? pickle_.at(object.items[Pickle::Callable]).text
            : std::string_view();
        const auto& arguments = pickle_.at(object.items[Pickle::Arguments]);
        const auto argument = [&](std::size_t i) {
            return arguments.kind == Kind::Tuple && i < arguments.items.size() ? arguments.items[i]
                                                                               : Pickle::none;
        };
        if (name == "collections.OrderedDict" || name == "collections.defaultdict" || name == "builtins.dict")
            return walk_dict(dict_items(object, argument(0)));
        if (name == "torch._utils._rebuild_tensor" || name == "torch._utils._rebuild_tensor_v2"
            || name == "torch._utils._rebuild_tensor_v3")
            return add_tensor(arguments.items, name.ends_with("v3") ? dtype_of(argument(6)) : std::string());
        if (name.starts_with("torch._utils._rebuild_parameter"))
            return walk(argument(0));
        if (name == "torch._tensor._rebuild_from_type_v2") // function, type, arguments, state
            return rebuild(argument(0), argument(2));
        if (name.starts_with("__torch__."))
            return walk(object.items[Pickle::State]);
        if (name == "torch.Size" || name == "builtins.set" || name == "builtins.frozenset"
            || name == "__builtin__.set" || name == "__builtin__.frozenset" || name == "builtins.tuple"
            || name == "builtins.list" || name == "torch.device" || name.starts_with("torch.jit._pickle."))
            return walk(argument(0));
        if (name == "packaging.version.Version")
            return version(object.items[Pickle::State]);
        const auto begun_by = pickle_.class_of(object.items[Pickle::Callable]);
        return { { "opaque", begun_by.empty() ? "?" : shown(begun_by) } };
    }

    /// "1.2.3" of what a packaging.version.Version was filled with: {"_version": _Version(epoch, release,
    /// ...)}.
    json version(Id state) const
    {
        std::string text;
        const auto& entries = pickle_.at(state).items;
        for (std::size_t i = 0; i + 1 < entries.size(); i += 2) {
            const auto& value = pickle_.at(entries[i + 1]);
            if (pickle_.at(entries[i]).text != "_version" || value.kind != Kind::Object)
                continue;
            const auto& arguments = pickle_.at(value.items[Pickle::Arguments]).items;
            for (const Id part : pickle_.at(arguments.size() > 1 ? arguments[1] : Pickle::none).items)
                if (text.size() < 40)
                    text += (text.empty() ? "" : ".") + std::to_string(pickle_.at(part).integer);
        }
        return text.empty() ? json{ { "opaque", "packaging.version.Version" } } : json(text);
    }

    std::string dtype_of(Id id) const { return dtype_of_class(pickle_.class_of(id)); }

    json rebuild(Id function, Id arguments)
    {
        const auto name = pickle_.class_of(function);
        const bool tensor = name == "torch._utils._rebuild_tensor_v2";
        if (!tensor || pickle_.at(arguments).kind != Kind::Tuple)
            return { { "opaque", shown(name) } };
        return add_tensor(pickle_.at(arguments).items, {});
    }

    /// Keys and values an OrderedDict was filled with, or constructed of: [[key, value], ...].
    std::vector<Id> dict_items(const Node& object, Id argument)
    {
        std::vector<Id> items;
        const auto& given = pickle_.at(argument);
        count(given.items.size());
        if (given.kind == Kind::List || given.kind == Kind::Tuple)
            for (const Id pair : given.items)
                if (pickle_.at(pair).items.size() == 2)
                    items.insert(items.end(), pickle_.at(pair).items.begin(), pickle_.at(pair).items.end());
        if (given.kind == Kind::Dict)
            items = given.items;
        const auto& set = pickle_.at(object.items[Pickle::DictItems]).items;
        items.insert(items.end(), set.begin(), set.end());
        return items;
    }

    std::vector<std::int64_t> sizes(Id id) const
    {
        const Node* node = &pickle_.at(id);
        if (node->kind == Kind::Object && pickle_.class_of(id) == "torch.Size") {
            const auto& arguments = pickle_.at(node->items[Pickle::Arguments]).items;
            node = &pickle_.at(arguments.empty() ? Pickle::none : arguments[0]);
        }
        if ((node->kind != Kind::Tuple && node->kind != Kind::List) || node->items.size() > most_dims)
            fail("has a tensor without a shape");
        std::vector<std::int64_t> sizes;
        for (const Id item : node->items) {
            if (pickle_.at(item).kind != Kind::Int || pickle_.at(item).integer < 0)
                fail("has a tensor with a size that is no whole number");
            sizes.push_back(pickle_.at(item).integer);
        }
        return sizes;
    }

    /// storage, offset, sizes, strides, ...
    json add_tensor(const std::vector<Id>& arguments, std::string dtype)
    {
        if (arguments.size() < 4 || pickle_.at(arguments[1]).kind != Kind::Int
            || pickle_.at(arguments[1]).integer < 0)
            fail("has a tensor without a place in its storage");
        const auto reference = storage_reference(pickle_, arguments[0]);
        if (!reference)
            return { { "opaque", "storage" } };
        StoredTensor tensor;
        tensor.dtype = dtype.empty() ? reference->dtype : std::move(dtype);
        if (tensor.dtype.empty())
            return { { "opaque", "storage" } };
        tensor.shape = sizes(arguments[2]);
        tensor.strides = sizes(arguments[3]);
        if (tensor.shape.size() != tensor.strides.size())
            fail("has a tensor whose strides don't fit its shape");
        const auto storage = source_.find(reference->key);
        tensor.owner = storage.owner;
        place(tensor, storage.bytes,
              reference->view_offset + static_cast<std::uint64_t>(pickle_.at(arguments[1]).integer));
        const auto name = path_.empty() ? std::string("tensor") : path_;
        if (file_.tensors.size() >= most_tensors)
            fail("holds more tensors than any file of weights");
        if (!file_.tensors.emplace(name, std::move(tensor)).second)
            fail("has two tensors called " + shown(name));
        return nullptr;
    }

    void place(StoredTensor& tensor, std::string_view storage, std::uint64_t offset)
    {
        switch (place_in_storage(tensor, storage, offset)) {
        case Placement::Outside:
            fail("has a tensor that reaches outside its storage (" + shown(path_) + ")");
        case Placement::TooLarge:
            fail("has a tensor larger than any memory");
        case Placement::Inside:
            break;
        }
        if (tensor.elements() > budget_ / dtype_bytes(tensor.dtype))
            fail("has tensors of more numbers than it holds");
        budget_ -= tensor.bytes();
    }

    WeightsFile& file_;
    const Pickle& pickle_;
    StorageSource& source_;
    std::uint64_t budget_;
    const std::string& file_name_;
    std::string path_;
    std::size_t values_ = 0, said_ = 0;
    int depth_ = 0;
};

} // namespace

void add_torch_values(WeightsFile& file, const Pickle& pickle, StorageSource& source, std::uint64_t budget,
                      const std::string& name, const std::string& path)
{
    auto values = Walker(file, pickle, source, budget, name, path).walk(pickle.root);
    if (!path.empty())
        file.values[path] = std::move(values);
    else if (values.is_object())
        file.values = std::move(values);
    else if (!values.is_null())
        file.values["value"] = std::move(values);
    constexpr std::size_t most_opaque = 100;
    for (const auto& node : pickle.nodes)
        if (node.kind == Kind::Class && !is_familiar(node.text) && file.opaque.size() < most_opaque)
            file.opaque.insert(shown(node.text));
}

} // namespace reverie
