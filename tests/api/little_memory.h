// SPDX-License-Identifier: MIT
#pragma once

#include <c10/core/CPUAllocator.h>
#include <torch/version.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <mutex>
#include <unordered_map>

namespace reverie {

/// Gives tensors their memory as a machine would that has no more than a limit for them: with LibTorch's own
/// error when it is used up.
class CountingAllocator : public c10::Allocator
{
public:
    static CountingAllocator& instance()
    {
        static CountingAllocator allocator;
        return allocator;
    }

    std::atomic<std::size_t> limit = 0, in_use = 0, most = 0; ///< bytes
    c10::Allocator* usual = nullptr;

#if TORCH_VERSION_MAJOR > 1
    c10::DataPtr allocate(std::size_t bytes) override
    {
        return take(bytes);
    }
    void copy_data(void* to, const void* from, std::size_t count) const override
    {
        std::memcpy(to, from, count);
    }
#else
    c10::DataPtr allocate(std::size_t bytes) const override
    {
        return instance().take(bytes);
    }
#endif

    c10::DeleterFnPtr raw_deleter() const override
    {
        return &give_back;
    }

private:
    c10::DataPtr take(std::size_t bytes)
    {
        constexpr std::size_t more_than_there_is = std::size_t(1) << 60U;
        if (in_use + bytes > limit)
            return usual->allocate(more_than_there_is); // throws
        void* memory = usual->raw_allocate(bytes);
        if (memory) {
            const std::lock_guard lock(mutex_);
            sizes_[memory] = bytes;
            in_use += bytes;
            most = std::max(most.load(), in_use.load());
        }
        return { memory, memory, &give_back, c10::Device(c10::DeviceType::CPU) };
    }

    static void give_back(void* memory)
    {
        auto& allocator = instance();
        {
            const std::lock_guard lock(allocator.mutex_);
            const auto block = allocator.sizes_.find(memory);
            if (block != allocator.sizes_.end()) {
                allocator.in_use -= block->second;
                allocator.sizes_.erase(block);
            }
        }
        allocator.usual->raw_deallocate(memory);
    }

    std::mutex mutex_;
    std::unordered_map<void*, std::size_t> sizes_;
};

/// For as long as it lives, tensors get at most `limit` bytes.
class LittleMemory
{
public:
    explicit LittleMemory(std::size_t limit)
    {
        auto& allocator = CountingAllocator::instance();
        allocator.usual = c10::GetCPUAllocator();
        allocator.limit = allocator.in_use + limit;
        start_ = allocator.in_use;
        allocator.most = start_;
        c10::SetCPUAllocator(&allocator, priority);
    }
    ~LittleMemory() { c10::SetCPUAllocator(CountingAllocator::instance().usual, priority); }
    LittleMemory(const LittleMemory&) = delete;
    LittleMemory& operator=(const LittleMemory&) = delete;

    [[nodiscard]] std::size_t peak() const { return CountingAllocator::instance().most - start_; } ///< bytes

private:
    static constexpr std::uint8_t priority = 255;
    std::size_t start_ = 0;
};

} // namespace reverie
