// SPDX-License-Identifier: MIT
#include "core/run/event_file.h"

#include "core/base/error.h"
#include "core/run/event_record.h"
#include "core/run/run_status.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <unistd.h>

namespace reverie {

namespace {

template <class T>
void append_fixed(std::string& to, T value)
{
    std::array<char, sizeof value> bytes{};
    std::memcpy(bytes.data(), &value, sizeof value); // little-endian, as every platform of ours is
    to.append(bytes.data(), bytes.size());
}

void append_varint(std::string& to, std::uint64_t value)
{
    for (; value >= 0x80; value >>= 7U)
        to.push_back(char((value & 0x7fU) | 0x80U));
    to.push_back(char(value));
}

enum class Wire : unsigned { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

void append_key(std::string& to, unsigned field, Wire wire)
{
    append_varint(to, (field << 3U) | unsigned(wire));
}

void append_bytes(std::string& to, unsigned field, const std::string& bytes)
{
    append_key(to, field, Wire::bytes);
    append_varint(to, bytes.size());
    to += bytes;
}

/// Event { double wall_time = 1; int64 step = 2; ... }
std::string event(double wall_time, std::int64_t step)
{
    std::string message;
    append_key(message, 1, Wire::fixed64);
    append_fixed(message, wall_time);
    append_key(message, 2, Wire::varint);
    append_varint(message, std::uint64_t(step));
    return message;
}

} // namespace

EventFile::EventFile(const std::filesystem::path& path)
    : descriptor_(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666))
{
    if (descriptor_ < 0)
        throw Error(path.string() + " can't be written (" + std::strerror(errno) + "); check the disk.");
    auto version = event(seconds_now(), 0);
    append_bytes(version, 3, "brain.Event:2"); // file_version = 3
    add_record(version);
    std::string log;
    append_key(log, 1, Wire::varint); // SessionLog { status = 1 }
    append_varint(log, 1); // START
    auto start = event(seconds_now(), 0);
    append_bytes(start, 7, log); // session_log = 7
    add_record(start);
    flush();
}

EventFile::~EventFile()
{
    flush();
    close(descriptor_);
}

void EventFile::add_scalar(const std::string& tag, double value, std::int64_t step, double wall_time)
{
    std::string scalar; // Summary.Value { string tag = 1; float simple_value = 2; }
    append_bytes(scalar, 1, tag);
    append_key(scalar, 2, Wire::fixed32);
    append_fixed(scalar, float(value));
    std::string summary; // Summary { repeated Value value = 1; }
    append_bytes(summary, 1, scalar);
    auto message = event(wall_time, step);
    append_bytes(message, 5, summary); // summary = 5
    add_record(message);
}

void EventFile::add_record(const std::string& message)
{
    std::string length;
    append_fixed(length, std::uint64_t(message.size()));
    pending_ += length;
    append_fixed(pending_, masked_crc(length));
    pending_ += message;
    append_fixed(pending_, masked_crc(message));
}

void EventFile::flush()
{
    std::string_view rest = pending_;
    while (!rest.empty()) {
        const auto written = write(descriptor_, rest.data(), rest.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            break;
        rest.remove_prefix(std::size_t(written));
    }
    pending_.clear();
}

} // namespace reverie
