// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/inpainting_square.h"
#include "core/api/loaded_pipeline.h"
#include "core/api/run_progress.h"

#include <functional>
#include <memory>

namespace reverie {

/// Random source for `pictures` pictures of a stage (0: the prior); `first` is the index of the first one.
using MakeNoise = std::function<std::unique_ptr<Noise>(int stage, int first, int pictures, int candidates)>;

/// A request on its way: which pictures are being drawn, and what is there of them.
class GenerationRun
{
public:
    /// Throws UsageError for a request the model can't carry out. Everything given must outlive the run.
    GenerationRun(LoadedPipeline& model, const GenerateRequest& request, const OnGenerateUpdate& on_update,
                  std::stop_token stop, const MakeNoise& make_noise);

    GenerateResult all();

private:
    [[nodiscard]] int last_stage() const;
    [[nodiscard]] int first_stage() const { return request_.kept.empty() ? 1 : request_.kept[0].stage + 1; }
    [[nodiscard]] bool with_embeds() const { return request_.kept.empty() && request_.image_embeds.empty(); }
    [[nodiscard]] bool guided_away() const;
    [[nodiscard]] int prior_passes() const; ///< for each picture
    [[nodiscard]] int steps_of(int stage) const; ///< of the decoder
    [[nodiscard]] std::vector<StageCost> costs() const;
    [[nodiscard]] std::uint64_t seed_of(int picture) const;
    /// The pictures' prompts as CLIP reads them, and one text for all of them.
    [[nodiscard]] const EmbeddedText& texts();
    [[nodiscard]] EmbeddedText text_for_all(const std::string& text) const;
    [[nodiscard]] TextCondition condition_of(const EmbeddedText& texts) const;
    /// Noise of the pictures being drawn. `variant` tells draws of one stage apart: a window of outpainting.
    [[nodiscard]] std::unique_ptr<Noise> noise(int stage, int candidates, int variant = 0) const;

    void draw(int first, int count);
    /// False, with nothing kept, if there was not enough memory to draw so many at a time.
    bool draw_within_memory(int first, int count);
    void begin_pictures();

    // The image embedding, (b, d).
    Tensor embeds_of();
    Tensor given_embeds();
    Tensor blended(const Recipe& recipe);
    Tensor turned(const Tensor& embeds, const TextDiff& diff);
    /// A pass of the prior; with `chosen` its candidates become the pictures'.
    Tensor through_prior(const EmbeddedText& texts, bool chosen, bool away, int candidates);
    void keep_embeds(const Tensor& embeds);

    void through_decoder(const Tensor& embeds);
    DecoderCondition negative_condition();
    /// embeds (b, d) and, where the decoder reads them, the texts of ids (b, n).
    [[nodiscard]] DecoderCondition condition_of(const Tensor& embeds, const EmbeddedText& texts) const;
    void draw_around(const OutpaintPicture& wanted, const DecoderCondition& condition,
                     DecoderSampling sampling);
    void set_pictures(DecoderSampling& sampling);
    void set_inpainting(DecoderSampling& sampling, const InpaintPicture& inpaint);
    /// Greys of the mask (1, h, w) let that much of the old picture (1, 3, h, w) through.
    void set_feather(const Tensor& mask, const Tensor& old);
    [[nodiscard]] Tensor feathered(int stage, const Tensor& pixels) const;
    /// What was drawn of an inpainted picture of another size, put back into it; anything else as it is.
    [[nodiscard]] Image put_back(const Image& drawn) const;
    Tensor kept_pictures();
    Tensor decoder_range(const Tensor& pixels) const; ///< of pictures in [0, 1]
    [[nodiscard]] Tensor in_unit_range(const Tensor& pixels) const;

    void on_decoder_step(int stage, int step, int steps, const Tensor& x0);
    void on_stage(int stage, const Tensor& pixels);
    void finish(GenerateUpdate& update, int stage, const Tensor& pixels);
    GenerateUpdate progress(int stage, int step, int steps);
    void report(GenerateUpdate update) const;

    LoadedPipeline& model_;
    const GenerateRequest& request_;
    const OnGenerateUpdate& on_update_;
    std::stop_token stop_;
    const MakeNoise& make_noise_;
    GenerateResult result_;
    RunProgress progress_;
    int first_ = 0, count_ = 0; ///< the pictures being drawn
    int passes_ = 0; ///< of the prior, finished for them
    int window_ = 0, windows_ = 1; ///< of outpainting
    std::optional<EmbeddedText> texts_; ///< of the pictures being drawn, once asked for
    EmbeddedText negative_; ///< likewise; undefined without a negative prompt
    PictureSquare square_; ///< of the picture that is inpainted
    Tensor kept_, old_; ///< share of the old picture (1, 1, h, w), and that picture; undefined: no feather
    std::vector<Picture> pictures_;
};

} // namespace reverie
