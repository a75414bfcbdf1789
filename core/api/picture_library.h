// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace reverie {

/// `Reverie` in the user's pictures folder: where pictures are drawn into by default, and where library.jsonl
/// lies.
std::filesystem::path picture_library();

/// library.jsonl: what a person said about their pictures, a JSON object a line. Lines are only added, each
/// in one piece and synced, by several programs at a time if need be. The gallery's database can be made
/// again from it and the picture files.
class LibraryJournal
{
public:
    explicit LibraryJournal(std::filesystem::path library);

    [[nodiscard]] std::filesystem::path path() const { return library_ / "library.jsonl"; }

    /// Adds a line. Makes the folder if it is missing, and ends a line that was cut short before. Throws
    /// Error.
    void append(std::string_view line);

    /// Calls `each` for every whole line from byte `from` on; returns the byte behind the last one. A journal
    /// that is not there has no lines. Throws Error.
    std::uintmax_t read(std::uintmax_t from, const std::function<void(std::string_view line)>& each) const;

    /// How the journal calls a picture: relative to the library if it lies there, so that the folder can be
    /// moved.
    [[nodiscard]] std::string name_of(const std::filesystem::path& picture) const;
    [[nodiscard]] std::filesystem::path path_of(const std::string& name) const;

private:
    std::filesystem::path library_;
};

/// Notes a picture that was drawn somewhere, so that the gallery shows it. Throws Error.
void register_picture(const std::filesystem::path& picture);

} // namespace reverie
