// SPDX-License-Identifier: MIT
#include "core/data/dataset_check.h"

#include "core/base/error.h"
#include "core/base/sha256.h"
#include "core/data/lookalikes.h"
#include "core/data/view.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <deque>
#include <future>
#include <map>
#include <optional>
#include <thread>

namespace reverie {

namespace {

constexpr int thumb = 96, frame = 4, cell = thumb + 2 * frame, most_columns = 10;
constexpr std::size_t most_cells = 100;

using Colour = std::array<std::uint8_t, 3>;
constexpr Colour paper = { 255, 255, 255 }, grey = { 200, 200, 200 };

Colour colour_of(Flaw::Kind kind)
{
    switch (kind) {
    case Flaw::Kind::tiny:
        return { 255, 140, 0 };
    case Flaw::Kind::duplicate:
        return { 40, 90, 230 };
    case Flaw::Kind::near_duplicate:
        return { 80, 180, 240 };
    case Flaw::Kind::no_caption:
        return { 240, 200, 0 };
    default:
        return { 220, 20, 30 };
    }
}

/// What one picture looks like once it is decoded.
struct Look {
    std::string error; ///< why it can't be
    int width = 0, height = 0;
    std::string hash; ///< of its pixels
    std::vector<std::uint8_t> planes; ///< (3, thumb, thumb)
};

Look look_at(const Dataset& dataset, std::int64_t row)
{
    Look look;
    look.planes.assign(std::size_t{ 3 } * thumb * thumb, grey[0]);
    try {
        const auto image = dataset.picture(row, 0);
        look.width = image.width;
        look.height = image.height;
        Sha256 hash;
        hash.update(std::to_string(image.width) + " ");
        hash.update({ reinterpret_cast<const char*>(image.rgb.data()), image.rgb.size() });
        look.hash = hash.hex();
        const PictureOptions whole{ .resize = "pad" };
        render(image, middle_view(image.width, image.height, whole), whole, thumb, look.planes.data());
    } catch (const Error& error) {
        look.error = error.what();
    }
    return look;
}

/// Thumbnails in rows, each in a frame.
class Sheet
{
public:
    void add(const std::vector<std::uint8_t>& planes, const Colour& colour, bool first)
    {
        auto& cells = first ? flawed_ : sound_;
        if (cells.size() < most_cells)
            cells.push_back({ planes, colour });
    }
    [[nodiscard]] bool has_room(std::size_t count) const { return flawed_.size() + count <= most_cells; }

    [[nodiscard]] Image image() const
    {
        auto cells = flawed_;
        cells.insert(cells.end(), sound_.begin(), sound_.end());
        cells.resize(std::min(cells.size(), most_cells));
        if (cells.empty())
            return {};
        const int columns = std::min(int(cells.size()), most_columns);
        const int rows = (int(cells.size()) + columns - 1) / columns;
        Image sheet{ columns * cell, rows * cell, {} };
        sheet.rgb.assign(std::size_t(sheet.width) * std::size_t(sheet.height) * 3, paper[0]);
        for (std::size_t i = 0; i < cells.size(); ++i)
            paste(cells[i], int(i) % columns * cell, int(i) / columns * cell, sheet);
        return sheet;
    }

private:
    struct Cell {
        std::vector<std::uint8_t> planes;
        Colour colour;
    };

    static void paste(const Cell& from, int left, int top, Image& sheet)
    {
        for (int y = 0; y < cell; ++y)
            for (int x = 0; x < cell; ++x) {
                const int px = x - frame, py = y - frame;
                const bool inside = px >= 0 && py >= 0 && px < thumb && py < thumb;
                for (std::size_t channel = 0; channel < 3; ++channel)
                    sheet.rgb[(std::size_t(top + y) * std::size_t(sheet.width) + std::size_t(left + x)) * 3
                              + channel]
                        = inside ? from.planes[(channel * thumb + std::size_t(py)) * thumb + std::size_t(px)]
                                 : from.colour[channel];
            }
    }

    std::vector<Cell> flawed_, sound_;
};

/// Judges pictures in the order of their rows.
class Judge
{
public:
    Judge(const Dataset& dataset, int min_side)
        : dataset_(dataset)
        , min_side_(min_side)
    {
        for (const auto& flaw : dataset.flaws()) {
            if (flaw.kind == Flaw::Kind::duplicate || (flaw.kind == Flaw::Kind::unreadable && flaw.row >= 0))
                continue; // found again here
            result_.flaws.push_back(flaw);
            if (flaw.row >= 0)
                known_.emplace(flaw.row, flaw.kind);
        }
    }

    /// Looks again at the picture that one nearly repeats, so that the sheet shows both beside each other.
    void judge(std::int64_t row, const Look& look)
    {
        const auto flaw = flaw_of(row, look);
        if (flaw)
            result_.flaws.push_back(*flaw);
        const auto is_in
            = [row](const Rows& rows) { return std::binary_search(rows.begin(), rows.end(), row); };
        const bool is_near = flaw && flaw->kind == Flaw::Kind::near_duplicate;
        const bool is_lost = flaw && flaw->kind != Flaw::Kind::duplicate && !is_near;
        if (!is_lost && (is_in(dataset_.train()) || is_in(dataset_.test())))
            ++result_.usable;
        const auto known = known_.find(row);
        const bool flawed = flaw || known != known_.end();
        const auto every
            = std::max<std::int64_t>(1, std::int64_t(dataset_.captions().size()) / std::int64_t(most_cells));
        if (is_near && sheet_.has_room(2))
            sheet_.add(look_at(dataset_, flaw->other).planes, colour_of(flaw->kind), true);
        if (flawed)
            sheet_.add(look.planes, colour_of(flaw ? flaw->kind : known->second), true);
        else if (row % every == 0)
            sheet_.add(look.planes, paper, false);
        ++result_.looked_at;
    }

    [[nodiscard]] std::int64_t done() const { return result_.looked_at; }
    CheckedPictures result()
    {
        result_.sheet = sheet_.image();
        return std::move(result_);
    }

private:
    std::optional<Flaw> flaw_of(std::int64_t row, const Look& look)
    {
        if (!look.error.empty())
            return Flaw{ Flaw::Kind::unreadable, row, look.error };
        const auto [first, is_new] = first_.emplace(look.hash, row);
        if (std::min(look.width, look.height) < min_side_)
            return Flaw{ Flaw::Kind::tiny, row,
                         dataset_.name(row) + " is only " + std::to_string(look.width) + " x "
                             + std::to_string(look.height)
                             + " pixels; replace it with a larger one or remove it." };
        if (is_new)
            return near_duplicate(row, look);
        const auto caption = [this](std::int64_t at) { return dataset_.captions()[std::size_t(at)]; };
        return Flaw{ Flaw::Kind::duplicate, row,
                     dataset_.name(row) + " shows the same as " + dataset_.name(first->second)
                         + (caption(row) == caption(first->second) ? ", with the same caption" : "")
                         + "; remove one of them unless both captions are meant.",
                     first->second };
    }

    std::optional<Flaw> near_duplicate(std::int64_t row, const Look& look)
    {
        const auto glance = glance_at(look.planes.data(), thumb);
        const auto other = lookalikes_.find(glance);
        lookalikes_.add(row, glance);
        if (!other)
            return std::nullopt;
        return Flaw{ Flaw::Kind::near_duplicate, row,
                     dataset_.name(row) + " looks nearly like " + dataset_.name(*other)
                         + "; remove the worse of them if it is the same picture.",
                     *other };
    }

    const Dataset& dataset_;
    int min_side_;
    CheckedPictures result_;
    std::map<std::int64_t, Flaw::Kind> known_;
    std::map<std::string, std::int64_t> first_; ///< row by hash
    Lookalikes lookalikes_;
    Sheet sheet_;
};

} // namespace

CheckedPictures check_pictures(const Dataset& dataset, int min_side,
                               const std::function<void(std::int64_t, std::int64_t)>& on_progress,
                               std::stop_token stop)
{
    constexpr std::int64_t at_a_time = 16;
    const auto all = std::int64_t(dataset.captions().size());
    Judge judge(dataset, min_side);
    if (!dataset.has_pictures()) {
        auto result = judge.result();
        result.looked_at = all;
        result.usable = std::int64_t(dataset.train().size() + dataset.test().size());
        return result;
    }
    const auto look_at_some = [&dataset, all](std::int64_t first) {
        std::vector<Look> looks;
        for (auto row = first; row < std::min(first + at_a_time, all); ++row)
            looks.push_back(look_at(dataset, row));
        return looks;
    };
    std::deque<std::future<std::vector<Look>>> coming;
    std::int64_t asked = 0;
    while (judge.done() < all && !stop.stop_requested()) {
        for (; asked < all && coming.size() <= std::thread::hardware_concurrency(); asked += at_a_time)
            coming.push_back(std::async(std::launch::async, look_at_some, asked));
        for (const auto& look : coming.front().get())
            judge.judge(judge.done(), look);
        coming.pop_front();
        if (on_progress)
            on_progress(judge.done(), all);
    }
    return judge.result();
}

} // namespace reverie
