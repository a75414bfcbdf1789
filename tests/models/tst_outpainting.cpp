// SPDX-License-Identifier: MIT
#include "core/base/random_key.h"
#include "core/models/outpainting.h"
#include "tests/base/error_of.h"
#include "tests/models/tiny_decoder.h"

#include <torch/torch.h>

#include <QTest>

#include <functional>

using namespace reverie;

namespace {

/// A fresh source for every window and stage, as a program would make it of a seed.
struct SeededWindows {
    std::uint64_t seed;
    std::int64_t batch;
    std::unique_ptr<Noise> source;

    Noise& operator()(std::int64_t window, std::int64_t unet_number)
    {
        std::vector<std::uint64_t> keys;
        for (std::int64_t i = 0; i < batch; ++i)
            keys.push_back(
                random_key({ seed + std::uint64_t(i), std::uint64_t(window), std::uint64_t(unet_number) }));
        source = std::make_unique<KeyedNoise>(keys);
        return *source;
    }
};

Tensor outpainted(Decoder& decoder, const Tensor& picture, Outpainting outpainting, std::uint64_t seed = 1)
{
    outpainting.sampling.inpaint_resample_times = 2;
    outpainting.sampling.stages.assign(2, SamplingOptions{ .timesteps = 2, .sampler = Sampler::Ddim });
    SeededWindows windows{ seed, picture.size(0), nullptr };
    return outpaint(*decoder, picture, tiny_condition(picture.size(0)), outpainting, std::ref(windows));
}

} // namespace

class TestOutpainting : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theFrameIsTwiceThePictureWithItInTheMiddle()
    {
        auto decoder = tiny_decoder(tiny_options({ 4, 8 }));
        const auto picture = pictures(2, 8);
        const auto frame = outpainted(decoder, picture, {});
        QCOMPARE(frame.sizes().vec(), (std::vector<std::int64_t>{ 2, 3, 16, 16 }));
        QVERIFY(frame.narrow(2, 4, 8).narrow(3, 4, 8).equal(picture));
        auto outside = torch::ones({ 16, 16 }, torch::kBool);
        outside.narrow(0, 4, 8).narrow(1, 4, 8).fill_(false);
        const auto drawn = frame.masked_select(outside);
        QVERIFY(drawn.isfinite().all().item<bool>());
        QVERIFY(drawn.ne(0).to(torch::kFloat32).mean().item<double>() > 0.5); // some are clamped to black
    }

    void theSameSeedDrawsTheSameAndAPictureDoesNotDependOnItsBatch()
    {
        auto decoder = tiny_decoder(tiny_options({ 4, 8 }));
        const auto picture = pictures(2, 8);
        const auto frame = outpainted(decoder, picture, {});
        QVERIFY(outpainted(decoder, picture, {}).equal(frame));
        QVERIFY(!outpainted(decoder, picture, {}, 5).equal(frame));
        SeededWindows windows{ 2, 1, nullptr };
        Outpainting outpainting;
        outpainting.sampling.inpaint_resample_times = 2;
        outpainting.sampling.stages.assign(2, SamplingOptions{ .timesteps = 2, .sampler = Sampler::Ddim });
        const DecoderCondition second{ tiny_condition(2).image_embed.narrow(0, 1, 1), {} };
        const auto alone
            = outpaint(*decoder, picture.narrow(0, 1, 1), second, outpainting, std::ref(windows));
        QVERIFY(alone.allclose(frame.narrow(0, 1, 1), 1e-3, 1e-4));
    }

    /// Once drawn, a pixel is what the windows after it find there.
    void windowsAgreeWhereTheyOverlap()
    {
        auto decoder = tiny_decoder(tiny_options({ 4, 8 }));
        std::vector<Tensor> frames;
        Outpainting outpainting;
        std::int64_t windows = 0;
        outpainting.on_window = [&](std::int64_t window, std::int64_t count, const Tensor& frame) {
            QCOMPARE(window, std::int64_t(frames.size()) + 1);
            windows = count;
            frames.push_back(frame.clone());
        };
        const auto last = outpainted(decoder, pictures(1, 8), outpainting);
        QCOMPARE(std::int64_t(frames.size()), windows);
        QCOMPARE(windows, std::int64_t(8)); // three by three but for the one that is the picture
        const auto order = outpaint_windows(16, 16, 4, 4, 8, 8, 8, 0.5);
        auto known = torch::zeros({ 16, 16 }, torch::kBool);
        known.narrow(0, 4, 8).narrow(1, 4, 8).fill_(true);
        for (std::size_t i = 0; i < order.size(); ++i) {
            const auto window = [&](const Tensor& of) {
                return of.narrow(-2, order[i].top, 8).narrow(-1, order[i].left, 8);
            };
            const auto shared = window(known).sum().item<std::int64_t>();
            QVERIFY(shared >= 8 * 8 / 4 && shared < 8 * 8);
            window(known).fill_(true);
            QVERIFY(torch::where(known, frames[i], last).equal(last)); // what is drawn stays
        }
        QVERIFY(known.all().item<bool>());
    }

    void anyFrameThatHoldsThePictureWillDo()
    {
        auto decoder = tiny_decoder(tiny_options({ 4, 8 }));
        const auto picture = pictures(1, 8).narrow(2, 0, 6); // 8 wide, 6 high
        Outpainting wide;
        wide.height = 8;
        wide.width = 19;
        wide.top = 2;
        wide.left = 11;
        const auto frame = outpainted(decoder, picture, wide);
        QCOMPARE(frame.sizes().vec(), (std::vector<std::int64_t>{ 1, 3, 8, 19 }));
        QVERIFY(frame.narrow(2, 2, 6).narrow(3, 11, 8).equal(picture));
    }

    void stoppingLeavesTheRestUndrawn()
    {
        auto decoder = tiny_decoder(tiny_options({ 4, 8 }));
        std::stop_source stop;
        Outpainting outpainting;
        outpainting.sampling.stop = stop.get_token();
        outpainting.on_window = [&](std::int64_t, std::int64_t, const Tensor&) { stop.request_stop(); };
        const auto picture = pictures(1, 8);
        const auto frame = outpainted(decoder, picture, outpainting);
        QVERIFY(frame.narrow(2, 4, 8).narrow(3, 4, 8).equal(picture));
        QVERIFY(frame.narrow(2, 12, 4).narrow(3, 12, 4).eq(0).all().item<bool>());
    }

    void framesThatCantBeFilledAreRefused()
    {
        auto decoder = tiny_decoder(tiny_options({ 4, 8 }));
        const auto refused = [&](const Tensor& picture, const Outpainting& outpainting) {
            return errorOf([&] { outpainted(decoder, picture, outpainting); });
        };
        Outpainting small;
        small.height = small.width = 7;
        QVERIFY(
            refused(pictures(1, 8), small).contains(QLatin1String("7 x 7 does not hold a picture of 8 x 8")));
        QVERIFY(refused(pictures(1, 2), {}).contains(QLatin1String("draws 8 x 8 at a time")));
        Outpainting beside;
        beside.left = 9;
        QVERIFY(refused(pictures(1, 8), beside).contains(QLatin1String("at 9, 4")));
        Outpainting loose;
        loose.overlap = 1;
        QVERIFY(refused(pictures(1, 8), loose).contains(QLatin1String("overlap")));
    }
};

QTEST_APPLESS_MAIN(TestOutpainting)
#include "tst_outpainting.moc"
