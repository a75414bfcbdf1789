// SPDX-License-Identifier: MIT
#include "core/data/tokenizer.h"

#include "core/base/error.h"
#include "core/base/utf8.h"
#include "core/data/text.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

namespace reverie {

namespace {

constexpr std::string_view end_of_word = "</w>";
constexpr std::string_view start_of_text = "<|startoftext|>", end_of_text = "<|endoftext|>";
constexpr std::size_t fixed_symbols = 512 + 2;

/// GPT-2's printable stand-ins for the 256 bytes, in the order of their ids: printable Latin-1 stands for
/// itself, the rest for 256 + n.
struct ByteAlphabet {
    std::vector<std::string> symbols; ///< by id
    std::array<std::string, 256> of_byte;
    std::unordered_map<char32_t, char> byte_of;

    ByteAlphabet()
    {
        const auto printable
            = [](int b) { return (b > 32 && b < 127) || (b > 160 && b < 173) || (b > 173 && b < 256); };
        char32_t next = 256;
        for (const bool wanted : { true, false }) {
            for (int byte = 0; byte < 256; ++byte) {
                if (printable(byte) != wanted)
                    continue;
                const char32_t code = wanted ? static_cast<char32_t>(byte) : next++;
                append_utf8(of_byte[std::size_t(byte)], code);
                byte_of[code] = static_cast<char>(byte);
                symbols.push_back(of_byte[std::size_t(byte)]);
            }
        }
    }
};

const ByteAlphabet& alphabet()
{
    static const ByteAlphabet alphabet;
    return alphabet;
}

std::uint64_t pair_key(std::int64_t left, std::int64_t right)
{
    return std::uint64_t(left) << 32U | std::uint64_t(right);
}

/// Lower case, HTML unescaped twice, runs of white space as one space, none at the ends.
std::u32string clean(std::string_view utf8, bool repair)
{
    auto text = decode_utf8(utf8);
    if (repair)
        text = text::repair(text);
    text = text::unescape_html(text::unescape_html(text));
    std::u32string out;
    for (const char32_t code : text) {
        if (!text::is_space(code))
            out += code;
        else if (!out.empty() && out.back() != U' ')
            out += U' ';
    }
    if (!out.empty() && out.back() == U' ')
        out.pop_back();
    return text::to_lower(out);
}

/// Length of the piece at the front by CLIP's pattern, case-insensitive:
/// <|startoftext|>|<|endoftext|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+; 0 for white
/// space.
std::size_t piece_length(std::u32string_view text)
{
    for (const auto special : { U"<|startoftext|>", U"<|endoftext|>" })
        if (text.starts_with(special))
            return std::u32string_view(special).size();
    for (const auto ending : { U"'s", U"'\u017F", U"'t", U"'re", U"'ve", U"'m", U"'ll", U"'d" })
        if (text.starts_with(ending))
            return std::u32string_view(ending).size();
    if (text::is_number(text[0]))
        return 1;
    const auto run = [&](auto belongs) {
        return std::size_t(std::find_if_not(text.begin(), text.end(), belongs) - text.begin());
    };
    if (text::is_letter(text[0]))
        return run(text::is_letter);
    return run([](char32_t c) { return !text::is_space(c) && !text::is_letter(c) && !text::is_number(c); });
}

/// The pieces of a text, as UTF-8.
std::vector<std::string> pieces(std::string_view utf8, bool repair)
{
    std::vector<std::string> words;
    const auto text = clean(utf8, repair);
    for (std::u32string_view rest = text; !rest.empty();) {
        const std::size_t length = piece_length(rest);
        if (length > 0) {
            auto& word = words.emplace_back();
            for (const char32_t code : rest.substr(0, length))
                append_utf8(word, code);
        }
        rest.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return words;
}

/// One symbol a byte, the last with the end-of-word mark.
std::vector<std::string> byte_symbols(const std::string& word)
{
    std::vector<std::string> symbols;
    for (const char byte : word)
        symbols.push_back(alphabet().of_byte[static_cast<unsigned char>(byte)]);
    symbols.back() += end_of_word;
    return symbols;
}

template <class Symbol>
void merge_pair(std::vector<Symbol>& word, const Symbol& left, const Symbol& right, const Symbol& merged)
{
    auto out = word.begin();
    for (auto at = word.begin(); at != word.end(); ++out) {
        if (*at == left && at + 1 != word.end() && *(at + 1) == right) {
            *out = merged;
            at += 2;
        } else {
            *out = *at;
            ++at;
        }
    }
    word.erase(out, word.end());
}

} // namespace

Tokenizer::Tokenizer(std::string_view merges, std::size_t max_merges)
{
    std::size_t line_number = 0;
    while (!merges.empty() && merges_.size() < max_merges) {
        const auto end = std::min(merges.find('\n'), merges.size());
        auto line = merges.substr(0, end);
        merges.remove_prefix(std::min(end + 1, merges.size()));
        ++line_number;
        if (!line.empty() && line.back() == '\r')
            line.remove_suffix(1);
        if (line_number == 1 && (line.starts_with("#version") || line.starts_with('"')))
            continue;
        if (line.empty() && merges.empty())
            break;
        const auto space = line.find(' ');
        if (space == std::string_view::npos || space == 0 || space + 1 >= line.size()
            || line.find(' ', space + 1) != std::string_view::npos)
            throw Error(
                "Line " + std::to_string(line_number)
                + " of the vocabulary is no merge; it must hold two symbols and a space between them.");
        merges_.emplace_back(line.substr(0, space), line.substr(space + 1));
    }
    finish();
}

/// Symbols and ranks from the merges. Where two merges give the same symbol, its id is the later one's.
void Tokenizer::finish()
{
    symbols_ = alphabet().symbols;
    for (std::size_t i = 0; i < 256; ++i)
        symbols_.push_back(symbols_[i] + std::string(end_of_word));
    for (const auto& [left, right] : merges_)
        symbols_.push_back(left + right);
    symbols_.emplace_back(start_of_text);
    symbols_.emplace_back(end_of_text);
    for (std::size_t i = 0; i < symbols_.size(); ++i)
        ids_[symbols_[i]] = static_cast<std::int64_t>(i);
    for (std::size_t rank = 0; rank < merges_.size(); ++rank) {
        const auto& [left, right] = merges_[rank];
        const auto left_id = ids_.find(left), right_id = ids_.find(right);
        if (left_id == ids_.end() || right_id == ids_.end())
            throw Error("The merge \"" + left + " " + right
                        + "\" of the vocabulary joins a symbol it does not have; the vocabulary is damaged.");
        ranks_[pair_key(left_id->second, right_id->second)] = { rank, ids_.at(left + right) };
    }
}

Tokenizer Tokenizer::train(const std::vector<std::string>& captions, std::size_t vocab_size)
{
    if (vocab_size < fixed_symbols)
        throw UsageError("A vocabulary needs at least " + std::to_string(fixed_symbols)
                         + " entries, one for every byte; ask for more.");
    std::map<std::string, std::size_t> counts;
    for (const auto& caption : captions)
        for (const auto& word : pieces(caption, /*repair=*/true))
            ++counts[word];
    std::vector<std::pair<std::vector<std::string>, std::size_t>> words;
    for (const auto& [word, count] : counts)
        words.emplace_back(byte_symbols(word), count);

    Tokenizer tokenizer;
    while (tokenizer.merges_.size() + fixed_symbols < vocab_size) {
        std::map<std::pair<std::string, std::string>, std::size_t> pairs;
        for (const auto& [word, count] : words)
            for (std::size_t i = 0; i + 1 < word.size(); ++i)
                pairs[{ word[i], word[i + 1] }] += count;
        const auto best = std::max_element(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) {
            return a.second < b.second; // the first of equals
        });
        if (best == pairs.end() || best->second < 2)
            break;
        const auto& [left, right] = best->first;
        for (auto& [word, count] : words)
            merge_pair(word, left, right, left + right);
        tokenizer.merges_.push_back(best->first);
    }
    tokenizer.finish();
    return tokenizer;
}

std::string Tokenizer::merges_text() const
{
    std::string text;
    for (const auto& [left, right] : merges_)
        text += left + " " + right + "\n";
    return text;
}

void Tokenizer::encode_word(const std::string& bytes, Ids& out) const
{
    if (bytes == start_of_text || bytes == end_of_text) {
        out.push_back(bytes == start_of_text ? start_id() : end_id());
        return;
    }
    Ids word;
    for (const auto& symbol : byte_symbols(bytes))
        word.push_back(ids_.at(symbol));
    while (word.size() > 1) {
        std::optional<std::pair<Merge, std::size_t>> best;
        for (std::size_t i = 0; i + 1 < word.size(); ++i) {
            const auto found = ranks_.find(pair_key(word[i], word[i + 1]));
            if (found != ranks_.end() && (!best || found->second.rank < best->first.rank))
                best = { found->second, i };
        }
        if (!best)
            break;
        const auto left = word[best->second], right = word[best->second + 1];
        merge_pair(word, left, right, best->first.result);
    }
    out.insert(out.end(), word.begin(), word.end());
}

Tokenizer::Ids Tokenizer::encode(std::string_view text, bool repair) const
{
    Ids ids;
    for (const auto& word : pieces(text, repair))
        encode_word(word, ids);
    return ids;
}

Tokenizer::Ids Tokenizer::encode_padded(std::string_view text, std::size_t length, bool truncate,
                                        Ends ends) const
{
    auto ids = encode(text);
    if (ends == Ends::StartAndEnd) {
        ids.insert(ids.begin(), start_id());
        ids.push_back(end_id());
    }
    if (ids.size() > length) {
        if (!truncate)
            throw UsageError("The text has " + std::to_string(ids.size()) + " tokens and the model reads "
                             + std::to_string(length) + "; shorten it.");
        if (ends == Ends::StartAndEnd)
            ids[length - 1] = end_id();
    }
    ids.resize(length, 0);
    return ids;
}

std::string Tokenizer::decode(const Ids& ids, const Ids& skip) const
{
    std::string bytes;
    for (const auto id : ids) {
        const bool exists = id >= 0 && id < static_cast<std::int64_t>(symbols_.size());
        if (!exists || std::find(skip.begin(), skip.end(), id) != skip.end())
            continue;
        for (const char32_t code : decode_utf8(symbols_[std::size_t(id)]))
            bytes += alphabet().byte_of.at(code);
    }
    std::string text;
    for (const char32_t code : decode_utf8(bytes))
        append_utf8(text, code);
    for (auto at = text.find(end_of_word); at != std::string::npos; at = text.find(end_of_word, at))
        text.replace(at, end_of_word.size(), " ");
    return text;
}

} // namespace reverie
