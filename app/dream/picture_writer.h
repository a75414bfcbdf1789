// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/picture_file.h"

#include <filesystem>
#include <optional>
#include <string>

/// manifest.jsonl: one line for each picture of a prompt file. Lines are only ever added, each in one piece,
/// so that an interrupted or repeated run leaves a sound file.
class Manifest
{
public:
    /// Cuts off an unfinished last line, if an earlier run was killed there. Throws Error.
    explicit Manifest(std::filesystem::path path);
    ~Manifest();
    Manifest(const Manifest&) = delete;
    Manifest& operator=(const Manifest&) = delete;

    /// Throws Error; the file is then as it was.
    void add(const reverie::Picture& picture, const std::filesystem::path& file);

private:
    std::filesystem::path m_path;
    int m_descriptor = -1;
};

/// The file that `out`, as typed, names; empty if it names a folder. Throws UsageError for a file that is no
/// PNG.
std::filesystem::path namedFile(const std::string& out);

/// Gives pictures their names and writes them. Never overwrites.
class PictureWriter
{
public:
    struct Options {
        std::string out; ///< as typed: a folder, a name ending in .png, or empty for this folder
        bool numbered = false; ///< 00001-<seed>-<slug>.png and a manifest, as for a prompt file
        bool saveStages = false;
        std::string names = {}; ///< a pattern for all, see check_name_pattern(); empty: as above
        std::string name = {}; ///< instead of the prompt's words
        reverie::Recipe recipe = {}; ///< recorded in the pictures
    };

    /// Makes the folder if it is missing, and checks that it can take `bytes`. Throws UsageError or Error.
    PictureWriter(const Options& options, std::uintmax_t bytes);

    /// The path written. Throws Error; nothing half-written is left behind.
    std::filesystem::path write(const reverie::Picture& picture, const reverie::ResolvedSettings& settings);

private:
    [[nodiscard]] std::filesystem::path pathFor(const reverie::Picture& picture,
                                                const reverie::PictureMaking& making) const;

    Options m_options;
    std::filesystem::path m_folder;
    std::filesystem::path m_file; ///< if a file was asked for
    std::optional<Manifest> m_manifest;
};
