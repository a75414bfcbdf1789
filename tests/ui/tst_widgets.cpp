// SPDX-License-Identifier: MIT
#include "tests/ui/fake_engine.h"
#include "ui/session/session.h"
#include "ui/session/settings.h"
#include "ui/widgets/create_page.h"
#include "ui/widgets/finished_pane.h"
#include "ui/widgets/main_window.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/message_page.h"
#include "ui/widgets/number_field.h"
#include "ui/widgets/parameter_panel.h"
#include "ui/widgets/picture_view.h"
#include "ui/widgets/progress_line.h"
#include "ui/widgets/prompt_box.h"
#include "ui/widgets/theme.h"

#include <QAbstractButton>
#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QDropEvent>
#include <QMessageBox>
#include <QMimeData>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

using namespace reverie;
using namespace reverie::ui;

class WidgetsTest : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;
    std::shared_ptr<FakeBehaviour> m_behaviour;
    std::unique_ptr<Session> m_session;
    std::unique_ptr<MainWindow> m_window;

    ParameterPanel& parameters() const { return m_window->createPage().parameters(); }
    PromptBox& prompt() const { return parameters().promptBox(); }

    void open()
    {
        m_session = std::make_unique<Session>(fakeEngine(m_behaviour));
        m_session->setOutputFolder(m_folder.filePath(QStringLiteral("out")));
        m_window = std::make_unique<MainWindow>(*m_session);
        QSignalSpy opened(m_session.get(), &Session::modelOpened);
        m_window->show();
        QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
        QTRY_COMPARE(opened.size(), 1);
    }

    void shut()
    {
        m_window.reset();
        m_session.reset();
    }

    void type(const char* text)
    {
        prompt().setFocus();
        prompt().selectAll();
        QTest::keyClicks(&prompt(), QLatin1String(text));
    }

    void startDrawing(const char* text)
    {
        type(text);
        QTest::keyClick(&prompt(), Qt::Key_Return, Qt::ControlModifier);
        QTRY_VERIFY(m_session->isDrawing());
    }

    /// Presses the button of that role in the box that asks.
    void answer(QMessageBox::ButtonRole role)
    {
        QMessageBox* box = nullptr;
        QTRY_VERIFY((box = m_window->findChild<QMessageBox*>()));
        for (QAbstractButton* button : box->buttons())
            if (box->buttonRole(button) == role) {
                button->click();
                return;
            }
        QFAIL("no such button");
    }

private Q_SLOTS:
    static void initMain()
    {
        QCoreApplication::setOrganizationName(QStringLiteral("Reverie tests"));
        QCoreApplication::setApplicationName(QStringLiteral("tst_widgets"));
    }

    void initTestCase()
    {
        QSettings::setDefaultFormat(QSettings::IniFormat);
        QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, m_folder.path());
        Theme::instance().apply(Appearance::Light);
    }

    void init()
    {
        QSettings().clear();
        m_behaviour = std::make_shared<FakeBehaviour>();
        open();
    }

    void cleanup() { shut(); }

    void controlEnterDrawsThePrompt()
    {
        startDrawing("rocket");
        QTRY_COMPARE(m_session->pictures().rowCount(), 1);
        QCOMPARE(m_session->pictures().at(0).picture.prompt, std::string("rocket"));
        QCOMPARE(m_behaviour->drawings, 1);
    }

    void anEmptyPromptIsAnsweredWithANote()
    {
        type("   ");
        QTest::keyClick(&prompt(), Qt::Key_Return, Qt::ControlModifier);
        QVERIFY(!m_window->findChild<MessageBar*>()->text().isEmpty());
        QCOMPARE(m_behaviour->drawings, 0);
    }

    void escapeStopsAndKeepsWhatIsThere()
    {
        m_behaviour->steps = 5000;
        startDrawing("rocket");
        QTRY_VERIFY(!m_session->drawing().picture(0).newest().isNull());
        QTest::keyClick(&prompt(), Qt::Key_Escape);
        QTRY_VERIFY(!m_session->isDrawing());
        QCOMPARE(m_session->pictures().rowCount(), 1);
        QVERIFY(!m_session->pictures().at(0).picture.complete);
    }

    void promptAndSettingsComeBackAfterARestart()
    {
        auto draft = parameters().draft();
        draft.prompt = QStringLiteral("two\nlines, “quoted” – 猫");
        draft.seed = 1234567890123ULL;
        draft.request.count = 3;
        draft.request.cond_scale = 2.5;
        draft.request.prior_steps = 7;
        draft.request.steps = { 11, 13 };
        draft.request.sampler = Sampler::Ddpm;
        draft.device = QStringLiteral("cpu");
        parameters().setDraft(draft);
        m_window->resize(1111, 777);
        m_window->close();
        shut();
        open();
        const auto back = parameters().draft();
        QCOMPARE(back.prompt, draft.prompt);
        QCOMPARE(back.seed, draft.seed);
        QCOMPARE(back.request.count, 3);
        QCOMPARE(back.request.cond_scale, draft.request.cond_scale);
        QVERIFY(!back.request.prior_cond_scale);
        QCOMPARE(back.request.prior_steps, draft.request.prior_steps);
        QCOMPARE(back.request.steps, draft.request.steps);
        QVERIFY(back.request.sampler == Sampler::Ddpm);
        QCOMPARE(back.device, draft.device);
        QCOMPARE(m_window->size(), QSize(1111, 777));
    }

    void whatIsTypedIsSavedWithoutClosing()
    {
        type("octopus");
        QTRY_COMPARE_WITH_TIMEOUT(Settings::draft().prompt, QStringLiteral("octopus"), 3000);
    }

    void resettingGivesTheModelsDefaultsAndKeepsThePrompt()
    {
        auto draft = parameters().draft();
        draft.prompt = QStringLiteral("owl");
        draft.request.cond_scale = 4;
        draft.request.steps = { 1, 2 };
        parameters().setDraft(draft);
        parameters().resetToDefaults();
        QVERIFY(!parameters().draft().request.cond_scale);
        QVERIFY(parameters().draft().request.steps.empty());
        QCOMPARE(parameters().draft().prompt, QStringLiteral("owl"));
    }

    void everyFocusableControlHasANameAndIsReachedByTab()
    {
        startDrawing("rocket");
        QTRY_VERIFY(!m_session->isDrawing());
        QSet<QWidget*> reached;
        prompt().setFocus();
        for (int i = 0; i < 200; ++i) {
            reached.insert(QApplication::focusWidget());
            QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
            if (QApplication::focusWidget() == &prompt())
                break;
        }
        QCOMPARE(QApplication::focusWidget(), &prompt());
        int controls = 0;
        for (QWidget* widget : m_window->findChildren<QWidget*>()) {
            const bool inside = widget->focusProxy() || widget->objectName().startsWith(QLatin1String("qt_"));
            if (widget->focusPolicy() == Qt::NoFocus || !widget->isVisible() || !widget->isEnabled()
                || inside)
                continue;
            ++controls;
            const auto* button = qobject_cast<QAbstractButton*>(widget);
            const QString name
                = widget->accessibleName().isEmpty() && button ? button->text() : widget->accessibleName();
            QVERIFY2(!name.isEmpty(), widget->metaObject()->className());
            QVERIFY2(reached.contains(widget), qPrintable(name));
        }
        QVERIFY(controls >= 18);
    }

    void quittingWhileDrawingAsksAndMayBeRefused()
    {
        m_behaviour->steps = 5000;
        startDrawing("rocket");
        QVERIFY(!m_window->close());
        answer(QMessageBox::RejectRole);
        QTest::qWait(50);
        QVERIFY(m_window->isVisible());
        QVERIFY(m_session->isDrawing());
    }

    void quittingWhileDrawingKeepsTheUnfinishedPicture()
    {
        m_behaviour->steps = 5000;
        startDrawing("rocket");
        QTRY_VERIFY(!m_session->drawing().picture(0).newest().isNull());
        QVERIFY(!m_window->close());
        answer(QMessageBox::AcceptRole);
        QTRY_VERIFY(!m_window->isVisible());
        QVERIFY(QFileInfo::exists(m_session->pictures().at(0).path));
    }

    void aFailedSaveOffersAnotherFolderAndQuittingAsks()
    {
        m_session->setOutputFolder(QStringLiteral("/dev/null/nowhere"));
        startDrawing("rocket");
        auto* bar = m_window->findChild<MessageBar*>();
        QTRY_VERIFY(bar->isVisible());
        QCOMPARE(bar->findChildren<QPushButton*>().size(), 2);
        QTRY_VERIFY(m_session->isIdle());
        QVERIFY(!m_window->close());
        QVERIFY(m_window->findChild<QMessageBox*>());
        answer(QMessageBox::DestructiveRole);
        QTRY_VERIFY(!m_window->isVisible());
    }

    void typingOffersCaptionsAndEnterTakesTheChosenOne()
    {
        type("pizz");
        QTRY_VERIFY(prompt().isCompleting());
        QWidget* popup = QApplication::activePopupWidget();
        QVERIFY(popup);
        QTest::keyClick(popup, Qt::Key_Down);
        QTest::keyClick(popup, Qt::Key_Return);
        QCOMPARE(prompt().toPlainText(), QStringLiteral("slice of pizza"));
        QVERIFY(!prompt().isCompleting());
    }

    void clickingACaptionDrawsIt()
    {
        const auto findChip = [this]() -> QAbstractButton* {
            for (auto* button : m_window->findChildren<QAbstractButton*>())
                if (button->property("chip").toBool() && button->isVisible())
                    return button;
            return nullptr;
        };
        QTRY_VERIFY(findChip());
        QAbstractButton* chip = findChip();
        const QString caption = chip->text();
        chip->click();
        QTRY_COMPARE(m_session->pictures().rowCount(), 1);
        QCOMPARE(QString::fromStdString(m_session->pictures().at(0).picture.prompt), caption);
    }

    void aPictureIsCopiedWithItsFile()
    {
        startDrawing("rocket");
        QTRY_VERIFY(m_session->isIdle() && m_session->pictures().rowCount() == 1);
        m_window->createPage().actions().copy->trigger();
        const QMimeData* data = QApplication::clipboard()->mimeData();
        QVERIFY(data->hasImage());
        QCOMPARE(data->urls(), QList<QUrl>({ QUrl::fromLocalFile(m_session->pictures().at(0).path) }));
    }

    void droppingAPictureRestoresWhatMadeIt()
    {
        auto draft = parameters().draft();
        draft.prompt = QStringLiteral("octopus");
        draft.seed = 99;
        parameters().setDraft(draft);
        m_window->createPage().actions().draw->trigger();
        QTRY_VERIFY(m_session->isIdle() && m_session->pictures().rowCount() == 1);
        parameters().setDraft({});
        QMimeData data;
        data.setUrls({ QUrl::fromLocalFile(m_session->pictures().at(0).path) });
        QDragEnterEvent enter(QPoint(5, 5), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(m_window.get(), &enter);
        QVERIFY(enter.isAccepted());
        QDropEvent drop(QPointF(5, 5), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(m_window.get(), &drop);
        QTRY_COMPARE(parameters().draft().prompt, QStringLiteral("octopus"));
        QCOMPARE(parameters().draft().seed, std::optional<quint64>(99));
    }

    void aHugePromptDoesNotMoveTheLayout()
    {
        const QSize before = parameters().size();
        parameters().setPrompt(QString(10000, QLatin1Char('x')) + QStringLiteral(" 猫").repeated(2000));
        m_window->createPage().actions().draw->trigger();
        QTRY_VERIFY(!m_session->isDrawing());
        QCOMPARE(parameters().size(), before);
        QVERIFY(m_window->width() < 1300);
    }

    void severalPicturesShareTheViewAndArrowsMoveBetweenThem()
    {
        auto draft = parameters().draft();
        draft.prompt = QStringLiteral("owl");
        draft.request.count = 4;
        parameters().setDraft(draft);
        m_window->createPage().actions().draw->trigger();
        QTRY_COMPARE(m_session->pictures().rowCount(), 4);
        QTRY_VERIFY(!m_session->isDrawing());
        auto* view = m_window->findChild<PictureView*>();
        view->setFocus();
        QTest::keyClick(view, Qt::Key_Left);
        QCOMPARE(view->current(), 2);
        QTest::keyClick(view, Qt::Key_Return);
        QTRY_COMPARE(m_window->findChild<FinishedPane*>()->currentRow(), 1);
    }

    void aModelThatIsMissingShowsAPageThatSaysWhatToDo()
    {
        m_window->openFile(QStringLiteral("/nowhere/model.safetensors"));
        auto* page = m_window->findChild<MessagePage*>();
        QTRY_VERIFY(page->isVisible());
        QVERIFY(page->accessibleDescription().contains(QStringLiteral("choose another file")));
        QVERIFY(!m_window->createPage().actions().draw->isEnabled());
    }

    void remainingTimeIsRoundedAsCoarselyAsItIsGood()
    {
        QCOMPARE(timeLeftText(0.2), QStringLiteral("1 s left"));
        QCOMPARE(timeLeftText(31), QStringLiteral("about 35 s left"));
        QCOMPARE(timeLeftText(100), QStringLiteral("about 2 min left"));
    }
};

QTEST_MAIN(WidgetsTest)
#include "tst_widgets.moc"
