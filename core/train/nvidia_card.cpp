// SPDX-License-Identifier: MIT
#include "core/train/nvidia_card.h"

#include <algorithm>
#include <array>
#include <dlfcn.h>

namespace reverie {

namespace {

/// A library that is there or not.
class Library
{
public:
    explicit Library(const char* name)
        : handle_(dlopen(name, RTLD_LAZY | RTLD_LOCAL))
    {
    }
    ~Library()
    {
        if (handle_)
            dlclose(handle_);
    }
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;

    /// Calls a function that returns 0 where all is well. False without it, too.
    template <class... Arguments>
    bool call(const char* name, Arguments... arguments) const
    {
        auto* function = handle_ ? reinterpret_cast<int (*)(Arguments...)>(dlsym(handle_, name)) : nullptr;
        return function && function(arguments...) == 0;
    }

private:
    void* handle_;
};

class ManagedCard : public NvidiaCard
{
public:
    ManagedCard()
        : library_("libnvidia-ml.so.1")
        , begun_(library_.call("nvmlInit_v2"))
    {
    }
    ~ManagedCard() override
    {
        if (begun_)
            library_.call("nvmlShutdown");
    }
    ManagedCard(const ManagedCard&) = delete;
    ManagedCard& operator=(const ManagedCard&) = delete;

    /// CUDA and the management library count cards in different orders, but agree about the bus.
    bool find(int index)
    {
        const Library cuda("libcuda.so.1");
        std::array<char, 32> bus{};
        int device = 0;
        if (cuda.call("cuDeviceGet", &device, index)
            && cuda.call("cuDeviceGetPCIBusId", bus.data(), int(bus.size()), device))
            return begun_
                && library_.call("nvmlDeviceGetHandleByPciBusId_v2", const_cast<const char*>(bus.data()),
                                 &card_);
        return begun_
            && library_.call("nvmlDeviceGetHandleByIndex_v2", static_cast<unsigned int>(index), &card_);
    }

    [[nodiscard]] std::optional<Memory> memory() const override
    {
        Memory memory;
        return library_.call("nvmlDeviceGetMemoryInfo", card_, &memory) ? std::optional(memory)
                                                                        : std::nullopt;
    }

private:
    Library library_;
    bool begun_;
    void* card_ = nullptr;
};

} // namespace

std::unique_ptr<NvidiaCard> open_nvidia_card(int index)
{
    auto card = std::make_unique<ManagedCard>();
    if (card->find(std::max(index, 0)))
        return card;
    return nullptr;
}

} // namespace reverie
