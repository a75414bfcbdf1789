// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/picture_mask.h"

#include "core/api/recipe.h"

#include <QMargins>
#include <QString>

#include <filesystem>
#include <optional>

namespace reverie::ui {

/// What is to become of one picture: a part of it drawn anew, what lies around it, or another one that starts
/// from it.
struct PictureEdit {
    enum class Kind { Repaint, Extend, Start };

    SourcePicture picture;
    Kind kind = Kind::Repaint;
    PictureMask mask;
    int feather = 2; ///< pixels of the picture
    QMargins frame; ///< what is added on each side, in pixels of the picture
    double strength = 0.6; ///< of a start, above 0 up to 1
    int resampleTimes = InpaintPicture().resample_times; ///< how often every step of the new part is taken
    double overlap = OutpaintPicture().overlap; ///< of the windows that fill the frame, 0 .. < 1

    PictureEdit() = default;
    explicit PictureEdit(SourcePicture picture);
    /// Of a recipe whose pictures have their pixels; none if it edits no picture.
    static std::optional<PictureEdit> of(const Recipe& recipe);

    /// The same taken out of the recipe, which edits no picture then; none where pixels are missing.
    static std::optional<PictureEdit> takenFrom(Recipe& recipe);

    [[nodiscard]] QSize size() const { return { picture.image.width, picture.image.height }; }
    [[nodiscard]] QSize frameSize() const { return size().grownBy(frame); }
    /// Why it can't be drawn by a model whose pictures have that side, in one sentence; empty if it can.
    [[nodiscard]] QString problem(int side) const;
    void applyTo(Recipe& recipe) const;
};

/// A painted mask has no file of its own, so it is kept beside the picture that was drawn with it, in
/// `<picture>.reverie/`. Does nothing for a recipe without one. Throws Error.
void writeMask(const std::filesystem::path& picture, const Recipe& recipe);

} // namespace reverie::ui
