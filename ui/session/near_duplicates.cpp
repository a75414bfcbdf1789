// SPDX-License-Identifier: MIT
#include "ui/session/embedding_index.h"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>
#include <random>
#include <utility>

// Points that are nearly the same.
namespace reverie::ui {

namespace {

constexpr int bands = 18, band_bits = 14, signature_bits = bands * band_bits;
constexpr std::size_t compared_at_most = 256; ///< leaders that every point is compared with
constexpr int most_apart = signature_bits * 3 / 10; ///< bits; points of a right angle differ in half of them

using Signature = std::array<std::uint64_t, (signature_bits + 63) / 64>;

/// Signs of the coordinates after random reflections and Hadamard transforms: as many bits differ, in the
/// mean, as the angle has of pi (Charikar 2002; the fast transform as in Andoni et al. 2015).
class Signer
{
public:
    explicit Signer(const std::vector<std::span<const float>>& points)
    {
        std::size_t width = 0, count = 0;
        for (const auto& point : points)
            width = std::max(width, point.size());
        m_mean.resize(width);
        for (const auto& point : points) {
            count += point.empty() ? 0 : 1;
            for (std::size_t i = 0; i < point.size(); ++i)
                m_mean[i] += point[i];
        }
        for (float& value : m_mean)
            value /= static_cast<float>(std::max<std::size_t>(count, 1));
        m_work.resize(std::bit_ceil(std::max<std::size_t>(width, signature_bits)));
        std::mt19937 random(1);
        for (auto& signs : m_signs)
            for (std::size_t i = 0; i < m_work.size(); ++i)
                signs.push_back((random() & 1U) != 0 ? 1.F : -1.F);
    }

    Signature sign(std::span<const float> point)
    {
        std::fill(m_work.begin(), m_work.end(), 0.F);
        for (std::size_t i = 0; i < point.size(); ++i)
            m_work[i] = point[i] - m_mean[i]; // CLIP's points lie in a narrow cone
        for (const auto& signs : m_signs) {
            for (std::size_t i = 0; i < m_work.size(); ++i)
                m_work[i] *= signs[i];
            transform();
        }
        Signature signature{};
        for (std::size_t i = 0; i < signature_bits; ++i)
            signature[i / 64] |= std::uint64_t(m_work[i] > 0) << (i % 64);
        return signature;
    }

private:
    void transform()
    {
        for (std::size_t half = 1; half < m_work.size(); half *= 2)
            for (std::size_t first = 0; first < m_work.size(); first += 2 * half)
                for (std::size_t i = first; i < first + half; ++i) {
                    const float a = m_work[i], b = m_work[i + half];
                    m_work[i] = a + b;
                    m_work[i + half] = a - b;
                }
    }

    std::vector<float> m_mean, m_work;
    std::array<std::vector<float>, 2> m_signs;
};

int bitsApart(const Signature& a, const Signature& b)
{
    int apart = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        apart += std::popcount(a[i] ^ b[i]);
    return apart;
}

std::size_t bandOf(const Signature& signature, int band)
{
    std::size_t value = 0;
    for (int bit = band * band_bits; bit < (band + 1) * band_bits; ++bit)
        value = value << 1U | (signature[bit / 64] >> (bit % 64) & 1U);
    return value;
}

} // namespace

std::vector<int> foldNearDuplicates(const std::vector<std::span<const float>>& points, float threshold)
{
    std::vector<int> first(points.size());
    std::iota(first.begin(), first.end(), 0);
    Signer signer(points);
    std::vector<Signature> signatures(points.size());
    std::vector<int> leaders; // that no earlier point is like
    // A chain of leaders for every value of every band.
    std::vector<int> heads(std::size_t(bands) << band_bits, -1);
    std::vector<std::array<int, bands>> next(points.size());
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (points[i].empty())
            continue;
        int& best = first[i];
        const auto compare = [&](int j) {
            if (j >= best || points[i].size() != points[j].size())
                return;
            const float nearness = cosine(points[i], points[j]);
            if (nearness >= threshold && nearness <= most_alike_cosine)
                best = j;
        };
        signatures[i] = signer.sign(points[i]);
        std::array<int*, bands> chains{};
        for (int band = 0; band < bands; ++band)
            chains[band] = &heads[(std::size_t(band) << band_bits) + bandOf(signatures[i], band)];
        if (leaders.size() <= compared_at_most)
            std::for_each(leaders.begin(), leaders.end(), compare);
        else
            for (int band = 0; band < bands; ++band)
                for (int j = *chains[band]; j >= 0; j = next[j][band])
                    if (bitsApart(signatures[i], signatures[j]) <= most_apart)
                        compare(j);
        if (best != static_cast<int>(i))
            continue;
        leaders.push_back(best);
        for (int band = 0; band < bands; ++band)
            next[i][band] = std::exchange(*chains[band], best);
    }
    return first;
}

} // namespace reverie::ui
