// SPDX-License-Identifier: MIT
#pragma once

#include <QString>

namespace reverie::ui {

/// Moves a file or folder to the desktop's trash; returns where it lies now. Throws Error if that can't be.
QString movedToTrash(const QString& path);

/// Brings it back. Throws Error if `path` exists again.
void bringBack(const QString& trashed, const QString& path);

} // namespace reverie::ui
