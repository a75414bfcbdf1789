// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/image.h"

#include <cstdint>
#include <string>
#include <vector>

namespace reverie {

/// A point of CLIP's space, ModelInfo::embed_dim numbers.
using Embedding = std::vector<float>;

/// Texts and pictures to points of CLIP's space. Shares the weights of the Generator it belongs to. Blocking;
/// one thread at a time with it.
class Embedder
{
public:
    Embedder() = default;
    virtual ~Embedder() = default;
    Embedder(const Embedder&) = delete;
    Embedder& operator=(const Embedder&) = delete;

    /// CLIP's text embeddings, unit length.
    virtual std::vector<Embedding> texts(const std::vector<std::string>& texts) = 0;
    /// CLIP's image embeddings of the middle square of each picture, unit length. Throws UsageError for an
    /// empty picture.
    virtual std::vector<Embedding> pictures(const std::vector<Image>& pictures) = 0;
    /// The image embeddings that the prior draws for texts with the model's defaults; text i from seed + i.
    virtual std::vector<Embedding> imagined(const std::vector<std::string>& texts, std::uint64_t seed) = 0;
};

/// Cosine of the angle between two embeddings, -1 .. 1.
double similarity(const Embedding& a, const Embedding& b);

/// The mean on the unit sphere by weights (Buss & Fillmore 2001): the point from which the weighted geodesics
/// to all points cancel out. Of two points it is their slerp; the order of the points does not matter.
/// Lengths are ignored, except that a single point of any weight is returned as it is. Throws UsageError
/// unless there is a point and a weight for each, none negative and not all zero.
Embedding spherical_mean(const std::vector<Embedding>& points, const std::vector<double>& weights);

/// slerp(z, norm(to - from), strength), of the length of z. Throws UsageError if the two are the same point.
Embedding text_diff(const Embedding& z, const Embedding& from, const Embedding& to, double strength);

} // namespace reverie
