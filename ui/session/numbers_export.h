// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/run_source.h"

#include <QStringList>

namespace reverie::ui {

/// A table in CSV of the numbers of a part of some runs, as they hold: run, part, split, step, pictures,
/// seconds, and a column for each number. On the thread that reads them. Throws Error if the file can't be
/// written.
void writeNumbers(const QString& file, const QStringList& runs, const std::vector<RunSource*>& sources,
                  const QString& part, const std::stop_token& stop);

} // namespace reverie::ui
