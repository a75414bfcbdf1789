// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/run_preview.h"

#include <QFrame>

class QLabel;
class QPushButton;

namespace reverie::ui {

/// What a run will take: memory, time and disk, and whether that is there.
class PreflightView : public QFrame
{
    Q_OBJECT
public:
    explicit PreflightView(QWidget* parent = nullptr);
    void showWorking();
    void show(const RunPreview& preview);
    void showError(const QString& text);
    [[nodiscard]] QString verdict() const;

Q_SIGNALS:
    void suggestionWanted(const QStringList& settings); ///< "key=value"

private:
    void showFigures(const QString& memory, const QString& time, const QString& disk);
    void showVerdict(const QString& text, bool isBad);

    QLabel* m_memory;
    QLabel* m_time;
    QLabel* m_disk;
    QLabel* m_verdict;
    QPushButton* m_fit;
    QStringList m_suggestion;
};

} // namespace reverie::ui
