// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/assembly.h"

#include <QFrame>

class QLabel;
class QMimeData;
class QPushButton;
class QToolButton;

namespace reverie::ui {

/// The local files of a drag.
QStringList localFiles(const QMimeData& data);

/// One place of an assembly: takes a file that is dropped on it or chosen.
class AssemblyRow : public QFrame
{
    Q_OBJECT
public:
    AssemblyRow(const QString& name, const QString& key, const QString& what, QWidget* parent = nullptr);
    void show(const Assembly::Filling& filling);

Q_SIGNALS:
    void filesWanted(const QStringList& paths);
    void clearWanted();

protected:
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dragLeaveEvent(QDragLeaveEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    void choose();
    void setTarget(bool target); ///< something is held over it

    QString m_name, m_hint;
    QLabel* m_file;
    QLabel* m_what;
    QPushButton* m_choose;
    QToolButton* m_clear;
};

} // namespace reverie::ui
