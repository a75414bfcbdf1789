// SPDX-License-Identifier: MIT
#include "core/nn/activation_checkpoint.h"

#include <torch/torch.h>

namespace reverie {

namespace {

using Layer = std::function<Tensor(const Tensor&)>;

struct KeptLayer : torch::CustomClassHolder {
    explicit KeptLayer(Layer f)
        : layer(std::move(f))
    {
    }
    Layer layer;
};

/// The parameters are inputs too, so that gradients asked for by name reach them.
class Recompute : public torch::autograd::Function<Recompute>
{
public:
    static Tensor forward(torch::autograd::AutogradContext* context, const Layer& layer, const Tensor& x,
                          at::TensorList parameters)
    {
        auto kept = parameters.vec();
        kept.insert(kept.begin(), x);
        context->save_for_backward(kept);
        context->saved_data["layer"] = c10::IValue::make_capsule(c10::make_intrusive<KeptLayer>(layer));
        return layer(x);
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                   const torch::autograd::variable_list& grad_outputs)
    {
        const auto kept
            = c10::static_intrusive_pointer_cast<KeptLayer>(context->saved_data["layer"].toCapsule());
        auto inputs = context->get_saved_variables();
        inputs[0] = inputs[0].detach().requires_grad_();
        const torch::AutoGradMode enabled(true);
        auto gradients = torch::autograd::grad({ kept->layer(inputs[0]) }, inputs, grad_outputs);
        gradients.insert(gradients.begin(), Tensor()); // of the layer itself
        return gradients;
    }
};

} // namespace

Tensor checkpointed(const Layer& layer, const Tensor& x, const std::vector<Tensor>& parameters)
{
    return Recompute::apply(layer, x, at::TensorList(parameters));
}

} // namespace reverie
