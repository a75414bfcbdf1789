// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/training_pause.h"

#include "core/api/drawing_preview.h"
#include "core/api/generator.h"
#include "core/api/model_info.h"
#include "core/api/system_info.h"

namespace reverie::ui {

/// Where a session takes models from: the model library, unless a test puts something else here. None of it
/// is called on the window's thread.
struct Engine {
    std::function<std::filesystem::path(const std::string&)> findModel = find_model;
    std::function<ModelInfo(const std::filesystem::path&)> readInfo = read_model_info;
    std::function<std::unique_ptr<Generator>(const std::filesystem::path&, const GeneratorOptions&)>
        openGenerator = open_generator;
    std::function<std::string(const std::filesystem::path&)> hashModel = hash_file;
    std::function<DrawingPreview(const std::filesystem::path&, const GenerateRequest&)> previewDrawing
        = preview_drawing;
    /// Which training runs stand aside for a drawing.
    TrainingPause::NeedSame needsPause = needSameGpu;
    /// Gives the GPU memory of a closed generator back to the driver.
    std::function<void()> releaseMemory = release_unused_memory;
};

} // namespace reverie::ui
