// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/settings.h"

#include <QColor>
#include <QIcon>
#include <QObject>

namespace reverie::ui {

/// The colours everything is painted with.
struct Colours {
    QColor window; ///< behind the panes
    QColor surface; ///< panes and fields
    QColor canvas; ///< behind pictures
    QColor border;
    QColor text;
    QColor muted; ///< secondary text
    QColor accent;
    QColor onAccent;
    QColor accentSoft; ///< background of what is chosen
    QColor danger;
    QColor dangerSoft;
};

/// Fusion with a palette and a style sheet of our own, light or dark. One per program.
class Theme : public QObject
{
    Q_OBJECT
public:
    static Theme& instance();

    void apply(Appearance appearance);
    [[nodiscard]] Appearance appearance() const { return m_appearance; }
    [[nodiscard]] bool isDark() const { return m_dark; }
    [[nodiscard]] const Colours& colours() const;
    /// `resources/icons/<name>.svg` in the colour of secondary text, sharp at every scale.
    [[nodiscard]] static QIcon icon(const QString& name);

Q_SIGNALS:
    void changed();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    Theme();
    Appearance m_appearance = Appearance::System;
    bool m_systemIsDark = false;
    bool m_dark = false;
    bool m_applying = false;
};

} // namespace reverie::ui
