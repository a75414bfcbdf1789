// SPDX-License-Identifier: MIT
#include "core/io/state_dict.h"
#include "core/io/vgg_file.h"
#include "core/models/vqgan_vae.h"
#include "tests/base/error_of.h"
#include "tests/models/tiny_decoder.h"

#include <torch/torch.h>

#include <QTemporaryDir>
#include <QTest>

#include <cmath>

using namespace reverie;

namespace {

CodebookOptions two_codes()
{
    return { .dim = 1, .size = 2 };
}

VectorQuantizeOptions quantizer(std::int64_t dim, std::int64_t codebook_dim, bool cosine_sim = false)
{
    VectorQuantizeOptions options;
    options.dim = dim;
    options.codebook = { .dim = codebook_dim, .size = 5, .cosine_sim = cosine_sim };
    return options;
}

VQGanVAEOptions with_gan()
{
    auto options = tiny_vae(16);
    options.use_vgg_and_gan = true;
    options.discr_layers = 2;
    return options;
}

VggOptions tiny_vgg()
{
    return { .stages = { { 4 }, { 8 } }, .pooled = 2, .hidden = 10 };
}

Tensor length_of_gradient(const Tensor& loss, const Tensor& weight)
{
    return torch::autograd::grad({ loss }, { weight }, {}, /*retain_graph=*/true)[0].norm();
}

double number(const Tensor& tensor)
{
    return tensor.item<double>();
}

} // namespace

class TestVqganVae : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyVectorBecomesItsNearestCode()
    {
        for (const bool cosine : { false, true }) {
            torch::manual_seed(1);
            VectorQuantize vq(quantizer(3, 3, cosine));
            vq->eval();
            const auto x = torch::randn({ 2, 3, 4, 5 });
            const auto result = vq(x);
            QCOMPARE(result.indices.sizes().vec(), (std::vector<std::int64_t>{ 2, 4, 5 }));
            const auto codes = vq->codebook(); // (5, 3)
            const auto flat = x.permute({ 0, 2, 3, 1 }).reshape({ -1, 3 });
            const auto unit = flat / flat.norm(2, 1, true);
            const auto expected
                = cosine ? unit.matmul(codes.t()).argmax(1) : torch::cdist(flat, codes).argmin(1);
            QVERIFY(result.indices.flatten().equal(expected));
            QVERIFY(result.quantized.permute({ 0, 2, 3, 1 })
                        .reshape({ -1, 3 })
                        .allclose(codes.index_select(0, expected)));
            QCOMPARE(number(result.commit_loss), 0.);
        }
    }

    void codesFollowTheMeansOfTheirVectors()
    {
        Codebook codebook(two_codes());
        codebook->embed.copy_(torch::tensor({ 0.F, 3.F }).view({ 1, 2, 1 }));
        const auto averages = codebook->named_buffers()["embed_avg"];
        averages.copy_(codebook->embed);
        const auto x = torch::tensor({ 0.F, 1.F, 4.F }).view({ 1, 3, 1 });
        auto noise = noise_of(1, 1);
        codebook->learn(x, codebook(x).indices, noise);
        // Sizes 0.2 * (2, 1), sums 0.8 * (0, 3) + 0.2 * (1, 4), sizes smoothed by 1e-5 over 2 codes.
        const double total = 0.6;
        const auto smoothed = [&](double size) { return (size + 1e-5) / (total + 2e-5) * total; };
        QVERIFY(std::abs(number(codebook->embed[0][0][0]) - 0.2 / smoothed(0.4)) < 1e-5);
        QVERIFY(std::abs(number(codebook->embed[0][1][0]) - 3.2 / smoothed(0.2)) < 1e-4);
    }

    void unusedCodesAreReplacedWhereThatIsAskedFor()
    {
        auto options = two_codes();
        options.threshold_ema_dead_code = 0.1;
        Codebook codebook(options);
        codebook->embed.copy_(torch::tensor({ 0.F, 100.F }).view({ 1, 2, 1 }));
        const auto x = torch::tensor({ 1.F, 2.F }).view({ 1, 2, 1 });
        auto noise = noise_of(1, 1);
        codebook->learn(x, codebook(x).indices, noise);
        const auto fresh = number(codebook->embed[0][1][0]);
        QVERIFY(fresh == 1 || fresh == 2);
    }

    void theFirstTrainingBatchMakesTheCodes()
    {
        auto options = two_codes();
        options.kmeans_init = true;
        Codebook codebook(options);
        const auto x = torch::tensor({ 1.F, 1.2F, 9.F, 9.2F }).view({ 1, 4, 1 });
        QVERIFY(errorOf([&] { codebook(x); }).contains(QLatin1String("never learnt")));
        auto noise = noise_of(3, 1);
        codebook->init_from(x, noise);
        QVERIFY(std::get<0>(codebook->embed.flatten().sort()).allclose(torch::tensor({ 1.1F, 9.1F })));
        codebook->init_from(x + 50, noise);
        QVERIFY(number(codebook->embed.max()) < 10);
    }

    void aLoadedCodebookIsUsedAsItIs()
    {
        auto options = tiny_vae();
        auto trained = shaken(VQGanVAE(options));
        options.vq_kmeans_init = true;
        VQGanVAE loaded(options);
        load_state_dict(*loaded, state_dict(*trained), "", "a test");
        loaded->eval();
        const auto image = pictures(2, 8);
        torch::NoGradGuard no_grad;
        QVERIFY(loaded(image).equal(trained(image)));
        QVERIFY(loaded->codebook().equal(trained->codebook()));
    }

    void gradientsPassStraightThrough()
    {
        VectorQuantize vq(quantizer(3, 3));
        const auto x = torch::randn({ 1, 3, 2, 2 }).requires_grad_();
        const auto result = vq(x);
        const auto weight = torch::randn_like(x);
        (result.quantized * weight).sum().backward();
        QVERIFY(x.grad().allclose(weight));
        QVERIFY(result.commit_loss.allclose(torch::mse_loss(x, result.quantized).reshape({ 1 })));
    }

    void headsTakeOneCodeEach()
    {
        for (const bool separate : { false, true }) {
            auto options = quantizer(6, 2);
            options.heads = 3;
            options.separate_codebook_per_head = separate;
            VectorQuantize vq(options);
            vq->eval();
            const auto x = torch::randn({ 2, 6, 2, 3 });
            const auto result = vq(x);
            QCOMPARE(result.indices.sizes().vec(), (std::vector<std::int64_t>{ 2, 2, 3, 3 }));
            QCOMPARE(vq->codebook().dim(), separate ? 3 : 2);
            for (int head = 0; head < 3; ++head) {
                const auto codes = separate ? vq->codebook()[head] : vq->codebook();
                const auto expected = codes.index({ result.indices.select(-1, head) }); // (b, h, w, 2)
                QVERIFY(result.quantized.narrow(1, head * 2, 2).permute({ 0, 2, 3, 1 }).equal(expected));
            }
        }
    }

    void namesAreTheReferences()
    {
        const auto names = state_dict(*VQGanVAE(with_gan()));
        for (const auto* name :
             { "enc_dec.encoders.0.weight", "enc_dec.encoders.1.0.weight", "enc_dec.encoders.2.net.6.bias",
               "enc_dec.encoders.3.cpb.net.1.0.weight", "enc_dec.decoders.1.to_qkv.weight",
               "enc_dec.decoders.2.0.weight", "enc_dec.decoders.3.weight", "vq._codebook.embed_avg",
               "vq.project_in.weight", "discr.layers.0.0.weight", "discr.layers.2.1.bias",
               "discr.to_logits.2.weight" })
            QVERIFY2(names.contains(name), name);
        QCOMPARE(names.at("discr.layers.2.0.weight").sizes().vec(),
                 (std::vector<std::int64_t>{ 32, 16, 4, 4 }));
    }

    void layersCanBeGivenOneByOne()
    {
        auto options = tiny_vae();
        options.layers = 2;
        options.encdec_layer_mults = { 1, 3 };
        options.encdec_num_resnet_blocks = PerStage<std::int64_t>{ 2, 0 };
        options.encdec_use_attn = PerStage<bool>{ true, false };
        VQGanVAE vae(options);
        QCOMPARE(vae->encoded_dim(), std::int64_t(48));
        QCOMPARE(vae->downsampling(), std::int64_t(4));
        QCOMPARE(vae(pictures(1, 8)).sizes().vec(), (std::vector<std::int64_t>{ 1, 3, 8, 8 }));
        options.encdec_use_attn = PerStage<bool>{ true };
        QVERIFY(errorOf([&] {
                    VQGanVAE{ options };
                }).contains(QLatin1String("encdec_use_attn lists 1 values for the 2 layers")));
    }

    void oblongPicturesPassThroughBothKinds()
    {
        for (const auto* kind : { "resnet", "vit" }) {
            auto options = tiny_vae();
            options.vae_type = kind;
            options.encdec_patch_size = 2;
            auto vae = shaken(VQGanVAE(options));
            const auto features = vae->encode(torch::rand({ 1, 3, 8, 12 }));
            QCOMPARE(features.sizes().vec(), (std::vector<std::int64_t>{ 1, 16, 4, 6 }));
            QCOMPARE(vae->decode(features).image.sizes().vec(), (std::vector<std::int64_t>{ 1, 3, 8, 12 }));
        }
    }

    void theAdaptiveWeightIsTheRatioOfTheGradients()
    {
        for (const bool hinge : { true, false }) {
            auto options = with_gan();
            options.use_hinge_loss = hinge;
            torch::manual_seed(2);
            VQGanVAE vae(options);
            vae->set_vgg(Vgg(tiny_vgg()));
            auto noise = noise_of(1, 2);
            const auto image = pictures(2, 16);
            const auto loss = vae->autoencoder_loss(image, noise);
            const auto last = vae->named_parameters()["enc_dec.decoders.3.weight"];
            const auto ratio
                = length_of_gradient(loss.perceptual, last) / length_of_gradient(loss.generator, last);
            QVERIFY(loss.adaptive_weight.allclose(ratio.clamp_max(1e4), 1e-3));
            QVERIFY(loss.reconstruction.allclose((loss.image - image).abs().mean()));
            QVERIFY(loss.total.allclose(loss.reconstruction + loss.commit + loss.perceptual
                                        + loss.adaptive_weight * loss.generator));
            QVERIFY(!loss.adaptive_weight.requires_grad());
        }
    }

    void withoutAVggTheReconstructionTakesItsPlace()
    {
        VQGanVAE vae(with_gan());
        auto noise = noise_of(1, 2);
        const auto loss = vae->autoencoder_loss(pictures(2, 16), noise);
        QVERIFY(!loss.perceptual.defined());
        const auto last = vae->named_parameters()["enc_dec.decoders.3.weight"];
        QVERIFY(loss.adaptive_weight.allclose(
            length_of_gradient(loss.reconstruction, last) / length_of_gradient(loss.generator, last), 1e-3));
    }

    void ganLossesAreThePapers()
    {
        const auto fake = torch::tensor({ -2.F, 0.5F }), real = torch::tensor({ 3.F, 0.F });
        QVERIFY(std::abs(number(discriminator_loss(fake, real, true)) - (0 + 1.5 + 0 + 1) / 2) < 1e-6);
        QVERIFY(std::abs(number(generator_loss(fake, true)) - 0.75) < 1e-6);
        const auto softplus = [](double x) { return std::log1p(std::exp(x)); };
        QVERIFY(std::abs(number(discriminator_loss(fake, real, false))
                         - (softplus(-2) + softplus(0.5) + softplus(-3) + softplus(0)) / 2)
                < 1e-5);
        QVERIFY(std::abs(number(generator_loss(fake, false)) - (softplus(2) + softplus(-0.5)) / 2) < 1e-5);
        // Of a judge that adds 2 x up over 9 pixels: |gradient| = 2 * 3.
        const auto image = torch::rand({ 2, 1, 3, 3 }).requires_grad_();
        QVERIFY(std::abs(number(gradient_penalty(image, 2 * image.flatten(1).sum(1))) - 10 * 25) < 1e-3);
    }

    void theDiscriminatorLearnsAlone()
    {
        VQGanVAE vae(with_gan());
        const auto codes = vae->codebook().clone();
        vae->discriminator_loss(pictures(2, 16)).backward();
        QVERIFY(vae->codebook().equal(codes));
        for (const auto& parameter : vae->autoencoder_parameters())
            QVERIFY(!parameter.grad().defined());
        for (const auto& parameter : vae->discriminator_parameters())
            QVERIFY(parameter.grad().defined());
        QCOMPARE(vae->autoencoder_parameters().size() + vae->discriminator_parameters().size(),
                 vae->parameters().size());
    }

    void trainingLowersTheLossAndMovesTheCodebook()
    {
        auto options = tiny_vae();
        options.vq_kmeans_init = true;
        torch::manual_seed(3);
        VQGanVAE vae(options);
        torch::optim::Adam optimizer(vae->autoencoder_parameters(), torch::optim::AdamOptions(3e-3));
        const auto image = pictures(4, 8);
        auto noise = noise_of(1, 4);
        double first = 0, last = 0;
        for (int step = 0; step < 30; ++step) {
            const auto loss = vae->autoencoder_loss(image, noise);
            optimizer.zero_grad();
            loss.total.backward();
            optimizer.step();
            last = number(loss.reconstruction);
            first = step == 0 ? last : first;
        }
        QVERIFY(last < 0.7 * first);
        QVERIFY(vae->codebook().norm(2, 1).allclose(torch::ones({ 12 })));
    }

    void vggWeightsAreReadByTorchvisionsNames()
    {
        QTemporaryDir folder;
        const auto path = (folder.path() + QStringLiteral("/vgg.safetensors")).toStdString();
        torch::manual_seed(4);
        Vgg vgg(tiny_vgg());
        auto tensors = state_dict(*vgg);
        QVERIFY(tensors.contains("features.3.weight") && tensors.contains("classifier.3.bias"));
        tensors["classifier.6.weight"] = torch::zeros({ 7, 10 });
        tensors["classifier.6.bias"] = torch::zeros({ 7 });
        write_safetensors(path, tensors);
        const auto image = pictures(2, 16);
        QVERIFY(load_vgg16(path, tiny_vgg())->forward(image).equal(vgg(image)));
        QVERIFY(vgg(image.narrow(1, 0, 1)).equal(vgg(image.narrow(1, 0, 1).expand({ -1, 3, -1, -1 }))));
        QVERIFY(!errorOf([&] { load_vgg16(path); }).isEmpty());
    }

    void whatCantBeBuiltIsRefused()
    {
        const auto refused = [](auto change, const char* words) {
            auto options = with_gan();
            change(options);
            return errorOf([&] { VQGanVAE{ options }; }).contains(QLatin1String(words));
        };
        QVERIFY(refused([](auto& o) { o.vae_type = "cnn"; }, "resnet or vit, not cnn"));
        QVERIFY(refused([](auto& o) { o.layers = 0; }, "at least one layer, not 0"));
        QVERIFY(
            refused([](auto& o) { o.dim = 24; }, "24, must be a multiple of its encdec_resnet_groups, 16"));
        QVERIFY(refused([](auto& o) { o.image_size = 17; }, "image_size is 17"));
        QVERIFY(refused([](auto& o) { o.discr_layers = 3; }, "needs an image_size of 32, not 16"));
        QVERIFY(refused([](auto& o) { o.encdec_layer_mults = { 1, 2 }; }, "lists 2 values for the 1 layers"));
        VQGanVAE vae(tiny_vae());
        QVERIFY(
            errorOf([&] { vae(pictures(1, 16)); }).contains(QLatin1String("takes pictures (b, 3, 8, 8)")));
        QVERIFY(errorOf([&] {
                    vae->discriminator_loss(pictures(1, 8));
                }).contains(QLatin1String("has no discriminator")));
    }
};

QTEST_APPLESS_MAIN(TestVqganVae)
#include "tst_vqgan_vae.moc"
