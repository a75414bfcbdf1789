// SPDX-License-Identifier: MIT
#include "core/base/random_key.h"
#include "core/train/objective.h"

#include <torch/torch.h>

#include <algorithm>

namespace reverie {

namespace {

TextCondition text_of(const Corpus& corpus, const Rows& rows, const DiffusionPrior& prior)
{
    TextCondition text{ corpus.take(corpus.text_embed, rows), {} };
    if (prior->options().condition_on_text_encodings)
        text.text_encodings = corpus.take(corpus.text_encodings, rows);
    return text;
}

class PriorObjective : public Objective
{
public:
    PriorObjective(DiffusionPrior prior, Corpus& corpus, const SamplingDefaults& sampling, std::uint64_t seed)
        : prior_(std::move(prior))
        , corpus_(corpus)
        , sampling_(sampling)
        , seed_(seed)
    {
    }

    torch::nn::Module& module() override { return *prior_; }
    [[nodiscard]] bool sees_pictures() const override { return false; }

    Tensor loss(const Rows& rows, Noise& noise) override
    {
        const auto text = corpus_.captions_vary() ? prior_->embed_text(corpus_.captions(rows, noise))
                                                  : text_of(corpus_, rows, prior_);
        return prior_->loss(corpus_.take(corpus_.image_embed, rows), text, noise);
    }

    [[nodiscard]] TensorMap inputs(const Rows& rows) const override
    {
        TensorMap inputs{ { "image_embed", corpus_.take(corpus_.image_embed, rows) },
                          { "text_embed", corpus_.take(corpus_.text_embed, rows) } };
        if (prior_->options().condition_on_text_encodings)
            inputs["text_encodings"] = corpus_.take(corpus_.text_encodings, rows);
        return inputs;
    }

    std::map<std::string, double> evaluate() override
    {
        std::map<std::string, double> numbers;
        evaluate(corpus_.dataset.train(), "train", numbers);
        evaluate(corpus_.dataset.test(), "test", numbers);
        return numbers;
    }

private:
    void evaluate(const Rows& split, const std::string& name, std::map<std::string, double>& numbers)
    {
        const auto rows = spread(split, 96);
        if (rows.empty())
            return;
        const auto drawn = draw_embeddings(prior_, corpus_, rows, sampling_, random_key({ seed_, 1 }));
        const auto similarity = drawn.matmul(corpus_.image_embed.t());
        const auto wanted = torch::tensor(rows, torch::kLong).to(drawn.device());
        numbers[name + "_top1"] = similarity.argmax(1).eq(wanted).to(torch::kFloat).mean().item<double>();

        const auto mean_cosine = [](const Tensor& a, const Tensor& b) {
            return torch::cosine_similarity(a, b).mean().item<double>();
        };
        const auto texts = corpus_.take(corpus_.text_embed, rows),
                   images = corpus_.take(corpus_.image_embed, rows);
        const double baseline = mean_cosine(texts, images), own = mean_cosine(texts, drawn);
        numbers[name + "_cosine"] = mean_cosine(images, drawn);
        numbers[name + "_similarity_original"] = numbers[name + "_cosine"];
        numbers[name + "_similarity_baseline"] = baseline;
        numbers[name + "_similarity_text"] = own;
        numbers[name + "_difference_from_baseline"] = own - baseline;
        if (rows.size() > 1) // what another caption was made into
            numbers[name + "_similarity_unrelated"] = mean_cosine(texts, drawn.roll(1, 0));
    }

    DiffusionPrior prior_;
    Corpus& corpus_;
    SamplingDefaults sampling_;
    std::uint64_t seed_;
};

} // namespace

std::unique_ptr<Objective> prior_objective(DiffusionPrior prior, Corpus& corpus,
                                           const SamplingDefaults& sampling, std::uint64_t seed)
{
    return std::make_unique<PriorObjective>(std::move(prior), corpus, sampling, seed);
}

at::Tensor draw_embeddings(DiffusionPrior& prior, const Corpus& corpus, const Rows& rows,
                           const SamplingDefaults& sampling, std::uint64_t key)
{
    const torch::NoGradGuard no_grad;
    std::vector<std::uint64_t> keys;
    for (const auto row : rows)
        for (std::int64_t candidate = 0; candidate < sampling.candidates; ++candidate)
            keys.push_back(random_key({ key, std::uint64_t(row), std::uint64_t(candidate) }));
    KeyedNoise noise(keys);
    SamplingOptions options;
    options.cond_scale = sampling.prior_cond_scale;
    options.timesteps = sampling.prior_steps;
    options.sampler = sampler_from_string(sampling.sampler);
    options.eta = sampling.eta;
    return prior->sample(text_of(corpus, rows, prior), sampling.candidates, options, noise).image_embed;
}

} // namespace reverie
