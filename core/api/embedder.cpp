// SPDX-License-Identifier: MIT
#include "core/api/embedder.h"

#include "core/base/error.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace reverie {

namespace {

using Point = std::vector<double>;

double dot(const Point& a, const Point& b)
{
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.);
}

double length(const Point& a)
{
    return std::sqrt(dot(a, a));
}

/// a + b * factor
Point sum(Point a, const Point& b, double factor)
{
    for (std::size_t i = 0; i < a.size(); ++i)
        a[i] += b[i] * factor;
    return a;
}

Point unit(Point a)
{
    const double norm = length(a);
    if (norm > 0)
        for (double& value : a)
            value /= norm;
    return a;
}

Point precise(const Embedding& embedding)
{
    return { embedding.begin(), embedding.end() };
}

Embedding stored(const Point& point, double scale = 1)
{
    Embedding embedding;
    for (const double value : point)
        embedding.push_back(static_cast<float>(value * scale));
    return embedding;
}

/// The tangent at `base` that leads along the great circle to `point`; as long as the angle between them.
Point tangent(const Point& base, const Point& point)
{
    const double cosine = std::clamp(dot(base, point), -1., 1.);
    const Point direction = sum(point, base, -cosine);
    const double norm = length(direction);
    return norm < 1e-12 ? Point(base.size(), 0.)
                        : sum(Point(base.size(), 0.), direction, std::acos(cosine) / norm);
}

/// Where one arrives from `base` along a tangent.
Point along(const Point& base, const Point& tangent)
{
    const double angle = length(tangent);
    if (angle < 1e-12)
        return base;
    return unit(sum(sum(Point(base.size(), 0.), base, std::cos(angle)), tangent, std::sin(angle) / angle));
}

void require_same_space(const Embedding& a, const Embedding& b)
{
    if (a.empty() || a.size() != b.size())
        throw UsageError("These embeddings belong to different models: one has " + std::to_string(a.size())
                         + " numbers and another " + std::to_string(b.size()) + ".");
}

} // namespace

double similarity(const Embedding& a, const Embedding& b)
{
    require_same_space(a, b);
    return std::clamp(dot(unit(precise(a)), unit(precise(b))), -1., 1.);
}

Embedding spherical_mean(const std::vector<Embedding>& points, const std::vector<double>& weights)
{
    const double total = std::accumulate(weights.begin(), weights.end(), 0.);
    if (points.empty() || points.size() != weights.size() || !(total > 0) || !std::isfinite(total)
        || std::any_of(weights.begin(), weights.end(), [](double weight) { return weight < 0; }))
        throw UsageError("A blend takes a weight for each of its parts, none negative and not all zero.");
    if (points.size() == 1)
        return points[0];
    std::vector<Point> units;
    for (const auto& point : points) {
        require_same_space(points[0], point);
        units.push_back(unit(precise(point)));
    }
    Point mean(units[0].size(), 0.);
    for (std::size_t i = 0; i < units.size(); ++i)
        mean = sum(mean, units[i], weights[i] / total);
    if (length(mean) < 1e-9) // opposite points: any way around is as short
        mean = units[static_cast<std::size_t>(std::max_element(weights.begin(), weights.end())
                                              - weights.begin())];
    mean = unit(mean);
    constexpr int most_rounds = 100;
    for (int round = 0; round < most_rounds; ++round) {
        Point step(mean.size(), 0.);
        for (std::size_t i = 0; i < units.size(); ++i)
            step = sum(step, tangent(mean, units[i]), weights[i] / total);
        mean = along(mean, step);
        if (length(step) < 1e-10)
            break;
    }
    return stored(mean);
}

Embedding text_diff(const Embedding& z, const Embedding& from, const Embedding& to, double strength)
{
    require_same_space(z, from);
    require_same_space(from, to);
    const Point difference = sum(unit(precise(to)), unit(precise(from)), -1);
    if (length(difference) < 1e-6)
        throw UsageError("The two phrases mean the same to this model; choose phrases that differ.");
    const Point start = unit(precise(z));
    Point way = tangent(start, unit(difference));
    for (double& value : way)
        value *= strength;
    return stored(along(start, way), length(precise(z)));
}

} // namespace reverie
