// SPDX-License-Identifier: MIT
#include "core/data/caption_files.h"

#include "core/base/error.h"
#include "core/base/utf8.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <limits>
#include <optional>
#include <set>

namespace reverie {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t longest_caption = 4096, longest_text = 1U << 16U, longest_line = 1U << 20U;
constexpr std::array<const char*, 3> caption_columns = { "text", "caption", "prompt" };

std::ifstream open_text(const fs::path& file)
{
    std::ifstream in(file, std::ios::binary);
    if (!in)
        throw Error(file.string() + " can't be opened; check that you may read it.");
    return in;
}

/// Goes on after the end of the line, however far that is.
void skip_line(std::ifstream& in)
{
    in.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
}

/// Calls `use(line, number)` for each line; of one that is too long, with nothing.
template <class Use>
void for_each_line(const fs::path& file, const Use& use)
{
    auto in = open_text(file);
    auto* buffer = in.rdbuf();
    std::string line;
    std::int64_t number = 1;
    for (int c = buffer->sbumpc(); c != EOF; c = buffer->sbumpc()) {
        if (c == '\n') {
            use(std::optional(line), number++);
            line.clear();
        } else if (line.size() < longest_line) {
            line += static_cast<char>(c);
        } else {
            skip_line(in);
            use(std::optional<std::string>(), number++);
            line.clear();
        }
    }
    if (!line.empty())
        use(std::optional(line), number);
}

std::string at_line(const fs::path& file, std::int64_t number)
{
    return file.string() + ", line " + std::to_string(number) + ", ";
}

bool is_blank(std::string_view line)
{
    return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

std::string text_of(const json& object, const char* key)
{
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::vector<CaptionLine> read_jsonl(const fs::path& file, std::vector<Flaw>& flaws)
{
    std::vector<CaptionLine> lines;
    for_each_line(file, [&](const std::optional<std::string>& line, std::int64_t number) {
        const auto leave_out = [&](const char* why) {
            flaws.push_back({ Flaw::Kind::damaged_file, -1, at_line(file, number) + why });
        };
        if (!line)
            return leave_out("is longer than 1 MiB and was left out.");
        if (is_blank(*line))
            return;
        const auto object = json::parse(*line, nullptr, /*allow_exceptions=*/false);
        if (!object.is_object())
            return leave_out("is no JSON object and was left out.");
        CaptionLine entry{ text_of(object, "file_name"), {} };
        for (const auto* column : caption_columns)
            if (entry.caption.empty())
                entry.caption = clean_caption(text_of(object, column));
        lines.push_back(std::move(entry));
    });
    return lines;
}

/// Records of a CSV file (RFC 4180): fields may be quoted and then hold commas, line ends and doubled quotes.
class CsvReader
{
public:
    explicit CsvReader(const fs::path& file)
        : in_(open_text(file))
    {
        for (const int byte : { 0xef, 0xbb, 0xbf }) // a byte order mark
            if (in_.rdbuf()->sgetc() == byte)
                in_.rdbuf()->sbumpc();
    }

    /// False at the end. A record that is too long has no fields.
    bool next(std::vector<std::string>& fields)
    {
        auto* buffer = in_.rdbuf();
        fields.assign(1, {});
        line_ = next_line_;
        if (buffer->sgetc() == EOF)
            return false;
        std::size_t size = 0;
        bool quoted = false;
        for (int c = buffer->sbumpc(); c != EOF; c = buffer->sbumpc()) {
            next_line_ += c == '\n';
            if (++size > longest_line) { // an open quote, perhaps: go on after the line
                fields.clear();
                if (c != '\n')
                    skip_line(in_);
                next_line_ += c != '\n';
                return true;
            }
            if (c == '"' && quoted && buffer->sgetc() == '"')
                fields.back() += static_cast<char>(buffer->sbumpc());
            else if (c == '"')
                quoted = !quoted;
            else if (c == ',' && !quoted)
                fields.emplace_back();
            else if (c == '\n' && !quoted)
                break;
            else if (c != '\r' || quoted)
                fields.back() += static_cast<char>(c);
        }
        return true;
    }
    [[nodiscard]] std::int64_t line() const { return line_; } ///< where the last record began

private:
    std::ifstream in_;
    std::int64_t line_ = 1, next_line_ = 1;
};

std::vector<CaptionLine> read_csv(const fs::path& file, std::vector<Flaw>& flaws)
{
    CsvReader reader(file);
    std::vector<std::string> fields;
    reader.next(fields);
    const auto column = [&fields](const std::string& name) {
        const auto found = std::find(fields.begin(), fields.end(), name);
        return found == fields.end() ? std::string::npos : std::size_t(found - fields.begin());
    };
    const auto names = column("file_name");
    auto captions = std::string::npos;
    for (const auto* name : caption_columns)
        if (captions == std::string::npos)
            captions = column(name);
    if (captions == std::string::npos)
        throw Error(file.string()
                    + " has no column called text; its first line must name the columns file_name and text.");
    const auto columns = fields.size();
    std::vector<CaptionLine> lines;
    while (reader.next(fields)) {
        if (fields.size() == 1 && is_blank(fields[0]))
            continue;
        if (fields.size() != columns) {
            flaws.push_back(
                { Flaw::Kind::damaged_file, -1,
                  at_line(file, reader.line())
                      + (fields.empty() ? "is longer than 1 MiB and was left out."
                                        : "has other columns than the first line and was left out.") });
            continue;
        }
        lines.push_back(
            { names == std::string::npos ? std::string() : fields[names], clean_caption(fields[captions]) });
    }
    return lines;
}

/// Words that name no picture: what cameras, screens and editors call their files.
bool is_stock_word(const std::string& word)
{
    static const std::set<std::string> stock
        = { "img",  "image", "dsc",  "dscn", "dscf", "pxl",      "mvimg", "photo", "picture",   "pic",
            "scan", "file",  "pict", "copy", "p",    "untitled", "frame", "jpg",   "screenshot" };
    std::string lower = word;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const auto letters = lower.find_first_of("0123456789");
    return stock.contains(letters == std::string::npos ? lower : lower.substr(0, letters));
}

bool is_number(const std::string& word)
{
    return word.find_first_not_of("0123456789()") == std::string::npos;
}

bool is_hash(const std::string& word)
{
    return word.size() >= 8 && word.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos
        && word.find_first_of("0123456789") != std::string::npos;
}

} // namespace

std::string clean_caption(std::string_view text)
{
    std::string caption;
    bool gap = false;
    for (const auto code : decode_utf8(text.substr(0, longest_text))) {
        if (code <= 0x20 || code == 0x7f || code == 0xa0 || code == 0xfeff || code == 0x2028
            || code == 0x2029) {
            gap = !caption.empty();
            continue;
        }
        if (caption.size() + 5 > longest_caption)
            break;
        if (gap)
            caption += ' ';
        gap = false;
        append_utf8(caption, code);
    }
    return caption;
}

std::string read_caption(const fs::path& file)
{
    auto in = open_text(file);
    std::string text(longest_text + 1, '\0');
    in.read(text.data(), std::streamsize(text.size()));
    text.resize(std::size_t(in.gcount()));
    if (text.size() > longest_text)
        throw Error(file.string() + " is longer than 64 KiB, which no caption is; shorten or remove it.");
    return clean_caption(text);
}

std::string caption_of_name(std::string_view file_name)
{
    std::string stem(file_name.substr(0, file_name.rfind('.')));
    std::replace_if(
        stem.begin(), stem.end(), [](char c) { return c == '_' || c == '-' || c == '+' || c == '.'; }, ' ');
    stem = clean_caption(stem);
    std::vector<std::string> words;
    for (std::size_t begin = 0; begin < stem.size();) {
        const auto end = std::min(stem.find(' ', begin), stem.size());
        words.push_back(stem.substr(begin, end - begin));
        begin = end + 1;
    }
    while (!words.empty() && (is_number(words.back()) || is_hash(words.back())))
        words.pop_back();
    while (!words.empty()
           && ((is_number(words.front()) && words.front().size() > 2) || is_hash(words.front())))
        words.erase(words.begin());
    if (std::all_of(words.begin(), words.end(),
                    [](const auto& word) { return is_stock_word(word) || is_number(word); }))
        return {};
    std::string caption;
    for (const auto& word : words)
        caption += (caption.empty() ? "" : " ") + word;
    return caption;
}

std::vector<CaptionLine> read_caption_table(const fs::path& file, std::vector<Flaw>& flaws)
{
    return file.extension() == ".csv" ? read_csv(file, flaws) : read_jsonl(file, flaws);
}

} // namespace reverie
