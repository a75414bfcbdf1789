// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace reverie {

/// A TensorBoard event file: TFRecords of Event messages. It begins with the version and a start of session,
/// at which TensorBoard forgets what earlier files of the folder said.
class EventFile
{
public:
    /// Throws Error if the file can't be written.
    explicit EventFile(const std::filesystem::path& path);
    ~EventFile();
    EventFile(const EventFile&) = delete;
    EventFile& operator=(const EventFile&) = delete;

    void add_scalar(const std::string& tag, double value, std::int64_t step, double wall_time);
    /// Hands to the system what was added. A full disk is no failure here: metrics.jsonl has the numbers.
    void flush();

private:
    void add_record(const std::string& message);

    int descriptor_;
    std::string pending_;
};

} // namespace reverie
