// SPDX-License-Identifier: MIT
#include "core/api/dataset_inspection.h"

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/data/dataset_check.h"
#include "core/io/dataset_file.h"
#include "core/io/png.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <set>
#include <sstream>

namespace reverie {

namespace {

std::vector<DatasetFlaw> described(const Dataset& dataset, const std::vector<Flaw>& flaws)
{
    std::vector<DatasetFlaw> all;
    for (const auto& flaw : flaws)
        all.push_back(
            { kind_name(flaw.kind), flaw.row < 0 ? std::string() : dataset.name(flaw.row), flaw.sentence });
    return all;
}

} // namespace

DatasetInfo inspect_dataset(const std::string& spec)
{
    const auto dataset = open_dataset(spec);
    const auto& captions = dataset->captions();
    std::set<std::string> words;
    std::vector<std::string> written;
    for (const auto& caption : captions) {
        std::istringstream stream(caption);
        for (std::string word; stream >> word;)
            words.insert(word);
        if (!caption.empty())
            written.push_back(caption);
    }
    DatasetInfo info;
    info.spec = spec;
    info.description = dataset->description();
    info.pictures = static_cast<std::int64_t>(captions.size());
    info.train = static_cast<std::int64_t>(dataset->train().size());
    info.test = static_cast<std::int64_t>(dataset->test().size());
    info.native_size = dataset->native_size();
    if (!dataset->train().empty()) {
        info.has_image_embeds = dataset->has_image_embeds();
        info.has_text_embeds = dataset->has_text_embeds();
    }
    info.caption_words = static_cast<std::int64_t>(words.size());
    constexpr std::size_t shown = 8;
    const auto count = std::min(shown, written.size());
    for (std::size_t i = 0; i < count; ++i)
        info.examples.push_back(written[i * written.size() / count]);
    info.flaws = described(*dataset, dataset->flaws());
    return info;
}

DatasetCheck check_whole_dataset(const std::string& spec, const DatasetCheckOptions& options,
                                 const OnDatasetProgress& on_progress, std::stop_token stop)
{
    const auto dataset = open_dataset(spec);
    const auto result = check_pictures(*dataset, options.min_side, on_progress, stop);
    DatasetCheck check;
    check.pictures = result.looked_at;
    check.usable = result.usable;
    check.stopped = result.looked_at < static_cast<std::int64_t>(dataset->captions().size());
    check.flaws = described(*dataset, result.flaws);
    if (!options.sheet.empty() && !result.sheet.empty())
        write_file(options.sheet, encode_png(result.sheet));
    return check;
}

} // namespace reverie
