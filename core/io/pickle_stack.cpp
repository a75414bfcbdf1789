// SPDX-License-Identifier: MIT
#include "core/io/pickle_stack.h"

#include "core/base/error.h"

namespace reverie {

namespace {

constexpr std::size_t most_nodes = 2'000'000, most_pushed = 8'000'000;

} // namespace

PickleStack::PickleStack(const std::string& file)
    : file_(file)
{
    pickle_.nodes.emplace_back(); // None
}

void PickleStack::fail(const std::string& what) const
{
    throw Error(file_ + " holds a pickle that " + what + "; it is damaged or was made to deceive.");
}

void PickleStack::count()
{
    if (++used_ > most_pushed)
        fail("has more values than any of weights");
}

PickleStack::Id PickleStack::add(Pickle::Node node)
{
    if (pickle_.nodes.size() >= most_nodes)
        fail("has more values than any of weights");
    pickle_.nodes.push_back(std::move(node));
    return static_cast<Id>(pickle_.nodes.size() - 1);
}

std::string_view PickleStack::keep(std::string text)
{
    kept_ += text.size();
    if (kept_ > most_bytes)
        fail("says more than any of weights");
    return pickle_.decoded.emplace_back(std::move(text));
}

void PickleStack::push(Id id)
{
    count();
    stack_.push_back(id);
}

void PickleStack::push_list(Kind kind, std::vector<Id> items)
{
    if (kind == Kind::Dict && items.size() % 2 != 0)
        fail("has a key without a value");
    push(Pickle::Node{ .kind = kind, .items = std::move(items) });
}

void PickleStack::push_class(std::string_view module, std::string_view name)
{
    push_decoded(Kind::Class, std::string(module) + "." + std::string(name));
}

void PickleStack::push_call(Id callable, Id arguments)
{
    push(Pickle::Node{ .kind = Kind::Object,
                       .items = { callable, arguments, Pickle::none, Pickle::none, Pickle::none } });
}

PickleStack::Id PickleStack::top() const
{
    if (stack_.size() <= bottom())
        fail("takes from an empty stack");
    return stack_.back();
}

PickleStack::Id PickleStack::pop()
{
    const Id id = top();
    stack_.pop_back();
    return id;
}

std::vector<PickleStack::Id> PickleStack::pop_many(std::size_t count)
{
    if (stack_.size() - bottom() < count)
        fail("takes from an empty stack");
    std::vector<Id> items(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    return items;
}

void PickleStack::mark()
{
    count();
    marks_.push_back(stack_.size());
}

std::vector<PickleStack::Id> PickleStack::pop_to_mark()
{
    if (marks_.empty())
        fail("takes to a mark it never set");
    auto items = pop_many(stack_.size() - marks_.back());
    marks_.pop_back();
    return items;
}

void PickleStack::pop_or_unmark()
{
    if (stack_.size() == bottom() && !marks_.empty())
        marks_.pop_back();
    else
        pop();
}

/// The list inside what `id` is: itself, or what an object is filled with.
std::vector<PickleStack::Id>& PickleStack::inside(Id id, Kind kind, Pickle::ObjectItem item)
{
    if (node(id).kind == Kind::Object) {
        if (node(id).items[item] == Pickle::none) {
            const Id made = add(Pickle::Node{ .kind = kind });
            node(id).items[item] = made;
        }
        return node(node(id).items[item]).items;
    }
    if (node(id).kind != kind)
        fail("fills what can't be filled");
    return node(id).items;
}

void PickleStack::append(const std::vector<Id>& items)
{
    auto& to = inside(top(), at(top()).kind == Kind::Set ? Kind::Set : Kind::List, Pickle::ListItems);
    to.insert(to.end(), items.begin(), items.end());
}

void PickleStack::set_items(const std::vector<Id>& items)
{
    if (items.size() % 2 != 0)
        fail("has a key without a value");
    auto& to = inside(top(), Kind::Dict, Pickle::DictItems);
    to.insert(to.end(), items.begin(), items.end());
}

void PickleStack::set_state(Id state)
{
    if (node(top()).kind != Kind::Object)
        fail("gives a state to what has none");
    node(top()).items[Pickle::State] = state;
}

void PickleStack::memorise(std::uint64_t index)
{
    if (index > UINT32_MAX)
        fail("keeps more than any of weights");
    count();
    memo_[static_cast<std::uint32_t>(index)] = top();
}

void PickleStack::recall(std::uint64_t index)
{
    const auto found = index > UINT32_MAX ? memo_.end() : memo_.find(static_cast<std::uint32_t>(index));
    if (found == memo_.end())
        fail("recalls what it never kept");
    push(found->second);
}

Pickle PickleStack::take_result(std::size_t bytes)
{
    pickle_.root = pop();
    pickle_.bytes = bytes;
    return std::move(pickle_);
}

} // namespace reverie
