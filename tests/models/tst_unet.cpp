// SPDX-License-Identifier: MIT
#include "core/io/state_dict.h"
#include "core/models/unet.h"
#include "core/nn/window_attention.h"
#include "tests/base/error_of.h"

#include <torch/torch.h>

#include <QTest>

#include <algorithm>

using namespace reverie;

namespace {

UnetOptions tiny()
{
    UnetOptions options;
    options.dim = 8;
    options.image_embed_dim = 6;
    options.cond_dim = 4;
    options.dim_mults = { 1, 2 };
    options.resnet_groups = 4;
    options.num_resnet_blocks = 1;
    options.attn_dim_head = 4;
    options.attn_heads = 2;
    options.max_text_len = 2;
    options.init_cross_embed_kernel_sizes = { 3, 5 };
    options.cond_on_image_embeds = true;
    return options;
}

/// With weights that let every input through: fresh ones end in zeros.
Unet built(const UnetOptions& options)
{
    torch::manual_seed(5);
    Unet unet(options);
    torch::NoGradGuard no_grad;
    for (auto& parameter : unet->parameters())
        parameter.add_(torch::randn_like(parameter) * 0.1);
    unet->eval();
    return unet;
}

Tensor drawn(Unet& unet, std::int64_t side, const Tensor& embed)
{
    torch::NoGradGuard no_grad;
    torch::manual_seed(6);
    const auto x = torch::randn({ 1, 3, side, side }).expand({ embed.size(0), -1, -1, -1 });
    return unet(x, torch::full({ embed.size(0) }, 7, torch::kInt64), UnetCondition{ embed, {}, {}, {}, {} });
}

Tensor embeds(std::int64_t batch, std::int64_t width)
{
    torch::manual_seed(7);
    return torch::randn({ batch, width });
}

bool has(const Unet& unet, const std::string& part)
{
    const auto names = unet->named_parameters().keys();
    return std::any_of(names.begin(), names.end(),
                       [&](const auto& name) { return name.find(part) != std::string::npos; });
}

/// Which pixels of an 8x8 map change when the first one does.
Tensor reach(torch::nn::AnyModule layer)
{
    torch::NoGradGuard no_grad;
    torch::manual_seed(8);
    const auto before = torch::randn({ 1, 8, 8, 8 });
    auto after = before.clone();
    after.index({ 0, torch::indexing::Slice(), 0, 0 }) += torch::randn({ 8 });
    return (layer.forward(before) - layer.forward(after)).abs().amax({ 0, 1 }) > 1e-6;
}

const AttentionOptions windowed{ .dim = 8, .dim_head = 4, .heads = 2, .cosine_sim = false };

} // namespace

class UnetTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theStemMayBeWiderThanTheRest_data()
    {
        QTest::addColumn<bool>("memoryEfficient");
        QTest::newRow("downsampling after") << false;
        QTest::newRow("downsampling first") << true;
    }
    void theStemMayBeWiderThanTheRest()
    {
        QFETCH(bool, memoryEfficient);
        auto options = tiny();
        options.init_dim = 12;
        options.dim_mults = { 2, 3 };
        options.memory_efficient = memoryEfficient;
        auto unet = built(options);
        QVERIFY((drawn(unet, 8, embeds(2, 6)).sizes() == at::IntArrayRef{ 2, 3, 8, 8 }));
        QCOMPARE(unet->named_parameters()["final_resnet_block.block1.project.weight"].size(1),
                 12 + (memoryEfficient ? 12 : 16));
    }

    void anEmbeddingAsWideAsTheTokensStaysWithItsPicture()
    {
        auto options = tiny();
        options.image_embed_dim = options.cond_dim;
        auto unet = built(options);
        const auto all = embeds(3, 4);
        const auto together = drawn(unet, 8, all);
        for (int i = 0; i < 3; ++i)
            QVERIFY(together[i].allclose(drawn(unet, 8, all.narrow(0, i, 1))[0], 1e-4, 1e-5));
        QVERIFY(!together[0].allclose(together[1], 1e-3, 1e-3));
    }

    void aFileWithoutTheProjectionTakesTheEmbeddingForEveryToken()
    {
        auto options = tiny();
        options.image_embed_dim = options.cond_dim;
        auto projected = built(options);
        torch::NoGradGuard no_grad;
        auto weights = projected->named_parameters();
        weights["image_to_tokens.0.weight"].copy_(torch::eye(4).repeat({ 4, 1 }));
        weights["image_to_tokens.0.bias"].zero_();
        auto tensors = state_dict(*projected);
        tensors.erase("image_to_tokens.0.weight");
        tensors.erase("image_to_tokens.0.bias");
        Unet loaded(options);
        load_state_dict(*loaded, tensors, "", "the file");
        QVERIFY(!has(loaded, "image_to_tokens"));
        QVERIFY(drawn(loaded, 8, embeds(2, 4)).allclose(drawn(projected, 8, embeds(2, 4)), 1e-4, 1e-5));
    }

    void theMiddleNeedNotAttend()
    {
        auto options = tiny();
        options.attend_at_middle = false;
        auto unet = built(options);
        QVERIFY(!has(unet, "mid_attn"));
        QVERIFY(drawn(unet, 8, embeds(1, 6)).isfinite().all().item<bool>());
    }

    void aFileWithAttentionInTheMiddleBringsItBack()
    {
        auto attending = built(tiny());
        auto options = tiny();
        options.attend_at_middle = false;
        Unet loaded(options);
        load_state_dict(*loaded, state_dict(*attending), "", "the file");
        QVERIFY(drawn(loaded, 8, embeds(1, 6)).equal(drawn(attending, 8, embeds(1, 6))));
    }

    void attentionFollowsTheResolution()
    {
        auto options = tiny();
        options.image_size = 16;
        options.attn_resolutions = { 8 };
        auto unet = built(options);
        QVERIFY(has(unet, "downs.1.3.fn.fn.to_q") && has(unet, "ups.0.2.fn.fn.to_q"));
        QVERIFY(!has(unet, "downs.0.3") && !has(unet, "ups.1.2"));
    }

    void crossAttentionEndsAtItsResolution()
    {
        auto options = tiny();
        options.dim_mults = { 1, 1, 2 };
        options.image_size = 32;
        options.cross_attn_resolution = 8;
        auto unet = built(options);
        QVERIFY(has(unet, "downs.2.2.0.cross_attn") && has(unet, "mid_block1.cross_attn"));
        QVERIFY(!has(unet, "downs.1.2.0.cross_attn") && !has(unet, "ups.1.1.0.cross_attn"));
    }

    void withoutCrossAttentionTheConditionIsSummed()
    {
        auto options = tiny();
        options.image_size = 8;
        options.cross_attn_resolution = 0;
        options.add_image_embeds_to_time = false;
        auto unet = built(options);
        QVERIFY(!has(unet, "cross_attn"));
        const auto out = drawn(unet, 8, embeds(2, 6));
        QVERIFY(!out[0].allclose(out[1], 1e-3, 1e-3));
    }

    void aBlockSeesItsNeighboursAndAGridEveryOther()
    {
        const auto block = reach(torch::nn::AnyModule(WindowAttention(windowed, Windows::Block, 4)));
        auto expected = torch::zeros({ 8, 8 }, torch::kBool);
        expected.narrow(0, 0, 4).narrow(1, 0, 4).fill_(true);
        QVERIFY(block.equal(expected));
        const auto grid = reach(torch::nn::AnyModule(WindowAttention(windowed, Windows::Grid, 4)));
        expected.zero_();
        expected.index({ torch::indexing::Slice(0, 8, 2), torch::indexing::Slice(0, 8, 2) }) = true;
        QVERIFY(grid.equal(expected));
        QVERIFY(reach(torch::nn::AnyModule(MaxVitAttention(windowed, 4))).all().item<bool>());
    }

    void windowsAreWhatFullAttentionIsWhereOneCoversTheMap()
    {
        torch::manual_seed(9);
        WindowAttention window(windowed, Windows::Block, 8);
        SequenceAttention full(windowed);
        auto tensors = state_dict(*window);
        tensors.erase("rel_pos_bias");
        load_state_dict(*full->named_modules()["fn.fn"], tensors, "attn.", "the window");
        const auto fmap = torch::randn({ 2, 8, 4, 4 });
        QVERIFY(window(fmap).allclose(full(fmap), 1e-4, 1e-5));
    }

    void everyKindOfAttentionFitsAUnet_data()
    {
        QTest::addColumn<QString>("type");
        for (const auto* type : { "none", "full", "linear", "block", "grid", "maxvit" })
            QTest::newRow(type) << QString::fromLatin1(type);
    }
    void everyKindOfAttentionFitsAUnet()
    {
        QFETCH(QString, type);
        auto options = tiny();
        options.attn_type = { "none", type.toStdString() };
        options.attn_window = 2;
        auto unet = built(options);
        QCOMPARE(has(unet, "downs.1.3"), type != QStringLiteral("none"));
        QVERIFY((drawn(unet, 8, embeds(2, 6)).sizes() == at::IntArrayRef{ 2, 3, 8, 8 }));
    }

    void aU2netTakesAUnetsPlace()
    {
        auto options = tiny();
        options.kind = "u2net";
        options.dim_mults = { 1, 1, 2 };
        auto unet = built(options);
        QVERIFY(has(unet, "downs.0.2.0.nested.downs.2") && has(unet, "ups.2.1.0.nested.ups.1"));
        QVERIFY(has(unet, "downs.1.2.0.nested.downs.1") && !has(unet, "downs.2.2.0.nested"));
        const auto x = torch::randn({ 2, 3, 16, 16 });
        const auto t = torch::full({ 2 }, 3, torch::kInt64);
        const UnetCondition condition{ embeds(2, 6), {}, {}, {}, {} };
        const auto conditional = unet(x, t, condition), dropped = unet(x, t, condition, DropProbs{ 1, 1 });
        QVERIFY(unet->forward_with_cond_scale(x, t, condition, 3)
                    .allclose(dropped + (conditional - dropped) * 3, 1e-3, 1e-4));
        conditional.sum().backward();
        QVERIFY(unet->named_parameters()["downs.0.2.0.nested.downs.2.project.weight"].grad().defined());
    }

    void blocksMayBeComputedAgain()
    {
        auto options = tiny();
        options.kind = "u2net";
        auto kept = built(options);
        options.checkpoint_during_training = true;
        auto again = built(options);
        const auto x = torch::randn({ 2, 3, 8, 8 });
        const UnetCondition condition{ embeds(2, 6), {}, {}, {}, {} };
        for (auto* unet : { &kept, &again }) {
            (*unet)->train();
            (*unet)(x, torch::full({ 2 }, 7, torch::kInt64), condition).square().sum().backward();
        }
        const auto gradients = again->named_parameters();
        for (const auto& parameter : kept->named_parameters()) {
            const auto& expected = parameter.value().grad();
            const auto& gradient = gradients[parameter.key()].grad();
            QCOMPARE(gradient.defined(), expected.defined());
            if (expected.defined())
                QVERIFY2(gradient.allclose(expected, 1e-4, 1e-5), parameter.key().c_str());
        }
    }

    void whatCannotBeBuiltIsRefusedWithBothValues_data()
    {
        QTest::addColumn<int>("row");
        QTest::addColumn<QString>("message");
        const auto row
            = [](int i, const char* message) { QTest::newRow(message) << i << QString::fromLatin1(message); };
        row(0, "resnet_groups 3 does not divide the 8 channels");
        row(1, "self_attn lists 3 values and dim_mults 2");
        row(2, "attn_resolutions names 5, but a picture of 16 is worked on at 16, 8");
        row(3, "image_size 9 is no multiple of 2");
        row(4, "give the picture's side");
        row(5, "there is no kind \"unet3\"; choose unet, u2net, adm or adm_pair");
        row(6, "dim_mults has only one");
        row(7, "there is no attn_type \"swin\"");
        row(8, "dim must be even and at least 4, not 7");
    }
    void whatCannotBeBuiltIsRefusedWithBothValues()
    {
        QFETCH(int, row);
        QFETCH(QString, message);
        auto o = tiny();
        switch (row) {
        case 0:
            o.resnet_groups = 3;
            break;
        case 1:
            o.self_attn = { true, false, true };
            break;
        case 2:
            o.image_size = 16, o.attn_resolutions = { 5 };
            break;
        case 3:
            o.image_size = 9;
            break;
        case 4:
            o.cross_attn_resolution = 8;
            break;
        case 5:
            o.kind = "unet3";
            break;
        case 6:
            o.kind = "u2net", o.dim_mults = { 1 };
            break;
        case 7:
            o.attn_type = std::string("swin");
            break;
        case 8:
            o.dim = 7;
            break;
        }
        const auto error = errorOf([&] { Unet unet(o); });
        QVERIFY2(error.contains(message), qPrintable(error));
    }

    void picturesThatCannotBeHalvedAreRefused()
    {
        auto unet = built(tiny());
        const auto error = errorOf([&] { drawn(unet, 9, embeds(1, 6)); });
        QVERIFY2(error.contains(QStringLiteral("multiples of 2, not 9x9")), qPrintable(error));
    }
};

QTEST_GUILESS_MAIN(UnetTest)
#include "tst_unet.moc"
