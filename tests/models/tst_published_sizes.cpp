// SPDX-License-Identifier: MIT
#include "core/io/options_json.h"
#include "core/models/adm_unet.h"
#include "core/models/cost.h"
#include "core/models/karlo_prior.h"

#include <QTest>
#include <torch/torch.h>

#include <cmath>

using namespace reverie;
using nlohmann::json;

namespace {

std::int64_t counted(const torch::nn::Module& module)
{
    std::int64_t count = 0;
    for (const auto& parameter : module.parameters())
        count += parameter.numel();
    return count;
}

/// Karlo's decoder_900M_vit_l.yaml, at any width.
UnetOptions karlosDecoder(std::int64_t channels = 320)
{
    UnetOptions o;
    o.kind = "adm";
    o.dim = channels;
    o.dim_mults = { 1, 2, 3, 4 };
    o.num_resnet_blocks = 3;
    o.image_size = 64;
    o.attn_resolutions = { 32, 16, 8 };
    o.attn_dim_head = std::min<std::int64_t>(64, channels);
    o.resnet_groups = 32;
    o.image_embed_dim = o.text_embed_dim = 768;
    o.cond_dim = 1536;
    o.num_image_tokens = 4;
    o.cond_on_image_embeds = o.cond_on_text_encodings = true;
    o.channels_out = 6;
    o.max_text_len = 77;
    return o;
}

/// Karlo's improved_sr_64_256_1.4B.yaml, at any width.
UnetOptions karlosLarger(std::int64_t channels = 320)
{
    UnetOptions o;
    o.kind = "adm_pair";
    o.dim = channels;
    o.dim_mults = { 1, 2, 3, 4 };
    o.num_resnet_blocks = 3;
    o.resnet_groups = 32;
    o.lowres_cond = true;
    return o;
}

double millions(std::int64_t parameters)
{
    return double(parameters) / 1e6;
}

} // namespace

/// Published models, counted by their shapes: nothing of them is allocated.
class PublishedSizesTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void shapesAreThoseOfTheModules()
    {
        QCOMPARE(cost_of(karlosDecoder(32), 64, 1).parameters, counted(*make_unet(karlosDecoder(32))));
        QCOMPARE(cost_of(karlosLarger(32), 256, 1).parameters, counted(*make_unet(karlosLarger(32))));
        auto uneven = karlosDecoder(32);
        uneven.dim_mults = { 2, 1, 3 };
        uneven.num_resnet_blocks = { 1, 3, 2 };
        uneven.attn_resolutions = { 64 };
        uneven.image_embed_dim = 24;
        uneven.text_embed_dim = 40;
        uneven.num_image_tokens = 2;
        QCOMPARE(cost_of(uneven, 64, 2).parameters, counted(*make_unet(uneven)));

        PriorTransformerOptions prior{ 9, 48, 3, 4, true, 24 };
        QCOMPARE(cost_of(prior, 1).parameters, counted(*PriorTransformer(prior)));
        prior.xf_final_ln = false;
        QCOMPARE(cost_of(prior, 2).parameters, counted(*PriorTransformer(prior)));

        OpenAiClipOptions clip;
        clip.embed_dim = 24;
        clip.image_resolution = 32;
        clip.vision_layers = 2;
        clip.vision_width = 64;
        clip.vision_patch_size = 8;
        clip.vocab_size = 99;
        clip.transformer_width = 40;
        clip.transformer_layers = 3;
        clip.context_length = 7;
        QCOMPARE(cost_of(clip, 1).parameters, counted(*OpenAiClip(clip)));
        clip.vision_layers = 0;
        QCOMPARE(cost_of(clip, 1).parameters, counted(*OpenAiClip(clip)));
    }

    void karlosTotalsAreWhatItsPublisherGives()
    {
        // Counted by building the networks of its repository from its prior_1B_vit_l.yaml,
        // decoder_900M_vit_l.yaml and improved_sr_64_256_1.4B.yaml.
        const auto prior = cost_of(PriorTransformerOptions{}, 1).parameters;
        const auto decoder = cost_of(karlosDecoder(), 64, 1).parameters;
        const auto larger = cost_of(karlosLarger(), 256, 1).parameters;
        QCOMPARE(prior, std::int64_t(1'022'028'544));
        QCOMPARE(decoder, std::int64_t(893'318'086));
        QCOMPARE(larger, std::int64_t(2 * 691'579'523));
        // Its table has them rounded: 1B, 900M, 700M + 700M.
        QCOMPARE(std::lround(millions(prior) / 1000), 1L);
        QCOMPARE(std::lround(millions(decoder) / 100), 9L);
        QCOMPARE(std::lround(millions(larger) / 2 / 100), 7L);
        // What it calls 1B are its 20 layers of width 2048.
        QVERIFY(std::abs(20 * 12. * 2048 * 2048 / 1e9 - 1) < 0.02);
    }

    void laionsTotalsAreTheReferences()
    {
        // Their configurations, as published beside the weights; totals are of the reference's own modules.
        const auto net = options_from_json<PriorNetworkOptions>(
            json::parse(
                R"({"dim": 768, "depth": 24, "num_timesteps": 1000, "max_text_len": 77, "dim_head": 64,
                            "heads": 32, "ff_mult": 4, "attn_dropout": 0.05, "ff_dropout": 0.05,
                            "normformer": true})"),
            "net");
        const auto prior = cost_of(net, 1).parameters;
        QVERIFY2(std::abs(double(prior) / 249'279'232 - 1) < 0.001, qPrintable(QString::number(prior)));

        auto unet = options_from_json<UnetOptions>(
            json::parse(R"({"dim": 320, "cond_dim": 512, "image_embed_dim": 768, "text_embed_dim": 768,
                            "cond_on_text_encodings": true, "channels": 3, "dim_mults": [1, 2, 3, 4],
                            "num_resnet_blocks": 4, "attn_heads": 8, "attn_dim_head": 64, "sparse_attn": true,
                            "memory_efficient": true, "self_attn": [false, true, true, true]})"),
            "unet");
        unet.cond_on_image_embeds = true;
        unet.channels_out = 6;
        const auto decoder = cost_of(unet, 64, 1).parameters;
        QVERIFY2(std::abs(double(decoder) / 956'805'318 - 1) < 0.001, qPrintable(QString::number(decoder)));
    }

    void openAisTotalIsWhatItsPublisherGives()
    {
        OpenAiClipOptions clip; // ViT-L/14
        clip.embed_dim = clip.transformer_width = 768;
        clip.transformer_heads = 12;
        clip.vision_layers = 24;
        clip.vision_width = 1024;
        clip.vision_patch_size = 14;
        QCOMPARE(cost_of(clip, 1).parameters, std::int64_t(427'616'513));
    }

    void costsGrowWithWhatIsAsked()
    {
        const auto one = cost_of(karlosDecoder(), 64, 1), two = cost_of(karlosDecoder(), 64, 2);
        QVERIFY(std::abs(two.flops / one.flops - 1) < 1e-9); // of one sample
        QVERIFY(two.evaluation_bytes > 1.5 * one.evaluation_bytes);
        QVERIFY(one.training_bytes > 5 * one.weight_bytes());
        // A product of c_in x c_out x 9 at 64 x 64: the first of four resolutions alone takes this.
        QVERIFY(one.flops > 2. * 7 * 2 * 320 * 320 * 9 * 64 * 64);
        QVERIFY(cost_of(PriorTransformerOptions{}, 1).flops > 2e9 * 81 * 0.9);
    }
};

QTEST_GUILESS_MAIN(PublishedSizesTest)
#include "tst_published_sizes.moc"
