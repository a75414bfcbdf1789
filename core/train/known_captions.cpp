// SPDX-License-Identifier: MIT
#include "core/train/known_captions.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

namespace reverie {

namespace {

/// Calls `use` with the words of a caption in small letters, without the marks around them.
template <class Use>
void for_each_word(const std::string& caption, const Use& use)
{
    constexpr std::string_view gaps = " .,;:!?()\"";
    std::string small = caption;
    std::transform(small.begin(), small.end(), small.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
    for (std::size_t begin = small.find_first_not_of(gaps); begin != std::string::npos;) {
        const auto end = std::min(small.find_first_of(gaps, begin), small.size());
        use(small.substr(begin, end - begin));
        begin = small.find_first_not_of(gaps, end);
    }
}

} // namespace

std::vector<std::string> known_captions(std::vector<std::string> captions, std::size_t some, std::size_t most)
{
    const auto count = captions.size();
    if (count <= some)
        return captions;
    std::vector<bool> kept(count, false);
    std::unordered_set<std::string> words;
    const auto keep = [&](std::size_t at) {
        kept[at] = true;
        for_each_word(captions[at], [&words](std::string word) { words.insert(std::move(word)); });
    };
    for (std::size_t i = 0; i < some; ++i)
        keep(i * count / some);
    for (std::size_t at = 0; at < count; ++at) {
        bool is_new = false;
        for_each_word(captions[at],
                      [&](const std::string& word) { is_new = is_new || !words.contains(word); });
        if (is_new)
            keep(at);
    }
    if (std::size_t(std::count(kept.begin(), kept.end(), true)) > most)
        return {};
    std::vector<std::string> known;
    for (std::size_t at = 0; at < count; ++at)
        if (kept[at])
            known.push_back(std::move(captions[at]));
    return known;
}

} // namespace reverie
