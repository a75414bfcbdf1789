// SPDX-License-Identifier: MIT
#include "core/api/pipeline_generator.h"
#include "core/io/pipeline.h"
#include "core/io/state_dict.h"
#include "core/models/x_clip.h"
#include "tests/base/error_of.h"
#include "tests/models/tiny_decoder.h"

#include <torch/torch.h>

#include <QTemporaryDir>
#include <QTest>

using namespace reverie;

namespace {

/// A first stage in latents of 4 x 4 x 16, a second one in pixels.
DecoderOptions latent_options()
{
    auto options = tiny_options({ 8, 16 });
    options.vaes = { tiny_vae() };
    return options;
}

Pipeline tiny_pipeline()
{
    PipelineConfig config;
    XClipOptions clip;
    clip.dim_text = clip.dim_image = clip.dim_latent = 6;
    clip.num_text_tokens = 600;
    clip.text_seq_len = 8;
    clip.text_enc_depth = clip.visual_enc_depth = 1;
    clip.text_heads = clip.visual_heads = 1;
    clip.text_dim_head = clip.visual_dim_head = 4;
    clip.visual_image_size = 8;
    clip.visual_patch_size = 4;
    config.clip = clip;
    config.net = PriorNetworkOptions{};
    config.net->dim = 6;
    config.net->max_text_len = 8;
    config.net->depth = config.net->heads = 1;
    config.net->dim_head = 4;
    config.prior = DiffusionPriorOptions{};
    config.prior->timesteps = 5;
    config.decoder = latent_options();
    config.unets = { tiny_unet(), tiny_unet() };
    torch::manual_seed(7);
    auto pipeline = build_pipeline(config);
    shaken(pipeline.decoder);
    pipeline.tokenizer = Tokenizer::train({ "a red circle", "a blue square" }, 520);
    return pipeline;
}

/// DDPM written out for the first stage, without the decoder's own sampling.
Tensor drawn_latents(Decoder& decoder, const Tensor& embed, Noise& noise)
{
    torch::NoGradGuard no_grad;
    const NoiseSchedule schedule(NoiseScheduleOptions{ .timesteps = decoder->num_timesteps() });
    auto unet = decoder->unet(1);
    auto x = noise.normal({ embed.size(0), 16, 4, 4 });
    for (auto step = decoder->num_timesteps() - 1; step >= 0; --step) {
        const auto t = torch::full({ embed.size(0) }, step, torch::kInt64);
        const auto predicted = unet(x, t, UnetCondition{ embed, {}, {}, {}, {} });
        const auto x_start = schedule->predict_start_from_noise(x, t, predicted);
        const auto posterior = schedule->q_posterior(x_start, x, t);
        const auto fresh = noise.normal(x.sizes());
        x = posterior.mean + (step > 0 ? 1. : 0.) * (0.5 * posterior.log_variance).exp() * fresh;
    }
    return x;
}

} // namespace

class TestLatentDiffusion : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void networksSeeFeaturesInsteadOfPixels()
    {
        auto options = latent_options();
        options.vaes = { std::nullopt, tiny_vae(16) };
        options.predict_x_start_for_latent_diffusion = true;
        const auto decoder = tiny_decoder(options);
        const auto names = state_dict(*decoder);
        QVERIFY(names.contains("vaes.1.vq._codebook.embed") && !names.contains("vaes.0.vq._codebook.embed"));
        QVERIFY(names.at("unets.0.init_conv.convs.0.weight").size(1) == 3);
        QVERIFY(names.at("unets.1.init_conv.convs.0.weight").size(1) == 16 * 2); // and the low resolution's
        QVERIFY(names.at("unets.1.to_out.weight").size(0) == 16);
    }

    void trainingDiffusesTheFeaturesAsTheyAre()
    {
        auto options = latent_options();
        options.learned_variance = PerStage<bool>(false);
        options.image_cond_drop_prob = options.text_cond_drop_prob = 0;
        auto decoder = tiny_decoder(options);
        const auto image = pictures(2, 8);
        const auto condition = tiny_condition(2);
        auto noise = noise_of(1, 2), again = noise_of(1, 2);
        const auto loss = decoder->loss(image, 1, condition, noise).loss;

        const auto t = again.integers(options.timesteps, { 2 });
        const auto x = decoder->vae(1)->encode(image), epsilon = again.normal({ 2, 16, 4, 4 });
        const NoiseSchedule schedule(NoiseScheduleOptions{ .timesteps = options.timesteps });
        const auto predicted = decoder->unet(1)->forward(
            schedule->q_sample(x, t, epsilon), t, UnetCondition{ condition.image_embed, {}, {}, {}, {} });
        QVERIFY(loss.allclose((predicted - epsilon).square().mean()));
    }

    void theAutoencoderStaysAsItIs()
    {
        auto decoder = tiny_decoder(latent_options());
        const auto before = state_dict(*decoder->vae(1));
        std::map<std::string, Tensor> copies;
        for (const auto& [name, tensor] : before)
            copies[name] = tensor.clone();
        decoder->train();
        QVERIFY(!decoder->vae(1)->is_training() && decoder->unet(1)->is_training());
        auto noise = noise_of(1, 2);
        decoder->loss(pictures(2, 8), 1, tiny_condition(2), noise).loss.backward();
        for (const auto& [name, tensor] : before) {
            QVERIFY(tensor.equal(copies.at(name)));
            QVERIFY(!tensor.requires_grad() && !tensor.grad().defined());
        }
    }

    /// Neither clamped nor mapped to another range on the way: compared before quantisation hides it.
    void samplesAreTheChainsLatentsDecoded()
    {
        auto options = latent_options();
        options.image_sizes = { 8 };
        options.learned_variance = PerStage<bool>(false);
        auto decoder = tiny_decoder(options);
        const auto condition = tiny_condition(2);
        auto noise = noise_of(1, 2), again = noise_of(1, 2);
        Tensor last;
        DecoderSampling sampling;
        sampling.on_step
            = [&](std::int64_t, std::int64_t, std::int64_t, const Tensor& x0) { last = x0.clone(); };
        const auto image = decoder->sample(2, condition, sampling, noise);
        const auto latents = drawn_latents(decoder, condition.image_embed, again);
        QVERIFY(latents.abs().max().item<double>() > 1);
        torch::NoGradGuard no_grad;
        QVERIFY(image.allclose(decoder->vae(1)->decode(latents).image, 1e-4, 1e-5));
        QVERIFY(last.allclose(image)); // the last x_0 estimate, decoded for the eye
    }

    void theReferencesShiftOfSampledLatentsIsAnOption()
    {
        auto options = latent_options();
        options.image_sizes = { 8 };
        options.learned_variance = PerStage<bool>(false);
        options.unnormalize_latents = true;
        auto decoder = tiny_decoder(options);
        const auto condition = tiny_condition(2);
        auto noise = noise_of(1, 2), again = noise_of(1, 2);
        const auto image = decoder->sample(2, condition, {}, noise);
        const auto latents = drawn_latents(decoder, condition.image_embed, again);
        torch::NoGradGuard no_grad;
        QVERIFY(image.allclose(decoder->vae(1)->decode((latents + 1) / 2).image, 1e-4, 1e-5));
    }

    void previewsArePicturesInEveryStage()
    {
        auto decoder = tiny_decoder(latent_options());
        auto noise = noise_of(1, 1);
        DecoderSampling sampling;
        int seen = 0;
        sampling.on_step = [&](std::int64_t stage, std::int64_t, std::int64_t, const Tensor& x0) {
            seen += x0.sizes() == at::IntArrayRef({ 1, 3, stage * 8, stage * 8 }) ? 1 : -100;
        };
        decoder->sample(1, tiny_condition(1), sampling, noise);
        QCOMPARE(seen, 12);
    }

    void aLatentStageIsShownTheLowResolutionAsFeatures()
    {
        auto options = latent_options();
        options.vaes = { tiny_vae(), tiny_vae(16) };
        options.blur_prob = 0;
        auto decoder = tiny_decoder(options);
        auto noise = noise_of(1, 2);
        const auto image = pictures(2, 16);
        const auto shown = decoder->loss(image, 2, tiny_condition(2), noise).lowres_cond_image;
        const auto small = image.slice(2, 0, 16, 2).slice(3, 0, 16, 2); // nearest neighbour
        const auto large = small.repeat_interleave(2, 2).repeat_interleave(2, 3);
        QVERIFY(shown.allclose(decoder->vae(2)->encode(large)));
        QCOMPARE(decoder->sample(2, tiny_condition(2), {}, noise).size(-1), std::int64_t(16));
    }

    void aPipelineIsSavedLoadedAndDrawnFrom()
    {
        QTemporaryDir folder;
        const auto path = (folder.path() + QStringLiteral("/latent.safetensors")).toStdString();
        save_pipeline(path, tiny_pipeline());
        const auto stored = read_safetensors(path).tensors;
        QVERIFY(stored.contains("decoder.vaes.0.enc_dec.encoders.0.weight"));
        QVERIFY(stored.contains("decoder.vaes.0.vq._codebook.initted"));

        PipelineGenerator in_memory(tiny_pipeline(), "", {});
        PipelineGenerator from_file(load_pipeline(path), "", {});
        GenerateRequest request;
        request.prompts = { "a red circle" };
        request.steps = { 3 };
        int previews = 0;
        const auto count_previews
            = [&](const GenerateUpdate& update) { previews += static_cast<int>(update.previews.size()); };
        const auto a = in_memory.generate(request, {}, {}),
                   b = from_file.generate(request, count_previews, {});
        QCOMPARE(b.pictures[0].image.width, 16);
        QVERIFY(a.pictures[0].image.rgb == b.pictures[0].image.rgb);
        QVERIFY(previews >= 6);

        auto tensors = stored;
        tensors.erase("decoder.vaes.0.vq.project_in.bias");
        write_safetensors(path, tensors, read_safetensors(path).metadata);
        QVERIFY(errorOf([&] {
                    load_pipeline(path);
                }).contains(QLatin1String("decoder.vaes.0.vq.project_in.bias")));
    }
};

QTEST_APPLESS_MAIN(TestLatentDiffusion)
#include "tst_latent_diffusion.moc"
