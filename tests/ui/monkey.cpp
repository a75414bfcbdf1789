// SPDX-License-Identifier: MIT
#include "tests/ui/monkey.h"

#include "tests/ui/monkey_report.h"
#include "tests/ui/whole_program.h"
#include "ui/widgets/main_window.h"

#include <QAction>
#include <QApplication>
#include <QDesktopServices>
#include <QFile>
#include <QFileDialog>
#include <QMenu>
#include <QTabBar>
#include <QTest>
#include <QWheelEvent>
#include <QWindow>

namespace reverie::ui {

namespace {

constexpr int nested_after_ms = 50; // an event handler that takes longer runs an event loop of its own
constexpr int longest_in_dialog = 200;
#ifdef __SANITIZE_ADDRESS__
constexpr int longest_gap_ms = 10'000;
#else
constexpr int longest_gap_ms = 2'000;
#endif

/// Milliseconds that this thread was ready to run and did not.
qint64 waitedForACore()
{
    QFile file(QStringLiteral("/proc/thread-self/schedstat"));
    if (!file.open(QFile::ReadOnly))
        return 0;
    return file.readAll().split(' ').value(1).toLongLong() / 1'000'000;
}

QString describe(const QWidget* widget)
{
    const QString name = widget->accessibleName().isEmpty() ? widget->objectName() : widget->accessibleName();
    return QStringLiteral("%1 \"%2\"").arg(QLatin1String(widget->metaObject()->className()), name);
}

QTabBar* tabs(const QWidget& window)
{
    return window.findChild<QTabBar*>(QStringLiteral("pageTabs"));
}

} // namespace

Monkey::Monkey(WholeProgram& program, int page, quint32 seed)
    : m_program(program)
    , m_page(page)
    , m_seed(seed)
    , m_random(seed * 4 + quint32(page))
{
    m_next.setSingleShot(true);
    connect(&m_next, &QTimer::timeout, this, &Monkey::step);
    qApp->installEventFilter(this);
    QDesktopServices::setUrlHandler(QStringLiteral("file"), this, "openFile");
}

Monkey::~Monkey()
{
    QDesktopServices::unsetUrlHandler(QStringLiteral("file"));
}

QString Monkey::play(int events)
{
    m_events = events;
    monkey_report::begin(QStringLiteral("Page %1, seed %2:").arg(m_page + 1).arg(m_seed));
    QTest::keyClick(m_program.window().windowHandle(), Qt::Key(Qt::Key_1 + m_page), Qt::ControlModifier);
    m_waited = waitedForACore();
    m_turn.start();
    m_next.start(0);
    m_loop.exec();
    note(QStringLiteral("quits"));
    m_program.quit();
    monkey_report::end();
    return monkey_report::text();
}

/// The next event. It is also asked for from event loops that the one before opened: menus and drags.
void Monkey::step()
{
    // Without the time when other programs had the cores.
    const qint64 waited = waitedForACore();
    const qint64 gap = m_turn.restart() - (waited - std::exchange(m_waited, waited));
    m_longestGap = std::max(m_longestGap, gap);
    if (gap > longest_gap_ms)
        monkey_report::complain(QStringLiteral("The window did not answer for %1 ms.").arg(gap));
    const bool done = m_count >= m_events || !monkey_report::text().isEmpty();
    if (done && m_depth == 0) {
        m_loop.quit();
        return;
    }
    if (m_depth == 0 && !m_program.window().isVisible()) {
        note(QStringLiteral("starts again"));
        m_program.quit();
        m_program.start();
        m_waited = waitedForACore();
        m_turn.restart(); // what waits for threads when there is no window holds up nobody
        ++m_windows;
    }
    ++m_depth;
    m_next.start(nested_after_ms);
    keepFileDialogsHome();
    if (!m_rest.empty()) {
        const auto part = std::move(m_rest.front());
        m_rest.pop_front();
        part();
    } else if (done || m_depth > 20) {
        leaveDialogs();
    } else {
        choose();
    }
    --m_depth;
    m_next.start(pause());
}

/// Mostly none; now and then the program gets to finish something.
int Monkey::pause()
{
    const int kind = below(100);
    return kind == 0 ? 200 : kind < 10 ? 10 : 0;
}

void Monkey::choose()
{
    ++m_count;
    m_inDialog = QApplication::activeModalWidget() ? m_inDialog + 1 : 0;
    if (m_inDialog > longest_in_dialog) {
        leaveDialogs();
        return;
    }
    QWidget* window = target();
    if (!window)
        return;
    const bool elsewhere = tabs(m_program.window())->currentIndex() != m_page;
    if (elsewhere && window == &m_program.window() && below(10) == 0) {
        goBackToThePage();
        return;
    }
    if (below(400) == 0) {
        note(QStringLiteral("closes the window"));
        m_program.window().close();
        return;
    }
    const int kind = below(100);
    if (kind < 48)
        click(window);
    else if (kind < 56)
        drag(window);
    else if (kind < 62)
        turnWheel(window);
    else if (kind < 76)
        pressShortcut(window);
    else if (kind < 90)
        pressKey(window);
    else
        type();
}

/// What is in front, or sometimes what is behind a menu.
QWidget* Monkey::target()
{
    QWidget* popup = QApplication::activePopupWidget();
    if (popup && popup->windowHandle() && below(8) > 0)
        return popup;
    QWidget* modal = QApplication::activeModalWidget();
    QWidget* window = modal ? modal : &m_program.window();
    return window->isVisible() && window->windowHandle() ? window : popup;
}

/// Half of them anywhere, half of them on some widget, since most widgets are small.
QPoint Monkey::place(QWidget* window)
{
    if (below(2) == 0)
        return { below(std::max(1, window->width())), below(std::max(1, window->height())) };
    QWidgetList visible;
    for (QWidget* child : window->findChildren<QWidget*>())
        if (child->isVisible() && child->window() == window && !child->visibleRegion().isEmpty())
            visible << child;
    if (visible.isEmpty())
        return window->rect().center();
    const QWidget* child = visible.at(below(static_cast<int>(visible.size())));
    const QRect seen = child->visibleRegion().boundingRect();
    return child->mapTo(window, seen.topLeft() + QPoint(below(seen.width()), below(seen.height())));
}

void Monkey::click(QWidget* window)
{
    const QPoint at = place(window);
    int kind = below(12);
    if (kind == 2 && window->windowFlags().testFlag(Qt::Popup))
        kind = 3; // the first of two clicks may be its end
    const auto button = kind == 0 ? Qt::RightButton : kind == 1 ? Qt::MiddleButton : Qt::LeftButton;
    const Qt::KeyboardModifiers modifiers = below(10) > 0 ? Qt::NoModifier
        : below(2) > 0                                    ? Qt::ControlModifier
                                                          : Qt::ShiftModifier;
    const QWidget* child = window->childAt(at);
    note(QStringLiteral("%1 at %2,%3 on %4")
             .arg(kind == 2       ? QStringLiteral("double click")
                      : kind == 0 ? QStringLiteral("right click")
                      : kind == 1 ? QStringLiteral("middle click")
                                  : QStringLiteral("click"))
             .arg(at.x())
             .arg(at.y())
             .arg(describe(child ? child : window)));
    const QPointer<QWindow> handle = window->windowHandle();
    if (kind == 2) {
        QTest::mouseDClick(handle.data(), button, modifiers, at);
        return;
    }
    QTest::mousePress(handle.data(), button, modifiers, at);
    if (handle) // a menu may be gone by now
        QTest::mouseRelease(handle.data(), button, modifiers, at);
}

void Monkey::drag(QWidget* window)
{
    const QPoint from = place(window), to = place(window);
    const QWidget* child = window->childAt(from);
    note(QStringLiteral("drag from %1,%2 on %3 to %4,%5")
             .arg(from.x())
             .arg(from.y())
             .arg(describe(child ? child : window))
             .arg(to.x())
             .arg(to.y()));
    const auto part = [&](auto&& act, const QPoint& at) {
        m_rest.push_back([act, at, handle = QPointer<QWindow>(window->windowHandle())] {
            if (handle)
                act(handle.data(), at);
        });
    };
    part([](QWindow* handle, const QPoint& at) { QTest::mousePress(handle, Qt::LeftButton, {}, at); }, from);
    for (int i = 1; i <= 4; ++i)
        part([](QWindow* handle, const QPoint& at) { QTest::mouseMove(handle, at); },
             from + (to - from) * i / 4);
    part([](QWindow* handle, const QPoint& at) { QTest::mouseRelease(handle, Qt::LeftButton, {}, at); }, to);
}

void Monkey::turnWheel(QWidget* window)
{
    const QPoint at = place(window);
    const QPoint angle = below(4) > 0 ? QPoint(0, below(2) ? 120 : -120) : QPoint(below(2) ? 120 : -120, 0);
    note(QStringLiteral("wheel at %1,%2 by %3,%4").arg(at.x()).arg(at.y()).arg(angle.x()).arg(angle.y()));
    QWheelEvent event(at, window->mapToGlobal(at), {}, angle, Qt::NoButton,
                      below(6) > 0 ? Qt::NoModifier : Qt::ControlModifier, Qt::NoScrollPhase, false);
    QCoreApplication::sendEvent(window->windowHandle(), &event);
}

void Monkey::pressShortcut(QWidget* window)
{
    QList<QKeySequence> keys;
    for (const QAction* action : m_program.window().findChildren<QAction*>())
        for (const QKeySequence& sequence : action->shortcuts())
            if (!sequence.isEmpty()) // they were taken away
                keys << sequence;
    if (keys.isEmpty())
        return;
    const QKeySequence chosen = keys.at(below(static_cast<int>(keys.size())));
    press(window, chosen.toString(), chosen[0].key(), chosen[0].keyboardModifiers());
}

void Monkey::pressKey(QWidget* window)
{
    static const QList<Qt::Key> keys{ Qt::Key_Tab,    Qt::Key_Backtab,  Qt::Key_Escape, Qt::Key_Left,
                                      Qt::Key_Right,  Qt::Key_Up,       Qt::Key_Down,   Qt::Key_Return,
                                      Qt::Key_Space,  Qt::Key_Delete,   Qt::Key_Home,   Qt::Key_End,
                                      Qt::Key_PageUp, Qt::Key_PageDown, Qt::Key_F2,     Qt::Key_Backspace,
                                      Qt::Key_Menu,   Qt::Key_F10 };
    const Qt::Key key = keys.at(below(static_cast<int>(keys.size())));
    static const QList<Qt::KeyboardModifiers> modifiers{ Qt::ShiftModifier, Qt::ControlModifier,
                                                         Qt::AltModifier };
    const auto with = key == Qt::Key_Backtab ? Qt::KeyboardModifiers(Qt::ShiftModifier)
        : below(5) == 0                      ? modifiers.at(below(3))
                                             : Qt::KeyboardModifiers(Qt::NoModifier);
    press(window, QKeySequence(int(key) | int(with)).toString(), key, with);
}

void Monkey::type()
{
    static const QStringList words{ QStringLiteral("red heart"), QStringLiteral("{cat|dog} face"),
                                    QStringLiteral("7"),         QStringLiteral("-1.5e9"),
                                    QStringLiteral("qwzx é ß"),  QStringLiteral("rated:>3 -seed:12"),
                                    QStringLiteral("__none__"),  QStringLiteral("99999999999999999999"),
                                    QStringLiteral("\""),        QStringLiteral("/ ? . ,") };
    QString word = words.at(below(static_cast<int>(words.size())));
    if (QApplication::activeModalWidget()) // where it would be a path
        word.remove(QLatin1Char('/'));
    note(QStringLiteral("types %1").arg(word));
    for (const QChar character : word)
        m_rest.push_back([this, character] {
            if (QWidget* now = target())
                QTest::sendKeyEvent(QTest::Click, now->windowHandle(), Qt::Key_unknown, QString(character),
                                    {});
        });
}

void Monkey::press(QWidget* window, const QString& what, int key, Qt::KeyboardModifiers modifiers)
{
    note(QStringLiteral("key %1 on %2").arg(what, describe(window)));
    if (qobject_cast<QMenu*>(window)) // Alt closes it, which QTest's press of a key with Alt does not survive
        modifiers &= ~Qt::KeyboardModifiers(Qt::AltModifier);
    const QPointer<QWindow> handle = window->windowHandle();
    QTest::keyPress(handle.data(), Qt::Key(key), modifiers);
    if (handle) // a menu may be gone by now
        QTest::keyRelease(handle.data(), Qt::Key(key), modifiers);
}

void Monkey::goBackToThePage()
{
    press(&m_program.window(), QStringLiteral("Ctrl+%1").arg(m_page + 1), Qt::Key_1 + m_page,
          Qt::ControlModifier);
}

void Monkey::leaveDialogs()
{
    QWidget* popup = QApplication::activePopupWidget();
    QWidget* front = popup ? popup : QApplication::activeModalWidget();
    if (!front)
        front = &m_program.window();
    if (front->windowHandle())
        press(front, QStringLiteral("Esc"), Qt::Key_Escape, {});
}

/// They can rename and delete, and go anywhere.
void Monkey::keepFileDialogsHome()
{
    for (QWidget* widget : QApplication::topLevelWidgets())
        if (auto* dialog = qobject_cast<QFileDialog*>(widget); dialog && dialog->isVisible())
            if (!dialog->directory().absolutePath().startsWith(m_program.home()))
                dialog->setDirectory(m_program.home());
}

bool Monkey::eventFilter(QObject* object, QEvent* event)
{
    if (event->type() == QEvent::Polish)
        if (auto* dialog = qobject_cast<QFileDialog*>(object)) {
            dialog->setOption(QFileDialog::ReadOnly);
            dialog->setDirectory(m_program.home());
        }
    return QObject::eventFilter(object, event);
}

void Monkey::note(const QString& event)
{
    monkey_report::add(QStringLiteral("%1: %2").arg(m_count).arg(event));
}

} // namespace reverie::ui
