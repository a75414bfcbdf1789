// SPDX-License-Identifier: MIT
#include "ui/widgets/shortcut_sheet.h"

#include <QAction>
#include <QCoreApplication>
#include <QDialogButtonBox>
#include <QHeaderView>
#include <QKeyEvent>
#include <QKeySequenceEdit>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalBlocker>
#include <QStyle>
#include <QTreeWidget>
#include <QTreeWidgetItemIterator>
#include <QVBoxLayout>

namespace reverie::ui {

ShortcutSheet::ShortcutSheet(Shortcuts& shortcuts, QWidget* parent)
    : QDialog(parent)
    , m_shortcuts(shortcuts)
    , m_search(new QLineEdit)
    , m_list(new QTreeWidget)
    , m_name(new QLabel)
    , m_keys(new QKeySequenceEdit)
    , m_take(new QPushButton(tr("&Take Them Away There")))
    , m_clear(new QPushButton(tr("&No Keys")))
    , m_reset(new QPushButton(tr("&Reset")))
    , m_answer(new QLabel)
{
    setWindowTitle(tr("Keyboard shortcuts"));
    resize(640, 600);
    m_search->setPlaceholderText(tr("Search for an action or for keys…"));
    m_search->setAccessibleName(tr("Search the shortcuts"));
    m_search->setClearButtonEnabled(true);
    m_search->installEventFilter(this);
    m_list->setAccessibleName(tr("Shortcuts"));
    m_list->setObjectName(QStringLiteral("shortcutList"));
    m_list->setRootIsDecorated(false);
    m_list->setIndentation(12);
    m_list->setColumnCount(2);
    m_list->setHeaderLabels({ tr("Action"), tr("Keys") });
    m_list->header()->setSectionResizeMode(0, QHeaderView::Stretch);
    m_list->header()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
    m_list->setUniformRowHeights(true);
    auto* note
        = new QLabel(tr("Beside these, the arrow keys move between pictures, Enter shows one large and takes "
                        "a completion, and Tab goes to the next control."));
    note->setProperty("muted", true);
    note->setWordWrap(true);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    auto* resetAll = buttons->addButton(tr("Reset &All"), QDialogButtonBox::ResetRole);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 16, 16, 16);
    layout->setSpacing(8);
    layout->addWidget(m_search);
    layout->addWidget(m_list, 1);
    layout->addWidget(makeEditor());
    layout->addWidget(note);
    layout->addWidget(buttons);
    fill();
    connect(m_search, &QLineEdit::textChanged, this, &ShortcutSheet::showMatching);
    connect(m_list, &QTreeWidget::currentItemChanged, this, &ShortcutSheet::showCurrent);
    connect(m_list, &QTreeWidget::itemActivated, m_keys, [this] { m_keys->setFocus(); });
    connect(&m_shortcuts, &Shortcuts::changed, this, &ShortcutSheet::showKeys);
    connect(resetAll, &QPushButton::clicked, this, [this] {
        m_shortcuts.resetAll();
        showCurrent();
        say(tr("All keys are as they were at first."));
    });
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::close);
    showCurrent();
}

QWidget* ShortcutSheet::makeEditor()
{
    auto* editor = new QWidget;
    m_keys->setAccessibleName(tr("New keys"));
    m_keys->setToolTip(tr("Press the new keys here"));
    m_keys->installEventFilter(this);
    m_name->setBuddy(m_keys);
    m_answer->setWordWrap(true);
    m_answer->setMinimumHeight(m_answer->sizeHint().height());
    auto* row = new QHBoxLayout;
    row->addWidget(m_name, 1);
    row->addWidget(m_keys, 1);
    row->addWidget(m_clear);
    row->addWidget(m_reset);
    auto* below = new QHBoxLayout;
    below->addWidget(m_answer, 1);
    below->addWidget(m_take);
    auto* layout = new QVBoxLayout(editor);
    layout->setContentsMargins({});
    layout->addLayout(row);
    layout->addLayout(below);
    connect(m_take, &QPushButton::clicked, this, &ShortcutSheet::takeAway);
    connect(m_clear, &QPushButton::clicked, this, &ShortcutSheet::clear);
    connect(m_reset, &QPushButton::clicked, this, &ShortcutSheet::reset);
    return editor;
}

void ShortcutSheet::fill()
{
    QHash<QString, QTreeWidgetItem*> headings;
    const auto& entries = m_shortcuts.entries();
    for (size_t i = 0; i < entries.size(); ++i) {
        QTreeWidgetItem*& heading = headings[entries[i].group];
        if (!heading) {
            heading = new QTreeWidgetItem(m_list, { entries[i].group });
            heading->setFlags(Qt::ItemIsEnabled);
            heading->setFirstColumnSpanned(true);
            QFont bold = m_list->font();
            bold.setBold(true);
            heading->setFont(0, bold);
        }
        auto* item = new QTreeWidgetItem(heading, { plainText(*entries[i].action) });
        item->setData(0, Qt::UserRole, int(i));
    }
    m_list->expandAll();
    showKeys();
}

void ShortcutSheet::showKeys()
{
    for (QTreeWidgetItemIterator item(m_list); *item; ++item) {
        const QVariant index = (*item)->data(0, Qt::UserRole);
        if (!index.isValid())
            continue;
        const Shortcuts::Entry& entry = m_shortcuts.entries().at(size_t(index.toInt()));
        (*item)->setText(1, keysText(entry.action->shortcuts()));
        QFont font = m_list->font();
        font.setItalic(Shortcuts::isChanged(entry));
        (*item)->setFont(1, font);
    }
}

void ShortcutSheet::showMatching()
{
    const QString wanted = m_search->text().simplified();
    QTreeWidgetItem* first = nullptr;
    for (int page = 0; page < m_list->topLevelItemCount(); ++page) {
        QTreeWidgetItem* heading = m_list->topLevelItem(page);
        bool any = false;
        for (int i = 0; i < heading->childCount(); ++i) {
            QTreeWidgetItem* item = heading->child(i);
            const bool matches = item->text(0).contains(wanted, Qt::CaseInsensitive)
                || item->text(1).contains(wanted, Qt::CaseInsensitive)
                || heading->text(0).compare(wanted, Qt::CaseInsensitive) == 0;
            item->setHidden(!matches);
            any = any || matches;
            first = matches && !first ? item : first;
        }
        heading->setHidden(!any);
    }
    m_list->setCurrentItem(wanted.isEmpty() ? nullptr : first);
    say(first ? QString() : tr("There is no such action."));
}

const Shortcuts::Entry* ShortcutSheet::current() const
{
    const QTreeWidgetItem* item = m_list->currentItem();
    const QVariant index = item ? item->data(0, Qt::UserRole) : QVariant();
    return index.isValid() ? &m_shortcuts.entries().at(size_t(index.toInt())) : nullptr;
}

void ShortcutSheet::showCurrent()
{
    const Shortcuts::Entry* entry = current();
    m_name->setText(entry ? plainText(*entry->action) : tr("Choose an action to change its keys."));
    const QSignalBlocker quiet(m_keys);
    m_keys->setKeySequence(entry ? entry->action->shortcut() : QKeySequence());
    m_keys->setEnabled(entry);
    m_clear->setEnabled(entry && !entry->action->shortcuts().isEmpty());
    m_reset->setEnabled(entry && Shortcuts::isChanged(*entry));
    m_take->hide();
    say({});
}

/// What was pressed, unless another action has it.
void ShortcutSheet::take()
{
    const Shortcuts::Entry* entry = current();
    const int pressed = m_keys->keySequence().count();
    if (!entry || pressed == 0)
        return;
    const QKeySequence keys(m_keys->keySequence()[uint(pressed - 1)]);
    const QSignalBlocker quiet(m_keys);
    m_keys->setKeySequence(keys); // one at a time
    if (entry->action->shortcuts().contains(keys)) {
        if (m_take->isVisible())
            showCurrent();
        return;
    }
    const Shortcuts::Entry* other = m_shortcuts.conflict(*entry, keys);
    if (!other) {
        give({ keys });
        return;
    }
    m_wanted = keys;
    say(tr("%1 is taken by “%2” (%3).").arg(keysText({ keys }), plainText(*other->action), other->group),
        true);
    m_take->show();
}

void ShortcutSheet::takeAway()
{
    const Shortcuts::Entry* entry = current();
    if (!entry)
        return;
    while (const Shortcuts::Entry* other = m_shortcuts.conflict(*entry, m_wanted)) {
        auto left = other->action->shortcuts();
        left.removeAll(m_wanted);
        m_shortcuts.setKeys(*other, left);
    }
    give({ m_wanted });
}

void ShortcutSheet::give(const QList<QKeySequence>& keys)
{
    const Shortcuts::Entry* entry = current();
    m_shortcuts.setKeys(*entry, keys);
    showCurrent();
    say(keys.isEmpty() ? tr("“%1” has no keys now.").arg(plainText(*entry->action))
                       : tr("“%1” is %2 now.").arg(plainText(*entry->action), keysText(keys)));
}

void ShortcutSheet::clear()
{
    if (current())
        give({});
}

void ShortcutSheet::reset()
{
    const Shortcuts::Entry* entry = current();
    if (!entry)
        return;
    for (const QKeySequence& keys : entry->defaults)
        if (const Shortcuts::Entry* other = m_shortcuts.conflict(*entry, keys)) {
            say(tr("%1 is taken by “%2” (%3) now; reset that first.")
                    .arg(keysText({ keys }), plainText(*other->action), other->group),
                true);
            return;
        }
    m_shortcuts.reset(*entry);
    showCurrent();
}

void ShortcutSheet::say(const QString& text, bool isTrouble)
{
    m_answer->setText(text);
    m_answer->setProperty("danger", isTrouble);
    m_answer->style()->unpolish(m_answer);
    m_answer->style()->polish(m_answer);
}

/// Up and down from the search go to the list. While keys are pressed, Escape and Tab are keys, too, but for
/// Tab alone, which goes on.
bool ShortcutSheet::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::KeyPress && watched == m_search) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        if (key == Qt::Key_Up || key == Qt::Key_Down || key == Qt::Key_PageUp || key == Qt::Key_PageDown) {
            QCoreApplication::sendEvent(m_list, event);
            return true;
        }
        if (key == Qt::Key_Return || key == Qt::Key_Enter) {
            if (current())
                m_keys->setFocus();
            return true;
        }
    }
    if (event->type() == QEvent::KeyPress && watched == m_keys) {
        auto* key = static_cast<QKeyEvent*>(event);
        const bool isTab = key->key() == Qt::Key_Tab || key->key() == Qt::Key_Backtab;
        if (isTab && !(key->modifiers() & ~Qt::ShiftModifier)) {
            focusNextPrevChild(key->key() == Qt::Key_Tab);
            return true;
        }
    }
    if (event->type() == QEvent::KeyRelease && watched == m_keys) // by itself it waits for more of them
        QMetaObject::invokeMethod(this, &ShortcutSheet::take, Qt::QueuedConnection);
    return QDialog::eventFilter(watched, event);
}

} // namespace reverie::ui
