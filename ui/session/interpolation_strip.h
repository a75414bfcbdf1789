// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/picture_list.h"

#include <vector>

namespace reverie::ui {

/// Pictures on the way from one to another, each a drawing of its own; see interpolation(). They arrive in
/// any order among others.
class InterpolationStrip
{
public:
    InterpolationStrip() = default;
    explicit InterpolationStrip(const std::vector<GenerateRequest>& requests);

    [[nodiscard]] int size() const { return static_cast<int>(m_frames.size()); }
    [[nodiscard]] int drawn() const;
    [[nodiscard]] bool isComplete() const { return drawn() == size(); }
    /// Keeps a finished picture that is one of its own; false for any other.
    bool take(const FinishedPicture& picture);
    /// The file of one of its pictures; false if it is none.
    bool noteSaved(quint64 id, const QString& path);
    [[nodiscard]] QStringList paths() const; ///< of those that are saved
    [[nodiscard]] quint64 idAt(int index) const; ///< in the list of pictures; 0: not drawn yet
    [[nodiscard]] std::vector<QImage> images() const; ///< null where not drawn yet

private:
    struct Frame {
        std::vector<BlendPart> blend; ///< without pixels
        quint64 id = 0;
        QImage image;
        QString path = {};
    };

    std::uint64_t m_seed = 0;
    std::vector<Frame> m_frames;
};

} // namespace reverie::ui
