// SPDX-License-Identifier: MIT
#include "core/api/dataset_inspection.h"

#include "core/io/dataset_file.h"

#include <algorithm>
#include <set>
#include <sstream>

namespace reverie {

DatasetInfo inspect_dataset(const std::string& spec)
{
    const auto dataset = open_dataset(spec);
    const auto& captions = dataset->captions();
    std::set<std::string> words;
    for (const auto& caption : captions) {
        std::istringstream stream(caption);
        for (std::string word; stream >> word;)
            words.insert(word);
    }
    DatasetInfo info;
    info.spec = spec;
    info.description = dataset->description();
    info.pictures = static_cast<std::int64_t>(captions.size());
    info.train = static_cast<std::int64_t>(dataset->train().size());
    info.test = static_cast<std::int64_t>(dataset->test().size());
    info.native_size = dataset->native_size();
    info.caption_words = static_cast<std::int64_t>(words.size());
    constexpr std::size_t shown = 8;
    for (std::size_t i = 0; i < std::min(shown, captions.size()); ++i)
        info.examples.push_back(captions[i * captions.size() / shown]);
    return info;
}

} // namespace reverie
