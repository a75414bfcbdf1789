// SPDX-License-Identifier: MIT
#include "core/base/error.h"
#include "core/io/vgg_file.h"
#include "core/nn/resize.h"
#include "core/train/chunks.h"
#include "core/train/gradient_sum.h"
#include "core/train/objective.h"
#include "core/train/optimizer.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace reverie {

namespace {

constexpr const char* beside = "discriminator."; ///< before the names of its state

class VqganObjective : public Objective
{
public:
    VqganObjective(VQGanVAE vae, const Dataset& dataset, at::Device device, const VqganPartOptions& options,
                   ProcessGroup& group)
        : vae_(std::move(vae))
        , dataset_(dataset)
        , options_(options)
        , group_(group)
        , discriminator_(vae_->discriminator_parameters())
    {
        if (!group_.is_alone())
            vae_->share_batch([&group](const Tensor& rows) { return group.gather(rows); });
        if (!options_.vgg.empty()) {
            auto vgg = load_vgg16(options_.vgg);
            vgg->to(device);
            vae_->set_vgg(vgg);
        }
        if (discriminator_.empty())
            return;
        optimizer_.emplace(discriminator_, options_);
        set_discriminator_trains(false); // but in its own steps
    }
    ~VqganObjective() override
    {
        set_discriminator_trains(true);
        vae_->share_batch({});
    }
    VqganObjective(const VqganObjective&) = delete;
    VqganObjective& operator=(const VqganObjective&) = delete;

    torch::nn::Module& module() override { return *vae_; }
    void load(const Batch& batch) override { batch_ = batch; }
    /// The codebook learns from them together, on however many ranks.
    [[nodiscard]] bool compares_samples() const override { return true; }

    /// Without gradients, only how far the reconstruction is off.
    Tensor loss(const Rows& rows, Noise& noise) override
    {
        const auto pictures = pictures_of(rows);
        if (!torch::GradMode::is_enabled())
            return vae_->options().l2_recon_loss ? torch::mse_loss(vae_(pictures), pictures)
                                                 : torch::l1_loss(vae_(pictures), pictures);
        const auto loss = vae_->autoencoder_loss(pictures, noise);
        if (discriminator_counts() || !loss.generator.defined())
            return loss.total;
        const auto own = loss.reconstruction + loss.commit;
        return loss.perceptual.defined() ? own + loss.perceptual : own;
    }

    void learn_beside(const Rows& rows, double lr) override
    {
        if (!optimizer_ || !discriminator_counts())
            return;
        const auto done = batch_.step - options_.discr_after;
        const bool penalty = options_.grad_penalty_every > 0 && done % options_.grad_penalty_every == 0;
        optimizer_->follow_parameters();
        set_discriminator_trains(true);
        add_gradients(rows, penalty);
        sum_over_ranks();
        clip_gradients(discriminator_, options_.max_grad_norm);
        optimizer_->step(options_.discr_lr > 0 ? lr * options_.discr_lr / options_.lr : lr);
        set_discriminator_trains(false);
    }

    std::map<std::string, double> evaluate() override
    {
        std::map<std::string, double> numbers;
        std::vector<Tensor> used;
        for (const bool train : { true, false }) {
            const auto rows = spread(train ? dataset_.train() : dataset_.test(), 64);
            if (rows.empty())
                continue;
            double error = 0;
            for (const auto& chunk : chunks(std::int64_t(rows.size()), 16)) {
                const auto pictures = pictures_of({ rows.begin() + chunk.begin, rows.begin() + chunk.end });
                const auto decoded = vae_->decode(vae_->encode(pictures));
                error += torch::l1_loss(decoded.image, pictures).item<double>() * chunk.share;
                used.push_back(decoded.indices.flatten());
            }
            numbers[train ? "train_error" : "test_error"] = error;
        }
        const auto codes = double(std::get<0>(at::_unique(torch::cat(used))).numel());
        numbers["codes_used"] = codes / double(vae_->options().vq_codebook_size);
        return numbers;
    }

    Tensor sample(const Rows& rows, Noise&) override
    {
        const torch::NoGradGuard no_grad;
        std::vector<Tensor> pairs;
        for (const auto& chunk : chunks(std::int64_t(rows.size()), 16)) {
            const auto pictures = pictures_of({ rows.begin() + chunk.begin, rows.begin() + chunk.end });
            pairs.push_back(torch::cat({ pictures, vae_(pictures).clamp(0, 1) }, 3));
        }
        return torch::cat(pairs);
    }

    void save_beside(TensorMap& tensors) const override
    {
        if (!optimizer_)
            return;
        TensorMap own;
        optimizer_->save(own);
        for (const auto& [name, tensor] : own)
            tensors[beside + name] = tensor;
    }

    void restore_beside(const TensorMap& tensors, std::int64_t steps_done) override
    {
        if (!optimizer_)
            return;
        const std::string prefix = beside;
        TensorMap own;
        for (auto it = tensors.lower_bound(prefix); it != tensors.end() && it->first.starts_with(prefix);
             ++it)
            own[it->first.substr(prefix.size())] = it->second;
        optimizer_->load(own, steps_done);
    }

private:
    /// (b, 3, size, size) in [0, 1]; those of the batch in the views that were drawn for it.
    [[nodiscard]] Tensor pictures_of(const Rows& rows) const
    {
        std::vector<Tensor> drawn;
        for (const auto row : rows) {
            const auto found = std::find(batch_.rows.begin(), batch_.rows.end(), row);
            drawn.push_back(found != batch_.rows.end() && batch_.pictures.defined()
                                ? batch_.pictures[found - batch_.rows.begin()]
                                : dataset_.pictures({ row })[0]);
        }
        const auto pictures
            = torch::stack(drawn).to(vae_->parameters().front().device()).to(torch::kFloat) / 255;
        return resize_area(pictures, vae_->options().image_size);
    }

    [[nodiscard]] bool discriminator_counts() const { return batch_.step >= options_.discr_after; }

    void set_discriminator_trains(bool trains)
    {
        for (auto& parameter : discriminator_)
            parameter.set_requires_grad(trains);
    }

    /// Of the samples here, piece after piece, as their share of the whole batch's. Throws Error.
    void add_gradients(const Rows& rows, bool penalty)
    {
        const torch::AutoGradMode with_grad(true);
        auto count = torch::full({}, double(rows.size()), torch::kFloat64);
        group_.sum(count);
        const double part = double(rows.size()) / count.item<double>();
        auto sum = torch::zeros({}, torch::kFloat64);
        for (const auto& chunk : chunks(std::int64_t(rows.size()), options_.max_batch_size)) {
            const auto pictures = pictures_of({ rows.begin() + chunk.begin, rows.begin() + chunk.end });
            const auto loss = vae_->discriminator_loss(pictures, penalty) * (chunk.share * part);
            sum += loss.item<double>();
            const auto gradients = torch::autograd::grad({ loss }, discriminator_);
            for (std::size_t i = 0; i < discriminator_.size(); ++i) {
                auto& total = discriminator_[i].mutable_grad();
                total = total.defined() ? total + gradients[i] : gradients[i];
            }
        }
        group_.sum(sum);
        if (!std::isfinite(sum.item<double>()))
            throw Error("The loss of the discriminator became infinite at step "
                        + std::to_string(batch_.step + 1)
                        + "; lower vqgan.discr_lr, then go on from the last checkpoint with --resume.");
    }

    void sum_over_ranks()
    {
        if (group_.is_alone())
            return;
        GradientSum sum(discriminator_, group_);
        for (std::size_t i = discriminator_.size(); i-- > 0;)
            sum.add(i, discriminator_[i].grad());
        const auto sums = sum.finish();
        for (std::size_t i = 0; i < discriminator_.size(); ++i)
            discriminator_[i].mutable_grad() = sums[i];
    }

    VQGanVAE vae_;
    const Dataset& dataset_;
    VqganPartOptions options_;
    ProcessGroup& group_;
    std::vector<Tensor> discriminator_;
    std::optional<Optimizer> optimizer_; ///< of the discriminator; none without one
    Batch batch_;
};

} // namespace

std::unique_ptr<Objective> vqgan_objective(VQGanVAE vae, const Dataset& dataset, at::Device device,
                                           const VqganPartOptions& options, ProcessGroup& group)
{
    return std::make_unique<VqganObjective>(std::move(vae), dataset, device, options, group);
}

} // namespace reverie
