// SPDX-License-Identifier: MIT
#pragma once

#include <QFile>
#include <QString>

#include <filesystem>

namespace reverie::ui {

inline std::filesystem::path toPath(const QString& path)
{
    return QFile::encodeName(path).toStdString();
}

inline QString toQString(const std::filesystem::path& path)
{
    return QFile::decodeName(path.c_str());
}

} // namespace reverie::ui
