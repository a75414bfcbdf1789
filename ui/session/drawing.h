// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/generator.h"

#include <QImage>

#include <vector>

namespace reverie::ui {

/// Deep copy as a QImage; null for an empty one.
QImage toQImage(const Image& image);

/// One decoder stage, or the prior, of one picture as far as it has come.
struct StageState {
    int step = 0;
    int steps = 0; ///< 0: not begun
    QImage image; ///< newest x0 estimate; null for the prior
    [[nodiscard]] bool done() const { return steps > 0 && step >= steps; }
};

/// How one picture comes about: what the cascade strip shows.
struct CascadeState {
    std::vector<Candidate> candidates;
    std::vector<BlendPart> mix; ///< what says what to draw where the prior's candidates do not; no pixels
    std::vector<StageState> stages; ///< [0] is the prior, then the decoder's
    /// The largest stage that has something to see; null if none has.
    [[nodiscard]] QImage newest() const;
};

/// What is blended, without pixels.
std::vector<BlendPart> mixOf(const Recipe& recipe);

/// The cascade of a finished picture, or of what was kept of it.
CascadeState cascadeOf(const Picture& picture, const ResolvedSettings& settings);

/// A request while it is drawn, put together from its updates.
class Drawing
{
public:
    Drawing() = default;
    Drawing(int pictures, int decoderStages);
    void apply(const GenerateUpdate& update);
    /// A stage that was there before.
    void keep(int index, int stage, const Image& image);

    [[nodiscard]] int size() const { return static_cast<int>(m_pictures.size()); }
    [[nodiscard]] const CascadeState& picture(int index) const { return m_pictures.at(index); }
    /// First of the pictures that are drawn at the moment.
    [[nodiscard]] int current() const { return m_current; }
    [[nodiscard]] int stage() const { return m_stage; }
    [[nodiscard]] double progress() const { return m_progress; }
    [[nodiscard]] std::optional<double> secondsLeft() const { return m_secondsLeft; }

private:
    void applyStep(CascadeState& picture, const GenerateUpdate& update) const;

    std::vector<CascadeState> m_pictures;
    int m_current = 0;
    int m_stage = 0;
    double m_progress = 0;
    std::optional<double> m_secondsLeft;
};

} // namespace reverie::ui
