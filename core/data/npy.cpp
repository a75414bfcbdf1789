// SPDX-License-Identifier: MIT
#include "core/data/npy.h"

#include "core/base/error.h"

#include <ATen/ATen.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace reverie {

namespace {

/// A file in memory, unmapped with the last tensor on it.
class Map
{
public:
    explicit Map(const std::filesystem::path& path)
    {
        const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        struct stat status {
        };
        if (file >= 0 && fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
            size_ = static_cast<std::size_t>(status.st_size);
            data_ = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
        }
        const int reason = errno;
        if (file >= 0)
            close(file);
        if (data_ == MAP_FAILED)
            throw Error(path.string() + " can't be read ("
                        + (file < 0 ? std::strerror(reason) : "it is empty or no file")
                        + "); copy it again.");
    }
    ~Map() { munmap(data_, size_); }
    Map(const Map&) = delete;
    Map& operator=(const Map&) = delete;
    [[nodiscard]] std::string_view bytes() const { return { static_cast<char*>(data_), size_ }; }
    [[nodiscard]] char* at(std::size_t offset) const { return static_cast<char*>(data_) + offset; }

private:
    void* data_ = MAP_FAILED;
    std::size_t size_ = 0;
};

/// What follows 'key': in the header, a Python dictionary.
std::string_view value_of(std::string_view header, std::string_view key)
{
    const auto at = header.find("'" + std::string(key) + "':");
    if (at == std::string_view::npos)
        return {};
    auto value = header.substr(at + key.size() + 3);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    return value;
}

/// Whole numbers of "(12, 768)".
std::vector<std::int64_t> parse_shape(std::string_view text)
{
    std::vector<std::int64_t> shape;
    const auto end = text.find(')');
    if (!text.starts_with('(') || end == std::string_view::npos)
        return shape;
    text = text.substr(1, end - 1);
    while (!text.empty()) {
        text.remove_prefix(std::min(text.find_first_not_of(" ,"), text.size()));
        std::int64_t size = 0;
        const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), size);
        if (error != std::errc())
            break;
        shape.push_back(size);
        text.remove_prefix(static_cast<std::size_t>(stopped - text.data()));
    }
    return shape;
}

} // namespace

at::Tensor read_npy(const std::filesystem::path& path)
{
    const auto map = std::make_shared<Map>(path);
    const auto bytes = map->bytes();
    const auto fail = [&path](const std::string& what) { throw Error(path.string() + " " + what); };
    const auto byte = [&bytes](std::size_t at) { return std::size_t(static_cast<unsigned char>(bytes[at])); };
    if (!bytes.starts_with("\x93NUMPY") || bytes.size() < 12)
        fail("is no .npy file; choose one that numpy.save wrote.");
    const bool wide = byte(6) >= 2; // version 2 has a longer length
    const std::size_t begin = wide ? 12 : 10;
    const auto length = byte(8) | byte(9) << 8U | (wide ? byte(10) << 16U | byte(11) << 24U : 0);
    if (length > bytes.size() - begin)
        fail("is cut short; copy it again.");
    const auto header = bytes.substr(begin, length);
    const auto descr = value_of(header, "descr");
    const auto type = descr.starts_with("'<f2'") ? at::kHalf
        : descr.starts_with("'<f4'")             ? at::kFloat
        : descr.starts_with("'<f8'")             ? at::kDouble
                                                 : at::kByte;
    if (type == at::kByte)
        fail("holds " + std::string(descr.substr(0, std::min(descr.find(','), std::size_t{ 16 })))
             + " and not float16, float32 or float64 numbers; save it as float32.");
    const auto shape = parse_shape(value_of(header, "shape"));
    if (shape.size() != 2 || shape[0] < 0 || shape[1] < 1
        || !value_of(header, "fortran_order").starts_with("False"))
        fail("is no table of one embedding a row in C order; save it as an array (n, d).");
    const auto row_bytes = static_cast<double>(shape[1]) * static_cast<double>(at::elementSize(type));
    if (static_cast<double>(shape[0]) * row_bytes > static_cast<double>(bytes.size() - begin - length))
        fail("is cut short: it should have " + std::to_string(shape[0]) + " rows; copy it again.");
    auto* data = map->at(begin + length);
    if (reinterpret_cast<std::uintptr_t>(data) % at::elementSize(type) != 0) // NumPy itself pads to 64
        fail("is not aligned; save it again with numpy.save.");
    return at::from_blob(
        data, shape, [map](void*) {}, at::TensorOptions(type));
}

} // namespace reverie
