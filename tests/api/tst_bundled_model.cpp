// SPDX-License-Identifier: MIT
#include "core/api/model_info.h"
#include "core/api/picture_file.h"
#include "core/api/pipeline_generator.h"
#include "core/api/weighted_texts.h"
#include "core/io/dataset_file.h"
#include "core/nn/pixels.h"
#include "core/nn/resize.h"
#include "tests/api/little_memory.h"

#include <torch/torch.h>

#include <QTest>

#include <chrono>
#include <numeric>

using namespace reverie;

namespace {

constexpr int compared_size = 32;

/// The same up to what rounding makes of a batch.
bool close(const Image& a, const Image& b)
{
    return a.rgb.size() == b.rgb.size() && (to_tensor(a) - to_tensor(b)).abs().max().item<double>() < 0.02;
}

Tensor as_compared(const Image& image) // -> (3 * 32 * 32)
{
    return resize_area(to_tensor(image), compared_size).flatten();
}

} // namespace

/// The model that ships, judged by what a newcomer sees.
class TestBundledModel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        const auto path
            = std::filesystem::path(REVERIE_TEST_DATA) / "../../resources/models/emoji.safetensors";
        if (!std::filesystem::exists(path))
            QSKIP("resources/models/emoji.safetensors is not there.");
        info = read_model_info(path);
        generator
            = std::make_unique<PipelineGenerator>(load_pipeline(path), hash_file(path), GeneratorOptions{});
        emoji = open_dataset("emoji", compared_size);
        std::vector<std::int64_t> all(emoji->captions().size());
        std::iota(all.begin(), all.end(), 0);
        references = (emoji->pictures(all).to(torch::kFloat32) / 255).flatten(1); // (n, 3 * 32 * 32)
    }

    void itIsAWholeTrainedPipelineOfAtMost24MiB()
    {
        QVERIFY(info.is_pipeline());
        QVERIFY(info.trained);
        QVERIFY(info.bytes <= 24U << 20U);
        QVERIFY(!info.description.empty());
        QCOMPARE(info.stages.back().size, 64);
    }

    void itNeverSawTheTestSplit()
    {
        const std::set<std::string> known(info.captions.begin(), info.captions.end());
        QCOMPARE(emoji->test().size(), 205U);
        QCOMPARE(known.size(), emoji->train().size());
        for (const auto row : emoji->test())
            QVERIFY(!known.contains(emoji->captions()[std::size_t(row)]));
    }

    void itDrawsWhatTheCaptionSays()
    {
        GenerateRequest request;
        request.seed = 1;
        std::vector<std::int64_t> rows;
        for (std::size_t i = 0; i < 32; ++i) {
            rows.push_back(emoji->train()[i * emoji->train().size() / 32]);
            request.prompts.push_back(emoji->captions()[std::size_t(rows.back())]);
        }
        const auto begin = std::chrono::steady_clock::now();
        const auto result = generator->generate(request, {}, {});
        const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
        int hits = 0;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const auto distance = (references - as_compared(result.pictures[i].image)).square().mean(1);
            const bool near = (distance < distance[rows[i]]).sum().item<std::int64_t>() < 5;
            hits += near ? 1 : 0;
        }
        qInfo("%d of 32 captions are among their five nearest emoji; %.2f s a picture", hits,
              seconds.count() / 32);
        QVERIFY(hits >= 27); // 31 when this model was made
    }

    void swappedEmbeddingsSwapThePictures()
    {
        GenerateRequest request;
        request.prompts = { "pizza", "green apple" };
        const auto own = generator->generate(request, {}, {}).pictures;
        request.image_embeds = { own[1].image_embed, own[0].image_embed };
        const auto swapped = generator->generate(request, {}, {}).pictures;
        const auto distance = [](const Picture& a, const Picture& b) {
            return (as_compared(a.image) - as_compared(b.image)).square().mean().item<double>();
        };
        QVERIFY(distance(swapped[0], own[1]) < distance(swapped[0], own[0]));
        QVERIFY(distance(swapped[1], own[0]) < distance(swapped[1], own[1]));
    }

    void weightsMoveWhatClipMakesOfAPrompt()
    {
        const auto path
            = std::filesystem::path(REVERIE_TEST_DATA) / "../../resources/models/emoji.safetensors";
        const LoadedPipeline model(load_pipeline(path), {}, GeneratorOptions{});
        const auto plain = embed_weighted(model, { "red heart", "heart", "red \\(x\\) heart" });
        const auto ids = model.ids_of(std::vector<std::string>{ "red heart", "heart", "red (x) heart" });
        const auto clip = model.parts.clip->embed_text(ids);
        QVERIFY(plain.text_embed.equal(clip.text_embed) && plain.text_encodings.equal(clip.text_encodings));

        const auto weighted
            = embed_weighted(model, { "(red:1.5) heart", "(red:0) heart", "(red heart:1.7)" });
        const auto whole = clip.text_embed[0], without = clip.text_embed[1];
        const auto toward = whole + 0.5 * (whole - without);
        QVERIFY(torch::allclose(weighted.text_embed[0], toward / toward.norm(), 1e-5, 1e-5));
        QVERIFY(torch::allclose(weighted.text_embed[1], without, 1e-5, 1e-5)); // as if it were not there
        QVERIFY(torch::allclose(weighted.text_embed[2], whole, 1e-5, 1e-5)); // nothing to stand out from

        // The encodings of "red" count half as much again, and all of them together as much as before.
        const auto red = std::int64_t(model.parts.tokenizer->encode("red").size());
        const auto first = model.parts.clip->text_frame().start ? 1 : 0;
        auto expected = clip.text_encodings[0].clone();
        expected.slice(0, first, first + red).mul_(1.5);
        expected *= clip.text_encodings[0].norm() / expected.norm();
        QVERIFY(torch::allclose(weighted.text_encodings[0], expected, 1e-5, 1e-5));
        const auto norm = weighted.text_encodings[0].norm() / clip.text_encodings[0].norm();
        QVERIFY(std::abs(norm.item<double>() - 1) < 1e-4);
    }

    void aWeightChangesThePictureAndTravelsWithIt()
    {
        GenerateRequest request;
        request.prompts = { "red heart", "(red:1.0) heart", "(red:1.6) heart" };
        request.seeds = { 4, 4, 4 };
        request.prior_steps = 4;
        request.steps = { 4, 4 };
        const auto result = generator->generate(request, {}, {});
        const auto& pictures = result.pictures;
        QVERIFY(pictures[0].image == pictures[1].image);
        QVERIFY(pictures[0].image != pictures[2].image);
        const auto making = making_of(pictures[2], pictures[2].image, result.settings, {}, "1");
        const auto again = generator->generate(request_from(making_from_json(to_json(making), "it")), {}, {});
        QVERIFY(again.pictures[0].image == pictures[2].image
                || close(again.pictures[0].image, pictures[2].image));
        // A picture from before there were weights meant its brackets.
        const std::string record = to_json(making);
        auto old = record;
        old.replace(old.find("\"weights\":true"), 14, "\"weights\":false");
        QCOMPARE(request_from(making_from_json(old, "it")).prompts[0], std::string("\\(red:1.6\\) heart"));
    }

    void aPictureIsTheSameAloneAndInABatchOfEight()
    {
        GenerateRequest request;
        request.prompts = { "pizza" };
        request.count = 8;
        const auto batch = generator->generate(request, {}, {}).pictures;
        request.count = 1;
        request.seed = 5;
        const auto alone = generator->generate(request, {}, {}).pictures[0];
        const auto mse = (to_tensor(alone.image) - to_tensor(batch[5].image)).square().mean().item<double>();
        const double psnr = -10 * std::log10(std::max(mse, 1e-10));
        qInfo("PSNR alone against in a batch of 8: %.1f dB", psnr);
        QVERIFY(psnr > 45);
    }

    void withLittleMemoryFewerAreDrawnAtATime()
    {
        GenerateRequest request;
        request.prompts = { "pizza" };
        request.count = 8;
        request.seed = 11;
        request.prior_steps = 2;
        request.steps = { 2, 2 };
        const auto draw = [&](int batch, std::size_t limit, std::vector<std::string>& warnings) {
            const LittleMemory memory(limit);
            request.batch = batch;
            auto pictures = generator
                                ->generate(request,
                                           [&](const GenerateUpdate& update) {
                                               if (!update.warning.empty())
                                                   warnings.push_back(update.warning);
                                           },
                                           {})
                                .pictures;
            return std::pair(std::move(pictures), memory.peak());
        };
        constexpr std::size_t plenty = std::size_t(1) << 50U;
        std::vector<std::string> none, said;
        const auto [by_two, for_two] = draw(2, plenty, none);
        const auto [all, for_eight] = draw(8, plenty, none);
        QVERIFY(none.empty());
        QVERIFY(for_eight > 2 * for_two);
        const auto [pictures, most] = draw(8, for_two + for_two / 4, said);
        qInfo("%.1f MB for 8 at a time, %.1f MB for 2", double(for_eight) / 1e6, double(for_two) / 1e6);
        const std::vector<std::string> expected{
            "There is not enough memory for 8 pictures at a time; going on with 4.",
            "There is not enough memory for 4 pictures at a time; going on with 2."
        };
        QCOMPARE(said, expected);
        QVERIFY(most <= for_two + for_two / 4);
        QCOMPARE(pictures.size(), std::size_t(8));
        for (std::size_t i = 0; i < 8; ++i) {
            QCOMPARE(pictures[i].index, int(i));
            QCOMPARE(pictures[i].seed, request.seed + i);
            QVERIFY(pictures[i].image.rgb == by_two[i].image.rgb);
            const auto mse
                = (to_tensor(pictures[i].image) - to_tensor(all[i].image)).square().mean().item<double>();
            QVERIFY(-10 * std::log10(std::max(mse, 1e-10)) > 45);
        }
    }

    void withoutMemoryForOneTheErrorIsHandedOn()
    {
        GenerateRequest request;
        request.prompts = { "pizza" };
        request.count = 2;
        const LittleMemory memory(100'000);
        std::vector<std::string> warnings;
        QVERIFY_EXCEPTION_THROWN(generator->generate(request,
                                                     [&](const GenerateUpdate& update) {
                                                         if (!update.warning.empty())
                                                             warnings.push_back(update.warning);
                                                     },
                                                     {}),
                                 std::exception);
        QCOMPARE(warnings.size(), std::size_t(1)); // for two, and then there is no less than one
    }

private:
    ModelInfo info;
    std::unique_ptr<PipelineGenerator> generator;
    std::unique_ptr<Dataset> emoji;
    Tensor references;
};

QTEST_MAIN(TestBundledModel)
#include "tst_bundled_model.moc"
