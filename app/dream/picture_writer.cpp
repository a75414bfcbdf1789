// SPDX-License-Identifier: MIT
#include "app/dream/picture_writer.h"

#include "core/api/picture_names.h"
#include "core/base/error.h"
#include "core/base/file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;
using reverie::Error;
using reverie::UsageError;

std::string lowerExtension(const fs::path& path)
{
    std::string extension = path.extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    return extension;
}

void prepareFolder(const fs::path& folder, std::uintmax_t bytes)
{
    std::error_code error;
    fs::create_directories(folder, error);
    if (error || !fs::is_directory(folder))
        throw Error("The folder " + folder.string() + " can't be made ("
                    + (error ? error.message() : "there is a file of that name")
                    + "); choose another with -o.");
    if (access(folder.c_str(), W_OK | X_OK) != 0)
        throw Error("Nothing can be written into " + folder.string() + " (" + std::strerror(errno)
                    + "); choose another folder with -o.");
    const auto space = fs::space(folder, error);
    if (!error && space.available < bytes)
        throw Error("The disk of " + folder.string() + " has no room for the pictures ("
                    + std::to_string(bytes >> 10U)
                    + " KiB); free some space or choose another folder with -o.");
}

std::string numberedName(const reverie::Picture& picture)
{
    std::array<char, 32> number{};
    std::snprintf(number.data(), number.size(), "%05d", picture.index + 1);
    return std::string(number.data()) + "-" + std::to_string(picture.seed) + "-"
        + reverie::slug(picture.prompt) + ".png";
}

void saveStages(const reverie::Picture& picture, const reverie::ResolvedSettings& settings,
                const reverie::Recipe& recipe, const fs::path& path)
{
    const fs::path folder = path.string() + ".reverie";
    std::error_code error;
    fs::create_directories(folder, error);
    for (std::size_t i = 0; i < picture.stages.size(); ++i) {
        const auto& stage = picture.stages[i];
        if (!stage.empty())
            reverie::write_picture(folder / ("stage-" + std::to_string(i + 1) + ".png"), stage,
                                   reverie::making_of(picture, stage, settings, recipe, REVERIE_VERSION));
    }
}

} // namespace

fs::path namedFile(const std::string& out)
{
    std::error_code error;
    if (out.empty() || out.ends_with('/') || fs::is_directory(out, error))
        return {};
    const auto extension = lowerExtension(out);
    for (const char* other : { ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff" }) {
        if (extension == other)
            throw UsageError("Pictures are written as PNG; give -o a name that ends in .png.");
    }
    return extension == ".png" ? fs::path(out) : fs::path();
}

Manifest::Manifest(fs::path path)
    : m_path(std::move(path))
    , m_descriptor(open(m_path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666))
{
    if (m_descriptor < 0)
        throw Error(m_path.string() + " can't be written (" + std::strerror(errno)
                    + "); choose another folder with -o.");
    const std::string content = reverie::read_file(m_path);
    const auto lastLineEnd = content.rfind('\n');
    const auto whole = lastLineEnd == std::string::npos ? 0 : lastLineEnd + 1;
    if (whole < content.size() && ftruncate(m_descriptor, static_cast<off_t>(whole)) != 0) {
        const int reason = errno;
        close(m_descriptor);
        throw Error(m_path.string() + " ends in an unfinished line that can't be removed ("
                    + std::strerror(reason) + "); choose another folder with -o.");
    }
}

Manifest::~Manifest()
{
    close(m_descriptor);
}

void Manifest::add(const reverie::Picture& picture, const fs::path& file)
{
    const nlohmann::json entry = { { "prompt", picture.prompt },
                                   { "file", file.string() },
                                   { "seed", picture.seed },
                                   { "index", picture.index } };
    const std::string line = entry.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    struct stat before {
    };
    fstat(m_descriptor, &before);
    const auto written = write(m_descriptor, line.data(), line.size());
    if (written == static_cast<ssize_t>(line.size()))
        return;
    const int reason = written < 0 ? errno : ENOSPC;
    [[maybe_unused]] const int restored = ftruncate(m_descriptor, before.st_size);
    throw Error(m_path.string() + " can't be written (" + std::strerror(reason) + "); free some space.");
}

PictureWriter::PictureWriter(const Options& options, std::uintmax_t bytes)
    : m_options(options)
    , m_file(namedFile(options.out))
{
    if (!m_options.names.empty())
        reverie::check_name_pattern(m_options.names);
    if (!m_options.names.empty() && !m_file.empty())
        throw UsageError("-o names a file and --names a pattern; give only one of them, or -o a folder.");
    if (m_options.numbered && !m_file.empty())
        throw UsageError("A prompt file makes many pictures; give -o a folder.");
    m_folder = m_file.empty() ? fs::path(options.out.empty() ? "." : options.out) : m_file.parent_path();
    if (m_folder.empty())
        m_folder = ".";
    prepareFolder(m_folder, bytes);
    if (m_options.numbered)
        m_manifest.emplace(m_folder / "manifest.jsonl");
}

fs::path PictureWriter::write(const reverie::Picture& picture, const reverie::ResolvedSettings& settings)
{
    const auto making
        = reverie::making_of(picture, picture.image, settings, m_options.recipe, REVERIE_VERSION);
    const fs::path path = pathFor(picture, making);
    reverie::write_picture(path, picture.image, making);
    try {
        if (m_options.saveStages)
            saveStages(picture, settings, m_options.recipe, path);
        if (m_manifest)
            m_manifest->add(picture, path.lexically_relative(m_folder));
    } catch (const Error&) {
        std::error_code error;
        fs::remove(path, error);
        fs::remove_all(path.string() + ".reverie", error);
        throw;
    }
    return path;
}

fs::path PictureWriter::pathFor(const reverie::Picture& picture, const reverie::PictureMaking& making) const
{
    if (!m_options.names.empty()) {
        const fs::path path = reverie::new_picture_path(m_folder, m_options.names, making);
        return m_options.out.empty() ? path.lexically_relative(m_folder) : path;
    }
    if (!m_file.empty())
        return reverie::unused_path(m_file);
    const auto words = m_options.name.empty() ? reverie::slug(picture.prompt) : m_options.name;
    const fs::path name = m_options.numbered ? numberedName(picture) : words + ".png";
    return reverie::unused_path(m_folder == "." && m_options.out.empty() ? name : m_folder / name);
}
