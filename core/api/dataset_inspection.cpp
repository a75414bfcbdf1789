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
    const auto name = [&dataset](std::int64_t row) { return row < 0 ? std::string() : dataset.name(row); };
    std::vector<DatasetFlaw> all;
    for (const auto& flaw : flaws)
        all.push_back({ kind_name(flaw.kind), name(flaw.row), flaw.sentence, name(flaw.other) });
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

std::vector<DatasetSample> draw_dataset_samples(const std::string& spec, int count, int size,
                                                const PictureOptions& options)
{
    const auto dataset = open_dataset(spec, size, options);
    const auto& rows = dataset->train();
    const auto pixels = static_cast<std::size_t>(size) * static_cast<std::size_t>(size);
    const auto shown = std::min(static_cast<std::size_t>(std::max(count, 0)), rows.size());
    std::vector<DatasetSample> samples;
    for (std::size_t i = 0; i < shown && dataset->has_pictures(); ++i) {
        const auto row = rows[i * rows.size() / shown];
        std::vector<std::uint8_t> planes(3 * pixels);
        try {
            dataset->draw(row, planes.data());
        } catch (const Error&) {
            continue;
        }
        DatasetSample sample{ { size, size, std::vector<std::uint8_t>(3 * pixels) },
                              dataset->captions()[static_cast<std::size_t>(row)] };
        for (std::size_t pixel = 0; pixel < pixels; ++pixel)
            for (std::size_t colour = 0; colour < 3; ++colour)
                sample.picture.rgb[3 * pixel + colour] = planes[colour * pixels + pixel];
        samples.push_back(std::move(sample));
    }
    return samples;
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
