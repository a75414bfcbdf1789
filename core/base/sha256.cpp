// SPDX-License-Identifier: MIT
#include "core/base/sha256.h"

#include <algorithm>
#include <bit>
#include <cstring>
#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace reverie {

namespace {

constexpr std::array<std::uint32_t, 64> round_constants
    = { 0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2 };

#if defined(__x86_64__)

bool has_sha_instructions()
{
    constexpr unsigned sha = 1U << 29U;
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & sha) != 0;
}

/// block() with the processor's own instructions, which keep the state as (a, b, e, f) and (c, d, g, h).
__attribute__((target("sha,sse4.1"))) void block_in_hardware(std::array<std::uint32_t, 8>& state,
                                                             const unsigned char* bytes)
{
    const auto load = [](const void* from) { return _mm_loadu_si128(static_cast<const __m128i*>(from)); };
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    const __m128i dcba = _mm_shuffle_epi32(load(state.data()), 0xb1);
    const __m128i hgfe = _mm_shuffle_epi32(load(state.data() + 4), 0x1b);
    __m128i abef = _mm_alignr_epi8(dcba, hgfe, 8);
    __m128i cdgh = _mm_blend_epi16(hgfe, dcba, 0xf0);
    const __m128i abef_before = abef, cdgh_before = cdgh;
    __m128i w[4];
    for (int i = 0; i < 16; ++i) { // four rounds at a time
        __m128i& next = w[i % 4];
        if (i < 4)
            next = _mm_shuffle_epi8(load(bytes + 16 * i), big_endian);
        else
            next = _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(next, w[(i + 1) % 4]),
                                                      _mm_alignr_epi8(w[(i + 3) % 4], w[(i + 2) % 4], 4)),
                                        w[(i + 3) % 4]);
        const __m128i words = _mm_add_epi32(next, load(round_constants.data() + 4 * i));
        cdgh = _mm_sha256rnds2_epu32(cdgh, abef, words);
        abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(words, 0x0e));
    }
    abef = _mm_shuffle_epi32(_mm_add_epi32(abef, abef_before), 0x1b); // feba
    cdgh = _mm_shuffle_epi32(_mm_add_epi32(cdgh, cdgh_before), 0xb1); // dchg
    const auto store = [](void* to, __m128i value) { _mm_storeu_si128(static_cast<__m128i*>(to), value); };
    store(state.data(), _mm_blend_epi16(abef, cdgh, 0xf0));
    store(state.data() + 4, _mm_alignr_epi8(cdgh, abef, 8));
}

#endif

} // namespace

void Sha256::update(std::string_view bytes)
{
    const auto* input = reinterpret_cast<const unsigned char*>(bytes.data());
    std::size_t left = bytes.size();
    while (left > 0) {
        const std::size_t held = length_ % pending_.size();
        if (held == 0 && left >= pending_.size()) {
            block(input);
            length_ += pending_.size();
            input += pending_.size();
            left -= pending_.size();
            continue;
        }
        const std::size_t taken = std::min(left, pending_.size() - held);
        std::memcpy(pending_.data() + held, input, taken);
        length_ += taken;
        input += taken;
        left -= taken;
        if (length_ % pending_.size() == 0)
            block(pending_.data());
    }
}

std::string Sha256::hex()
{
    const std::uint64_t bits = length_ * 8;
    std::string padding(1, '\x80');
    padding.append((pending_.size() + 55 - length_ % pending_.size()) % pending_.size(), '\0');
    for (int shift = 56; shift >= 0; shift -= 8)
        padding += static_cast<char>(bits >> shift);
    update(padding);

    std::string digits;
    for (const std::uint32_t word : state_) {
        for (int shift = 28; shift >= 0; shift -= 4)
            digits += "0123456789abcdef"[(word >> shift) & 15U];
    }
    return digits;
}

void Sha256::block(const unsigned char* bytes)
{
#if defined(__x86_64__)
    static const bool in_hardware = has_sha_instructions();
    if (in_hardware)
        return block_in_hardware(state_, bytes);
#endif
    std::array<std::uint32_t, 64> w{};
    for (std::size_t i = 0; i < 16; ++i) {
        w[i] = std::uint32_t{ bytes[4 * i] } << 24U | std::uint32_t{ bytes[4 * i + 1] } << 16U
            | std::uint32_t{ bytes[4 * i + 2] } << 8U | std::uint32_t{ bytes[4 * i + 3] };
    }
    for (std::size_t i = 16; i < w.size(); ++i) {
        const auto s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ (w[i - 15] >> 3U);
        const auto s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ (w[i - 2] >> 10U);
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    auto [a, b, c, d, e, f, g, h] = state_;
    for (std::size_t i = 0; i < w.size(); ++i) {
        const auto s1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
        const auto t1 = h + s1 + ((e & f) ^ (~e & g)) + round_constants[i] + w[i];
        const auto s0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
        const auto t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
        h = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + t2;
    }
    const std::array<std::uint32_t, 8> mixed = { a, b, c, d, e, f, g, h };
    for (std::size_t i = 0; i < state_.size(); ++i)
        state_[i] += mixed[i];
}

} // namespace reverie
