// SPDX-License-Identifier: MIT
#pragma once

#include <c10/core/impl/LocalDispatchKeySet.h>

namespace reverie {

/// While this lives, modules built on this thread leave their random weights unwritten: a file's weights take
/// their place, and memory that nobody wrote to is none. What is computed rather than drawn is computed.
class UnfilledWeights
{
public:
    UnfilledWeights();

private:
    c10::impl::IncludeDispatchKeyGuard guard_;
};

} // namespace reverie
