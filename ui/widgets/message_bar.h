// SPDX-License-Identifier: MIT
#pragma once

#include <QFrame>

class QAction;
class QHBoxLayout;
class QLabel;
class QToolButton;

namespace reverie::ui {

class IconLabel;

/// One sentence above the picture, with what can be done about it. A note is quieter than an error and never
/// takes an error's place.
class MessageBar : public QFrame
{
    Q_OBJECT
public:
    explicit MessageBar(QWidget* parent = nullptr);
    void showError(const QString& text, const QList<QAction*>& remedies = {});
    void showNote(const QString& text);
    void showOffer(const QString& text, const QList<QAction*>& actions); ///< a note with something to do
    void dismiss();
    [[nodiscard]] QString text() const;

private:
    void show(const QString& kind, const QString& text, const QList<QAction*>& remedies);

    IconLabel* m_icon;
    QLabel* m_text;
    QHBoxLayout* m_remedies;
    QToolButton* m_close;
    QString m_kind;
};

} // namespace reverie::ui
