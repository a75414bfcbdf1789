// SPDX-License-Identifier: MIT
#pragma once

#include <QElapsedTimer>
#include <QEventLoop>
#include <QObject>
#include <QPoint>
#include <QRandomGenerator>
#include <QStringList>
#include <QTimer>
#include <QUrl>

#include <deque>
#include <functional>

class QWidget;

namespace reverie::ui {

class WholeProgram;

/// Random clicks, drags, turns of the wheel and keys on one page of the window and on the dialogs that it
/// opens; the same ones for the same seed, as far as the program's threads allow. Files outside its home are
/// out of reach. A window that was closed is opened anew.
class Monkey : public QObject
{
    Q_OBJECT
public:
    Monkey(WholeProgram& program, int page, quint32 seed);
    ~Monkey() override;

    /// Returns what went wrong with the seed and the last events before it; empty if nothing did. A crash
    /// writes the same to stderr.
    QString play(int events);
    [[nodiscard]] qint64 longestGap() const
    {
        return m_longestGap;
    } ///< ms between two turns of the event loop
    [[nodiscard]] int windows() const { return m_windows; } ///< opened after one was closed

protected:
    bool eventFilter(QObject* object, QEvent* event) override;

private:
    void step();
    [[nodiscard]] int pause();
    void choose();
    void goBackToThePage();
    void leaveDialogs();
    void keepFileDialogsHome();
    void click(QWidget* window);
    void drag(QWidget* window);
    void turnWheel(QWidget* window);
    void pressShortcut(QWidget* window);
    void pressKey(QWidget* window);
    void type();
    void press(QWidget* window, const QString& what, int key, Qt::KeyboardModifiers modifiers);
    [[nodiscard]] QWidget* target();
    [[nodiscard]] QPoint place(QWidget* window);
    void note(const QString& event);
    Q_INVOKABLE void openFile(const QUrl&) { } ///< in the place of other programs
    int below(int limit) { return m_random.bounded(limit); }

    WholeProgram& m_program;
    int m_page;
    quint32 m_seed;
    QRandomGenerator m_random;
    QTimer m_next;
    QEventLoop m_loop;
    QElapsedTimer m_turn;
    std::deque<std::function<void()>> m_rest; ///< of an event of several parts
    int m_count = 0, m_events = 0;
    int m_depth = 0; ///< of event loops in event loops
    int m_inDialog = 0; ///< events since one is open
    int m_windows = 0;
    qint64 m_waited = 0; ///< ms for a core, so far
    qint64 m_longestGap = 0;
};

} // namespace reverie::ui
