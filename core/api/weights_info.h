// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace reverie {

/// One model inside a file of weights.
struct WeightsPartInfo {
    std::string kind; ///< for programs: "prior", "decoder", "x_clip", "openai_clip", "karlo_prior", ...
    std::string title; ///< in words: "a prior of DALLE2-pytorch"
    std::string architecture; ///< "width 768, 12 layers, ..."; what its tensors show
    std::string prefix; ///< what stands before its tensors' names in the file
    bool ema = false; ///< averaged weights, `--part ema`
    std::int64_t parameters = 0;
    std::size_t tensors = 0;
    std::string dtype; ///< of most parameters: "f32", "f16", "bf16", ...
};

/// What is in a file of weights, whoever wrote it.
struct WeightsInfo {
    std::filesystem::path path;
    std::string format; ///< in words: "PyTorch zip archive"
    std::uintmax_t bytes = 0;
    std::size_t tensors = 0;
    std::string version; ///< of DALLE2-pytorch, if the file says
    std::vector<WeightsPartInfo> parts;
    std::vector<std::string> needs; ///< sentences: what else a pipeline of it takes, and what can't be built
    std::vector<std::string> opaque; ///< classes it names that were not looked into; none of them was run
    bool importable = false; ///< `dream model import` takes it
};

/// Looks into a file of weights in any format open_weights() reads. Only names, shapes and numbers are read;
/// nothing in the file is run. Throws Error.
WeightsInfo read_weights_info(const std::filesystem::path& path);

/// A sentence about the weights that are NaN or infinite; empty if there are none. Takes Reverie's own files
/// too, and reads every byte. Throws Error.
std::string numbers_to_warn_of(const std::filesystem::path& path);

/// Whether the file is one of Reverie's own, for which read_model_info() says more.
bool is_reverie_model(const std::filesystem::path& path);

/// Writes a file in any of those formats as .safetensors, every tensor bit for bit under its dotted name. Its
/// other values become metadata. Throws Error.
void convert_weights(const std::filesystem::path& from, const std::filesystem::path& to);

} // namespace reverie
