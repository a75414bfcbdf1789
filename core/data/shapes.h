// SPDX-License-Identifier: MIT
#pragma once

#include "core/data/dataset.h"

#include <array>
#include <memory>

namespace reverie {

struct ColourName {
    const char* name;
    std::array<std::uint8_t, 3> rgb;
};

/// What "a red circle" is drawn with, and so what a model trained on shapes is judged by.
inline constexpr std::array<ColourName, 8> shape_colours = { { { "red", { 226, 26, 28 } },
                                                               { "green", { 44, 160, 44 } },
                                                               { "blue", { 31, 90, 220 } },
                                                               { "yellow", { 248, 216, 30 } },
                                                               { "orange", { 255, 127, 14 } },
                                                               { "purple", { 140, 60, 190 } },
                                                               { "pink", { 250, 140, 195 } },
                                                               { "black", { 20, 20, 20 } } } };
inline constexpr std::array<const char*, 7> shape_names
    = { "circle", "square", "triangle", "diamond", "star", "ring", "cross" };

/// Lengths are shares of the picture's side.
struct DrawnShape {
    std::size_t shape = 0, colour = 0; ///< in shape_names, shape_colours
    double x = 0.5, y = 0.5; ///< of its centre, from the left upper corner
    double radius = 0.25;
};

struct ShapeScene {
    std::string caption; ///< "a small red circle", "a red circle above a blue square"
    std::vector<DrawnShape> shapes; ///< one, or two side by side
};

/// The scene of an index; there is no last one. It follows from the index alone.
ShapeScene shape_scene(std::uint64_t index);
/// Anti-aliased, on white.
Image draw_scene(const ShapeScene& scene, int size);
/// A tenth of the captions with two shapes: a picture for one must be composed from what was seen apart.
bool is_held_out_scene(const ShapeScene& scene);

/// The first `count` scenes.
std::unique_ptr<Dataset> open_shapes_dataset(std::int64_t count, int size, const PictureOptions& options);

} // namespace reverie
