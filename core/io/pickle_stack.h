// SPDX-License-Identifier: MIT
#pragma once

#include "core/io/pickle_reader.h"

#include <unordered_map>

namespace reverie {

/// The memory of the machine a pickle is a program for: nodes, a stack of their ids with marks, and a memo.
/// Whatever would take more than the file can mean throws Error.
class PickleStack
{
public:
    static constexpr std::size_t most_bytes = 64 << 20; ///< of a pickle, and of the texts decoded from it

    explicit PickleStack(const std::string& file);

    using Id = Pickle::Id;
    using Kind = Pickle::Kind;

    [[noreturn]] void fail(const std::string& what) const; ///< "FILE holds a pickle that WHAT"

    void push(Id id);
    void push(Pickle::Node node) { push(add(std::move(node))); }
    void push(Kind kind) { push(Pickle::Node{ .kind = kind }); }
    void push(Kind kind, std::string_view text) { push(Pickle::Node{ .kind = kind, .text = text }); }
    void push_decoded(Kind kind, std::string text) { push(kind, keep(std::move(text))); }
    void push_integer(Kind kind, std::int64_t value) { push(Pickle::Node{ .kind = kind, .integer = value }); }
    void push_list(Kind kind, std::vector<Id> items); ///< also a tuple, a set, a dict of keys and values
    void push_class(std::string_view module, std::string_view name);
    void push_call(Id callable, Id arguments); ///< what the call would have given
    Id add(Pickle::Node node); ///< not onto the stack

    [[nodiscard]] Id top() const;
    Id pop();
    std::vector<Id> pop_many(std::size_t count);
    void mark();
    std::vector<Id> pop_to_mark();
    void pop_or_unmark(); ///< a mark, if one lies on top

    void append(const std::vector<Id>& items); ///< to the list, set or object on top
    void set_items(const std::vector<Id>& items); ///< keys and values of the dict or object on top
    void set_state(Id state); ///< of the object on top

    void memorise(std::uint64_t index); ///< what is on top
    void memorise_next() { memorise(memo_.size()); }
    void recall(std::uint64_t index);

    [[nodiscard]] const Pickle::Node& at(Id id) const { return pickle_.nodes[id]; }
    Pickle take_result(std::size_t bytes); ///< what is on top is the root

private:
    Pickle::Node& node(Id id) { return pickle_.nodes[id]; }
    void count();
    std::string_view keep(std::string text);
    [[nodiscard]] std::size_t bottom() const { return marks_.empty() ? 0 : marks_.back(); }
    std::vector<Id>& inside(Id id, Kind kind, Pickle::ObjectItem item);

    Pickle pickle_;
    const std::string& file_;
    std::size_t used_ = 0, kept_ = 0;
    std::vector<Id> stack_;
    std::vector<std::size_t> marks_;
    std::unordered_map<std::uint32_t, Id> memo_;
};

} // namespace reverie
