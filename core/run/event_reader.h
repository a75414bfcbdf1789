// SPDX-License-Identifier: MIT
#pragma once

#include "core/run/growing_file.h"

#include <cstdint>
#include <functional>
#include <string_view>

namespace reverie {

/// A number in a TensorBoard event file.
struct EventScalar {
    std::string_view tag;
    double value = 0;
    std::int64_t step = 0;
    double wall_time = 0; ///< seconds since 1970
};

/// Reads the scalars of a TensorBoard event file as it grows, whoever wrote it. Everything else in it is
/// skipped.
class EventReader
{
public:
    using OnScalar = std::function<void(const EventScalar&)>;

    explicit EventReader(std::filesystem::path file);

    /// Hands on the scalars of about `limit` bytes more.
    GrowingFile::Outcome read(std::size_t limit, const OnScalar& on_scalar, const std::stop_token& stop = {});
    /// A record's checksum is wrong, so nothing behind it can be read.
    [[nodiscard]] bool is_damaged() const { return damaged_; }
    /// The file ends amid a record.
    [[nodiscard]] bool ends_amid_a_record() const { return file_.left_over() > 0; }
    [[nodiscard]] const std::filesystem::path& path() const { return file_.path(); }

private:
    std::size_t take_records(std::string_view bytes, const OnScalar& on_scalar);

    GrowingFile file_;
    bool damaged_ = false;
};

} // namespace reverie
