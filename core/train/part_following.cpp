// SPDX-License-Identifier: MIT
#include "core/io/options_json.h"
#include "core/train/part_trainer.h"

#include <torch/torch.h>

namespace reverie {

using nlohmann::json;

/// Rank 0 says what all do next.
void PartTrainer::tell(Order order, const json& arguments)
{
    if (!team_.group.is_alone() && team_.group.leads())
        team_.group.broadcast(json{ int(order), arguments }.dump());
}

void PartTrainer::send(const TensorMap& tensors)
{
    tell(Order::Tensors, nullptr);
    team_.group.broadcast(tensors);
}

void PartTrainer::dismiss(bool goes_on)
{
    tell(Order::Dismiss, goes_on);
}

bool PartTrainer::follow(const Follower& follower)
{
    auto& group = team_.group;
    while (true) {
        const auto message = json::parse(group.broadcast(std::string()));
        const auto& arguments = message[1];
        switch (Order(message[0].get<int>())) {
        case Order::Step:
            step(arguments);
            break;
        case Order::Options:
            set_options(options_from_json<PartOptions>(arguments, part_));
            break;
        case Order::State: {
            const auto tensors = group.broadcast(TensorMap());
            take_state(tensors, arguments);
            follower.take(tensors);
            break;
        }
        case Order::Tensors:
            follower.take(group.broadcast(TensorMap()));
            break;
        case Order::Device:
            follower.leave_device(arguments);
            break;
        case Order::Finish:
            finish();
            break;
        case Order::Dismiss:
            return arguments;
        }
    }
}

} // namespace reverie
