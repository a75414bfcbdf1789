// SPDX-License-Identifier: MIT
#include "core/data/emoji.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/utf8.h"
#include "core/data/colour_font.h"
#include "core/data/lanczos.h"
#include "core/data/memory_dataset.h"

#include <ATen/ATen.h>

#include <sstream>

namespace reverie {

namespace {

std::uint32_t crc32(const std::string& bytes)
{
    std::uint32_t crc = ~0U;
    for (const unsigned char byte : bytes) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit)
            crc = crc >> 1U ^ (crc & 1U ? 0xedb88320U : 0U);
    }
    return ~crc;
}

/// "1F600    ; fully-qualified     # 😀 E1.0 grinning face", or a line of another kind: an empty caption.
EmojiName parse_line(const std::string& line)
{
    const auto comment = line.find('#', line.find(';') == std::string::npos ? 0 : line.find(';'));
    if (line.find("; fully-qualified") == std::string::npos || comment == std::string::npos)
        return {};
    EmojiName emoji;
    std::istringstream codes(line.substr(0, line.find(';')));
    for (std::uint32_t code = 0; codes >> std::hex >> code;)
        append_utf8(emoji.text, code);
    std::istringstream words(line.substr(comment + 1));
    std::string drawn, version;
    words >> drawn >> version >> std::ws;
    std::getline(words, emoji.caption);
    return emoji;
}

} // namespace

std::vector<EmojiName> emoji_names(const std::filesystem::path& list)
{
    if (!std::filesystem::exists(list))
        throw Error(list.string() + " is missing; on Debian it is in unicode-data.");
    std::istringstream lines(read_file(list));
    std::vector<EmojiName> names;
    for (std::string line; std::getline(lines, line);)
        if (auto emoji = parse_line(line); !emoji.caption.empty())
            names.push_back(std::move(emoji));
    return names;
}

bool is_held_out_emoji(const std::string& caption)
{
    return caption.find("skin tone") != std::string::npos && crc32(caption) % 10 == 7;
}

std::unique_ptr<Dataset> open_emoji_dataset(int size, const PictureOptions& options)
{
    constexpr std::size_t batch = 128; // full-size pictures that lie in memory at a time
    const auto names = emoji_names();
    const ColourFont font("Noto Color Emoji");
    MemoryDataset::Content content{
        "Emoji of the installed font Noto Color Emoji with their Unicode names.", font.side(), {}, {}, {}
    };
    std::vector<Tensor> resized, drawn;
    for (const auto& [text, caption] : names) {
        if (is_held_out_emoji(caption))
            content.test.push_back(static_cast<std::int64_t>(content.captions.size()));
        content.captions.push_back(caption);
        auto picture = font.draw(text);
        drawn.push_back(
            at::from_blob(picture.rgb.data(), { picture.height, picture.width, 3 }, at::kByte).clone());
        if (drawn.size() == batch || content.captions.size() == names.size()) {
            resized.push_back(resize_lanczos(at::stack(drawn), size));
            drawn.clear();
        }
    }
    content.pictures = at::cat(resized);
    return std::make_unique<MemoryDataset>(std::move(content), options);
}

} // namespace reverie
