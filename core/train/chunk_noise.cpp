// SPDX-License-Identifier: MIT
#include "core/train/chunk_noise.h"

#include "core/base/error.h"

#include <torch/torch.h>

namespace reverie {

/// The first chunk draws for all of them; the others are given the same draws in the same order.
class ChunkNoise::Rows : public Noise
{
public:
    Rows(Noise& whole, std::int64_t batch)
        : whole_(whole)
        , batch_(batch)
    {
    }

    void begin(const Chunk& chunk)
    {
        chunk_ = chunk;
        next_tensor_ = next_number_ = 0;
    }

    Tensor normal(at::IntArrayRef shape) override
    {
        return rows(shape, [this](auto all) { return whole_.normal(all); });
    }
    Tensor uniform(at::IntArrayRef shape) override
    {
        return rows(shape, [this](auto all) { return whole_.uniform(all); });
    }
    Tensor integers(std::int64_t high, at::IntArrayRef shape) override
    {
        return rows(shape, [this, high](auto all) { return whole_.integers(high, all); });
    }
    double coin() override
    {
        return number([this] { return whole_.coin(); });
    }
    double between(double low, double high) override
    {
        return number([&] { return whole_.between(low, high); });
    }
    std::int64_t pick(std::int64_t low, std::int64_t high) override
    {
        return std::int64_t(number([&] { return double(whole_.pick(low, high)); }));
    }

private:
    /// Several views of each sample come view by view: (views * chunk, ...) out of (views * batch, ...).
    template <class Draw>
    Tensor rows(at::IntArrayRef shape, Draw draw)
    {
        const auto size = chunk_.end - chunk_.begin;
        if (shape.empty() || shape[0] % size != 0)
            throw Error("A chunk of " + std::to_string(size) + " samples asked for noise of another size.");
        const auto views = shape[0] / size;
        auto all = shape.vec();
        all[0] = views * batch_;
        if (next_tensor_ == tensors_.size())
            tensors_.push_back(draw(at::IntArrayRef(all)));
        const auto& drawn = tensors_[next_tensor_++];
        if (drawn.sizes() != at::IntArrayRef(all))
            throw Error("The chunks of a batch asked for noise of different shapes.");
        all[0] = batch_;
        all.insert(all.begin(), views);
        return drawn.view(all).slice(1, chunk_.begin, chunk_.end).reshape(shape);
    }

    template <class Draw>
    double number(Draw draw)
    {
        if (next_number_ == numbers_.size())
            numbers_.push_back(draw());
        return numbers_[next_number_++];
    }

    Noise& whole_;
    std::int64_t batch_;
    Chunk chunk_{};
    std::vector<Tensor> tensors_;
    std::vector<double> numbers_;
    std::size_t next_tensor_ = 0, next_number_ = 0;
};

ChunkNoise::ChunkNoise(Noise& whole, std::int64_t batch)
    : whole_(whole)
{
    if (dynamic_cast<KeyedNoise*>(&whole))
        rows_ = std::make_unique<Rows>(whole, batch);
}

ChunkNoise::~ChunkNoise() = default;

Noise& ChunkNoise::of(const Chunk& chunk)
{
    if (!rows_)
        return whole_;
    rows_->begin(chunk);
    return *rows_;
}

} // namespace reverie
