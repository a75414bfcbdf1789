// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/model_file.h"

#include "core/api/model_import.h"

#include <QStringList>

#include <array>

namespace reverie::ui {

/// The files a pipeline is put together from, each in its place.
class Assembly
{
public:
    enum Place { Prior, Decoder, Upsampler, Clip, Vocabulary, Statistics };
    static constexpr int places = Statistics + 1;

    struct Filling {
        QString path; ///< empty: nothing is there
        QString what; ///< "a prior of DALLE2-pytorch, 1.2 M parameters, f32"
        std::string as; ///< how an import is told to take this of it: "prior=", or nothing for all it has
        bool averaged = false; ///< the file has averaged weights beside the others
        QStringList needs; ///< sentences: files that belong to it and are not where they should be
        QString clipWanted; ///< the CLIP it was trained with, if the file says
    };

    /// Puts the file wherever something of it belongs; a decoder behind another decoder is an upsampler.
    /// Returns a sentence if it belongs nowhere, else nothing.
    QString put(const ModelFile& file);
    /// Puts it into this place alone.
    QString put(Place place, const ModelFile& file);
    void clear(Place place) { m_filled[place] = {}; }
    void clear() { m_filled = {}; }
    [[nodiscard]] const Filling& at(Place place) const { return m_filled[place]; }
    [[nodiscard]] bool isEmpty() const;
    [[nodiscard]] bool hasAveraged() const;

    /// Sentences about what is not there yet.
    [[nodiscard]] QStringList missing() const;
    /// There is enough for a pipeline, though perhaps one that doesn't draw from text.
    [[nodiscard]] bool isPossible() const;
    [[nodiscard]] ModelImportRequest request() const; ///< without dtype, averaging and a place to write
    /// What to call it, after its parts.
    [[nodiscard]] QString suggestedName() const;

private:
    std::array<Filling, places> m_filled;
};

} // namespace reverie::ui
