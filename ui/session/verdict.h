// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/generator.h"

#include <QString>

#include <filesystem>

namespace reverie::ui {

/// How a picture that was drawn again compares with its file.
struct Verdict {
    bool same = false; ///< every pixel
    double psnr = 0; ///< in dB; infinite if they are the same
    bool otherModel = false; ///< not the file's model was at hand
    bool stopped = false;
    [[nodiscard]] QString sentence() const;
};

/// Draws what the file records once more and compares the pixels. Throws Error if the file records nothing,
/// was stopped early, or the generator fails.
Verdict verifyPicture(Generator& generator, const std::filesystem::path& file, std::stop_token stop = {});

/// Peak signal-to-noise ratio of two pictures of one size, in dB.
double psnr(const Image& a, const Image& b);

} // namespace reverie::ui
