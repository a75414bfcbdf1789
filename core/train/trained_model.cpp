// SPDX-License-Identifier: MIT
#include "core/base/error.h"
#include "core/base/today.h"
#include "core/io/state_dict.h"
#include "core/train/known_captions.h"
#include "core/train/training_plan.h"
#include "core/train/training_session.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace reverie {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// Weights of an autoencoder without those that only its own training needs.
TensorMap without_discriminator(const VQGanVAEImpl& vqgan)
{
    auto tensors = state_dict(vqgan);
    std::erase_if(tensors, [](const auto& entry) { return entry.first.starts_with("discr."); });
    return tensors;
}

bool is_alike(const TensorMap& a, const TensorMap& b)
{
    return a.size() == b.size()
        && std::equal(a.begin(), a.end(), b.begin(), [](const auto& x, const auto& y) {
               return x.first == y.first && x.second.sizes() == y.second.sizes();
           });
}

/// Its networks are of another architecture than those that learn here.
void check_not_karlos(const Pipeline& loaded, const fs::path& file)
{
    const auto& unets = loaded.config.unets;
    if (loaded.config.karlo_prior || std::any_of(unets.begin(), unets.end(), is_adm))
        throw UsageError(file.string()
                         + " holds Karlo's networks, which can be drawn with but not trained; begin with "
                           "another model, or with a file of its CLIP alone.");
}

} // namespace

/// Every stage of the decoder that works on the features of such an autoencoder gets its weights.
void TrainingSession::give_autoencoder(const VQGanVAEImpl& vqgan)
{
    const auto weights = without_discriminator(vqgan);
    bool taken = false, wanted = false;
    for (std::int64_t number = 1; number <= pipeline_.decoder->num_unets(); ++number) {
        auto vae = pipeline_.decoder->vae(number);
        wanted = wanted || vae;
        if (!vae || !is_alike(state_dict(*vae), weights))
            continue;
        load_state_dict(*vae, weights, "", "the VQGAN-VAE");
        taken = true;
    }
    if (wanted && !taken)
        throw UsageError("The VQGAN-VAE is of another shape than those of the decoder's stages; describe "
                         "model.decoder.vaes as it was trained.");
}

/// Copies what `file` has of each part into the pipeline; with `whole`, it must have all that is trained.
void TrainingSession::take_weights(const fs::path& file, bool whole)
{
    auto loaded = load_pipeline(file);
    check_not_karlos(loaded, file);
    const auto take = [&](auto& own, const auto& other, const char* prefix) {
        if (own && other)
            load_state_dict(*own, state_dict(*other, prefix), prefix, file.string());
    };
    take(pipeline_.clip, loaded.clip, "clip.");
    take(pipeline_.prior, loaded.prior, "prior.");
    take(pipeline_.decoder, loaded.decoder, "decoder.");
    take(pipeline_.vqgan, loaded.vqgan, "vqgan.");
    if (loaded.vqgan && pipeline_.decoder && !loaded.decoder)
        give_autoencoder(*loaded.vqgan);
    if (loaded.tokenizer)
        pipeline_.tokenizer = std::move(loaded.tokenizer);
    const auto trained = loaded.metadata.find("reverie.trained");
    if (trained == loaded.metadata.end()) {
        if (whole)
            throw Error(file.string() + " does not say what was trained; go on from another checkpoint.");
        return;
    }
    const auto steps_by_part = json::parse(trained->second, nullptr, /*allow_exceptions=*/false);
    for (const auto& [part, steps] : steps_by_part.items())
        if (steps.is_number_integer())
            trained_[part] = steps;
}

void TrainingSession::load_weights()
{
    if (resumed_)
        take_weights(resumed_->folder / "model.safetensors", /*whole=*/true);
    else if (!request_.init.empty())
        take_weights(request_.init, /*whole=*/false);
}

void TrainingSession::place(at::Device device)
{
    const auto move = [device](auto& part) {
        if (part)
            part->to(device);
    };
    move(pipeline_.clip);
    move(pipeline_.prior);
    move(pipeline_.decoder);
    move(pipeline_.vqgan);
    if (corpus_)
        corpus_->to(device);
}

/// The parts that were trained, with what a reader of the file wants to know.
Pipeline TrainingSession::trained_pipeline() const
{
    auto pipeline = pipeline_;
    const bool unets = std::any_of(trained_.begin(), trained_.end(),
                                   [](const auto& entry) { return entry.first.starts_with("unet"); });
    if (!trained_.contains("clip")) {
        pipeline.clip = nullptr;
        pipeline.config.clip.reset();
    }
    if (!trained_.contains("prior")) {
        pipeline.prior = nullptr;
        pipeline.config.prior.reset();
    }
    if (!trained_.contains("vqgan")) {
        pipeline.vqgan = nullptr;
        pipeline.config.vqgan.reset();
    }
    if (!unets) {
        pipeline.decoder = nullptr;
        pipeline.config.decoder.reset();
    }
    const auto size = std::to_string(picture_size(config_.model));
    pipeline.metadata = { { "reverie.trained", json(trained_).dump() },
                          { "reverie.captions",
                            json(known_captions(captions_of(*dataset_, dataset_->train())))
                                .dump(-1, ' ', false, json::error_handler_t::replace) },
                          { "reverie.description", config_.description },
                          { "modelspec.sai_model_spec", "1.0.0" },
                          { "modelspec.architecture", "unclip" },
                          { "modelspec.implementation", "reverie" },
                          { "modelspec.title", config_.title.empty() ? config_.data : config_.title },
                          { "modelspec.description", config_.description },
                          { "modelspec.date", today() },
                          { "modelspec.resolution", size + "x" + size } };
    return pipeline;
}

fs::path TrainingSession::save_model()
{
    const auto path = run_->path() / "model.safetensors";
    save_pipeline(path, trained_pipeline(), config_.dtype);
    reporter_->event(parts_.empty() ? "tokenizer" : parts_.back(), 0,
                     "Saved the model as " + path.string() + ".");
    return path;
}

} // namespace reverie
