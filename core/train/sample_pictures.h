// SPDX-License-Identifier: MIT
#pragma once

#include "core/io/pipeline.h"
#include "core/train/corpus.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace reverie {

/// What the pipeline draws for prompts up to stage `unet_number` (from 1), each with noise of its own that is
/// the same every time: (b, 3, h, w) in [0, 1]. Prompts are cut to the CLIP's length.
at::Tensor draw_prompts(const Pipeline& pipeline, const std::vector<std::string>& prompts,
                        std::int64_t unet_number, std::uint64_t seed);

/// 00.png, 01.png, ... with prompt and seed inside, and all of them side by side as grid.png.
void write_samples(const std::filesystem::path& folder, const at::Tensor& pictures,
                   const std::vector<std::string>& prompts, std::uint64_t seed);

} // namespace reverie
