// SPDX-License-Identifier: MIT
#pragma once

#include "app/dream/commands.h"
#include "app/dream/generate_options.h"
#include "app/dream/output.h"
#include "app/dream/picture_writer.h"

#include <map>

/// The model of a job, opened for the first picture and warm for the next.
class WarmModel
{
public:
    explicit WarmModel(const GenerateJob& job)
        : m_path(job.model.path)
        , m_options(job.generator)
    {
    }
    [[nodiscard]] bool isOpen() const { return m_generator != nullptr; }
    reverie::Generator& generator();

private:
    std::filesystem::path m_path;
    reverie::GeneratorOptions m_options;
    std::unique_ptr<reverie::Generator> m_generator;
};

/// Draws and writes; pictures are on the disk as soon as they are finished.
class JobDrawing
{
public:
    /// Checks that the pictures can be written. Throws UsageError or Error.
    JobDrawing(const GenerateOptions& options, const GenerateJob& job, Output& output);

    ExitStatus run(WarmModel& model);
    /// Of what was written, by Picture::index.
    [[nodiscard]] const std::map<int, std::filesystem::path>& written() const { return m_written; }
    [[nodiscard]] const reverie::Image& newest() const { return m_newest; } ///< of what was written

private:
    void onUpdate(const reverie::GenerateUpdate& update);
    void keep(const reverie::Picture& picture, const reverie::ResolvedSettings& settings);
    void registerIn(const std::filesystem::path& path);

    const GenerateJob& m_job;
    Output& m_output;
    PictureWriter m_writer;
    std::map<int, std::filesystem::path> m_written;
    reverie::Image m_newest;
    bool m_inGallery;
};

/// Opens the model, draws the job, with every number of its lists and as a grid if one is wanted, and tells
/// about it.
ExitStatus drawJob(const GenerateOptions& options, const GenerateJob& job);
