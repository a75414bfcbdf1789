// SPDX-License-Identifier: MIT
#include "core/run/nvidia_card.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <dlfcn.h>
#include <sstream>
#include <string>

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

/// CUDA numbers the cards that it may see; the driver numbers all.
unsigned number_of_driver(int index)
{
    const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
    std::istringstream list(visible ? visible : "");
    std::string one;
    for (int i = 0; std::getline(list, one, ','); ++i)
        if (i == index && !one.empty() && one.find_first_not_of("0123456789") == std::string::npos)
            return unsigned(std::stoul(one));
    return unsigned(index);
}

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
        return begun_ && library_.call("nvmlDeviceGetHandleByIndex_v2", number_of_driver(index), &card_);
    }

    [[nodiscard]] std::optional<Memory> memory() const override
    {
        Memory memory;
        return library_.call("nvmlDeviceGetMemoryInfo", card_, &memory) ? std::optional(memory)
                                                                        : std::nullopt;
    }

    [[nodiscard]] std::optional<double> use() const override
    {
        struct {
            unsigned card = 0, memory = 0;
        } percent;
        return library_.call("nvmlDeviceGetUtilizationRates", card_, static_cast<void*>(&percent))
            ? std::optional<double>(percent.card)
            : std::nullopt;
    }

    [[nodiscard]] std::optional<double> temperature() const override
    {
        constexpr int of_the_chip = 0;
        unsigned degrees = 0;
        return library_.call("nvmlDeviceGetTemperature", card_, of_the_chip, &degrees)
            ? std::optional<double>(degrees)
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
