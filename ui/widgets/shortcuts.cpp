// SPDX-License-Identifier: MIT
#include "ui/widgets/shortcuts.h"

#include "ui/session/settings.h"

#include <QAction>
#include <QMenu>
#include <QMenuBar>
#include <QWidget>

#include <algorithm>

namespace reverie::ui {

namespace {

const QLatin1String ours("reverie::ui::");

QString ownerName(const QObject& owner)
{
    return QString::fromLatin1(owner.metaObject()->className()).remove(ours);
}

/// Whoever presses Enter does not care on which side of the keyboard it is.
QList<QKeySequence> withBothEnters(const QList<QKeySequence>& keys)
{
    QList<QKeySequence> all;
    for (const QKeySequence& key : keys) {
        all << key;
        const QKeyCombination first = key[0];
        if (first.key() == Qt::Key_Return)
            all << QKeySequence(QKeyCombination(first.keyboardModifiers(), Qt::Key_Enter));
    }
    return all;
}

/// Keys in tooltips, "Draw (Ctrl+Enter)", follow.
void renewToolTips(const Shortcuts::Entry& entry, const QString& before, const QString& after)
{
    const QString old = QStringLiteral(" (%1)").arg(before);
    const QString now = after.isEmpty() ? QString() : QStringLiteral(" (%1)").arg(after);
    const auto renewed = [&](QString tip) { return tip.endsWith(old) ? tip.replace(old, now) : tip; };
    if (before.isEmpty())
        return;
    entry.action->setToolTip(renewed(entry.action->toolTip()));
    const QWidget* where = entry.where ? entry.where : qobject_cast<QWidget*>(entry.action->parent());
    for (QWidget* widget : where->window()->findChildren<QWidget*>())
        if (!entry.where || entry.where->isAncestorOf(widget))
            widget->setToolTip(renewed(widget->toolTip()));
}

bool overlap(const QWidget* a, const QWidget* b)
{
    return !a || !b || a == b || a->isAncestorOf(b) || b->isAncestorOf(a);
}

} // namespace

QString keysText(const QList<QKeySequence>& keys)
{
    QStringList texts;
    for (const QKeySequence& key : keys) {
        QString text = key.toString(QKeySequence::NativeText);
        text.replace(QLatin1String("Return"), Shortcuts::tr("Enter"));
        if (!texts.contains(text))
            texts << text;
    }
    return texts.join(Shortcuts::tr(" or "));
}

QString keyText(const QAction& action)
{
    return action.shortcuts().isEmpty() ? QString() : keysText({ action.shortcut() });
}

QString withKeys(const QString& text, const QAction& action)
{
    const QString keys = keyText(action);
    return keys.isEmpty() ? text : QStringLiteral("%1 (%2)").arg(text, keys);
}

QString plainText(const QAction& action)
{
    QString plain = action.text();
    plain.remove(QLatin1Char('&'));
    plain.remove(QChar(u'…'));
    return plain.trimmed();
}

void Shortcuts::addPage(const QString& group, const QWidget& page)
{
    for (QAction* action : page.findChildren<QAction*>())
        if (QLatin1String(action->parent()->metaObject()->className()).startsWith(ours)
            && !action->associatedObjects().isEmpty()) // an offer in a message has no keys
            add(group, ownerName(*action->parent()), action);
}

void Shortcuts::addMenus(const QString& group, const QMenuBar& menus)
{
    for (QMenu* menu : menus.findChildren<QMenu*>())
        for (QAction* action : menu->actions())
            add(group, QStringLiteral("MainWindow"), action);
}

void Shortcuts::add(const QString& group, const QString& owner, QAction* action)
{
    const QString text = plainText(*action);
    const bool known = std::any_of(m_entries.begin(), m_entries.end(),
                                   [&](const Entry& entry) { return entry.action == action; });
    if (text.isEmpty() || action->isSeparator() || action->menu() || known)
        return;
    const bool everywhere = action->shortcutContext() == Qt::WindowShortcut
        || action->shortcutContext() == Qt::ApplicationShortcut;
    const QString name = action->objectName().isEmpty() ? text : action->objectName();
    m_entries.push_back({ action, owner + QLatin1Char('/') + name, group, action->shortcuts(),
                          everywhere ? nullptr : qobject_cast<QWidget*>(action->parent()) });
    if (const auto keys = Settings::keys(m_entries.back().id))
        apply(m_entries.back(), QKeySequence::listFromString(*keys, QKeySequence::PortableText));
}

const Shortcuts::Entry* Shortcuts::conflict(const Entry& entry, const QKeySequence& keys) const
{
    const auto other = std::find_if(m_entries.begin(), m_entries.end(), [&](const Entry& candidate) {
        const bool shared = entry.defaults.contains(keys) && candidate.defaults.contains(keys);
        return candidate.action != entry.action && candidate.action->shortcuts().contains(keys) && !shared
            && overlap(candidate.where, entry.where);
    });
    return other == m_entries.end() ? nullptr : &*other;
}

bool Shortcuts::isChanged(const Entry& entry)
{
    return entry.action->shortcuts() != entry.defaults;
}

void Shortcuts::apply(const Entry& entry, const QList<QKeySequence>& keys)
{
    const QString before = keyText(*entry.action);
    entry.action->setShortcuts(keys);
    renewToolTips(entry, before, keyText(*entry.action));
}

void Shortcuts::setKeys(const Entry& entry, const QList<QKeySequence>& keys)
{
    apply(entry, withBothEnters(keys));
    Settings::setKeys(entry.id,
                      isChanged(entry) ? std::optional(
                          QKeySequence::listToString(entry.action->shortcuts(), QKeySequence::PortableText))
                                       : std::nullopt);
    Q_EMIT changed();
}

void Shortcuts::reset(const Entry& entry)
{
    apply(entry, entry.defaults);
    Settings::setKeys(entry.id, std::nullopt);
    Q_EMIT changed();
}

void Shortcuts::resetAll()
{
    for (const Entry& entry : m_entries) {
        if (isChanged(entry))
            apply(entry, entry.defaults);
        Settings::setKeys(entry.id, std::nullopt);
    }
    Q_EMIT changed();
}

} // namespace reverie::ui
