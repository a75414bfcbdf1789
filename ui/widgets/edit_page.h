// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/picture_edit.h"

#include <QFrame>

#include <array>
#include <functional>

class QAction;
class QHBoxLayout;
class QLabel;
class QSpinBox;
class QStackedWidget;

namespace reverie::ui {

class EditCanvas;
class NumberField;

/// One picture that is edited: a part of it painted over, its frame dragged larger, or another picture
/// started from it. What is asked for is drawn with the parameters beside the page.
class EditPage : public QFrame
{
    Q_OBJECT
public:
    /// All of them have keys while the canvas has the keyboard.
    struct Actions {
        QAction *repaint, *extend, *start; ///< what to do with the picture
        QAction *brush, *eraser, *smaller, *larger, *undo, *redo, *clear, *invert, *showMask;
        QAction* leave;
    };

    explicit EditPage(QWidget* parent = nullptr);
    [[nodiscard]] const Actions& actions() const { return m_actions; }

    void open(PictureEdit edit);
    [[nodiscard]] bool isOpen() const { return !m_edit.picture.image.empty(); }
    [[nodiscard]] const PictureEdit& edit() const { return m_edit; }
    [[nodiscard]] EditCanvas& canvas() const { return *m_canvas; }

Q_SIGNALS:
    void leaveWanted();

private:
    QAction* addAction(const QString& text, const QString& icon, const QKeySequence& key,
                       const std::function<void()>& run);
    void makeActions();
    QWidget* makeKinds();
    QWidget* makeBrushRow();
    QWidget* makeFrameRow();
    QWidget* makeStartRow();
    void setKind(PictureEdit::Kind kind);
    void stepBrush(int steps);
    void takeFrame();
    void change(void (PictureMask::*what)());
    void showState();

    PictureEdit m_edit;
    Actions m_actions{};
    EditCanvas* m_canvas;
    QLabel* m_title;
    QLabel* m_hint;
    QStackedWidget* m_rows;
    QSpinBox* m_brush;
    QSpinBox* m_feather;
    std::array<QSpinBox*, 4> m_frame{}; ///< left, top, right, bottom
    QLabel* m_size;
    NumberField* m_strength;
};

} // namespace reverie::ui
