// SPDX-License-Identifier: MIT
#include "core/io/dataset_pack.h"

#include "core/base/error.h"
#include "core/data/memory_dataset.h"
#include "core/io/qoi.h"
#include "core/io/safetensors.h"

#include <nlohmann/json.hpp>

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>

namespace reverie {

namespace {

constexpr const char* pack_format = "reverie.dataset";
constexpr const char* embed_names[] = { "image_embeds", "text_embeds" };

/// What both kinds of packs say of themselves.
struct Contents {
    std::string description;
    int native_size = 0;
    std::vector<std::string> captions;
    Rows test;
};

Contents read_contents(const std::filesystem::path& path, const Safetensors& file)
{
    const auto metadata = file.metadata.find(pack_format);
    if (metadata == file.metadata.end()
        || (!file.tensors.contains("images") && !file.tensors.contains("pictures")))
        throw Error(path.string() + " is no data set; make one with \"dream dataset pack\".");
    Contents contents;
    try {
        const auto json = nlohmann::json::parse(metadata->second);
        json.at("description").get_to(contents.description);
        json.at("native_size").get_to(contents.native_size);
        json.at("captions").get_to(contents.captions);
        json.at("test").get_to(contents.test);
    } catch (const nlohmann::json::exception&) {
        throw Error(path.string() + " is damaged: its captions can't be read; pack the data set again.");
    }
    std::sort(contents.test.begin(), contents.test.end());
    return contents;
}

void check_size(const std::filesystem::path& path, std::int64_t found, int wanted)
{
    if (wanted > 0 && found != wanted)
        throw UsageError(path.string() + " holds pictures of " + std::to_string(found)
                         + " pixels and the model is trained on " + std::to_string(wanted)
                         + "; pack the data set at that size.");
}

class PackDataset : public Dataset
{
public:
    PackDataset(Contents contents, TensorMap tensors, int size, const PictureOptions& options)
        : Dataset(size, options)
        , contents_(std::move(contents))
        , tensors_(std::move(tensors))
        , train_(all_but(contents_.test, std::int64_t(contents_.captions.size())))
        , bytes_(tensors_.at("pictures").data_ptr<std::uint8_t>())
        , offsets_(tensors_.at("offsets").data_ptr<std::int64_t>())
    {
    }
    [[nodiscard]] const std::vector<std::string>& captions() const override { return contents_.captions; }
    [[nodiscard]] const Rows& train() const override { return train_; }
    [[nodiscard]] const Rows& test() const override { return contents_.test; }
    [[nodiscard]] const std::string& description() const override { return contents_.description; }
    [[nodiscard]] int native_size() const override { return contents_.native_size; }
    [[nodiscard]] Image picture(std::int64_t row, int) const override
    {
        return decode_qoi({ reinterpret_cast<const char*>(bytes_ + offsets_[row]),
                            std::size_t(offsets_[row + 1] - offsets_[row]) });
    }
    [[nodiscard]] Tensor image_embeds(const Rows& rows) const override
    {
        return embeds(embed_names[0], rows);
    }
    [[nodiscard]] Tensor text_embeds(const Rows& rows) const override { return embeds(embed_names[1], rows); }

private:
    [[nodiscard]] Tensor embeds(const char* name, const Rows& rows) const
    {
        const auto table = tensors_.find(name);
        return table == tensors_.end() ? Tensor()
                                       : table->second.index_select(0, at::tensor(rows, at::kLong));
    }

    Contents contents_;
    TensorMap tensors_;
    Rows train_;
    const std::uint8_t* bytes_;
    const std::int64_t* offsets_; ///< (n + 1)
};

void check_pack(const std::filesystem::path& path, const TensorMap& tensors, std::int64_t count)
{
    const auto fail = [&path](const std::string& what) {
        throw Error(path.string() + " is damaged: " + what + "; pack the data set again.");
    };
    const auto offsets = tensors.find("offsets");
    const auto& pictures = tensors.at("pictures");
    if (offsets == tensors.end() || offsets->second.scalar_type() != at::kLong || offsets->second.dim() != 1
        || offsets->second.numel() != count + 1 || pictures.scalar_type() != at::kByte || pictures.dim() != 1)
        fail("it does not have one picture for each caption");
    const auto* first = offsets->second.data_ptr<std::int64_t>();
    if (first[0] != 0 || first[count] != pictures.numel() || !std::is_sorted(first, first + count + 1))
        fail("its pictures do not follow each other");
    for (const auto* name : embed_names)
        if (const auto table = tensors.find(name); table != tensors.end())
            if (table->second.dim() != 2 || table->second.size(0) != count
                || table->second.scalar_type() != at::kFloat)
                fail("it does not have one embedding for each caption");
}

} // namespace

std::unique_ptr<Dataset> open_pack(const std::filesystem::path& path, int size, const PictureOptions& options)
{
    auto file = read_safetensors(path);
    auto contents = read_contents(path, file);
    const auto count = static_cast<std::int64_t>(contents.captions.size());
    if (file.tensors.contains("pictures")) {
        check_pack(path, file.tensors, count);
        const auto& bytes = file.tensors.at("pictures");
        const auto first_end = count > 0 ? file.tensors.at("offsets")[1].item<std::int64_t>() : 0;
        const int own = count > 0
            ? decode_qoi({ static_cast<const char*>(bytes.data_ptr()), std::size_t(first_end) }).width
            : size;
        check_size(path, own, size);
        return std::make_unique<PackDataset>(std::move(contents), std::move(file.tensors), own, options);
    }
    const auto& images = file.tensors.at("images");
    const auto& shape = images.sizes();
    if (images.scalar_type() != at::kByte || shape.size() != 4 || shape[0] != count || shape[1] != shape[2]
        || shape[3] != 3)
        throw Error(path.string()
                    + " is damaged: it does not have one RGB picture for each caption; pack it again.");
    check_size(path, shape[1], size);
    return std::make_unique<MemoryDataset>(MemoryDataset::Content{ contents.description, contents.native_size,
                                                                   std::move(contents.captions),
                                                                   std::move(contents.test), images },
                                           options);
}

std::int64_t write_pack(const Dataset& dataset, const std::filesystem::path& out)
{
    constexpr std::size_t largest_metadata = 90'000'000; // readers of .safetensors stop at 100 MB
    auto rows = dataset.train();
    rows.insert(rows.end(), dataset.test().begin(), dataset.test().end());
    std::sort(rows.begin(), rows.end());
    const int size = dataset.size();
    Image square{ size, size, std::vector<std::uint8_t>(std::size_t(size) * std::size_t(size) * 3) };
    std::vector<std::uint8_t> planes(square.rgb.size());
    std::string bytes;
    Rows offsets = { 0 }, kept, test;
    std::vector<std::string> captions;
    for (const auto row : rows) {
        try {
            dataset.draw(row, planes.data());
        } catch (const Error&) {
            continue;
        }
        const auto area = planes.size() / 3;
        for (std::size_t i = 0; i < planes.size(); ++i)
            square.rgb[i] = planes[i % 3 * area + i / 3];
        bytes += encode_qoi(square);
        offsets.push_back(std::int64_t(bytes.size()));
        if (std::binary_search(dataset.test().begin(), dataset.test().end(), row))
            test.push_back(std::int64_t(captions.size()));
        captions.push_back(dataset.captions()[std::size_t(row)]);
        kept.push_back(row);
    }
    if (kept.empty())
        throw Error(
            "There is no picture with a caption that can be read; see what is wrong with \"dream dataset "
            "check\".");
    TensorMap tensors{ { "offsets", at::tensor(offsets, at::kLong) },
                       { "pictures",
                         at::from_blob(bytes.data(), { std::int64_t(bytes.size()) },
                                       at::TensorOptions(at::kByte)) } };
    if (const auto embeds = dataset.image_embeds(kept); embeds.defined())
        tensors["image_embeds"] = embeds;
    if (const auto embeds = dataset.text_embeds(kept); embeds.defined())
        tensors["text_embeds"] = embeds;
    const nlohmann::json json{ { "description", dataset.description() },
                               { "native_size", dataset.native_size() },
                               { "captions", captions },
                               { "test", test } };
    const auto text = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    if (text.size() > largest_metadata)
        throw Error("The captions of " + std::to_string(captions.size())
                    + " pictures don't fit into one pack; pack parts of the data set.");
    write_safetensors(out, tensors, { { pack_format, text } });
    return std::int64_t(kept.size());
}

} // namespace reverie
