// SPDX-License-Identifier: MIT
#include "core/api/library.h"
#include "core/train/known_captions.h"

#include <QSet>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <fstream>

using namespace reverie;

namespace {

TrainRequest presetRequest(const char* preset)
{
    TrainRequest request;
    request.preset = preset;
    request.data = "shapes";
    return request;
}

TrainingOption optionNamed(const std::vector<TrainingOption>& options, const std::string& key)
{
    const auto found = std::find_if(options.begin(), options.end(),
                                    [&](const TrainingOption& option) { return option.key == key; });
    return found == options.end() ? TrainingOption() : *found;
}

} // namespace

class TrainingOptionsTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyOptionHasAMeaningAndASource()
    {
        QTemporaryDir folder;
        for (const char* clip : { "", R"({"kind": "openai_clip"})", R"({"kind": "open_clip"})" }) {
            auto request = presetRequest("emoji");
            if (*clip) {
                request.config = folder.filePath(QStringLiteral("clip.json")).toStdString();
                request.preset = "";
                std::ofstream(request.config) << R"({"model": {"clip": )" << clip << "}}";
            }
            const auto options = training_options(request);
            QVERIFY(options.size() > (*clip ? 80U : 250U));
            QSet<QByteArray> keys;
            for (const auto& option : options) {
                QVERIFY2(!option.meaning.empty(), option.key.c_str());
                QVERIFY2(option.meaning.ends_with('.'), option.key.c_str());
                QVERIFY2(!option.source.empty(), option.key.c_str());
                QVERIFY2(!option.default_value.empty(), option.key.c_str());
                keys << QByteArray::fromStdString(option.key);
            }
            QCOMPARE(std::size_t(keys.size()), options.size());
        }
    }

    void theSourceSaysWhoGaveTheValue()
    {
        auto request = presetRequest("emoji");
        request.set = { "prior.lr=0.002" };
        const auto options = training_options(request);
        QCOMPARE(optionNamed(options, "prior.lr").value, "0.002");
        QCOMPARE(optionNamed(options, "prior.lr").default_value, "0.0003");
        QCOMPARE(optionNamed(options, "prior.lr").source, "this request");
        QCOMPARE(optionNamed(options, "clip.batch").value, "256");
        QCOMPARE(optionNamed(options, "clip.batch").source, "the preset emoji");
        QCOMPARE(optionNamed(options, "unet2.lr").source, "the preset emoji");
        QCOMPARE(optionNamed(options, "unet2.beta1").source, "Kingma & Ba 2015");
        QCOMPARE(optionNamed(options, "model.decoder.unets.0.dim").value, "32");
        QCOMPARE(optionNamed(options, "model.decoder.unets.0.dim").default_value, "128");
        QCOMPARE(optionNamed(options, "data").source, "this request");
    }

    void everyKeyCanBeSet()
    {
        auto request = presetRequest("emoji");
        const auto options = training_options(request);
        for (const auto& option : options) {
            request.set = { option.key + "=" + option.value };
            QCOMPARE(optionNamed(training_options(request), option.key).value, option.value);
        }
    }

    void aMistakeIsNamed()
    {
        auto request = presetRequest("emoji");
        request.set = { "prior.lr=fast" };
        QVERIFY_EXCEPTION_THROWN(training_options(request), std::exception);
    }

    void samplesAreWhatTrainingSees()
    {
        const auto samples = dataset_samples("shapes", 12, 48);
        QCOMPARE(samples.size(), std::size_t(12));
        for (const auto& sample : samples) {
            QCOMPARE(sample.picture.width, 48);
            QCOMPARE(sample.picture.rgb.size(), std::size_t(48 * 48 * 3));
            QVERIFY(!sample.caption.empty());
            const auto [least, most]
                = std::minmax_element(sample.picture.rgb.begin(), sample.picture.rgb.end());
            QVERIFY(*least != *most);
        }
        QVERIFY_EXCEPTION_THROWN(dataset_samples("/no/such/folder", 12, 48), std::exception);
    }

    /// A short list that still knows every word; none at all where even that would be long.
    void aModelRemembersEveryWordOfManyCaptions()
    {
        std::vector<std::string> captions;
        for (int i = 0; i < 5000; ++i)
            captions.push_back("a red Cat, number " + std::to_string(i % 50));
        captions[1234] = "a zebra.";
        captions[4321] = "the (red) quagga";
        QVERIFY(known_captions(captions, 5000) == captions);
        const auto known = known_captions(captions, 20);
        QVERIFY(known.size() <= 20 + 50 + 2);
        const auto holds = [&known](const std::string& word) {
            return std::any_of(known.begin(), known.end(), [&word](const std::string& caption) {
                return (caption + ' ').find(' ' + word) != std::string::npos;
            });
        };
        for (int i = 0; i < 50; ++i)
            QVERIFY(holds(std::to_string(i) + ' '));
        QVERIFY(holds("zebra.") && holds("quagga"));
        QVERIFY(known == known_captions(captions, 20));
        QVERIFY(known_captions(captions, 20, 30).empty());
    }
};

QTEST_GUILESS_MAIN(TrainingOptionsTest)
#include "tst_training_options.moc"
