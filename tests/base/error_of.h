// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/error.h"

#include <QString>

/// What reverie::Error says when `call` throws it; empty if it does not.
template <class Call>
QString errorOf(Call call)
{
    try {
        call();
    } catch (const reverie::Error& e) {
        return QString::fromUtf8(e.what());
    }
    return {};
}
