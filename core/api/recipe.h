// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/image.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace reverie {

/// A picture that another one is made from, and what the metadata says of it.
struct SourcePicture {
    Image image; ///< empty where only its making is known
    std::string file = {}; ///< its name, without folders
    std::string sha256 = {}; ///< of the file, 64 hexadecimal digits
    bool drawn = false; ///< by a model, as opposed to a photograph or a painting
};

/// One ingredient of a blend: a phrase, whose image embedding the prior draws, or a picture, whose image
/// embedding CLIP gives (the middle square of it).
struct BlendPart {
    std::string text; ///< if there is no picture
    std::optional<SourcePicture> picture = {};
    double weight = 1; ///< not negative
};

/// Turns the image embedding z by `strength` towards d = norm(z_to - z_from), the direction between two
/// phrases' CLIP text embeddings: slerp(z, d, strength) (Ramesh et al. 2022, section 3.3).
struct TextDiff {
    std::string from, to;
    double strength = 0.3; ///< 0 .. 1; the paper uses up to 0.5
};

/// Every stage's chain begins with this picture noised, instead of with noise alone (SDEdit, Meng et al.
/// 2021).
struct StartPicture {
    SourcePicture picture; ///< its middle square
    double strength = 0.6; ///< share of each chain that is run, above 0; 1 draws as if without the picture
};

/// Draws a part of a picture anew, in every stage; the rest of it, and its size, stay (inpainting_square.h).
struct InpaintPicture {
    SourcePicture picture;
    /// As large as the picture. Where it is brighter than half, the picture is redrawn; from half to white
    /// ever less of the old one is left in the last stage, so that a grey rim inside the part feathers it.
    SourcePicture mask;
    int resample_times = 5; ///< how often every step is taken (RePaint, Lugmayr et al. 2022); 1 is fastest
};

/// Draws what lies around a picture.
struct OutpaintPicture {
    SourcePicture picture;
    int width = 0, height = 0; ///< of the frame in pixels; 0: twice the picture's
    std::optional<int> left = {}, top = {}; ///< where the picture lies in it; none: in the middle
    double overlap = 0.5; ///< least share of a window's side that it has in common with another, 0 .. < 1
    int resample_times = 5; ///< as for inpainting
};

/// From a stage on, a picture is drawn anew, and the stages before come out as they were.
struct LaterStages {
    int from = 2; ///< the first decoder stage drawn anew
    std::uint64_t seed = 0; ///< its noise and that of the stages behind it, as of a picture of this seed
    std::optional<double> cond_scale = {}; ///< their guidance; none: the same as before
};

/// What a picture is made from beside its prompt and numbers. Empty: from the prompt alone.
struct Recipe {
    /// What guidance leads away from, instead of from "no condition": with a scale s the prior predicts
    /// neg + (pos - neg) s, where neg is its prediction for this text; so does the decoder, where neg is its
    /// prediction for the image embedding that the prior draws for this text from the same noise, one
    /// candidate, guided away from nothing. It has no effect where the scale is 1.
    std::string negative = {};
    /// The image embedding is these ingredients' weighted mean on the sphere (for two: their slerp) instead
    /// of the prompt's. One picture alone: variations of it.
    std::vector<BlendPart> blend = {};
    std::optional<TextDiff> text_diff = {}; ///< of the prompt's or the blend's image embedding
    std::optional<StartPicture> start = {};
    std::optional<InpaintPicture> inpaint = {}; ///< at most one of start, inpaint and outpaint
    std::optional<OutpaintPicture> outpaint = {};
    std::optional<LaterStages> later = {};
};

/// "drawing", "variation", "blend", "text-diff", "picture-to-picture", "inpainting" or "outpainting".
std::string kind_of(const Recipe& recipe);

/// Every picture in it, in the order above; the mask behind its picture.
std::vector<const SourcePicture*> sources_of(const Recipe& recipe);
std::vector<SourcePicture*> sources_of(Recipe& recipe);

/// The same without pixels, as it is written into a picture's metadata.
Recipe without_pixels(Recipe recipe);

} // namespace reverie
