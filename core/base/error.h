// SPDX-License-Identifier: MIT
#pragma once

#include <stdexcept>
#include <string>

namespace reverie {

/// The one exception type core throws. what() is a single sentence for the person at the screen: what was
/// wrong and what to do about it.
class Error : public std::runtime_error
{
public:
    using std::runtime_error::runtime_error;
};

/// The request itself is wrong (a value out of range, a name that does not exist), as opposed to something
/// that failed while it was carried out. `dream` exits with 2 instead of 1.
class UsageError : public Error
{
public:
    using Error::Error;
};

} // namespace reverie
