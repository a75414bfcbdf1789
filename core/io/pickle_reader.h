// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace reverie {

/// A Python pickle as data. A pickle is a program for a stack machine that calls what it names; here the
/// calls are written down instead. Nothing is imported, constructed or called, whatever it says.
struct Pickle {
    using Id = std::uint32_t;

    enum class Kind {
        None,
        Bool, ///< integer
        Int, ///< integer
        BigInt, ///< text: decimal digits of what does not fit 64 bits
        Float, ///< real
        Text, ///< text, UTF-8 if the pickle keeps to its format
        Bytes, ///< text
        List, ///< items
        Tuple, ///< items
        Set, ///< items
        Dict, ///< items: key, value, key, value, ...
        Class, ///< text: "module.name" of something that would have been imported
        Object, ///< items: callable, arguments, state, dict items, list items; each of the last three may be
                ///< none
        Persistent, ///< items: the id of something that is kept outside
    };

    struct Node {
        Kind kind = Kind::None;
        std::int64_t integer = 0;
        double real = 0;
        std::string_view text = {};
        std::vector<Id> items = {}; ///< may lead back to the node itself
    };
    enum ObjectItem { Callable, Arguments, State, DictItems, ListItems };
    static constexpr Id none = 0; ///< the node of None

    std::vector<Node> nodes;
    Id root = none;
    std::size_t bytes = 0; ///< of the pickle, up to its end mark

    [[nodiscard]] const Node& at(Id id) const { return nodes[id]; }
    /// "module.name" of a class, or of the class an object would have been made of; empty for other nodes.
    [[nodiscard]] std::string_view class_of(Id id) const;

    std::deque<std::string> decoded; ///< texts that don't stand in the pickle as they are
};

/// Reads the pickle that `bytes` begins with, of any protocol. Texts point into `bytes`. Time and memory grow
/// with its length at most, which may be 64 MiB. Throws Error, beginning with `name`, for what is no pickle.
Pickle read_pickle(std::string_view bytes, const std::string& name);

} // namespace reverie
