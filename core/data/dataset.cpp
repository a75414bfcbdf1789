// SPDX-License-Identifier: MIT
#include "core/data/dataset.h"

#include "core/base/error.h"
#include "core/data/view.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <future>
#include <thread>

namespace reverie {

Dataset::Dataset(int size, PictureOptions options)
    : size_(size)
    , options_(std::move(options))
{
    check_picture_options(options_);
}

std::string Dataset::name(std::int64_t row) const
{
    return "picture " + std::to_string(row + 1);
}

const std::vector<Flaw>& Dataset::flaws() const
{
    static const std::vector<Flaw> none;
    return none;
}

/// Twice what the smallest view needs, so that a decoder that reduces coarsely costs no sharpness.
int Dataset::enough() const
{
    return static_cast<int>(std::ceil(2 * size_ / std::sqrt(options_.crop_scale)));
}

void Dataset::draw(std::int64_t row, std::uint8_t* planes) const
{
    const auto image = picture(row, enough());
    render(image, middle_view(image.width, image.height, options_), options_, size_, planes);
}

void Dataset::draw(std::int64_t row, std::uint64_t key, std::uint8_t* planes) const
{
    const auto image = picture(row, enough());
    render(image, random_view(image.width, image.height, options_, key), options_, size_, planes);
}

Tensor Dataset::pictures(const Rows& rows) const
{
    const auto count = static_cast<std::int64_t>(rows.size()), bytes = std::int64_t{ 3 } * size_ * size_;
    auto drawn = at::zeros({ count, 3, size_, size_ }, at::kByte);
    auto* planes = drawn.data_ptr<std::uint8_t>();
    const auto draw_some = [&](std::int64_t first, std::int64_t step) {
        for (std::int64_t i = first; i < count; i += step) {
            try {
                draw(rows[std::size_t(i)], planes + i * bytes);
            } catch (const Error&) {
                std::fill_n(planes + i * bytes, bytes, 0);
            }
        }
    };
    const auto threads = std::min<std::int64_t>(std::max(1U, std::thread::hardware_concurrency()), count);
    std::vector<std::future<void>> others;
    for (std::int64_t i = 1; i < threads; ++i)
        others.push_back(std::async(std::launch::async, draw_some, i, threads));
    draw_some(0, std::max<std::int64_t>(threads, 1));
    for (auto& other : others)
        other.get();
    return drawn;
}

std::string kind_name(Flaw::Kind kind)
{
    switch (kind) {
    case Flaw::Kind::unreadable:
        return "unreadable";
    case Flaw::Kind::tiny:
        return "tiny";
    case Flaw::Kind::duplicate:
        return "duplicate";
    case Flaw::Kind::near_duplicate:
        return "near duplicate";
    case Flaw::Kind::no_caption:
        return "no caption";
    case Flaw::Kind::damaged_file:
        return "damaged file";
    }
    return {};
}

} // namespace reverie
