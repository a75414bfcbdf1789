// SPDX-License-Identifier: MIT
#include "core/train/gradient_sum.h"

#include <torch/csrc/autograd/utils/lambda_post_hook.h>
#include <torch/torch.h>

namespace reverie {

GradientSum::GradientSum(const std::vector<at::Tensor>& parameters, ProcessGroup& group,
                         std::int64_t bucket_bytes)
    : parameters_(parameters)
    , group_(group)
    , places_(parameters.size())
{
    for (std::size_t i = parameters.size(); i-- > 0;) {
        const auto& parameter = parameters[i];
        const auto size = std::int64_t(parameter.element_size());
        if (buckets_.empty() || (buckets_.back().numbers + parameter.numel()) * size > bucket_bytes)
            buckets_.emplace_back();
        auto& bucket = buckets_.back();
        places_[i] = { buckets_.size() - 1, bucket.numbers, bucket.parameters.size(), false };
        bucket.numbers += parameter.numel();
        bucket.parameters.push_back(i);
        ++bucket.missing;
    }
    for (auto& bucket : buckets_)
        bucket.marks.resize(bucket.parameters.size());
}

GradientSum::~GradientSum() = default;

void GradientSum::add(std::size_t i, const at::Tensor& gradient)
{
    const torch::NoGradGuard no_grad;
    auto& place = places_[i];
    auto& bucket = buckets_[place.bucket];
    if (!bucket.flat.defined())
        bucket.flat = at::zeros({ bucket.numbers + std::int64_t(bucket.parameters.size()) },
                                parameters_[i].options().requires_grad(false));
    if (gradient.defined())
        bucket.flat.narrow(0, place.begin, gradient.numel()).copy_(gradient.reshape({ -1 }));
    bucket.marks[place.mark] = gradient.defined() ? 1 : 0;
    place.added = true;
    --bucket.missing;
    send_full_ones();
}

void GradientSum::send_full_ones()
{
    for (; sent_ < buckets_.size() && buckets_[sent_].missing == 0; ++sent_) {
        auto& bucket = buckets_[sent_];
        bucket.flat.narrow(0, bucket.numbers, std::int64_t(bucket.marks.size()))
            .copy_(at::tensor(bucket.marks, at::kFloat));
        bucket.sum = group_.start_sum(bucket.flat);
    }
}

std::vector<at::Tensor> GradientSum::finish()
{
    for (std::size_t i = parameters_.size(); i-- > 0;)
        if (!places_[i].added)
            add(i, {});
    std::vector<at::Tensor> sums(parameters_.size());
    for (auto& bucket : buckets_) {
        bucket.sum->wait();
        const auto ranks_with = bucket.flat.narrow(0, bucket.numbers, std::int64_t(bucket.parameters.size()))
                                    .to(at::kCPU, at::kFloat);
        for (std::size_t j = 0; j < bucket.parameters.size(); ++j) {
            const auto i = bucket.parameters[j];
            if (ranks_with[std::int64_t(j)].item<float>() > 0)
                sums[i]
                    = bucket.flat.narrow(0, places_[i].begin, parameters_[i].numel()).view_as(parameters_[i]);
        }
    }
    return sums;
}

struct GradientHooks::Hooks {
    struct One {
        std::shared_ptr<torch::autograd::Node>
            accumulator; ///< which the parameter itself does not keep alive
        std::uintptr_t key;
    };
    std::vector<One> all;
};

GradientHooks::GradientHooks(const std::vector<at::Tensor>& parameters, std::function<void(std::size_t)> act)
    : hooks_(std::make_unique<Hooks>())
{
    using Hook = torch::autograd::utils::LambdaPostHook;
    using Variables = torch::autograd::variable_list;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        auto accumulator = torch::autograd::impl::grad_accumulator(parameters[i]);
        const auto key = accumulator->add_post_hook(
            std::make_unique<Hook>([act, i](const Variables& outputs, const Variables&) {
                act(i);
                return outputs;
            }));
        hooks_->all.push_back({ std::move(accumulator), key });
    }
}

GradientHooks::~GradientHooks()
{
    for (const auto& hook : hooks_->all)
        hook.accumulator->del_post_hook(hook.key);
}

} // namespace reverie
