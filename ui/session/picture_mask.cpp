// SPDX-License-Identifier: MIT
#include "ui/session/picture_mask.h"

#include <QPainter>

#include <algorithm>
#include <cmath>
#include <set>

namespace reverie::ui {

namespace {

constexpr std::size_t most_undone = 50;
constexpr qsizetype most_undo_bytes = 256 << 20;
constexpr int half = 127;

/// Grey of a share of what is new, from just above half up to white.
int grey(double share)
{
    return static_cast<int>(std::lround(127.5 + 127.5 * share));
}

/// Chessboard distance of every painted pixel to what is not painted; a large number without any.
std::vector<int> distances(const QImage& mask)
{
    const int width = mask.width(), height = mask.height(), far = width + height;
    std::vector<int> distance(static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
    const auto at = [&](int x, int y) -> int& { return distance[static_cast<std::size_t>(y) * width + x]; };
    const auto nearer = [&](int x, int y, int dx, int dy) {
        const bool inside = x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height;
        at(x, y) = std::min(at(x, y), inside ? at(x + dx, y + dy) + 1 : far);
    };
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            at(x, y) = mask.constScanLine(y)[x] > half ? far : 0;
            for (const auto& [dx, dy] : { std::pair{ -1, 0 }, { -1, -1 }, { 0, -1 }, { 1, -1 } })
                nearer(x, y, dx, dy);
        }
    for (int y = height - 1; y >= 0; --y)
        for (int x = width - 1; x >= 0; --x)
            for (const auto& [dx, dy] : { std::pair{ 1, 0 }, { 1, 1 }, { 0, 1 }, { -1, 1 } })
                nearer(x, y, dx, dy);
    return distance;
}

} // namespace

PictureMask::PictureMask(const QSize& size)
    : m_image(size, QImage::Format_Grayscale8)
{
    m_image.fill(0);
}

PictureMask::PictureMask(const Image& image)
    : PictureMask(QSize(image.width, image.height))
{
    for (int y = 0; y < image.height; ++y)
        for (int x = 0; x < image.width; ++x) {
            const auto* rgb = &image.rgb[(static_cast<std::size_t>(y) * image.width + x) * 3];
            m_image.scanLine(y)[x] = rgb[0] + rgb[1] + rgb[2] > 3 * half + 1 ? 255 : 0;
        }
}

bool PictureMask::isEmpty() const
{
    for (int y = 0; y < m_image.height(); ++y) {
        const uchar* line = m_image.constScanLine(y);
        if (std::any_of(line, line + m_image.width(), [](uchar value) { return value > half; }))
            return false;
    }
    return true;
}

void PictureMask::beginStroke()
{
    m_future.clear();
    m_past.push_back(m_image);
    if (m_past.size() > most_undone || qsizetype(m_past.size()) * m_image.sizeInBytes() > most_undo_bytes)
        m_past.erase(m_past.begin());
}

void PictureMask::paint(const QPointF& from, const QPointF& to, double diameter, bool erase)
{
    QPainter painter(&m_image);
    const QColor colour = erase ? Qt::black : Qt::white;
    if (from == to) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(colour);
        painter.drawEllipse(to, diameter / 2, diameter / 2);
        painter.drawRect(QRect(int(std::floor(to.x())), int(std::floor(to.y())), 1, 1)); // however small
    } else {
        painter.setPen(QPen(colour, diameter, Qt::SolidLine, Qt::RoundCap));
        painter.drawLine(from, to);
    }
}

void PictureMask::clear()
{
    beginStroke();
    m_image.fill(0);
}

void PictureMask::invert()
{
    beginStroke();
    m_image.invertPixels();
}

void PictureMask::undo()
{
    if (!canUndo())
        return;
    m_future.push_back(std::exchange(m_image, m_past.back()));
    m_past.pop_back();
}

void PictureMask::redo()
{
    if (!canRedo())
        return;
    m_past.push_back(std::exchange(m_image, m_future.back()));
    m_future.pop_back();
}

QImage PictureMask::feathered(int pixels, const QSize& size) const
{
    QImage soft = size == m_image.size() ? m_image : m_image.scaled(size);
    if (size != m_image.size())
        pixels = static_cast<int>(std::lround(double(pixels) * size.width() / m_image.width()));
    if (pixels <= 0)
        return soft;
    const auto distance = distances(soft);
    for (int y = 0; y < soft.height(); ++y)
        for (int x = 0; x < soft.width(); ++x) {
            const int away = distance[static_cast<std::size_t>(y) * soft.width() + x];
            if (away > 0 && away <= pixels)
                soft.scanLine(y)[x] = static_cast<uchar>(grey(double(away) / (pixels + 1)));
        }
    return soft;
}

int PictureMask::featherOf(const Image& mask)
{
    std::set<int> greys;
    bool white = false;
    for (std::size_t i = 0; i < mask.rgb.size(); i += 3) {
        white = white || mask.rgb[i] == 255;
        if (mask.rgb[i] > half && mask.rgb[i] < 255)
            greys.insert(mask.rgb[i]);
    }
    if (greys.empty() || white)
        return static_cast<int>(greys.size());
    return static_cast<int>(std::lround(127.5 / (*greys.begin() - 127.5))) - 1; // the part is thinner
}

} // namespace reverie::ui
