// SPDX-License-Identifier: MIT
#pragma once

#include <QString>

/// What a monkey did last and what went wrong, kept where a handler of signals can write it.
namespace monkey_report {

void begin(const QString& title); ///< from here on warnings are trouble, and crashes and hangs are reported
void end();
void add(const QString& event);
void complain(const QString& trouble); ///< the first one counts
[[nodiscard]] QString text(); ///< empty if all went well

} // namespace monkey_report
