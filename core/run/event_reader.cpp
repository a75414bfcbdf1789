// SPDX-License-Identifier: MIT
#include "core/run/event_reader.h"

#include "core/run/event_record.h"

#include <cstring>
#include <limits>
#include <optional>
#include <utility>

namespace reverie {

namespace {

constexpr std::size_t longest_record = std::size_t(64) << 20U; // pictures lie in such files too
constexpr unsigned float_type = 1, double_type = 2; // DataType of TensorFlow

template <class T>
T fixed(std::string_view bytes)
{
    T value{};
    std::memcpy(&value, bytes.data(), sizeof value); // little-endian, as every platform of ours is
    return value;
}

/// One field of a protocol-buffer message.
struct Field {
    unsigned number = 0;
    unsigned wire = 0;
    std::uint64_t varint = 0;
    std::string_view bytes; ///< of the fixed kinds too
};

/// The fields of a message in their order; ends early where it is no message.
class Message
{
public:
    explicit Message(std::string_view bytes)
        : rest_(bytes)
    {
    }

    std::optional<Field> next()
    {
        const auto key = varint();
        if (!key)
            return std::nullopt;
        Field field{ .number = unsigned(*key >> 3U), .wire = unsigned(*key & 7U) };
        std::size_t size = 0;
        switch (field.wire) {
        case 0: {
            const auto value = varint();
            field.varint = value.value_or(0);
            return value ? std::optional(field) : std::nullopt;
        }
        case 1:
            size = 8;
            break;
        case 2:
            size = std::size_t(varint().value_or(std::numeric_limits<std::uint64_t>::max()));
            break;
        case 5:
            size = 4;
            break;
        default:
            return std::nullopt;
        }
        if (size > rest_.size())
            return std::nullopt;
        field.bytes = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return field;
    }

private:
    std::optional<std::uint64_t> varint()
    {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(rest_.front());
            rest_.remove_prefix(1);
            value |= std::uint64_t(byte & 0x7fU) << shift;
            if (byte < 0x80)
                return value;
        }
        return std::nullopt;
    }

    std::string_view rest_;
};

/// TensorProto { dtype = 1; tensor_content = 4; float_val = 5; double_val = 6 } of one number.
std::optional<double> tensor_number(std::string_view bytes)
{
    Message tensor(bytes);
    std::uint64_t type = 0;
    std::optional<double> number;
    while (const auto field = tensor.next()) {
        if (field->number == 1)
            type = field->varint;
        else if (field->number == 4 && type == float_type && field->bytes.size() == 4)
            number = fixed<float>(field->bytes);
        else if (field->number == 4 && type == double_type && field->bytes.size() == 8)
            number = fixed<double>(field->bytes);
        else if (field->number == 5 && field->bytes.size() == 4)
            number = fixed<float>(field->bytes);
        else if (field->number == 6 && field->bytes.size() == 8)
            number = fixed<double>(field->bytes);
    }
    return number;
}

/// Summary.Value { tag = 1; simple_value = 2; tensor = 8 }
void read_value(std::string_view bytes, EventScalar scalar, const EventReader::OnScalar& on_scalar)
{
    Message value(bytes);
    std::optional<double> number;
    while (const auto field = value.next()) {
        if (field->number == 1 && field->wire == 2)
            scalar.tag = field->bytes;
        else if (field->number == 2 && field->wire == 5)
            number = fixed<float>(field->bytes);
        else if (field->number == 8 && field->wire == 2)
            number = tensor_number(field->bytes);
    }
    if (!number)
        return;
    scalar.value = *number;
    on_scalar(scalar);
}

/// Event { wall_time = 1; step = 2; summary = 5 }, Summary { value = 1 }
void read_event(std::string_view bytes, const EventReader::OnScalar& on_scalar)
{
    EventScalar scalar;
    std::string_view summary;
    Message event(bytes);
    while (const auto field = event.next()) {
        if (field->number == 1 && field->wire == 1)
            scalar.wall_time = fixed<double>(field->bytes);
        else if (field->number == 2 && field->wire == 0)
            scalar.step = std::int64_t(field->varint);
        else if (field->number == 5 && field->wire == 2)
            summary = field->bytes;
    }
    Message values(summary);
    while (const auto field = values.next())
        if (field->number == 1 && field->wire == 2)
            read_value(field->bytes, scalar, on_scalar);
}

} // namespace

EventReader::EventReader(std::filesystem::path file)
    : file_(std::move(file))
{
}

GrowingFile::Outcome EventReader::read(std::size_t limit, const OnScalar& on_scalar,
                                       const std::stop_token& stop)
{
    if (damaged_)
        return GrowingFile::Outcome::end;
    return file_.read(
        limit, [&](std::string_view bytes) { return take_records(bytes, on_scalar); }, stop);
}

/// TFRecords: length, its checksum, the message, its checksum.
std::size_t EventReader::take_records(std::string_view bytes, const OnScalar& on_scalar)
{
    constexpr std::size_t head = sizeof(std::uint64_t) + sizeof(std::uint32_t), tail = sizeof(std::uint32_t);
    const auto all = bytes.size();
    while (!damaged_ && bytes.size() >= head) {
        const auto length = fixed<std::uint64_t>(bytes);
        damaged_ = length > longest_record
            || fixed<std::uint32_t>(bytes.substr(8)) != masked_crc(bytes.substr(0, 8));
        if (damaged_ || bytes.size() < head + length + tail)
            break;
        const auto message = bytes.substr(head, length);
        damaged_ = fixed<std::uint32_t>(bytes.substr(head + length)) != masked_crc(message);
        if (damaged_)
            break;
        read_event(message, on_scalar);
        bytes.remove_prefix(head + length + tail);
    }
    return damaged_ ? all : all - bytes.size();
}

} // namespace reverie
