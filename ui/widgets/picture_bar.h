// SPDX-License-Identifier: MIT
#pragma once

#include <QFrame>

class QAction;
class QHBoxLayout;
class QLabel;

namespace reverie::ui {

struct FinishedPicture;

/// Below a finished picture: what it is, and what can be done with it.
class PictureBar : public QFrame
{
    Q_OBJECT
public:
    explicit PictureBar(QWidget* parent = nullptr);
    void addAction(QAction* action); ///< needs an icon
    void show(const FinishedPicture& picture);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void showText();

    QHBoxLayout* m_layout;
    QLabel* m_text;
    QString m_fullText;
};

} // namespace reverie::ui
