// SPDX-License-Identifier: MIT
#include "app/dream/commands.h"
#include "app/dream/interrupt.h"
#include "app/dream/output.h"
#include "core/api/dataset_info.h"
#include "core/api/picture_file.h"
#include "core/base/error.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;

constexpr std::size_t shownFlaws = 40;

struct Options {
    std::vector<std::string> specs; ///< several where a shell expanded *.tar
    int size = 64;
    reverie::PictureOptions pictures;
    std::string out;
    int minSide = 32;
    std::string sheet;
    bool noSheet = false;
    bool json = false;

    std::string spec() const
    {
        std::string joined;
        for (const auto& one : specs)
            joined += (joined.empty() ? "" : ",") + one;
        return joined;
    }
};

std::string padded(std::string text, std::size_t width)
{
    text.resize(std::max(width, text.size()), ' ');
    return text;
}

/// How many flaws there are of each kind.
std::map<std::string, std::int64_t> counted(const std::vector<reverie::DatasetFlaw>& flaws)
{
    std::map<std::string, std::int64_t> counts;
    for (const auto& flaw : flaws)
        ++counts[flaw.kind];
    return counts;
}

void showFlaws(Output& output, const std::vector<reverie::DatasetFlaw>& flaws)
{
    for (const auto& flaw : flaws)
        output.object({ { "type", "flaw" },
                        { "kind", flaw.kind },
                        { "name", flaw.name },
                        { "other", flaw.other },
                        { "message", flaw.sentence } });
    for (const auto& [kind, count] : counted(flaws))
        output.result(padded(kind, 16) + std::to_string(count));
    for (std::size_t i = 0; i < std::min(flaws.size(), shownFlaws); ++i)
        output.result("  " + padded(flaws[i].kind, 16) + printable(flaws[i].sentence));
    if (flaws.size() > shownFlaws)
        output.result("  and " + std::to_string(flaws.size() - shownFlaws)
                      + " more; --json lists all of them.");
}

void info(const Options& options)
{
    Output output(options.json);
    const auto found = reverie::dataset_info(options.spec());
    output.object({ { "type", "dataset" },
                    { "spec", found.spec },
                    { "description", found.description },
                    { "pictures", found.pictures },
                    { "train", found.train },
                    { "test", found.test },
                    { "native_size", found.native_size },
                    { "image_embeds", found.has_image_embeds },
                    { "text_embeds", found.has_text_embeds },
                    { "caption_words", found.caption_words },
                    { "flaws", counted(found.flaws) },
                    { "examples", found.examples } });
    output.result(printable(found.description));
    output.result("Pictures      " + std::to_string(found.pictures) + " (" + std::to_string(found.train)
                  + " to train on, " + std::to_string(found.test) + " to test with)");
    if (found.native_size > 0)
        output.result("Size          " + std::to_string(found.native_size) + " pixels a side");
    if (found.has_image_embeds || found.has_text_embeds)
        output.result(std::string("Embeddings    ")
                      + (!found.has_text_embeds       ? "of the pictures"
                             : found.has_image_embeds ? "of pictures and captions"
                                                      : "of the captions"));
    output.result("Words         " + std::to_string(found.caption_words));
    for (const auto& caption : found.examples)
        output.result("              " + printable(caption));
    if (!found.flaws.empty())
        output.result("Left out      " + std::to_string(found.flaws.size()) + ", to begin with because "
                      + printable(found.flaws[0].sentence) + " See all of it with \"dream dataset check\".");
}

/// A name in this folder that says which data set was looked at.
fs::path sheetPath(const Options& options)
{
    if (options.noSheet)
        return {};
    if (!options.sheet.empty())
        return options.sheet;
    const auto path = fs::path(options.specs[0]);
    const auto last = path.has_filename() ? path.stem() : path.parent_path().stem();
    return reverie::unused_path(reverie::slug(last.string()) + "-check.png");
}

/// Before everything is read.
void checkWritable(const fs::path& sheet)
{
    const auto folder = sheet.has_parent_path() ? sheet.parent_path() : fs::path(".");
    if (!sheet.empty() && access(folder.c_str(), W_OK) != 0)
        throw reverie::UsageError("The contact sheet " + sheet.string() + " can't be written ("
                                  + std::strerror(errno)
                                  + "); give another place with --sheet, or --no-sheet.");
}

int check(const Options& options)
{
    Output output(options.json);
    if (!options.sheet.empty() && fs::exists(options.sheet))
        throw reverie::UsageError(options.sheet + " exists already; give another name with --sheet.");
    const Interrupt interrupt;
    const auto sheet = sheetPath(options);
    checkWritable(sheet);
    const auto found = reverie::check_dataset(
        options.spec(), { options.minSide, sheet },
        [&output](std::int64_t done, std::int64_t all) {
            output.progress(progressBar(double(done) / double(all)) + " " + std::to_string(done) + " of "
                            + std::to_string(all));
        },
        interrupt.token());
    output.clearProgress();
    showFlaws(output, found.flaws);
    const bool hasSheet = !sheet.empty() && fs::exists(sheet);
    output.result((found.stopped ? "Looked at the first " : "Looked at ") + std::to_string(found.pictures)
                  + (found.pictures == 1 ? " picture; " : " pictures; ") + std::to_string(found.usable)
                  + " can be trained on.");
    if (hasSheet)
        output.result(printable(sheet.string()));
    output.object({ { "type", "result" },
                    { "pictures", found.pictures },
                    { "usable", found.usable },
                    { "flaws", counted(found.flaws) },
                    { "path", hasSheet ? sheet.string() : std::string() } });
    if (found.stopped)
        return Interrupted;
    return found.flaws.empty() ? Done : Failed;
}

void pack(const Options& options)
{
    Output output(options.json);
    if (fs::exists(options.out))
        throw reverie::UsageError(options.out + " exists already; give another name with -o.");
    const auto count = reverie::pack_dataset(options.spec(), options.size, options.pictures, options.out);
    output.note("Packed " + std::to_string(count) + " pictures.");
    output.result(options.out);
    output.object({ { "type", "result" }, { "path", options.out }, { "pictures", count } });
}

void addSpec(CLI::App& command, Options& options)
{
    command
        .add_option(
            "SPEC", options.specs,
            "emoji, shapes, shapes:COUNT, a folder of pictures, tars ({00000..00009}.tar), a folder of "
            "embeddings, or a pack.safetensors")
        ->required();
    addJsonFlag(command, options.json);
}

void addCheck(CLI::App& dataset, const std::shared_ptr<Options>& options, int& status)
{
    auto* command = dataset.add_subcommand("check", "Read all of it and say what is wrong");
    addSpec(*command, *options);
    command->add_option("--min-size", options->minSide, "Pixels below which a side is tiny")
        ->check(CLI::Range(1, 4096))
        ->capture_default_str();
    auto* sheet = command->add_option("--sheet", options->sheet, "Where to write the contact sheet (PNG)");
    command->add_flag("--no-sheet", options->noSheet, "Write no contact sheet")->excludes(sheet);
    command->callback([options, &status] { status = check(*options); });
}

void addPack(CLI::App& dataset, const std::shared_ptr<Options>& options, int& status)
{
    auto* command = dataset.add_subcommand("pack", "Write it into one file that any build can train from");
    addSpec(*command, *options);
    command->add_option("--size", options->size, "Pixels a side")
        ->check(CLI::Range(1, 1024))
        ->capture_default_str();
    command->add_option("--resize", options->pictures.resize, "How pictures become squares")
        ->check(CLI::IsMember({ "crop", "pad", "stretch" }))
        ->capture_default_str();
    command
        ->add_option("--background", options->pictures.background,
                     "Colour behind transparent pixels and of bars")
        ->capture_default_str();
    command->add_option("-o,--out", options->out, "The file to write")->required();
    command->callback([options, &status] {
        pack(*options);
        status = Done;
    });
}

} // namespace

void addDatasetCommand(CLI::App& app, int& status)
{
    auto* dataset = app.add_subcommand("dataset", "Look at, check and pack what models are trained on");
    dataset->require_subcommand(1);
    const auto options = std::make_shared<Options>();

    auto* infoCommand = dataset->add_subcommand("info", "Say what a data set holds");
    addSpec(*infoCommand, *options);
    infoCommand->callback([options, &status] {
        info(*options);
        status = Done;
    });
    addCheck(*dataset, options, status);
    addPack(*dataset, options, status);
}
