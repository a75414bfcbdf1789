// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>

namespace reverie {

/// What people are told about an option.
struct OptionNote {
    const char* key; ///< the option's, with "part" for every part's own and without numbers
    const char* meaning;
    const char* source; ///< of the default
};

/// The note of "unet2.lr", "model.decoder.unets.0.dim", ...; null if there is none.
const OptionNote* option_note(const std::string& key);

std::span<const OptionNote> notes_on_runs();
std::span<const OptionNote> notes_on_clips();
std::span<const OptionNote> notes_on_priors();
std::span<const OptionNote> notes_on_decoders();
std::span<const OptionNote> notes_on_vqgans();

/// Where defaults come from.
namespace sources {
inline constexpr const char* reference = "DALLE2-pytorch 1.15.6";
inline constexpr const char* x_clip = "x-clip 0.14.4";
inline constexpr const char* openai_clip = "OpenAI's CLIP, ViT-B/32";
inline constexpr const char* open_clip = "OpenCLIP's configurations";
inline constexpr const char* own = "Reverie";
inline constexpr const char* ddpm = "Ho et al. 2020";
inline constexpr const char* unclip = "Ramesh et al. 2022, section 2";
inline constexpr const char* edm = "Karras et al. 2022, table 1";
} // namespace sources

} // namespace reverie
