// SPDX-License-Identifier: MIT
#include "ui/session/embedding_index.h"

#include "ui/session/gallery_entry.h"

#include "core/base/error.h"

#include <QCryptographicHash>
#include <QDir>
#include <QFileInfo>
#include <QtEndian>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <sys/file.h>

namespace reverie::ui {

namespace {

constexpr int header_size = 16;
constexpr char magic[] = "REVPTS1"; ///< with its zero, eight bytes
constexpr quint32 widest = 1 << 16;
constexpr float no_point = std::numeric_limits<float>::quiet_NaN(); ///< of a picture that can't be read

[[noreturn]] void fail(const QFile& file)
{
    throw Error((QStringLiteral("%1 can't be written (%2); pictures are not found by meaning until the disk "
                                "has room and can be written.")
                     .arg(file.fileName(), file.errorString()))
                    .toStdString());
}

/// Keeps other programs from adding at the same time.
class FileLock
{
public:
    explicit FileLock(const QFile& file)
        : m_handle(file.handle())
    {
        flock(m_handle, LOCK_EX);
    }
    ~FileLock() { flock(m_handle, LOCK_UN); }
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;

private:
    int m_handle;
};

QByteArray recordOf(const EmbeddingIndex::Placed& placed, int width)
{
    std::vector<float> point(static_cast<std::size_t>(width), no_point);
    double squares = 0;
    for (const float value : placed.second)
        squares += double(value) * value;
    if (std::isfinite(squares) && squares > 0)
        for (std::size_t i = 0; i < point.size() && i < placed.second.size(); ++i)
            point[i] = static_cast<float>(placed.second[i] / std::sqrt(squares));
    QByteArray record(reinterpret_cast<const char*>(&placed.first), 8);
    record.append(reinterpret_cast<const char*>(point.data()), qsizetype(point.size() * sizeof(float)));
    return record;
}

} // namespace

quint64 stampOf(const GalleryEntry& entry)
{
    QByteArray key = entry.path.section(QLatin1Char('/'), -1).toUtf8();
    key += '\n' + QByteArray::number(entry.time) + '\n' + QByteArray::number(entry.bytes);
    const QByteArray hash = QCryptographicHash::hash(key, QCryptographicHash::Sha1);
    return qFromLittleEndian<quint64>(hash.constData());
}

EmbeddingIndex::EmbeddingIndex(const QString& file)
    : m_file(file)
{
    QDir().mkpath(QFileInfo(file).absolutePath());
    if (!m_file.open(QFile::ReadWrite) && !m_file.open(QFile::ReadOnly))
        fail(m_file);
    refresh();
}

EmbeddingIndex::~EmbeddingIndex()
{
    unmap();
}

void EmbeddingIndex::unmap()
{
    if (m_map)
        m_file.unmap(m_map);
    m_map = nullptr;
    m_mapped = 0;
}

void EmbeddingIndex::readHeader()
{
    m_file.seek(0);
    const QByteArray header = m_file.read(header_size);
    const quint32 width
        = header.size() == header_size ? qFromLittleEndian<quint32>(header.constData() + 8) : 0;
    const bool sound = header.startsWith(QByteArray(magic, 8)) && width > 0 && width <= widest;
    m_width = sound ? static_cast<int>(width) : 0;
}

void EmbeddingIndex::refresh()
{
    if (m_width == 0)
        readHeader();
    if (m_width == 0)
        return;
    const qint64 records = (m_file.size() - header_size) / recordSize();
    const qint64 bytes = header_size + records * recordSize();
    if (records <= 0 || bytes == m_mapped)
        return;
    const qint64 known = m_mapped;
    unmap();
    m_map = m_file.map(0, bytes);
    if (!m_map)
        fail(m_file);
    m_mapped = bytes;
    if (known == 0)
        m_rows.reserve(records);
    for (qint64 at = std::max<qint64>(known, header_size); at < bytes; at += recordSize()) {
        quint64 stamp = 0;
        std::memcpy(&stamp, m_map + at, sizeof stamp);
        const bool readable = !std::isnan(*reinterpret_cast<const float*>(m_map + at + 8));
        m_rows.insert(stamp, readable ? at + 8 : 0);
    }
}

void EmbeddingIndex::add(const std::vector<Placed>& points)
{
    const auto wide
        = std::find_if(points.begin(), points.end(), [](const auto& p) { return !p.second.empty(); });
    const FileLock lock(m_file);
    refresh();
    QByteArray text;
    if (m_width == 0) {
        if (wide == points.end())
            return; // nothing is known of this space yet
        m_file.resize(0);
        m_width = static_cast<int>(wide->second.size());
        text = QByteArray(magic, 8) + QByteArray(8, '\0');
        qToLittleEndian<quint32>(static_cast<quint32>(m_width), text.data() + 8);
    }
    for (const Placed& placed : points)
        text += recordOf(placed, m_width);
    // Behind the last whole record: one that a killed program left half-written is written over.
    const qint64 end = m_mapped > 0 ? m_mapped : text.startsWith(magic) ? 0 : header_size;
    m_file.seek(end);
    const bool written = m_file.write(text) == text.size() && m_file.flush();
    if (!written || !m_file.resize(end + text.size())) {
        m_file.resize(end);
        fail(m_file);
    }
    refresh();
}

std::span<const float> EmbeddingIndex::pointOf(quint64 stamp) const
{
    const qint64 at = m_rows.value(stamp);
    if (at == 0)
        return {};
    return { reinterpret_cast<const float*>(m_map + at), static_cast<std::size_t>(m_width) };
}

float cosine(std::span<const float> a, std::span<const float> b)
{
    constexpr std::size_t lanes = 16; // apart, so that the compiler adds them in vectors
    float sums[lanes] = {};
    std::size_t i = 0;
    for (; i + lanes <= a.size(); i += lanes)
        for (std::size_t lane = 0; lane < lanes; ++lane)
            sums[lane] += a[i + lane] * b[i + lane];
    float total = 0;
    for (; i < a.size(); ++i)
        total += a[i] * b[i];
    for (const float sum : sums)
        total += sum;
    return total;
}

} // namespace reverie::ui
