// SPDX-License-Identifier: MIT
#include "ui/session/interpolation_strip.h"

#include <algorithm>

namespace reverie::ui {

namespace {

bool same(const BlendPart& a, const BlendPart& b)
{
    const auto what = [](const BlendPart& part) { return part.picture ? part.picture->sha256 : part.text; };
    return a.weight == b.weight && a.picture.has_value() == b.picture.has_value() && what(a) == what(b);
}

} // namespace

InterpolationStrip::InterpolationStrip(const std::vector<GenerateRequest>& requests)
    : m_seed(requests.at(0).seed)
{
    for (const auto& request : requests)
        m_frames.push_back({ without_pixels(request.recipe).blend });
}

int InterpolationStrip::drawn() const
{
    return static_cast<int>(
        std::count_if(m_frames.begin(), m_frames.end(), [](const Frame& frame) { return frame.id != 0; }));
}

bool InterpolationStrip::take(const FinishedPicture& picture)
{
    const auto& blend = picture.recipe.blend;
    const auto found = std::find_if(m_frames.begin(), m_frames.end(), [&](const Frame& frame) {
        return frame.id == 0
            && std::equal(blend.begin(), blend.end(), frame.blend.begin(), frame.blend.end(), same);
    });
    if (found == m_frames.end() || picture.picture.seed != m_seed || !picture.picture.complete)
        return false;
    found->id = picture.id;
    found->image = picture.image;
    return true;
}

bool InterpolationStrip::noteSaved(quint64 id, const QString& path)
{
    const auto found
        = std::find_if(m_frames.begin(), m_frames.end(), [id](const Frame& frame) { return frame.id == id; });
    if (found != m_frames.end())
        found->path = path;
    return found != m_frames.end();
}

QStringList InterpolationStrip::paths() const
{
    QStringList paths;
    for (const Frame& frame : m_frames)
        if (!frame.path.isEmpty())
            paths << frame.path;
    return paths;
}

quint64 InterpolationStrip::idAt(int index) const
{
    return index >= 0 && index < size() ? m_frames[index].id : 0;
}

std::vector<QImage> InterpolationStrip::images() const
{
    std::vector<QImage> images;
    for (const Frame& frame : m_frames)
        images.push_back(frame.image);
    return images;
}

} // namespace reverie::ui
