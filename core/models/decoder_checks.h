// SPDX-License-Identifier: MIT
#pragma once

#include "core/models/clip.h"
#include "core/models/decoder_options.h"
#include "core/models/decoder_stage.h"
#include "core/models/unet.h"

namespace reverie {

/// The side of every stage's pictures: image_sizes, else image_size, else CLIP's. Throws UsageError unless
/// there is one for each U-Net and each is larger than the one before.
std::vector<std::int64_t> stage_sizes(const DecoderOptions& options, std::size_t unets, const Clip* clip);

/// Throws UsageError, a sentence that names the values that don't go together, for options no decoder can be
/// built of.
void check_decoder_options(const DecoderOptions& options, const std::vector<UnetOptions>& unets,
                           const std::vector<std::int64_t>& image_sizes, const Clip* clip);

/// The same for a stage that is built: that its schedule is finite and its sides can be halved as often as
/// its networks do.
void check_stage(const DecoderStage& stage, const std::string& beta_schedule);

} // namespace reverie
