// SPDX-License-Identifier: MIT
#include "core/models/offload.h"
#include "tests/models/tiny_decoder.h"

#include <torch/torch.h>

#include <QTest>

using namespace reverie;

namespace {

DecoderOptions offloading()
{
    auto options = tiny_options({ 4, 8 });
    options.offload_unets = true;
    return options;
}

} // namespace

/// Another dtype stands in for another device, which not every machine has.
class OffloadTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void whatIsKeptRestsUntouched()
    {
        torch::nn::Linear layer(3, 2);
        const auto weight = layer->weight;
        const auto* const resting = weight.data_ptr();
        const auto before = weight.detach().clone();
        {
            const OnDevice used(*layer, torch::kFloat64, OnDevice::Weights::Kept);
            QCOMPARE(weight.scalar_type(), torch::kFloat64); // the same tensor, elsewhere
            QCOMPARE(layer->forward(torch::ones({ 1, 3 }, torch::kFloat64)).scalar_type(), torch::kFloat64);
            torch::NoGradGuard no_grad;
            layer->weight.add_(1);
        }
        QCOMPARE(weight.scalar_type(), torch::kFloat32);
        QCOMPARE(weight.data_ptr(), resting);
        QVERIFY(weight.equal(before));
    }

    void whatIsTrainedComesBack()
    {
        torch::nn::Linear layer(3, 2);
        const auto before = layer->weight.detach().clone();
        {
            const OnDevice used(*layer, torch::kFloat64, OnDevice::Weights::Trained);
            torch::optim::SGD optimizer(layer->parameters(), 0.5);
            layer->forward(torch::ones({ 1, 3 }, torch::kFloat64)).sum().backward();
            optimizer.step();
        }
        QVERIFY(layer->weight.allclose(before - 0.5));
        QVERIFY(!layer->weight.grad().defined());
        layer->forward(torch::ones({ 1, 3 })).sum().backward();
        QVERIFY(layer->weight.grad().defined());
    }

    void sharedWeightsMoveOnce()
    {
        torch::nn::Linear layer(3, 2);
        torch::nn::ModuleList twice(layer, layer);
        const auto before = layer->weight.detach().clone();
        {
            const OnDevice used(*twice, torch::kFloat64, OnDevice::Weights::Trained);
        }
        QVERIFY(layer->weight.scalar_type() == torch::kFloat32 && layer->weight.equal(before));
    }

    void nothingMovesWhereNothingIsToBeDone()
    {
        torch::nn::Linear layer(3, 2);
        const auto* const resting = layer->weight.data_ptr();
        {
            const OnDevice used(*layer, torch::Device(torch::kCPU), OnDevice::Weights::Trained);
            QCOMPARE(layer->weight.data_ptr(), resting);
            layer->forward(torch::ones({ 1, 3 })).sum().backward();
        }
        QVERIFY(layer->weight.grad().defined());
    }

    void aDecoderThatOffloadsDrawsTheSame()
    {
        torch::manual_seed(1);
        auto plain = tiny_decoder(tiny_options({ 4, 8 }));
        torch::manual_seed(1);
        auto offloaded = tiny_decoder(offloading());
        offloaded->to(torch::Device(torch::kCPU));
        const auto draw = [](Decoder& decoder) {
            auto noise = noise_of(1, 2);
            return decoder->sample(2, tiny_condition(2), {}, noise);
        };
        QVERIFY(draw(offloaded).equal(draw(plain)));
    }

    void aDecoderThatOffloadsLearns()
    {
        auto decoder = tiny_decoder(offloading());
        const auto used = decoder->in_use(2, OnDevice::Weights::Trained);
        auto noise = noise_of(1, 2);
        decoder->loss(pictures(2, 8), 2, tiny_condition(2), noise).loss.backward();
        QVERIFY(decoder->unet(2)->named_parameters()["to_out.weight"].grad().defined());
    }
};

QTEST_GUILESS_MAIN(OffloadTest)
#include "tst_offload.moc"
