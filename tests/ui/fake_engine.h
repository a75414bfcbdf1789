// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/engine.h"

#include <QImage>

#include <atomic>
#include <memory>

namespace reverie::ui {

/// How a fake drawing goes.
struct FakeBehaviour {
    int priorSteps = 4;
    int steps = 6; ///< of each of the two stages
    int stepMilliseconds = 1;
    std::string failure; ///< what generate() throws after the prior, if anything
    std::atomic<int> drawings{ 0 }; ///< calls of generate()
    std::atomic<int> returned{ 0 }; ///< and how many of them are over
    std::atomic<bool> gate{ true }; ///< drawing waits before every step while this is false
};

/// A model of 16 and 64 pixels that knows a handful of captions and "draws" them with the emoji font, coming
/// out of noise as diffusion does. Its "CLIP" sees where there is ink of which colour, and reads a text as
/// the picture of it. No core, no file, the same picture for the same seed.
Engine fakeEngine(std::shared_ptr<FakeBehaviour> behaviour);

/// What it draws for a prompt, without the noise.
QImage fakeTarget(const std::string& prompt);

/// What the fake model says of itself.
ModelInfo fakeModel();

} // namespace reverie::ui
