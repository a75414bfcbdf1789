// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/model_file.h"

#include <QFrame>

class QAction;
class QFormLayout;
class QHBoxLayout;
class QLabel;

namespace reverie::ui {

/// What a model is: where it lies, how large it is, what it can do, what it needs, and what it will take.
class ModelDetails : public QFrame
{
    Q_OBJECT
public:
    explicit ModelDetails(QWidget* parent = nullptr);

    void show(const ModelFile* file); ///< null for none
    /// "In use", "Loading…", or why it can't be used.
    void setState(const QString& state);
    /// What drawing one picture takes at its peak, the weights included, and what the computer has left.
    void setMemory(quint64 needed, quint64 available);
    void setHash(const QString& text); ///< the digits, or how far they are
    void addAction(QAction* action, bool primary = false);
    [[nodiscard]] QString text() const; ///< everything shown, for the clipboard

private:
    void addRow(const QString& name, const QString& value);
    void addModel(const ModelInfo& model, int captions);
    void addWeights(const WeightsInfo& weights);

    QWidget* m_content;
    QLabel* m_hint;
    QLabel* m_title;
    QLabel* m_about;
    QLabel* m_warning;
    QLabel* m_state;
    QLabel* m_memory;
    QLabel* m_hash = nullptr;
    QString m_lastRow; ///< name of the newest row
    QHBoxLayout* m_actions;
    QFormLayout* m_rows;
};

/// Memory that a program could still take, of the whole computer; 0 if unknown.
quint64 availableMemory();

} // namespace reverie::ui
