// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

namespace reverie {

/// Whether a file has a tensor of that name in the module asked about.
using HoldsTensor = std::function<bool(const std::string& name)>;

/// A module that other programs' files hold in more than one shape. Loading lets it take the file's before
/// names are compared.
class AdaptsToTensors
{
public:
    virtual ~AdaptsToTensors() = default;
    virtual void adapt_to(const HoldsTensor& holds) = 0;
};

} // namespace reverie
