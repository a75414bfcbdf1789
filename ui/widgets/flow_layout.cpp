// SPDX-License-Identifier: MIT
#include "ui/widgets/flow_layout.h"

#include <algorithm>

namespace reverie::ui {

FlowLayout::FlowLayout(int spacing)
{
    setContentsMargins({});
    setSpacing(spacing);
}

FlowLayout::~FlowLayout()
{
    qDeleteAll(m_items);
}

QLayoutItem* FlowLayout::takeAt(int index)
{
    return index >= 0 && index < m_items.size() ? m_items.takeAt(index) : nullptr;
}

QSize FlowLayout::minimumSize() const
{
    QSize size;
    for (const QLayoutItem* item : m_items)
        size = size.expandedTo(item->minimumSize());
    return size;
}

void FlowLayout::setGeometry(const QRect& rect)
{
    QLayout::setGeometry(rect);
    arrange(rect, true);
}

int FlowLayout::arrange(const QRect& rect, bool apply) const
{
    int top = rect.top();
    for (qsizetype begin = 0; begin < m_items.size();) {
        int width = 0, height = 0;
        qsizetype end = begin;
        for (; end < m_items.size(); ++end) {
            const QSize hint = m_items[end]->sizeHint();
            const int wider = width + hint.width() + (end > begin ? spacing() : 0);
            if (wider > rect.width() && end > begin)
                break;
            width = wider;
            height = std::max(height, hint.height());
        }
        int left = rect.left() + (rect.width() - width) / 2;
        for (; begin < end; ++begin) {
            const QSize hint = m_items[begin]->sizeHint();
            if (apply)
                m_items[begin]->setGeometry({ QPoint(left, top), hint });
            left += hint.width() + spacing();
        }
        top += height + (end < m_items.size() ? spacing() : 0);
    }
    return top - rect.top();
}

} // namespace reverie::ui
