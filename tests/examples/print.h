// SPDX-License-Identifier: MIT
#pragma once

#include <torch/types.h>

#include <iostream>
#include <stdexcept>

/// Shows a result, and ends the example if there is none or it is not finite.
inline void print(const char* what, const torch::Tensor& tensor)
{
    if (!tensor.defined() || !torch::isfinite(tensor).all().item<bool>())
        throw std::runtime_error(std::string(what) + " is not finite");
    std::cout << what << ' ';
    if (tensor.dim() == 0)
        std::cout << tensor.item<double>() << '\n';
    else
        std::cout << tensor.sizes() << '\n';
}
