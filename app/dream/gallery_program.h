// SPDX-License-Identifier: MIT
#pragma once

#include "app/dream/output.h"
#include "ui/session/gallery.h"

#include <QCoreApplication>

// What the verbs of `dream gallery` share.
namespace dream_gallery {

/// What is typed behind them; each knows some of it.
struct GalleryOptions {
    std::vector<std::string> words; ///< a query, folders or pictures
    std::string out, format = "folder", image = "png", pattern, title;
    std::string model, device = "auto";
    std::vector<std::string> sidecars;
    int limit = 0, quality = 90, size = 0, columns = 5, milliseconds = 500;
    std::string meaning, like; ///< what to search for
    bool fold = false;
    bool strip = false;
    bool json = false;
};

/// Qt for a command line: it asks for no display and says nothing of its own.
class QtProgram
{
public:
    enum class Fonts { No, Yes };
    explicit QtProgram(Fonts fonts);

private:
    char m_name[6] = "dream";
    char* m_argv[2] = { m_name, nullptr };
    int m_argc = 1;
    std::unique_ptr<QCoreApplication> m_program;
};

/// The gallery as it is on the disk now.
struct OpenGallery {
    explicit OpenGallery(Output& output);
    reverie::ui::Gallery gallery;
};

/// All words together. Throws UsageError if they make no sense.
reverie::ui::GalleryQuery queryOf(const GalleryOptions& options);

/// Words that are files or folders stand for themselves; else all of them together are a query.
QList<reverie::ui::GalleryEntry> chosen(const GalleryOptions& options, Output& output);

nlohmann::json toJson(const reverie::ui::GalleryEntry& entry);

/// `dream gallery search`
int search(const GalleryOptions& options);

} // namespace dream_gallery
