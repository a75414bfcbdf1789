// SPDX-License-Identifier: MIT
#pragma once

#include "core/io/safetensors.h"

#include <nlohmann/json.hpp>
#include <torch/torch.h>

#include <filesystem>
#include <string>
#include <vector>

/// A data set of 16 pictures: a few plainly coloured squares, two of them kept for testing.
inline void writeSquares(const std::filesystem::path& path)
{
    const std::vector<std::string> colours = { "red", "green", "blue", "grey" };
    const std::vector<std::string> places = { "top", "left", "middle", "whole" };
    auto captions = nlohmann::json::array();
    std::vector<torch::Tensor> pictures;
    for (std::size_t c = 0; c < colours.size(); ++c) {
        for (std::size_t p = 0; p < places.size(); ++p) {
            captions.push_back(colours[c] + " square: " + places[p]);
            auto picture = torch::full({ 16, 16, 3 }, 255, torch::kByte);
            const auto corner = std::int64_t(p * 3);
            picture.slice(0, corner, corner + 6)
                .slice(1, corner, corner + 6)
                .select(2, std::int64_t(c % 3))
                .fill_(0);
            pictures.push_back(picture);
        }
    }
    const nlohmann::json meta{
        { "description", "Squares." }, { "native_size", 16 }, { "captions", captions }, { "test", { 6, 11 } }
    };
    reverie::write_safetensors(path, { { "images", torch::stack(pictures) } },
                               { { "reverie.dataset", meta.dump() } });
}
