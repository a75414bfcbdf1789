// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/error.h"

namespace reverie::ui {

/// The gallery's index can't be trusted any more; it can be made again from files.
class DamagedDatabase : public Error
{
public:
    using Error::Error;
};

/// It is of a later version than this program knows.
class NewerDatabase : public Error
{
public:
    using Error::Error;
};

} // namespace reverie::ui
