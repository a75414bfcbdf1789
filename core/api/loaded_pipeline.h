// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/generator.h"
#include "core/io/pipeline.h"

#include <set>

namespace reverie {

/// A pipeline on its device, ready to draw, and what is known about it. The Generator and its Embedder share
/// one.
struct LoadedPipeline {
    /// `hash` is recorded in the settings. Throws Error if a part is missing, UsageError for a device or
    /// dtype that is not there.
    LoadedPipeline(Pipeline pipeline, std::string hash, const GeneratorOptions& options);

    [[nodiscard]] std::size_t text_length() const; ///< ids that a prompt becomes
    [[nodiscard]] std::vector<std::int64_t> ids_of(const std::string& prompt) const;
    [[nodiscard]] Tensor ids_of(const std::vector<std::string>& prompts) const; ///< int64 (b, n)

    /// The middle square of a picture, (1, 3, size, size) in [0, 1]. Throws UsageError if it is empty.
    [[nodiscard]] Tensor square_of(const Image& image, std::int64_t size) const;
    /// CLIP's embedding of its middle square, (1, d).
    [[nodiscard]] Tensor embed_picture(const Image& image) const;

    Pipeline parts;
    std::string hash;
    GeneratorOptions options;
    torch::Device device;
    std::set<char32_t> known_letters; ///< of the captions it was trained on; empty: not recorded
    std::string untrained; ///< what the file does not claim to have trained, in words; or empty
};

std::vector<float> to_vector(const Tensor& row);

} // namespace reverie
