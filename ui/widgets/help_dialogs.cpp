// SPDX-License-Identifier: MIT
#include "ui/widgets/help_dialogs.h"

#include <QCoreApplication>
#include <QMessageBox>

namespace reverie::ui {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("reverie::ui::Help", text);
}

} // namespace

void showAbout(QWidget* parent)
{
    auto* box = new QMessageBox(parent);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setWindowTitle(tr("About Reverie"));
    box->setIconPixmap(parent->windowIcon().pixmap(64, 64));
    box->setText(
        tr("<b>Reverie %1</b><br>A studio for pictures from words.").arg(QStringLiteral(REVERIE_VERSION)));
    box->setInformativeText(
        tr("The source is under the MIT licence. This program is distributed under the GNU General "
           "Public License, version 3, because it links Qt Charts."));
    box->open();
}

} // namespace reverie::ui
