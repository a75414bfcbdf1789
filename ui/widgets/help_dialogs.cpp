// SPDX-License-Identifier: MIT
#include "ui/widgets/help_dialogs.h"

#include <QCoreApplication>
#include <QDialog>
#include <QDialogButtonBox>
#include <QGridLayout>
#include <QLabel>
#include <QMessageBox>

#include <utility>
#include <vector>

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

using Rows = std::vector<std::pair<QString, QString>>;

void addSection(QGridLayout* layout, int column, const QString& title, const Rows& rows)
{
    auto* label = new QLabel(title);
    label->setProperty("section", true);
    layout->addWidget(label, 0, column + 1);
    int row = 1;
    for (const auto& [keys, meaning] : rows) {
        layout->addWidget(keyLabel(keys), row, column);
        layout->addWidget(new QLabel(meaning), row++, column + 1);
    }
}

} // namespace

void showShortcuts(QWidget* parent)
{
    const Rows everywhere{ { tr("Ctrl+1"), tr("Create") },
                           { tr("Ctrl+2"), tr("Gallery") },
                           { tr("Ctrl+4"), tr("Models") },
                           { tr("Ctrl+Enter"), tr("Draw") },
                           { tr("Space"), tr("Pick a candidate on the board") },
                           { tr("Ctrl+Shift+Enter"), tr("Draw the picks to the end") },
                           { tr("Ctrl+B"), tr("Back to the board") },
                           { tr("Ctrl+M"), tr("Mix the picture in") },
                           { tr("Alt+↑, Alt+↓"), tr("Earlier prompts, one by one") },
                           { tr("Ctrl+H"), tr("Earlier prompts, to search") },
                           { tr("Ctrl+↑, Ctrl+↓"), tr("The word at the cursor counts for more, for less") },
                           { tr("Ctrl+G"), tr("Draw a grid") },
                           { tr("Esc"), tr("Stop and keep what is there") },
                           { tr("Ctrl+C"), tr("Copy the picture") },
                           { tr("Ctrl+Shift+A"), tr("Use all settings of the picture") },
                           { tr("Arrow keys"), tr("Move between pictures") },
                           { tr("Enter"), tr("Show one picture large; take a completion") },
                           { tr("Tab"), tr("Next control") },
                           { tr("Ctrl+O"), tr("Open a model") },
                           { tr("F1 or ?"), tr("This list") },
                           { tr("Ctrl+Q"), tr("Quit") } };
    const Rows gallery{ { tr("Ctrl+F or /"), tr("Search") },
                        { tr("B"), tr("Search by meaning, or by words") },
                        { tr("L"), tr("More like this picture") },
                        { tr("D"), tr("Fold near-duplicates") },
                        { tr("1 to 9, 0"), tr("Rate, take the rating away") },
                        { tr("."), tr("Star") },
                        { tr("T"), tr("Add a tag") },
                        { tr("A, P, S"), tr("Use all settings, the prompt, the seed") },
                        { tr("Z or Enter"), tr("Look closely, and back") },
                        { tr("+, −, F, O"), tr("Zoom, fit, actual size") },
                        { tr("M, C"), tr("Compare, swap") },
                        { tr("V"), tr("Draw again and compare") },
                        { tr("I"), tr("Details") },
                        { tr("Ctrl+E"), tr("Export") },
                        { tr("Del, Ctrl+Z"), tr("Move to the trash, undo") } };
    auto* dialog = new QDialog(parent);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("Keyboard shortcuts"));
    auto* layout = new QGridLayout(dialog);
    layout->setContentsMargins(24, 24, 24, 16);
    layout->setHorizontalSpacing(16);
    layout->setVerticalSpacing(8);
    addSection(layout, 0, tr("Everywhere"), everywhere);
    layout->setColumnMinimumWidth(2, 16);
    addSection(layout, 3, tr("In the gallery"), gallery);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    layout->addWidget(buttons, layout->rowCount(), 0, 1, 5);
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
