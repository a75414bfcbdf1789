// SPDX-License-Identifier: MIT
#include "core/api/library.h"
#include "core/run/run_directory.h"
#include "tests/ui/notification_service.h"
#include "tests/ui/whole_program.h"
#include "ui/session/draw_queue.h"
#include "ui/session/model_store.h"
#include "ui/session/path.h"
#include "ui/session/session.h"
#include "ui/session/settings.h"
#include "ui/widgets/create_page.h"
#include "ui/widgets/gallery_page.h"
#include "ui/widgets/main_window.h"
#include "ui/widgets/models_page.h"
#include "ui/widgets/parameter_panel.h"
#include "ui/widgets/prompt_box.h"
#include "ui/widgets/train_page.h"

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QAbstractScrollArea>
#include <QAbstractSlider>
#include <QAbstractSpinBox>
#include <QAccessible>
#include <QAction>
#include <QApplication>
#include <QComboBox>
#include <QDialog>
#include <QDir>
#include <QDropEvent>
#include <QHeaderView>
#include <QLineEdit>
#include <QMenu>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTabBar>
#include <QTest>

#include <algorithm>
#include <set>

using namespace reverie;
using namespace reverie::ui;

namespace {

constexpr int patience = 60'000;

/// A control, and not a part of one.
bool isControl(const QWidget& widget)
{
    const auto* area = qobject_cast<const QAbstractScrollArea*>(widget.parentWidget());
    const bool ofQt = (area && area->viewport() == &widget)
        || widget.objectName().startsWith(QLatin1String("qt_")) || qobject_cast<const QScrollBar*>(&widget)
        || qobject_cast<const QHeaderView*>(&widget)
        || (widget.parentWidget() && qobject_cast<const QAbstractSpinBox*>(widget.parentWidget()))
        || (widget.parentWidget() && qobject_cast<const QComboBox*>(widget.parentWidget()))
        || (widget.parentWidget() && qobject_cast<const QLineEdit*>(widget.parentWidget()))
        || (widget.parentWidget() && qobject_cast<const QTabBar*>(widget.parentWidget()));
    const bool speaks = qobject_cast<const QAbstractButton*>(&widget)
        || qobject_cast<const QLineEdit*>(&widget) || qobject_cast<const QComboBox*>(&widget)
        || qobject_cast<const QAbstractSpinBox*>(&widget) || qobject_cast<const QAbstractSlider*>(&widget)
        || qobject_cast<const QAbstractItemView*>(&widget) || qobject_cast<const QPlainTextEdit*>(&widget)
        || widget.focusPolicy() != Qt::NoFocus;
    const bool isWindow = widget.isWindow() || qobject_cast<const QMenu*>(&widget);
    return speaks && !ofQt && !isWindow && !widget.inherits("QLabel") && !widget.inherits("QScrollArea")
        && !widget.inherits("QTableCornerButton") && !widget.inherits("QTabWidget")
        && !widget.inherits("QMenuBar") && !widget.inherits("QSplitterHandle")
        && !widget.inherits("QComboBoxListView");
}

QString describe(const QWidget& widget)
{
    QString path;
    for (const QWidget* w = &widget; w; w = w->parentWidget())
        path = QLatin1String(w->metaObject()->className()) + QLatin1Char('#') + w->objectName()
            + QLatin1Char(' ') + path;
    return path;
}

QString spokenName(QWidget* widget)
{
    QAccessibleInterface* interface = QAccessible::queryAccessibleInterface(widget);
    return interface ? interface->text(QAccessible::Name) : QString();
}

QStringList nameless(const QWidget& where)
{
    QStringList found;
    for (QWidget* widget : where.findChildren<QWidget*>())
        if (isControl(*widget) && spokenName(widget).trimmed().isEmpty())
            found << describe(*widget).right(120);
    return found;
}

} // namespace

/// What the program is to the desktop around it: notifications, screen readers, and a keyboard without a
/// mouse.
class DesktopTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<NotificationService> m_desktop;
    std::unique_ptr<WholeProgram> m_program;

    [[nodiscard]] MainWindow& window() const { return m_program->window(); }
    [[nodiscard]] PromptBox& prompt() const { return window().createPage().parameters().promptBox(); }

    void drawUnseen(const char* text)
    {
        prompt().setFocus();
        QTest::keyClick(&prompt(), Qt::Key_A, Qt::ControlModifier);
        QTest::keyClicks(&prompt(), QLatin1String(text));
        QTest::keyClick(&prompt(), Qt::Key_Return, Qt::ControlModifier);
        QTRY_VERIFY_WITH_TIMEOUT(m_program->session().isDrawing(), patience);
        window().showMinimized();
        QSignalSpy idle(&m_program->session(), &Session::idle);
        QTRY_VERIFY_WITH_TIMEOUT(!idle.isEmpty(), patience);
    }

    QAction* menuAction(const QString& text) const
    {
        for (QAction* action : window().findChildren<QAction*>())
            if (action->text().remove(QLatin1Char('&')) == text)
                return action;
        return nullptr;
    }

    /// Opens what an action opens, and returns the dialog.
    QDialog* dialogOf(const QString& action)
    {
        QAction* found = menuAction(action);
        if (!found || !found->isEnabled())
            return nullptr;
        found->trigger();
        QDialog* dialog = nullptr;
        [&] { QTRY_VERIFY((dialog = qobject_cast<QDialog*>(QApplication::activeModalWidget()))); }();
        return dialog;
    }

private Q_SLOTS:
    void initTestCase()
    {
        m_desktop = std::make_unique<NotificationService>();
        QVERIFY2(m_desktop->isThere(), "dbus-daemon could not be started");
    }

    void init()
    {
        m_program = std::make_unique<WholeProgram>();
        m_program->start();
        QSignalSpy ready(&m_program->session(), &Session::modelReady);
        QVERIFY(QTest::qWaitForWindowActive(&window()));
        QTRY_VERIFY_WITH_TIMEOUT(!ready.isEmpty(), patience);
        m_desktop->shown.clear();
        m_desktop->progress.clear();
    }

    void cleanup() { m_program.reset(); }

    void aPictureThatIsDoneUnseenIsAnnounced()
    {
        drawUnseen("red heart");
        QTRY_COMPARE(m_desktop->shown.size(), 1);
        QCOMPARE(m_desktop->shown[0].title, QStringLiteral("The picture is drawn"));
        QCOMPARE(m_desktop->shown[0].text, QStringLiteral("red heart"));
        QVERIFY(m_desktop->shown[0].actions.contains(QStringLiteral("default")));
        QCOMPARE(window().windowTitle(), QStringLiteral("(1) Reverie"));
        QCOMPARE(m_desktop->launcher, QStringLiteral("application://reverie.desktop"));
        QVERIFY(m_desktop->progress.size() > 2);
        QVERIFY(!m_desktop->progress.last()); // nothing under way any more
        double before = 0;
        for (const auto& progress : m_desktop->progress)
            if (progress) {
                QVERIFY(*progress >= before && *progress <= 1);
                before = *progress;
            }
        QVERIFY(before > 0.5);

        Q_EMIT m_desktop->ActionInvoked(7, QStringLiteral("default")); // the person clicks
        QTRY_VERIFY(!window().isMinimized() && window().isActiveWindow());
        QTRY_COMPARE(window().windowTitle(), QStringLiteral("Reverie"));
    }

    void theWholeQueueIsAnnouncedOnce()
    {
        prompt().setFocus();
        QTest::keyClicks(&prompt(), QStringLiteral("cat face"));
        for (int i = 0; i < 2; ++i)
            QTest::keyClick(&prompt(), Qt::Key_Return, Qt::ControlModifier);
        drawUnseen("red heart");
        QTRY_COMPARE_WITH_TIMEOUT(m_desktop->shown.size(), 1, patience);
        QCOMPARE(m_desktop->shown[0].title, QStringLiteral("3 pictures are drawn"));
        QCOMPARE(m_program->session().pictures().rowCount(), 3);
    }

    void whatWasStoppedIsNotCounted()
    {
        prompt().setFocus();
        QTest::keyClicks(&prompt(), QStringLiteral("cat face"));
        QSignalSpy drawn(&m_program->session(), &Session::pictureSaved);
        for (int i = 0; i < 2; ++i)
            QTest::keyClick(&prompt(), Qt::Key_Return, Qt::ControlModifier);
        QVERIFY(drawn.wait(patience));
        QTest::keyClick(&prompt(), Qt::Key_Escape); // the second
        QTRY_VERIFY_WITH_TIMEOUT(m_program->session().isIdle(), patience);
        drawUnseen("red heart");
        QTRY_COMPARE(m_desktop->shown.size(), 1);
        QCOMPARE(m_desktop->shown[0].title, QStringLiteral("The picture is drawn"));
    }

    void nothingIsAnnouncedToWhoLooksOn()
    {
        prompt().setFocus();
        QTest::keyClicks(&prompt(), QStringLiteral("red heart"));
        QSignalSpy idle(&m_program->session(), &Session::idle);
        QTest::keyClick(&prompt(), Qt::Key_Return, Qt::ControlModifier);
        QTRY_VERIFY_WITH_TIMEOUT(!idle.isEmpty(), patience);
        QTest::qWait(600);
        QVERIFY(m_desktop->shown.isEmpty());
        QVERIFY(m_desktop->progress.isEmpty());
    }

    void announcementsCanBeSwitchedOff()
    {
        QAction* notify = menuAction(QStringLiteral("Notify When the Window Is Not in Front"));
        QVERIFY(notify && notify->isChecked());
        notify->trigger();
        drawUnseen("red heart");
        QTest::qWait(600);
        QVERIFY(m_desktop->shown.isEmpty());
        QVERIFY(m_desktop->progress.isEmpty());
        m_program->quit();
        m_program->start();
        QVERIFY(!menuAction(QStringLiteral("Notify When the Window Is Not in Front"))->isChecked());
    }

    void picturesThatCanNotBeSavedUnseenAreAnnounced()
    {
        const QString folder = Settings::outputFolder();
        QVERIFY(QDir(folder).removeRecursively());
        QFile file(folder); // where the folder would be
        QVERIFY(file.open(QFile::WriteOnly));
        drawUnseen("red heart");
        const auto isTold = [this](const QString& title) {
            return std::any_of(m_desktop->shown.begin(), m_desktop->shown.end(),
                               [&](const auto& one) { return one.title == title && !one.text.isEmpty(); });
        };
        QTRY_VERIFY(isTold(QStringLiteral("A picture could not be saved")));
        QVERIFY(m_program->queue().isPaused()); // nothing more is drawn for nowhere
        QVERIFY(file.remove());
        window().showNormal();
        QPushButton* again = nullptr;
        for (auto* button : window().createPage().findChildren<QPushButton*>())
            if (button->text().remove(QLatin1Char('&')) == QStringLiteral("Save Again"))
                again = button;
        QVERIFY(again);
        QTest::keyClick(again, Qt::Key_Space);
        QTRY_VERIFY(m_program->session().pictures().unsaved().empty());
        QVERIFY(QFile::exists(m_program->session().pictures().at(0).path));
    }

    void aModelThatDisappearsUnseenIsAnnounced()
    {
        const QString mine = ModelStore::folder() + QStringLiteral("/mine.safetensors");
        const QString shipped = Settings::model();
        const auto open = [this](const QString& path) {
            QSignalSpy ready(&m_program->session(), &Session::modelReady);
            QMimeData data;
            data.setUrls({ QUrl::fromLocalFile(path) });
            QDragEnterEvent enter(QPoint(600, 400), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
            QApplication::sendEvent(&window(), &enter);
            QDropEvent drop(QPointF(600, 400), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
            QApplication::sendEvent(&window(), &drop);
            QTRY_VERIFY_WITH_TIMEOUT(!ready.isEmpty(), patience);
        };
        open(mine);
        QTest::keyClick(&window(), Qt::Key_P, Qt::ControlModifier);
        QTest::keyClicks(&prompt(), QStringLiteral("red heart"));
        QTest::keyClick(&prompt(), Qt::Key_Return, Qt::ControlModifier);
        QCOMPARE(m_program->queue().rowCount(), 1);
        open(shipped);
        QVERIFY(QFile::remove(mine));
        window().showMinimized();
        menuAction(QStringLiteral("Pause the Queue"))->trigger();
        QTRY_COMPARE(m_desktop->shown.size(), 1);
        QCOMPARE(m_desktop->shown[0].title, QStringLiteral("The model can't be used"));
        QVERIFY(m_desktop->shown[0].text.contains(QStringLiteral("mine.safetensors")));
        QVERIFY(m_program->queue().at(0).problem.contains(QStringLiteral("mine.safetensors")));
    }

    void aTrainingRunThatFailsUnseenIsAnnounced()
    {
        const QString runs = QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation)
            + QStringLiteral("/reverie/runs/");
        RunDirectory good(toPath(runs + QStringLiteral("good")), /*resume=*/false);
        RunDirectory bad(toPath(runs + QStringLiteral("bad")), /*resume=*/false);
        for (RunDirectory* run : { &good, &bad }) {
            run->write_configuration(R"({"what": "clip", "device": "cpu", "config": {"title": "Smallest"}})");
            run->set_state("running");
        }
        window().showMinimized();
        QTest::qWait(5'000); // it looks every two seconds
        good.set_state("finished");
        bad.set_state("failed", "The loss is not a number.");
        QTRY_COMPARE_WITH_TIMEOUT(m_desktop->shown.size(), 2, 20'000);
        QStringList titles{ m_desktop->shown[0].title, m_desktop->shown[1].title };
        titles.sort();
        QCOMPARE(
            titles,
            (QStringList{ QStringLiteral("The run bad failed"), QStringLiteral("The run good is done") }));
        QVERIFY(m_desktop->shown[0].text + m_desktop->shown[1].text
                == QStringLiteral("The loss is not a number."));
    }

    void everyControlOfEveryPageHasAName()
    {
        drawUnseen("red heart"); // so that there is something of everything
        const QStringList found = nameless(window());
        QVERIFY2(found.isEmpty(), qPrintable(found.join(QLatin1Char('\n'))));
    }

    void everyControlOfEveryDialogHasAName_data()
    {
        QTest::addColumn<int>("page");
        QTest::addColumn<QString>("action");
        QTest::newRow("earlier prompts") << 0 << QStringLiteral("Earlier Prompts…");
        QTest::newRow("names") << 0 << QStringLiteral("Names of Pictures…");
        QTest::newRow("shortcuts") << 0 << QStringLiteral("Keyboard Shortcuts");
        QTest::newRow("about") << 0 << QStringLiteral("About Reverie");
        QTest::newRow("export") << 1 << QStringLiteral("Export…");
        QTest::newRow("new run") << 2 << QStringLiteral("New Run…");
    }

    void everyControlOfEveryDialogHasAName()
    {
        QFETCH(const int, page);
        QFETCH(const QString, action);
        QTest::keyClick(&window(), Qt::Key(Qt::Key_1 + page), Qt::ControlModifier);
        QTRY_VERIFY(menuAction(action) && menuAction(action)->isEnabled());
        QDialog* dialog = dialogOf(action);
        QVERIFY(dialog);
        QVERIFY(!dialog->windowTitle().isEmpty());
        const QStringList found = nameless(*dialog);
        dialog->reject();
        QVERIFY2(found.isEmpty(), qPrintable(found.join(QLatin1Char('\n'))));
    }

    void tabReachesEveryControl_data()
    {
        QTest::addColumn<int>("page");
        QTest::newRow("create") << 0;
        QTest::newRow("gallery") << 1;
        QTest::newRow("train") << 2;
        QTest::newRow("models") << 3;
    }

    void tabReachesEveryControl()
    {
        QFETCH(const int, page);
        QTest::keyClick(&window(), Qt::Key(Qt::Key_1 + page), Qt::ControlModifier);
        QTest::qWait(1'500); // what lies there is read and shown
        std::set<const QWidget*> reached;
        for (int i = 0; i < 400; ++i) {
            QTest::keyClick(&window(), Qt::Key_Tab);
            if (const QWidget* now = QApplication::focusWidget();
                now && !reached.insert(now).second && i > 200)
                break;
        }
        QStringList missed;
        for (const QWidget* widget : window().findChildren<QWidget*>())
            if (widget->isVisible() && widget->isEnabled() && isControl(*widget)
                && widget->focusPolicy() & Qt::TabFocus && !widget->focusProxy() && !reached.contains(widget))
                missed << describe(*widget);
        QVERIFY2(missed.isEmpty(), qPrintable(missed.join(QLatin1Char('\n'))));
        QVERIFY(reached.size() > 8);
    }
};

int main(int argc, char** argv)
{
    prepare_process();
    QApplication app(argc, argv);
    QApplication::setQuitOnLastWindowClosed(false);
    QCoreApplication::setOrganizationName(QStringLiteral("Reverie tests"));
    QCoreApplication::setApplicationName(QStringLiteral("tst_desktop"));
    DesktopTest test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_desktop.moc"
