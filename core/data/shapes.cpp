// SPDX-License-Identifier: MIT
#include "core/data/shapes.h"

#include "core/base/random_key.h"
#include "core/base/text_key.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace reverie {

namespace {

/// Numbers that follow from an index, one after the other.
class Draws
{
public:
    explicit Draws(std::uint64_t index)
        : index_(index)
    {
    }
    double uniform(double low, double high)
    {
        constexpr std::uint64_t for_shapes = 0x736861706573;
        const auto bits = random_key({ for_shapes, index_, number_++ }) >> 11U;
        return low + (high - low) * static_cast<double>(bits) * 0x1p-53;
    }
    std::size_t below(std::size_t count) { return static_cast<std::size_t>(uniform(0, double(count))); }

private:
    std::uint64_t index_, number_ = 0;
};

std::string words(const DrawnShape& shape)
{
    return std::string(shape_colours[shape.colour].name) + " " + shape_names[shape.shape];
}

std::string with_article(const std::string& words)
{
    return (words.starts_with('o') ? "an " : "a ") + words;
}

ShapeScene single(Draws& draws)
{
    struct Size {
        const char* word;
        double least, most;
    };
    constexpr std::array<Size, 3> sizes
        = { { { "", 0.24, 0.30 }, { "small ", 0.12, 0.16 }, { "large ", 0.37, 0.43 } } };
    DrawnShape shape{ draws.below(shape_names.size()), draws.below(shape_colours.size()) };
    const auto& size = sizes[draws.below(sizes.size())];
    shape.radius = draws.uniform(size.least, size.most);
    shape.x = draws.uniform(shape.radius + 0.02, 0.98 - shape.radius);
    shape.y = draws.uniform(shape.radius + 0.02, 0.98 - shape.radius);
    return { with_article(size.word + words(shape)), { shape } };
}

ShapeScene pair(Draws& draws)
{
    constexpr std::array<const char*, 4> relations
        = { "above", "below", "to the left of", "to the right of" };
    std::vector<DrawnShape> shapes;
    for (int i = 0; i < 2; ++i)
        shapes.push_back({ draws.below(shape_names.size()), draws.below(shape_colours.size()) });
    if (shapes[0].shape == shapes[1].shape && shapes[0].colour == shapes[1].colour)
        shapes[1].colour = (shapes[1].colour + 1) % shape_colours.size();
    const auto relation = draws.below(relations.size());
    for (std::size_t i = 0; i < 2; ++i) {
        auto& shape = shapes[i];
        shape.radius = draws.uniform(0.16, 0.2);
        const bool is_first_half = (i == 0) == (relation % 2 == 0); // above, left
        const double along = is_first_half ? draws.uniform(0.24, 0.28) : draws.uniform(0.72, 0.76);
        const double across = draws.uniform(0.38, 0.62);
        shape.x = relation < 2 ? across : along;
        shape.y = relation < 2 ? along : across;
    }
    return { with_article(words(shapes[0])) + " " + relations[relation] + " "
                 + with_article(words(shapes[1])),
             shapes };
}

/// Two fifths of a star's radius: its inner corners.
bool is_in_star(double x, double y)
{
    constexpr double inner = 0.4, point = 2 * std::numbers::pi / 5;
    const double radius = std::hypot(x, y);
    double angle = std::fmod(std::atan2(x, -y) + 2 * std::numbers::pi, point); // from a tip on
    angle = std::min(angle, point - angle);
    const double corner_x = inner * std::cos(point / 2), corner_y = inner * std::sin(point / 2);
    const double px = radius * std::cos(angle) - 1, py = radius * std::sin(angle); // seen from the tip
    return (corner_x - 1) * py - corner_y * px >= 0;
}

/// Shapes of about the same size in the square from -1 to 1, y downwards.
bool is_inside(std::string_view shape, double x, double y)
{
    const double ax = std::abs(x), ay = std::abs(y), radius = std::hypot(x, y);
    if (shape == "circle")
        return radius <= 0.95;
    if (shape == "square")
        return std::max(ax, ay) <= 0.85;
    if (shape == "triangle")
        return y <= 0.8 && ax <= (y + 1) * 0.55;
    if (shape == "diamond")
        return ax / 0.75 + ay <= 1;
    if (shape == "star")
        return is_in_star(x, y);
    if (shape == "ring")
        return radius <= 0.95 && radius >= 0.55;
    return std::min(ax, ay) <= 0.3 && std::max(ax, ay) <= 0.95; // cross
}

void draw(const DrawnShape& shape, Image& picture)
{
    constexpr int samples = 4; // along each axis of a pixel
    const int size = picture.width;
    const auto& colour = shape_colours[shape.colour].rgb;
    const auto first
        = [&](double center) { return std::max(0, int(std::floor((center - shape.radius) * size))); };
    const auto last
        = [&](double center) { return std::min(size, int(std::ceil((center + shape.radius) * size))); };
    for (int y = first(shape.y); y < last(shape.y); ++y)
        for (int x = first(shape.x); x < last(shape.x); ++x) {
            int hits = 0;
            for (int i = 0; i < samples * samples; ++i)
                hits += is_inside(shape_names[shape.shape],
                                  ((x + (i % samples + 0.5) / samples) / size - shape.x) / shape.radius,
                                  ((y + (i / samples + 0.5) / samples) / size - shape.y) / shape.radius);
            auto* pixel = picture.rgb.data() + (std::ptrdiff_t{ y } * size + x) * 3;
            for (std::size_t channel = 0; channel < 3; ++channel)
                pixel[channel] = static_cast<std::uint8_t>(
                    (pixel[channel] * (samples * samples - hits) + colour[channel] * hits)
                    / (samples * samples));
        }
}

class ShapesDataset : public Dataset
{
public:
    ShapesDataset(std::int64_t count, int size, const PictureOptions& options)
        : Dataset(size, options)
    {
        for (std::int64_t row = 0; row < count; ++row) {
            const auto scene = shape_scene(std::uint64_t(row));
            captions_.push_back(scene.caption);
            (is_held_out_scene(scene) ? test_ : train_).push_back(row);
        }
    }
    [[nodiscard]] const std::vector<std::string>& captions() const override { return captions_; }
    [[nodiscard]] const Rows& train() const override { return train_; }
    [[nodiscard]] const Rows& test() const override { return test_; }
    [[nodiscard]] const std::string& description() const override { return description_; }
    [[nodiscard]] int native_size() const override { return 0; }
    [[nodiscard]] Image picture(std::int64_t row, int) const override
    {
        return draw_scene(shape_scene(std::uint64_t(row)), size());
    }

private:
    std::string description_ = "Coloured shapes on white, alone or in pairs, drawn by Reverie.";
    std::vector<std::string> captions_;
    Rows train_, test_;
};

} // namespace

ShapeScene shape_scene(std::uint64_t index)
{
    Draws draws(index);
    return draws.uniform(0, 1) < 0.5 ? single(draws) : pair(draws);
}

Image draw_scene(const ShapeScene& scene, int size)
{
    Image picture{ size, size, std::vector<std::uint8_t>(std::size_t(size) * std::size_t(size) * 3, 255) };
    for (const auto& shape : scene.shapes)
        draw(shape, picture);
    return picture;
}

bool is_held_out_scene(const ShapeScene& scene)
{
    return scene.shapes.size() > 1 && text_key(scene.caption) % 10 == 7;
}

std::unique_ptr<Dataset> open_shapes_dataset(std::int64_t count, int size, const PictureOptions& options)
{
    return std::make_unique<ShapesDataset>(count, size, options);
}

} // namespace reverie
