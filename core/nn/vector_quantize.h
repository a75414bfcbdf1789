// SPDX-License-Identifier: MIT
#pragma once

#include "core/diffusion/noise.h"

#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

#include <functional>
#include <optional>

namespace reverie {

/// Gives the rows (b, ...) of a whole batch, in order, for those that are here; other processes have the rest
/// and ask at the same time.
using WholeBatch = std::function<Tensor(const Tensor& rows)>;

struct CodebookOptions {
    std::int64_t dim = 0;
    std::int64_t size = 512; ///< codes in it
    std::int64_t books = 1; ///< codebooks side by side
    bool cosine_sim = false; ///< codes of unit length, nearest by dot product; else by Euclidean distance
    bool kmeans_init = false; ///< codes begin as clusters of the first batch that is learnt from
    std::int64_t kmeans_iters = 10;
    double decay = 0.8; ///< of the moving averages
    double eps = 1e-5; ///< Laplace smoothing of the cluster sizes
    double threshold_ema_dead_code = 0; ///< codes used less are replaced by vectors of the batch; 0: never
};

/// Codes that follow the vectors assigned to them by moving averages (van den Oord et al. 2017, appendix
/// A.1).
class CodebookImpl : public torch::nn::Module
{
public:
    explicit CodebookImpl(const CodebookOptions& options);

    struct Codes {
        Tensor vectors; ///< (books, n, dim)
        Tensor indices; ///< int64 (books, n)
    };
    /// The nearest codes to x (books, n, dim). Throws Error if the codes were never learnt.
    Codes forward(const Tensor& x);

    void init_from(const Tensor& x, Noise& noise); ///< k-means, unless there are codes already
    void learn(const Tensor& x, const Tensor& indices, Noise& noise); ///< one step of the moving averages

    Tensor embed; ///< the codes, (books, size, dim)

private:
    [[nodiscard]] Tensor nearest(const Tensor& x, const Tensor& codes) const;
    void replace_dead_codes(const Tensor& x, Noise& noise);

    CodebookOptions options_;
    Tensor initted, cluster_size, embed_avg; ///< (1), (books, size), (books, size, dim)
};
TORCH_MODULE(Codebook);

struct VectorQuantizeOptions {
    std::int64_t dim = 0; ///< of the features
    std::int64_t heads = 1; ///< codes a feature is made of
    bool separate_codebook_per_head = false;
    double commitment_weight = 1; ///< of the loss that keeps features near their codes
    CodebookOptions codebook; ///< its `books` follow from the heads
};

/// Replaces every feature of a map by its nearest code, in the codebook's own space (Yu et al. 2021, section
/// 3.2). In training the gradient passes straight through.
class VectorQuantizeImpl : public torch::nn::Module
{
public:
    explicit VectorQuantizeImpl(const VectorQuantizeOptions& options);

    struct Result {
        Tensor quantized; ///< (b, dim, h, w)
        Tensor indices; ///< int64 (b, h, w), or (b, h, w, heads)
        Tensor commit_loss; ///< (1); zero outside training
    };
    /// x (b, dim, h, w). In training the codebook learns from it where `learn_with` gives it the random
    /// numbers for that.
    Result forward(const Tensor& x, Noise* learn_with = nullptr);

    /// Lets the codebook learn from the rows of all processes; none: there is one.
    void share_batch(WholeBatch whole) { whole_ = std::move(whole); }

    [[nodiscard]] Tensor codebook() const; ///< (size, codebook_dim), with a leading axis if there are several

private:
    [[nodiscard]] Tensor by_book(const Tensor& x) const; ///< (b, n, heads * d) -> (books, m, d)
    [[nodiscard]] Tensor by_sample(const Tensor& x, std::int64_t batch) const; ///< and back
    [[nodiscard]] Tensor whole(const Tensor& by_book) const; ///< (books, m, ...) of all processes

    VectorQuantizeOptions options_;
    torch::nn::Linear project_in{ nullptr }, project_out{ nullptr };
    Codebook codebook_{ nullptr };
    WholeBatch whole_;
};
TORCH_MODULE(VectorQuantize);

} // namespace reverie
