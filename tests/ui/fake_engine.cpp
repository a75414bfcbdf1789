// SPDX-License-Identifier: MIT
#include "tests/ui/fake_engine.h"

#include "core/base/error.h"
#include "core/base/random_key.h"

#include <QFont>
#include <QImage>
#include <QPainter>
#include <QString>
#include <QThread>

#include <cmath>
#include <random>

namespace reverie::ui {

namespace {

constexpr int stage_sizes[] = { 16, 64 };

const std::vector<std::pair<std::string, std::u16string>>& glyphs()
{
    static const std::vector<std::pair<std::string, std::u16string>> known{
        { "slice of pizza", u"🍕" },
        { "red apple", u"🍎" },
        { "cat face", u"🐱" },
        { "rainbow", u"🌈" },
        { "sailboat", u"⛵" },
        { "hot beverage", u"☕" },
        { "rocket", u"🚀" },
        { "octopus", u"🐙" },
        { "cherry blossom", u"🌸" },
        { "snowman", u"⛄" },
        { "guitar", u"🎸" },
        { "house with garden", u"🏡" },
        { "grinning face with smiling eyes", u"😄" },
        { "waving hand: medium skin tone", u"👋🏽" },
        { "four leaf clover", u"🍀" },
        { "sunflower", u"🌻" },
        { "volcano", u"🌋" },
        { "teddy bear", u"🧸" },
        { "avocado", u"🥑" },
        { "owl", u"🦉" }
    };
    return known;
}

QImage target(const std::string& prompt)
{
    std::u16string glyph = u"🎨";
    for (const auto& [name, emoji] : glyphs())
        if (name == prompt)
            glyph = emoji;
    QImage image(64, 64, QImage::Format_RGB888);
    image.fill(Qt::white);
    QPainter painter(&image);
    QFont font(QStringLiteral("Noto Color Emoji"));
    font.setPixelSize(46);
    painter.setFont(font);
    painter.drawText(image.rect(), Qt::AlignCenter, QString::fromStdU16String(glyph));
    return image;
}

/// The target scaled to `size`, with noise that goes away as `done` goes from 0 to 1.
Image estimate(const QImage& target, int size, double done, std::uint64_t seed)
{
    const QImage scaled = target.scaled(size, size, Qt::IgnoreAspectRatio, Qt::SmoothTransformation)
                              .convertToFormat(QImage::Format_RGB888);
    std::mt19937_64 random(seed);
    std::normal_distribution<double> noise(0, 110 * (1 - done) * (1 - done));
    Image image{ size, size, {} };
    for (int y = 0; y < size; ++y)
        for (int x = 0; x < size * 3; ++x) {
            const double sharp = scaled.constScanLine(y)[x];
            image.rgb.push_back(std::uint8_t(
                std::clamp(sharp * done + 150 * (1 - done) + (done < 1 ? noise(random) : 0), 0., 255.)));
        }
    return image;
}

/// Ink by colour on a grid of 8 by 8 places, of unit length.
Embedding inkOf(const QImage& picture)
{
    const QImage small = picture.scaled(8, 8, Qt::IgnoreAspectRatio, Qt::SmoothTransformation)
                             .convertToFormat(QImage::Format_RGB888);
    Embedding ink;
    for (int y = 0; y < 8; ++y)
        for (int x = 0; x < 24; ++x)
            ink.push_back(1.0F - float(small.constScanLine(y)[x]) / 255);
    double squares = 1e-12;
    for (const float value : ink)
        squares += double(value) * value;
    for (float& value : ink)
        value = float(value / std::sqrt(squares));
    return ink;
}

class FakeEmbedder : public Embedder
{
public:
    std::vector<Embedding> texts(const std::vector<std::string>& texts) override
    {
        std::vector<Embedding> points;
        for (const auto& text : texts)
            points.push_back(inkOf(target(text)));
        return points;
    }
    std::vector<Embedding> pictures(const std::vector<Image>& pictures) override
    {
        std::vector<Embedding> points;
        for (const Image& picture : pictures)
            points.push_back(inkOf(QImage(picture.rgb.data(), picture.width, picture.height,
                                          picture.width * 3, QImage::Format_RGB888)));
        return points;
    }
    std::vector<Embedding> imagined(const std::vector<std::string>& texts, std::uint64_t) override
    {
        return this->texts(texts);
    }
};

class FakeGenerator : public Generator
{
public:
    explicit FakeGenerator(std::shared_ptr<FakeBehaviour> behaviour)
        : m_behaviour(std::move(behaviour))
    {
    }

    GenerateResult generate(const GenerateRequest& request, const OnGenerateUpdate& on_update,
                            std::stop_token stop) override
    {
        ++m_behaviour->drawings;
        m_request = request;
        m_stop = stop;
        m_done = 0;
        GenerateResult result;
        result.settings.model = "Fake emoji";
        result.settings.prior_steps = m_behaviour->priorSteps;
        result.settings.steps = { m_behaviour->steps, m_behaviour->steps };
        for (int i = 0; i < total() && !stop.stop_requested(); ++i) {
            Picture picture = drawOne(i, result.settings, on_update);
            if (!picture.image.empty())
                result.pictures.push_back(std::move(picture));
        }
        result.stopped = stop.stop_requested();
        ++m_behaviour->returned;
        return result;
    }

    Embedder& embedder() override { return m_embedder; }

private:
    [[nodiscard]] int total() const { return int(m_request.prompts.size()) * m_request.count; }

    void pause() const
    {
        QThread::msleep(m_behaviour->stepMilliseconds);
        while (!m_behaviour->gate && !m_stop.stop_requested())
            QThread::msleep(1);
    }

    GenerateUpdate update(int index, int stage, int step, int steps)
    {
        const int all = total() * (m_behaviour->priorSteps + 2 * m_behaviour->steps);
        GenerateUpdate update;
        update.stage = stage;
        update.step = step;
        update.steps = steps;
        update.first = index;
        update.count = 1;
        update.progress = double(++m_done) / all;
        update.seconds_left = (all - m_done) * m_behaviour->stepMilliseconds / 1000.0;
        return update;
    }

    Picture drawOne(int index, const ResolvedSettings& settings, const OnGenerateUpdate& on_update)
    {
        Picture picture;
        picture.index = index;
        picture.prompt = m_request.prompts[index / m_request.count];
        picture.seed = m_request.seeds.empty() ? m_request.seed + index : m_request.seeds[index];
        picture.stages.resize(2);
        for (int step = 1; step <= m_behaviour->priorSteps && !m_stop.stop_requested(); ++step) {
            pause();
            auto news = update(index, 0, step, m_behaviour->priorSteps);
            if (step == m_behaviour->priorSteps) {
                picture.candidates = { { 0.61, false }, { 0.83, true }, { 0.74, false } };
                news.candidates = { picture.candidates };
            }
            on_update(news);
        }
        if (!m_behaviour->failure.empty())
            throw Error(m_behaviour->failure);
        const QImage sharp = target(picture.prompt);
        for (int stage = 1; stage <= 2; ++stage)
            drawStage(picture, stage, sharp, settings, on_update);
        return picture;
    }

    void drawStage(Picture& picture, int stage, const QImage& sharp, const ResolvedSettings& settings,
                   const OnGenerateUpdate& on_update)
    {
        const int steps = m_behaviour->steps;
        for (int step = 1; step <= steps && !m_stop.stop_requested(); ++step) {
            pause();
            picture.image = estimate(sharp, stage_sizes[stage - 1], double(step) / steps,
                                     random_key({ picture.seed, std::uint64_t(stage), std::uint64_t(step) }));
            if (step == steps)
                picture.stages[stage - 1] = picture.image;
            picture.complete = stage == 2 && step == steps;
            auto news = update(picture.index, stage, step, steps);
            news.previews = { { picture.index, picture.image } };
            if (picture.complete) {
                news.finished = { picture };
                news.settings = settings;
            }
            on_update(news);
        }
    }

    std::shared_ptr<FakeBehaviour> m_behaviour;
    FakeEmbedder m_embedder;
    GenerateRequest m_request;
    std::stop_token m_stop;
    int m_done = 0;
};

} // namespace

QImage fakeTarget(const std::string& prompt)
{
    return target(prompt);
}

ModelInfo fakeModel()
{
    ModelInfo model;
    model.path = "fake.safetensors";
    model.title = "Fake emoji";
    model.description = "A small model that was trained on the 3,655 emoji of the Noto font. It draws emoji "
                        "and nothing else.";
    model.has_clip = model.has_prior = model.has_decoder = model.trained = true;
    model.context_length = 32;
    model.prior = { .size = 0, .default_steps = 16, .max_steps = 100 };
    model.stages = { { .size = 16, .default_steps = 40, .max_steps = 400 },
                     { .size = 64, .default_steps = 20, .max_steps = 400 } };
    model.cond_scale = 1.5;
    model.prior_cond_scale = 1;
    model.candidates = 3;
    model.sampler = "ddim";
    model.guidance = model.prior_guidance = true;
    for (const auto& [name, glyph] : glyphs())
        model.captions.push_back(name);
    return model;
}

Engine fakeEngine(std::shared_ptr<FakeBehaviour> behaviour)
{
    return { .findModel =
                 [](const std::string& name) {
                     return std::filesystem::path(name.empty() ? "fake.safetensors" : name);
                 },
             .readInfo =
                 [](const std::filesystem::path& path) {
                     if (path != "fake.safetensors")
                         throw Error("The model " + path.string() + " does not exist; choose another file.");
                     return fakeModel();
                 },
             .openGenerator = [behaviour](const std::filesystem::path&, const GeneratorOptions&)
                 -> std::unique_ptr<Generator> { return std::make_unique<FakeGenerator>(behaviour); },
             .hashModel = [](const std::filesystem::path&) { return std::string("fa4e"); },
             .previewDrawing
             = [](const std::filesystem::path&, const GenerateRequest& request) -> DrawingPreview {
                 return { 50'000'000, 1e9 * double(request.prompts.size()) * request.count };
             } };
}

} // namespace reverie::ui
