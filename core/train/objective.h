// SPDX-License-Identifier: MIT
#pragma once

#include "core/io/pipeline.h"
#include "core/io/safetensors.h"
#include "core/train/corpus.h"
#include "core/train/process_group.h"
#include "core/train/training_config.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace reverie {

/// What one part of a pipeline is trained for.
class Objective
{
public:
    Objective() = default;
    virtual ~Objective() = default;
    Objective(const Objective&) = delete;
    Objective& operator=(const Objective&) = delete;

    /// The module whose weights are trained.
    virtual torch::nn::Module& module() = 0;
    /// The mean loss of a batch of rows: (). In training mode, one that compares samples is that of the rows
    /// of all ranks.
    virtual at::Tensor loss(const Rows& rows, Noise& noise) = 0;
    /// Whether loss() looks at pictures.
    [[nodiscard]] virtual bool sees_pictures() const { return true; }
    /// Whether the loss compares the samples of a batch with each other, so that it can't be computed piece
    /// by piece.
    [[nodiscard]] virtual bool compares_samples() const { return false; }
    /// The batch whose rows the next losses are of.
    virtual void load(const Batch&) { }
    /// Lets learn what does so beside the module, after its step, from the same rows and with the same
    /// learning rate. Throws Error for a loss that is not finite.
    virtual void learn_beside(const Rows&, double) { }
    /// What that needs to go on as it would have.
    virtual void save_beside(TensorMap&) const { }
    virtual void restore_beside(const TensorMap&, std::int64_t) { }
    /// What a batch of rows is made from besides the pictures, by name.
    [[nodiscard]] virtual TensorMap inputs(const Rows&) const { return {}; }
    /// Numbers that say how good the part has become, by name.
    virtual std::map<std::string, double> evaluate() { return {}; }
    /// Pictures the part makes of `rows`, (b, 3, h, w) in [0, 1]; undefined if it makes none.
    virtual at::Tensor sample(const Rows&, Noise&) { return {}; }
};

/// Contrastive training of pairs, of pictures that are shifted and zoomed a little. Evaluated by how often a
/// caption finds its own picture among all: train_top1, test_top1. Pairs are compared with those of all ranks
/// of `group`.
std::unique_ptr<Objective> clip_objective(XClip clip, Corpus& corpus, const ClipPartOptions& options,
                                          ProcessGroup& group);

/// The diffusion loss on the corpus' embeddings. Evaluated by how often the embedding drawn for a caption is
/// nearest to its own picture's (train_top1, test_top1), and by the reference's table of mean cosines, for
/// train and test: _similarity_original (drawn to picture), _similarity_text (drawn to caption),
/// _similarity_baseline (picture to caption), _difference_from_baseline (of the two before), and
/// _similarity_unrelated (drawn to another caption).
std::unique_ptr<Objective> prior_objective(DiffusionPrior prior, Corpus& corpus,
                                           const SamplingDefaults& sampling, std::uint64_t seed);

/// The diffusion loss of one stage (from 1), given embeddings of CLIP or of the prior.
std::unique_ptr<Objective> unet_objective(Decoder decoder, std::int64_t unet_number, Corpus& corpus,
                                          const UnetPartOptions& options, const SamplingDefaults& sampling);

/// Reconstruction, and against a discriminator that learns in turns with it: the part learns without the
/// discriminator's weights, which have an optimiser of their own here. Evaluated by the mean absolute error
/// of reconstructions (train_error, test_error) and by the share of the codes that occur in them
/// (codes_used). Samples are pictures, each beside its reconstruction. The codebook and the discriminator
/// learn from the batches of all ranks of `group`.
std::unique_ptr<Objective> vqgan_objective(VQGanVAE vae, const Dataset& dataset, at::Device device,
                                           const VqganPartOptions& options, ProcessGroup& group);

/// Image embeddings that the prior draws for the captions of `rows`, with the model's sampling defaults: (b,
/// d). `key` decides all randomness together with each row's number.
at::Tensor draw_embeddings(DiffusionPrior& prior, const Corpus& corpus, const Rows& rows,
                           const SamplingDefaults& sampling, std::uint64_t key);

} // namespace reverie
