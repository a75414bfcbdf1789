// SPDX-License-Identifier: MIT
#include "ui/session/drawing.h"

#include <algorithm>

namespace reverie::ui {

QImage toQImage(const Image& image)
{
    if (image.empty())
        return {};
    return QImage(image.rgb.data(), image.width, image.height, image.width * 3, QImage::Format_RGB888)
        .convertToFormat(QImage::Format_RGB32);
}

QImage CascadeState::newest() const
{
    const auto found = std::find_if(stages.rbegin(), stages.rend(),
                                    [](const auto& stage) { return !stage.image.isNull(); });
    return found == stages.rend() ? QImage() : found->image;
}

std::vector<BlendPart> mixOf(const Recipe& recipe)
{
    std::vector<BlendPart> mix;
    for (const BlendPart& part : recipe.blend) {
        mix.push_back({ .text = part.text, .weight = part.weight });
        if (part.picture)
            mix.back().picture = SourcePicture{ .image = {}, .file = part.picture->file };
    }
    return mix;
}

CascadeState cascadeOf(const Picture& picture, const ResolvedSettings& settings)
{
    CascadeState state;
    state.candidates = picture.candidates;
    state.stages.resize(picture.stages.size() + 1);
    state.stages[0].step = state.stages[0].steps = std::max(1, settings.prior_steps); // it is over
    int drawn = 0;
    for (size_t i = 0; i < picture.stages.size(); ++i) {
        if (picture.stages[i].empty())
            continue;
        auto& stage = state.stages[i + 1];
        stage.image = toQImage(picture.stages[i]);
        stage.step = stage.steps = i < settings.steps.size() ? settings.steps[i] : 1;
        drawn = picture.stages[i].width;
    }
    // The stage it was stopped in left only an estimate.
    const auto cut = std::find_if(picture.stages.begin(), picture.stages.end(),
                                  [&](const Image& stage) { return stage.empty(); });
    if (!picture.complete && cut != picture.stages.end() && picture.image.width > drawn)
        state.stages[cut - picture.stages.begin() + 1].image = toQImage(picture.image);
    return state;
}

Drawing::Drawing(int pictures, int decoderStages)
    : m_pictures(pictures)
{
    for (auto& picture : m_pictures)
        picture.stages.resize(decoderStages + 1);
}

void Drawing::apply(const GenerateUpdate& update)
{
    m_current = update.first;
    m_stage = update.stage;
    m_progress = std::max(m_progress, update.progress);
    m_secondsLeft = update.seconds_left;
    for (int i = update.first; i < std::min(update.first + update.count, size()); ++i)
        applyStep(m_pictures[i], update);
    for (size_t i = 0; i < update.candidates.size() && update.first + int(i) < size(); ++i)
        m_pictures[update.first + i].candidates = update.candidates[i];
    for (const StagePreview& preview : update.previews) {
        if (preview.index < 0 || preview.index >= size())
            continue;
        auto& stages = m_pictures[preview.index].stages;
        if (update.stage > 0 && update.stage < int(stages.size()))
            stages[update.stage].image = toQImage(preview.image);
    }
    for (const Picture& picture : update.finished)
        if (picture.index >= 0 && picture.index < size())
            m_pictures[picture.index] = cascadeOf(picture, update.settings);
}

void Drawing::keep(int index, int stage, const Image& image)
{
    auto& state = m_pictures.at(index).stages.at(stage);
    state.image = toQImage(image);
    state.step = state.steps = 1;
}

void Drawing::applyStep(CascadeState& picture, const GenerateUpdate& update) const
{
    if (update.stage < 0 || update.stage >= int(picture.stages.size()))
        return;
    picture.stages[update.stage].step = update.step;
    picture.stages[update.stage].steps = update.steps;
    for (int earlier = 0; earlier < update.stage; ++earlier)
        picture.stages[earlier].step = picture.stages[earlier].steps;
}

} // namespace reverie::ui
