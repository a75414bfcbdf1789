// SPDX-License-Identifier: MIT
#include "ui/widgets/picture_bar.h"

#include "ui/session/picture_list.h"

#include <QAction>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QToolButton>

namespace reverie::ui {

PictureBar::PictureBar(QWidget* parent)
    : QFrame(parent)
    , m_layout(new QHBoxLayout(this))
    , m_text(new QLabel)
{
    m_layout->setContentsMargins(16, 0, 12, 6);
    m_layout->setSpacing(4);
    m_text->setProperty("muted", true);
    m_text->setTextFormat(Qt::PlainText);
    m_text->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_layout->addWidget(m_text, 1);
}

void PictureBar::addAction(QAction* action)
{
    auto* button = new QToolButton;
    button->setDefaultAction(action);
    button->setIconSize({ 18, 18 });
    button->setAccessibleName(action->iconText());
    button->setFocusPolicy(Qt::StrongFocus);
    m_layout->addWidget(button);
}

void PictureBar::show(const FinishedPicture& picture)
{
    QStringList parts{ QString::fromStdString(picture.picture.prompt).simplified().left(200),
                       tr("seed %1").arg(picture.picture.seed) };
    parts.removeAll(QString()); // a mix needs no prompt
    if (!picture.picture.complete)
        parts << tr("stopped early");
    parts << (picture.path.isEmpty() ? tr("not saved yet") : QFileInfo(picture.path).fileName());
    m_fullText = parts.join(QStringLiteral("  ·  "));
    m_text->setToolTip(picture.path);
    showText();
}

void PictureBar::resizeEvent(QResizeEvent* event)
{
    QFrame::resizeEvent(event);
    showText();
}

void PictureBar::showText()
{
    m_text->setText(m_text->fontMetrics().elidedText(m_fullText, Qt::ElideMiddle, m_text->width()));
}

} // namespace reverie::ui
