// SPDX-License-Identifier: MIT
#pragma once

#include "tests/ui/run_fixture.h"
#include "ui/session/run_store.h"
#include "ui/session/session.h"
#include "ui/widgets/main_window.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/new_run_dialog.h"
#include "ui/widgets/train_page.h"
#include "ui/widgets/training_options_table.h"

#include <QAction>
#include <QApplication>
#include <QComboBox>
#include <QContextMenuEvent>
#include <QFileDialog>
#include <QLineEdit>
#include <QListView>
#include <QMenu>
#include <QMenuBar>
#include <QPointer>
#include <QPushButton>
#include <QSpinBox>
#include <QTabBar>
#include <QTableView>
#include <QTest>
#include <QTimer>
#include <QToolButton>

namespace reverie::ui {

constexpr int long_ms = 60'000; ///< on a machine that has other things to do

/// A window with the page of runs in it.
class TrainWindow
{
public:
    TrainWindow()
    {
        m_window.addTraining(m_store);
        m_window.resize(1280, 800);
        m_window.show();
        [[maybe_unused]] const bool active = QTest::qWaitForWindowActive(&m_window);
        QTest::keyClick(&m_window, Qt::Key_2, Qt::ControlModifier); // there is no gallery here
    }

    TrainPage& page() { return *m_window.trainPage(); }
    MainWindow& window() { return m_window; }
    Session& session() { return m_session; }

    const RunEntry* entry(const QString& folder) { return m_store.model().entry(folder); }
    bool shows(const QString& folder, RunEntry::State state)
    {
        const RunEntry* run = entry(folder);
        return run && run->state == state;
    }

    void choose(const QString& folder, Qt::KeyboardModifiers modifiers = {})
    {
        QTRY_VERIFY_WITH_TIMEOUT(entry(folder), long_ms);
        QListView& list = page().list();
        const QModelIndex index = m_store.model().index(m_store.model().rowOf(folder));
        list.scrollTo(index);
        QTest::mouseClick(list.viewport(), Qt::LeftButton, modifiers, list.visualRect(index).center());
    }

    /// A key on the list, once no dialog is in front of it.
    void press(Qt::Key key, Qt::KeyboardModifiers modifiers = {})
    {
        QTRY_VERIFY(!QApplication::activeModalWidget());
        m_window.activateWindow(); // a window manager does so when a dialog closes; without a screen there is
                                   // none
        QTRY_VERIFY(m_window.isActiveWindow());
        page().list().setFocus();
        QTest::keyClick(&page().list(), key, modifiers);
    }

    void click(const char* name)
    {
        auto* button = page().findChild<QAbstractButton*>(QLatin1String(name));
        QVERIFY2(button, name);
        QTRY_VERIFY2_WITH_TIMEOUT(button->isVisible(), name, long_ms);
        QTRY_VERIFY_WITH_TIMEOUT(button->isEnabled(), long_ms);
        QTest::mouseClick(button, Qt::LeftButton);
    }

    /// Opens the menu of a button and goes through it by keys.
    void menu(const char* name, const QList<Qt::Key>& keys)
    {
        auto* button = page().findChild<QToolButton*>(QLatin1String(name));
        QVERIFY(button);
        QTRY_VERIFY_WITH_TIMEOUT(button->isEnabled(), long_ms);
        QTimer::singleShot(100, button, [keys] {
            for (const Qt::Key key : keys)
                if (QWidget* popup = QApplication::activePopupWidget())
                    QTest::keyClick(popup, key);
        });
        QTest::mouseClick(button, Qt::LeftButton);
    }

    /// Chooses an entry of the menu that a right click on a run opens.
    void contextMenu(const QString& folder, QAction* action)
    {
        choose(folder);
        QTRY_VERIFY_WITH_TIMEOUT(action->isEnabled(), long_ms);
        QListView& list = page().list();
        const QPoint place = list.visualRect(m_store.model().index(m_store.model().rowOf(folder))).center();
        QTimer::singleShot(100, &list, [action] {
            if (auto* menu = qobject_cast<QMenu*>(QApplication::activePopupWidget()))
                QTest::mouseClick(menu, Qt::LeftButton, {}, menu->actionGeometry(action).center());
        });
        QContextMenuEvent event(QContextMenuEvent::Mouse, place, list.viewport()->mapToGlobal(place));
        QApplication::sendEvent(list.viewport(), &event);
    }

    /// Chooses an entry of the window's menu of runs by mouse.
    void menuBar(QAction* action)
    {
        QTRY_VERIFY(!QApplication::activeModalWidget());
        QTRY_VERIFY_WITH_TIMEOUT(action->isEnabled(), long_ms);
        auto* menu = m_window.findChild<QMenu*>(QStringLiteral("trainMenu"));
        QMenuBar* bar = m_window.menuBar();
        QTest::mouseClick(bar, Qt::LeftButton, {}, bar->actionGeometry(menu->menuAction()).center());
        QTRY_VERIFY(menu->isVisible());
        QTest::mouseClick(menu, Qt::LeftButton, {}, menu->actionGeometry(action).center());
        QTRY_VERIFY(!menu->isVisible());
    }

    /// The dialog that is asking now.
    template <class Dialog>
    Dialog* asking()
    {
        Dialog* dialog = nullptr;
        [[maybe_unused]] const bool shown = QTest::qWaitFor(
            [&] {
                dialog = page().findChild<Dialog*>();
                return dialog && dialog->isVisible();
            },
            long_ms);
        return dialog;
    }
    /// Waits until a run is in that state.
    void waitFor(const QString& folder, const char* state)
    {
        const auto now = [&] { return RunFixture::status(folder).state; };
        [[maybe_unused]] const bool soon
            = QTest::qWaitFor([&] { return now() == state || now() == "failed"; }, long_ms);
        QVERIFY2(now() == state,
                 qPrintable(QStringLiteral("%1 is \"%2\": %3 %4")
                                .arg(folder, QString::fromStdString(now()), lastLogLine(folder),
                                     page().message().text())));
    }

    NewRunDialog* dialog() { return page().findChild<NewRunDialog*>(QStringLiteral("newRunDialog")); }

private:
    Session m_session;
    RunStore m_store{ QStringLiteral(DREAM_PROGRAM) };
    MainWindow m_window{ m_session };
};

template <class T>
T* field(QWidget* dialog, const char* name)
{
    return dialog->findChild<T*>(QLatin1String(name));
}

/// Goes with keys to the entry that begins with `text`.
inline void pick(QComboBox* box, const QString& text)
{
    const int wanted = box->findText(text, Qt::MatchStartsWith);
    QVERIFY2(wanted >= 0, qPrintable(text));
    box->setFocus();
    while (box->currentIndex() != wanted)
        QTest::keyClick(box, box->currentIndex() < wanted ? Qt::Key_Down : Qt::Key_Up);
}

/// Answers the dialog of files that is open over `owner`.
inline void chooseFile(QWidget* owner, const QString& path)
{
    QFileDialog* dialog = nullptr;
    QTRY_VERIFY((dialog = owner->findChild<QFileDialog*>()));
    QVERIFY(QTest::qWaitForWindowActive(dialog));
    auto* name = dialog->findChild<QLineEdit*>(QStringLiteral("fileNameEdit"));
    name->setText(
        path); // typing opens the list of completions, which takes the focus where there is no screen
    QTest::keyClick(name, Qt::Key_Return);
    QTRY_VERIFY(!owner->findChild<QFileDialog*>());
}

/// Answers the questions of a new run of the tiny preset. No steps: as many as that says.
inline void answer(NewRunDialog* dialog, const QString& what, int steps, const QString& name)
{
    QTRY_VERIFY_WITH_TIMEOUT(field<QComboBox>(dialog, "runPreset")->count() > 1, long_ms);
    pick(field<QComboBox>(dialog, "runPreset"), QStringLiteral("tiny"));
    pick(field<QComboBox>(dialog, "runWhat"), what);
    auto* data = field<QComboBox>(dialog, "runData")->lineEdit();
    data->setFocus();
    QTest::keyClicks(data, QStringLiteral("shapes:64"));
    pick(field<QComboBox>(dialog, "runDevice"), QStringLiteral("None"));
    QTest::keyClicks(field<QLineEdit>(dialog, "runName"), name);
    if (steps == 0)
        return;
    pick(field<QComboBox>(dialog, "runLength"), QStringLiteral("So many"));
    auto* count = field<QSpinBox>(dialog, "runSteps");
    QVERIFY(count->isVisible());
    count->setFocus();
    QTest::keyClick(count, Qt::Key_A, Qt::ControlModifier);
    QTest::keyClicks(count, QString::number(steps));
}

/// Writes a value into the table of all options.
inline void setOption(NewRunDialog* dialog, const QString& key, const QString& value)
{
    auto* tabs = field<QTabBar>(dialog, "pageTabs");
    QTest::mouseClick(tabs, Qt::LeftButton, {}, tabs->tabRect(1).center());
    QLineEdit& search = dialog->options().searchField();
    QTableView& table = dialog->options().table();
    QTest::keyClick(&search, Qt::Key_A, Qt::ControlModifier);
    QTest::keyClick(&search, Qt::Key_Delete);
    QTRY_VERIFY_WITH_TIMEOUT(table.model()->rowCount() > 100, long_ms);
    QTest::keyClicks(&search, key);
    QTRY_COMPARE(table.model()->rowCount(), 1);
    QTest::keyClick(&search, Qt::Key_Return);
    QTest::keyClick(&table, Qt::Key_F2);
    QTRY_VERIFY(qobject_cast<QLineEdit*>(QApplication::focusWidget()));
    const QPointer<QWidget> editor = QApplication::focusWidget();
    QTest::keyClick(editor, Qt::Key_A, Qt::ControlModifier);
    QTest::keyClicks(editor, value);
    QTest::keyClick(editor, Qt::Key_Return);
    QTRY_VERIFY(!editor); // Qt takes the value a little later
}

inline void start(NewRunDialog* dialog)
{
    auto* button = field<QPushButton>(dialog, "runStart");
    QTRY_VERIFY_WITH_TIMEOUT(button->isEnabled(), long_ms);
    QTest::mouseClick(button, Qt::LeftButton);
}

} // namespace reverie::ui
