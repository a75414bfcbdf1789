// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/model_info.h"
#include "core/api/weights_info.h"

#include <QString>
#include <QStringList>

#include <optional>

namespace reverie::ui {

/// A file of a model, whoever wrote it, and what is in it.
struct ModelFile {
    enum class Kind {
        Pipeline, ///< CLIP, prior and decoder: it draws
        Part, ///< one of Reverie's, of which something is missing
        Weights, ///< another program's
        Vocabulary, ///< the tokens of a CLIP
        Broken, ///< missing, damaged or no model; `problem` says it
    };

    QString path;
    Kind kind = Kind::Broken;
    qint64 bytes = 0;
    std::optional<ModelInfo> model; ///< of one of Reverie's, without its captions
    int captions = 0;
    std::optional<WeightsInfo> weights; ///< of another program's
    QString problem; ///< a sentence

    [[nodiscard]] QString title() const;
    /// "64 pixels · 6.0 M parameters · 24 MB · f32"
    [[nodiscard]] QString summary() const;
    /// What one must know before it is used: that it is untrained, only a part, damaged; or empty.
    [[nodiscard]] QString warning() const;
};

/// Looks into the file, reading neither its weights nor more than its head where that is possible. A worker's
/// call; what goes wrong becomes its `problem`.
ModelFile readModelFile(const QString& path);

/// "6.0 M"
QString parametersText(qint64 count);

} // namespace reverie::ui
