// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <utility>
#include <vector>

namespace reverie {

/// An options struct is a plain aggregate with defaults and a static `visit(self, field)` that calls
/// `field("name", self.name)` for each member. JSON, flags and forms are all derived from it.
template <class T>
concept Options = requires(T& options)
{
    T::visit(options, [](const char*, const auto&) {});
};

/// A setting that the reference takes either once for all stages or as a list with one value a stage.
template <class T>
class PerStage
{
public:
    PerStage() = default;
    PerStage(T value) // NOLINT(google-explicit-constructor): a single value is the usual case
        : values_{ std::move(value) }
    {
    }
    PerStage(std::initializer_list<T> values)
        : values_(values)
        , is_list_(true)
    {
    }
    explicit PerStage(std::vector<T> values)
        : values_(std::move(values))
        , is_list_(true)
    {
    }

    [[nodiscard]] bool is_list() const { return is_list_; }
    [[nodiscard]] bool empty() const { return values_.empty(); }
    [[nodiscard]] const std::vector<T>& values() const { return values_; }

    /// The value of `stage`; a list that is too short repeats its last value.
    [[nodiscard]] T at(std::size_t stage) const
    {
        return stage < values_.size() ? values_[stage] : values_.back();
    }

    friend bool operator==(const PerStage&, const PerStage&) = default;

private:
    std::vector<T> values_;
    bool is_list_ = false;
};

} // namespace reverie
