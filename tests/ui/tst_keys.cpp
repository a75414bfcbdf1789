// SPDX-License-Identifier: MIT
#include "core/api/library.h"
#include "tests/ui/whole_program.h"
#include "ui/session/draw_queue.h"
#include "ui/session/session.h"
#include "ui/session/settings.h"
#include "ui/widgets/create_page.h"
#include "ui/widgets/edit_page.h"
#include "ui/widgets/finished_pane.h"
#include "ui/widgets/main_window.h"
#include "ui/widgets/parameter_panel.h"
#include "ui/widgets/picture_view.h"
#include "ui/widgets/prompt_box.h"
#include "ui/widgets/shortcut_sheet.h"

#include <QAction>
#include <QApplication>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFileDialog>
#include <QKeySequenceEdit>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>
#include <QTreeWidget>
#include <QTreeWidgetItemIterator>

using namespace reverie;
using namespace reverie::ui;

namespace {

constexpr int patience = 60'000;

} // namespace

/// Keys that a person chooses, and the way back from what was set.
class KeysTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<WholeProgram> m_program;

    [[nodiscard]] MainWindow& window() const { return m_program->window(); }
    [[nodiscard]] ParameterPanel& parameters() const { return window().createPage().parameters(); }
    [[nodiscard]] PictureView& view() const { return *window().findChild<PictureView*>(); }
    [[nodiscard]] ShortcutSheet* sheet() const { return window().findChild<ShortcutSheet*>(); }

    template <class Widget>
    Widget* named(const QWidget& where, const QString& name) const
    {
        for (Widget* widget : where.findChildren<Widget*>())
            if (widget->accessibleName() == name && widget->isVisible())
                return widget;
        return nullptr;
    }

    void start()
    {
        m_program->start();
        QSignalSpy ready(&m_program->session(), &Session::modelReady);
        QVERIFY(QTest::qWaitForWindowActive(&window()));
        QTRY_VERIFY_WITH_TIMEOUT(!ready.isEmpty(), patience);
    }

    /// Opens the sheet and goes to the field that takes the keys of an action.
    QKeySequenceEdit* openSheetAt(const QString& action)
    {
        QTest::keyClick(&window(), Qt::Key_F1);
        if (!sheet())
            return nullptr;
        auto* search = named<QLineEdit>(*sheet(), QStringLiteral("Search the shortcuts"));
        search->setFocus();
        QTest::keyClicks(search, action);
        QTest::keyClick(search, Qt::Key_Return);
        return sheet()->findChild<QKeySequenceEdit*>();
    }

    void closeSheet()
    {
        QPointer<ShortcutSheet> open = sheet();
        auto* search = named<QLineEdit>(*open, QStringLiteral("Search the shortcuts"));
        search->setFocus();
        QTest::keyClick(search, Qt::Key_Escape);
        QTRY_VERIFY(!open);
        window().activateWindow(); // as a window manager does
        QVERIFY(QTest::qWaitForWindowActive(&window()));
    }

    void clickInSheet(const QString& text)
    {
        for (auto* button : sheet()->findChildren<QPushButton*>())
            if (button->text().remove(QLatin1Char('&')) == text) {
                QVERIFY2(button->isVisible() && button->isEnabled(), qPrintable(text));
                QTest::mouseClick(button, Qt::LeftButton);
                return;
            }
        QFAIL(qPrintable(text));
    }

    [[nodiscard]] QString answer() const
    {
        QStringList texts;
        for (const auto* label : sheet()->findChildren<QLabel*>())
            texts << label->text();
        return texts.join(QLatin1Char('\n'));
    }

    /// What a program started now would find.
    static Settings::Draft saved() { return Settings::draft(); }

    void undo() { QTest::keyClick(&view(), Qt::Key_Z, Qt::ControlModifier); }
    void redo() { QTest::keyClick(&view(), Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier); }

    void drawByKey(const QString& prompt)
    {
        auto& box = parameters().promptBox();
        box.setFocus();
        QTest::keyClick(&box, Qt::Key_A, Qt::ControlModifier);
        QTest::keyClicks(&box, prompt);
        QSignalSpy saved(&m_program->session(), &Session::pictureSaved);
        QTest::keyClick(&box, Qt::Key_Return, Qt::ControlModifier);
        QTRY_VERIFY_WITH_TIMEOUT(!saved.isEmpty(), patience);
    }

private Q_SLOTS:
    void init()
    {
        m_program = std::make_unique<WholeProgram>();
        start();
    }

    void cleanup() { m_program.reset(); }

    void theSheetListsEveryKeyOfTheWindow()
    {
        view().setFocus();
        QTest::keyClick(&view(), Qt::Key_Question);
        QVERIFY(sheet());
        auto* list = sheet()->findChild<QTreeWidget*>();
        QStringList rows;
        for (QTreeWidgetItemIterator item(list); *item; ++item)
            rows << (*item)->text(0) + QLatin1Char('|') + (*item)->text(1);
        int withKeys = 0;
        for (const QAction* action : window().findChildren<QAction*>()) {
            if (action->shortcuts().isEmpty())
                continue;
            ++withKeys;
            const QString row = plainText(*action) + QLatin1Char('|') + keysText(action->shortcuts());
            QVERIFY2(rows.contains(row), qPrintable(row));
        }
        QVERIFY(withKeys > 60);
        for (const char* page : { "Create", "Gallery", "Train", "Models", "Everywhere" })
            QVERIFY2(rows.contains(QLatin1String(page) + QLatin1Char('|')), page);
        closeSheet();
    }

    void keysThatArePressedCountAtOnceAndAfterARestart()
    {
        auto* keys = openSheetAt(QStringLiteral("pause the queue"));
        QVERIFY(keys);
        QTRY_VERIFY(keys->hasFocus());
        QTest::keyClick(keys, Qt::Key_J, Qt::ControlModifier);
        QTRY_VERIFY(answer().contains(QStringLiteral("“Pause the Queue” is Ctrl+J now.")));
        closeSheet();
        QTest::keyClick(&view(), Qt::Key_P, Qt::ControlModifier);
        QVERIFY(!m_program->queue().isPaused());
        QTest::keyClick(&view(), Qt::Key_J, Qt::ControlModifier);
        QVERIFY(m_program->queue().isPaused());
        m_program->quit();
        start();
        QTRY_VERIFY(m_program->queue().isPaused()); // the queue remembers, too
        QTest::keyClick(&view(), Qt::Key_J, Qt::ControlModifier);
        QVERIFY(!m_program->queue().isPaused());
        keys = openSheetAt(QStringLiteral("Ctrl+J")); // found by its keys
        clickInSheet(QStringLiteral("Reset"));
        closeSheet();
        QTest::keyClick(&view(), Qt::Key_J, Qt::ControlModifier);
        QVERIFY(!m_program->queue().isPaused());
        QTest::keyClick(&view(), Qt::Key_P, Qt::ControlModifier);
        QVERIFY(m_program->queue().isPaused());
    }

    void keysOfAnotherActionAreNamedAndTakenOnRequest()
    {
        auto* keys = openSheetAt(QStringLiteral("pause the queue"));
        QVERIFY(keys);
        QTest::keyClick(keys, Qt::Key_H, Qt::ControlModifier);
        QTRY_VERIFY(answer().contains(QStringLiteral("Ctrl+H is taken by “Earlier Prompts” (Create).")));
        QTest::keyClick(keys, Qt::Key_J, Qt::ControlModifier); // rather others
        QTRY_VERIFY(answer().contains(QStringLiteral("is Ctrl+J now")));
        QTest::keyClick(keys, Qt::Key_H, Qt::ControlModifier);
        QTRY_VERIFY(answer().contains(QStringLiteral("is taken by")));
        clickInSheet(QStringLiteral("Take Them Away There"));
        closeSheet();
        QTest::keyClick(&view(), Qt::Key_H, Qt::ControlModifier);
        QVERIFY(m_program->queue().isPaused());
        // A page's own keys may be those of another page.
        keys = openSheetAt(QStringLiteral("Install a Copy"));
        QVERIFY(keys);
        QTest::keyClick(keys, Qt::Key_V);
        QTRY_VERIFY(answer().contains(QStringLiteral("“Install a Copy” is V now.")));
        clickInSheet(QStringLiteral("Reset All"));
        closeSheet();
        QTest::keyClick(&view(), Qt::Key_P, Qt::ControlModifier);
        QVERIFY(!m_program->queue().isPaused());
        for (const QAction* action : window().findChildren<QAction*>())
            QVERIFY(!Settings::keys(QStringLiteral("ModelsPage/") + action->objectName()));
    }

    void anActionMayHaveNoKeys()
    {
        QVERIFY(openSheetAt(QStringLiteral("pause the queue")));
        clickInSheet(QStringLiteral("No Keys"));
        closeSheet();
        QTest::keyClick(&view(), Qt::Key_P, Qt::ControlModifier);
        QVERIFY(!m_program->queue().isPaused());
        m_program->quit();
        start();
        QTest::keyClick(&view(), Qt::Key_P, Qt::ControlModifier);
        QVERIFY(!m_program->queue().isPaused());
    }

    void everyChangeOfASettingIsOneStepBack()
    {
        parameters().setPrompt(QStringLiteral("cat face"));
        auto* guidance = named<QDoubleSpinBox>(parameters(), QStringLiteral("Decoder"));
        guidance->setFocus();
        for (int i = 0; i < 3; ++i)
            QTest::keyClick(guidance, Qt::Key_Up);
        QTest::qWait(0);
        auto* seed = named<QLineEdit>(parameters(), QStringLiteral("Seed"));
        seed->setFocus();
        QTest::keyClicks(seed, QStringLiteral("4711"));
        QTest::qWait(0);
        auto* preset = named<QComboBox>(parameters(), QStringLiteral("Preset"));
        preset->setFocus();
        QTest::keyClick(preset, Qt::Key_Down); // half the steps
        const auto changed = [&] { return parameters().draft(); };
        QVERIFY(changed().request.cond_scale && !changed().request.steps.empty());
        QTRY_COMPARE(window().createPage().actions().undo->text(), QStringLiteral("&Undo Steps"));
        QTRY_VERIFY(!saved().request.steps.empty());
        QTest::keyClick(preset, Qt::Key_Z, Qt::ControlModifier); // all of the preset
        QTRY_VERIFY(saved().request.steps.empty() && !saved().request.prior_steps);
        QCOMPARE(saved().seed, std::optional<quint64>(4711));
        QTest::keyClick(seed, Qt::Key_Z, Qt::ControlModifier); // all of the typing, not its last letter
        QTRY_VERIFY(!saved().seed);
        QVERIFY(saved().request.cond_scale);
        QTest::keyClick(guidance, Qt::Key_Z, Qt::ControlModifier);
        QTRY_VERIFY(!saved().request.cond_scale);
        for (int i = 0; i < 3; ++i)
            redo();
        QTRY_VERIFY(!saved().request.steps.empty());
        QCOMPARE(saved().seed, std::optional<quint64>(4711));
        QVERIFY(saved().request.cond_scale);
    }

    void thePromptHasStepsOfItsOwn()
    {
        auto* seed = named<QLineEdit>(parameters(), QStringLiteral("Seed"));
        seed->setFocus();
        QTest::keyClicks(seed, QStringLiteral("5"));
        QTest::qWait(0);
        auto& box = parameters().promptBox();
        box.setFocus();
        QTest::keyClicks(&box, QStringLiteral("red heart"));
        QTest::qWait(0);
        QTest::keyClick(&box, Qt::Key_Z, Qt::ControlModifier);
        QCOMPARE(box.toPlainText(), QString());
        QCOMPARE(parameters().draft().seed, std::optional<quint64>(5));
        QTest::keyClick(&box, Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
        QCOMPARE(box.toPlainText(), QStringLiteral("red heart"));
        undo(); // outside the prompt: the seed
        QTRY_VERIFY(!saved().seed);
        QCOMPARE(box.toPlainText(), QStringLiteral("red heart"));
    }

    void whatWasTakenOverFromAPictureIsOneStep()
    {
        parameters().setSeed(21);
        drawByKey(QStringLiteral("red heart"));
        parameters().setSeed(7);
        auto& box = parameters().promptBox();
        box.setFocus();
        QTest::keyClick(&box, Qt::Key_A, Qt::ControlModifier);
        QTest::keyClicks(&box, QStringLiteral("cat face"));
        QTest::qWait(0);
        QTest::keyClick(&view(), Qt::Key_A, Qt::ControlModifier | Qt::ShiftModifier);
        QTRY_COMPARE(saved().seed, std::optional<quint64>(21));
        QCOMPARE(saved().prompt, QStringLiteral("red heart"));
        undo();
        QTRY_COMPARE(saved().prompt, QStringLiteral("cat face"));
        QCOMPARE(saved().seed, std::optional<quint64>(7));
        redo();
        QTRY_COMPARE(saved().prompt, QStringLiteral("red heart"));
        QCOMPARE(saved().seed, std::optional<quint64>(21));
        box.setFocus(); // what is typed behind it stays
        QTest::keyClick(&box, Qt::Key_End, Qt::ControlModifier);
        QTest::keyClicks(&box, QStringLiteral(" at night"));
        undo();
        QTRY_COMPARE(saved().seed, std::optional<quint64>(7));
        QCOMPARE(box.toPlainText(), QStringLiteral("red heart at night"));
        redo();
        QTRY_COMPARE(saved().seed, std::optional<quint64>(21));
        QCOMPARE(box.toPlainText(), QStringLiteral("red heart at night"));
    }

    void keysOfThePageCreateCountOnlyThere()
    {
        QVERIFY2(window().createPage().isAncestorOf(QApplication::focusWidget()),
                 "the keyboard starts elsewhere");
        drawByKey(QStringLiteral("red heart"));
        QTest::keyClick(&window(), Qt::Key_4, Qt::ControlModifier);
        auto* search = named<QLineEdit>(window(), QStringLiteral("Search models"));
        QVERIFY(search);
        search->setFocus();
        QTest::keyClick(search, Qt::Key_R, Qt::ControlModifier);
        QTest::keyClick(search, Qt::Key_L, Qt::ControlModifier);
        QTRY_VERIFY(window().findChild<QFileDialog*>());
        window().findChild<QFileDialog*>()->reject();
        QTRY_VERIFY(!window().findChild<QFileDialog*>());
        window().activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(&window()));
        search->setFocus();
        QTest::keyClick(search, Qt::Key_Return, Qt::ControlModifier); // of the window
        QTRY_VERIFY_WITH_TIMEOUT(m_program->session().isDrawing(), patience);
        QTest::keyClick(search, Qt::Key_Escape);
        QTRY_VERIFY_WITH_TIMEOUT(m_program->session().isIdle(), patience);
        QCOMPARE(m_program->session().pictures().rowCount(), 2);
        QVERIFY(m_program->session().pictures().at(1).picture.complete);
        QVERIFY(!window().findChild<EditPage*>()->isOpen());
        QTest::keyClick(&window(), Qt::Key_1, Qt::ControlModifier);
        QTest::keyClick(&window(), Qt::Key_Return, Qt::ControlModifier);
        QTRY_VERIFY_WITH_TIMEOUT(m_program->session().isDrawing(), patience);
        QTest::keyClick(&window(), Qt::Key_Escape);
        QTRY_VERIFY_WITH_TIMEOUT(m_program->session().isIdle(), patience);
        const PictureList& pictures = m_program->session().pictures();
        QVERIFY(pictures.rowCount() == 2 || !pictures.at(2).picture.complete);
    }
};

int main(int argc, char** argv)
{
    prepare_process();
    QApplication app(argc, argv);
    QApplication::setQuitOnLastWindowClosed(false);
    QCoreApplication::setOrganizationName(QStringLiteral("Reverie tests"));
    QCoreApplication::setApplicationName(QStringLiteral("tst_keys"));
    KeysTest test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_keys.moc"
