// SPDX-License-Identifier: MIT
#pragma once

#include <QThreadPool>

namespace reverie::ui {

/// The one thread that runs the networks, kept for the life of the program: every thread that opens a
/// parallel region gets a team of OpenMP threads of its own. It is nicer than the window's thread, and its
/// team inherits that, so the window stays quick while both cores draw.
void setUpComputeThread(QThreadPool& pool);

} // namespace reverie::ui
