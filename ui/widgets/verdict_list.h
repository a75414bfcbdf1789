// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/chart_query.h"

#include <QScrollArea>

class QVBoxLayout;

namespace reverie::ui {

/// What the doctor said about a run, numbered like the marks on the curve.
class VerdictList : public QScrollArea
{
    Q_OBJECT
public:
    explicit VerdictList(QWidget* parent = nullptr);

    void setMarks(const QList<ChartMark>& marks);
    /// Goes to that verdict.
    void choose(int index);

Q_SIGNALS:
    void chosen(int index);

private:
    QWidget* makeCard(int index, const ChartMark& mark);

    QWidget* m_content;
    QVBoxLayout* m_layout;
    QList<ChartMark> m_marks;
    QList<QWidget*> m_cards;
};

} // namespace reverie::ui
