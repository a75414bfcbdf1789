// SPDX-License-Identifier: MIT
#pragma once

#include <QWidget>

class QLabel;
class QPushButton;

namespace reverie::ui {

/// There is no model to draw with: why, and what to do.
class MessagePage : public QWidget
{
    Q_OBJECT
public:
    explicit MessagePage(QWidget* parent = nullptr);
    void showError(const QString& headline, const QString& text, bool offerDefault);

Q_SIGNALS:
    void chooseModelWanted();
    void retryWanted();
    void defaultModelWanted();

private:
    QLabel* m_headline;
    QLabel* m_text;
    QPushButton* m_choose;
    QPushButton* m_retry;
    QPushButton* m_default;
};

} // namespace reverie::ui
