// SPDX-License-Identifier: MIT
#pragma once

#include <QWidget>

#include <optional>
#include <vector>

class QLineEdit;
class QToolButton;

namespace reverie::ui {

/// The seed, or a list of them, with buttons for a new one every time and for the last one again.
class SeedField : public QWidget
{
    Q_OBJECT
public:
    explicit SeedField(QWidget* parent = nullptr);

    void setSeed(std::optional<quint64> seed);
    /// Nothing is a new one for every drawing; of a list, the first.
    [[nodiscard]] std::optional<quint64> seed() const;
    /// Seeds to draw with one after the other, as typed; empty where there is only one.
    [[nodiscard]] QString list() const;
    void setList(const QString& list);
    void setLastSeed(quint64 seed);
    [[nodiscard]] std::vector<QWidget*> controls() const; ///< in the order of the tab key

Q_SIGNALS:
    void changed();

private:
    QLineEdit* m_edit;
    QToolButton* m_dice;
    QToolButton* m_reuse;
    std::optional<quint64> m_last;
};

} // namespace reverie::ui
