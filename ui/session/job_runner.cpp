// SPDX-License-Identifier: MIT
#include "ui/session/job_runner.h"

#include "core/base/error.h"

#include <new>

namespace reverie::ui {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("reverie::ui::JobRunner", text);
}

} // namespace

QString describe(const std::exception& error)
{
    if (dynamic_cast<const std::bad_alloc*>(&error))
        return tr("There is not enough memory; draw fewer pictures at a time or close other programs.");
    const QString text = QString::fromUtf8(error.what()).section(QLatin1Char('\n'), 0, 0).trimmed();
    if (dynamic_cast<const Error*>(&error) && !text.isEmpty())
        return text;
    return tr("Something unexpected failed (%1); try again, and report it if it stays.").arg(text);
}

} // namespace reverie::ui
