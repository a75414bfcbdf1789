// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/generator.h"
#include "core/io/pipeline.h"

#include <set>

namespace reverie {

/// Random source for `rows` samples of a stage (0: the prior); `first` is the index of the first picture.
using MakeNoise = std::function<std::unique_ptr<Noise>(int stage, int first, int pictures, int candidates)>;

/// The Generator over a loaded pipeline.
class PipelineGenerator : public Generator
{
public:
    /// `hash` is recorded in the settings. Without `make_noise`, draws are keyed by seed, stage and
    /// candidate. Throws Error if a part is missing, UsageError for a device or dtype that is not there.
    PipelineGenerator(Pipeline pipeline, std::string hash, const GeneratorOptions& options,
                      MakeNoise make_noise = {});
    ~PipelineGenerator() override;

    GenerateResult generate(const GenerateRequest& request, const OnGenerateUpdate& on_update,
                            std::stop_token stop) override;

private:
    class Run; // one request on its way
    ResolvedSettings resolve(const GenerateRequest& request) const;
    void check(const GenerateRequest& request, const ResolvedSettings& settings) const;
    std::vector<std::string> warnings(const GenerateRequest& request) const;
    std::size_t text_length() const; ///< ids that a prompt becomes
    std::vector<std::int64_t> ids_of(const std::string& prompt) const;

    Pipeline pipeline_;
    std::string hash_;
    GeneratorOptions options_;
    MakeNoise make_noise_;
    torch::Device device_;
    std::set<char32_t> known_letters_; ///< of the captions it was trained on; empty: not recorded
    std::string untrained_; ///< what the file does not claim to have trained, in words; or empty
};

} // namespace reverie
