// SPDX-License-Identifier: MIT
#include "ui/widgets/help_dialogs.h"

#include <QCoreApplication>
#include <QDialog>
#include <QDialogButtonBox>
#include <QGridLayout>
#include <QLabel>
#include <QMessageBox>

#include <array>
#include <utility>

namespace reverie::ui {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("reverie::ui::Help", text);
}

QLabel* keyLabel(const QString& keys)
{
    auto* label = new QLabel(keys);
    label->setProperty("muted", true);
    label->setAlignment(Qt::AlignRight);
    return label;
}

} // namespace

void showShortcuts(QWidget* parent)
{
    const std::array<std::pair<QString, QString>, 10> rows{ {
        { tr("Ctrl+Enter"), tr("Draw") },
        { tr("Esc"), tr("Stop and keep what is there") },
        { tr("Ctrl+C"), tr("Copy the picture") },
        { tr("Ctrl+Shift+A"), tr("Use all settings of the picture") },
        { tr("Arrow keys"), tr("Move between pictures") },
        { tr("Enter"), tr("Show one picture large; take a completion") },
        { tr("Tab"), tr("Next control") },
        { tr("Ctrl+O"), tr("Open a model") },
        { tr("F1 or ?"), tr("This list") },
        { tr("Ctrl+Q"), tr("Quit") },
    } };
    auto* dialog = new QDialog(parent);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("Keyboard shortcuts"));
    auto* layout = new QGridLayout(dialog);
    layout->setContentsMargins(24, 24, 24, 16);
    layout->setHorizontalSpacing(16);
    layout->setVerticalSpacing(8);
    int row = 0;
    for (const auto& [keys, meaning] : rows) {
        layout->addWidget(keyLabel(keys), row, 0);
        layout->addWidget(new QLabel(meaning), row++, 1);
    }
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    layout->addWidget(buttons, row, 0, 1, 2);
    QObject::connect(buttons, &QDialogButtonBox::rejected, dialog, &QDialog::close);
    dialog->open();
}

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
