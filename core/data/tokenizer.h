// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace reverie {

/// Byte-level BPE with OpenAI CLIP's rules: 256 byte symbols, the same with "</w>", the merges in order, then
/// <|startoftext|> and <|endoftext|>. Ids follow from the merges alone. Id 0 doubles as padding, as in the
/// reference.
class Tokenizer
{
public:
    using Ids = std::vector<std::int64_t>;

    /// One merge a line, "left right"; a first line that begins with '#' or '"' is a heading. OpenAI's
    /// bpe_simple_vocab_16e6.txt holds more lines than its vocabulary uses: `max_merges` cuts them
    /// (49152 - 256 - 2 for CLIP). Throws Error naming the line that is no merge.
    explicit Tokenizer(std::string_view merges, std::size_t max_merges = 48894);

    /// Learns merges from captions, most frequent pair first (ties: lexicographic), until the vocabulary has
    /// `vocab_size` entries or no pair occurs twice. Deterministic. Throws UsageError for a vocabulary too
    /// small to hold every byte.
    static Tokenizer train(const std::vector<std::string>& captions, std::size_t vocab_size);

    [[nodiscard]] std::size_t vocab_size() const { return symbols_.size(); }
    [[nodiscard]] std::int64_t start_id() const { return static_cast<std::int64_t>(symbols_.size()) - 2; }
    [[nodiscard]] std::int64_t end_id() const { return static_cast<std::int64_t>(symbols_.size()) - 1; }
    [[nodiscard]] std::string merges_text() const; ///< what the constructor takes

    /// Ids without start, end or padding. `repair` first mends the text as ftfy would (Unicode NFC, straight
    /// quotes, ligatures, full-width forms, control characters, line ends; no mojibake).
    [[nodiscard]] Ids encode(std::string_view text, bool repair = true) const;

    enum class Ends { None, StartAndEnd }; ///< the reference's form, and OpenAI CLIP's
    /// encode() padded with 0 to `length`. A longer text is cut (keeping the end symbol, where there is one)
    /// if `truncate`, else throws UsageError.
    [[nodiscard]] Ids encode_padded(std::string_view text, std::size_t length, bool truncate,
                                    Ends ends = Ends::None) const;

    /// Text of ids, but for those in `skip`. Bytes that are no UTF-8 become U+FFFD, ids that do not exist
    /// nothing.
    [[nodiscard]] std::string decode(const Ids& ids, const Ids& skip = {}) const;

private:
    Tokenizer() = default;
    void finish();
    void encode_word(const std::string& bytes, Ids& out) const;

    struct Merge {
        std::size_t rank;
        std::int64_t result;
    };
    std::vector<std::string> symbols_; ///< in the alphabet that stands for bytes
    std::unordered_map<std::string, std::int64_t> ids_;
    std::vector<std::pair<std::string, std::string>> merges_;
    std::unordered_map<std::uint64_t, Merge> ranks_; ///< by the ids of the pair
};

} // namespace reverie
