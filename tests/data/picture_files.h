// SPDX-License-Identifier: MIT
#pragma once

#include <QColor>
#include <QImage>
#include <QString>

#include <array>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

/// A file with this content, and the folders it needs.
inline void writeText(const std::filesystem::path& path, const std::string& content)
{
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
}

inline std::string readText(const std::filesystem::path& path)
{
    std::ifstream in(path, std::ios::binary);
    return { std::istreambuf_iterator<char>(in), {} };
}

/// A picture of one colour; its format follows from the name.
inline void writePicture(const std::filesystem::path& path, const QColor& colour, int width = 40,
                         int height = 40)
{
    std::filesystem::create_directories(path.parent_path());
    QImage image(width, height, QImage::Format_RGB32);
    image.fill(colour);
    image.save(QString::fromStdString(path.string()), nullptr, 95);
}

/// A tar (POSIX ustar) of names and contents.
inline std::string tarOf(const std::vector<std::pair<std::string, std::string>>& members)
{
    constexpr std::size_t block = 512;
    std::string tar;
    for (const auto& [name, content] : members) {
        std::array<char, block> header{};
        std::snprintf(header.data(), 100, "%s", name.c_str());
        std::memcpy(header.data() + 100, "0000644", 8);
        std::memcpy(header.data() + 108, "0000000", 8);
        std::memcpy(header.data() + 116, "0000000", 8);
        std::snprintf(header.data() + 124, 12, "%011zo", content.size());
        std::memcpy(header.data() + 136, "00000000000", 12);
        std::memcpy(header.data() + 148, "        ", 8);
        header[156] = '0';
        std::memcpy(header.data() + 257,
                    "ustar\0"
                    "00",
                    8);
        unsigned sum = 0;
        for (const char c : header)
            sum += static_cast<unsigned char>(c);
        std::snprintf(header.data() + 148, 8, "%06o", sum);
        tar.append(header.data(), block);
        tar += content;
        tar.append((block - content.size() % block) % block, '\0');
    }
    return tar + std::string(2 * block, '\0');
}

/// A .npy file of float32 numbers (rows, width).
inline std::string npyOf(const std::vector<float>& numbers, std::size_t rows)
{
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(rows) + ", "
        + std::to_string(numbers.size() / rows) + "), }";
    header.resize(117, ' ');
    header += '\n';
    std::string file("\x93NUMPY\x01\x00", 8);
    file += static_cast<char>(header.size());
    file += '\0';
    file += header;
    file.append(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float));
    return file;
}
