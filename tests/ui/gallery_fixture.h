// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/picture_file.h"
#include "ui/session/gallery.h"
#include "ui/session/path.h"
#include "ui/session/picture_codec.h"

#include <QDir>
#include <QTemporaryDir>

namespace reverie::ui {

/// A library of its own, with pictures that say how they were made.
class GalleryFixture
{
public:
    [[nodiscard]] GalleryPlaces places() const
    {
        return { m_folder.filePath(QStringLiteral("library")),
                 m_folder.filePath(QStringLiteral("data/gallery.sqlite")) };
    }
    [[nodiscard]] QString path(const QString& name) const { return m_folder.filePath(name); }
    [[nodiscard]] QString picture(const QString& name) const
    {
        return places().library + QLatin1Char('/') + name;
    }

    /// In the library; returns its path.
    QString draw(const QString& name, const std::string& prompt, quint64 seed, int side = 8) const
    {
        const QString file = picture(name);
        write(file, prompt, seed, side);
        return file;
    }

    static void write(const QString& file, const std::string& prompt, quint64 seed, int side = 8)
    {
        QDir().mkpath(QFileInfo(file).absolutePath());
        Image image{ side, side, {} };
        for (int i = 0; i < side * side * 3; ++i)
            image.rgb.push_back(static_cast<std::uint8_t>(i * 5 + static_cast<int>(seed) * 31));
        write_picture(toPath(file), image, making(prompt, seed, side));
    }

    /// These pixels, in the library; `parents` are names of files.
    QString keep(const QString& name, const QImage& pixels, const std::string& prompt, quint64 seed,
                 const std::vector<std::string>& parents = {}) const
    {
        PictureMaking made = making(prompt, seed, pixels.width());
        for (const auto& parent : parents)
            made.parents.push_back({ parent, {}, true });
        QDir().mkpath(QFileInfo(picture(name)).absolutePath());
        write_picture(toPath(picture(name)), toImage(pixels), made);
        return picture(name);
    }

    static PictureMaking making(const std::string& prompt, quint64 seed, int side)
    {
        PictureMaking making;
        making.prompt = prompt;
        making.seed = seed;
        making.width = making.height = side;
        making.settings.model = "Emoji";
        making.settings.steps = { 20, 10 };
        making.version = "0.1.0";
        return making;
    }

    /// With everything that lies there.
    [[nodiscard]] std::unique_ptr<Gallery> open() const
    {
        auto gallery = std::make_unique<Gallery>(places());
        gallery->index(gallery->findChanges());
        return gallery;
    }

private:
    QTemporaryDir m_folder;
};

} // namespace reverie::ui
