// SPDX-License-Identifier: MIT
#include "core/api/library.h"
#include "core/api/picture_file.h"
#include "ui/session/session.h"
#include "ui/widgets/blend_panel.h"
#include "ui/widgets/create_page.h"
#include "ui/widgets/finished_pane.h"
#include "ui/widgets/main_window.h"
#include "ui/widgets/message_page.h"
#include "ui/widgets/parameter_panel.h"
#include "ui/widgets/picture_view.h"
#include "ui/widgets/prompt_box.h"
#include "ui/widgets/theme.h"
#include "ui/widgets/time_line.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QDesktopServices>
#include <QDirIterator>
#include <QDoubleSpinBox>
#include <QDropEvent>
#include <QElapsedTimer>
#include <QFileDialog>
#include <QLineEdit>
#include <QListWidget>
#include <QMenuBar>
#include <QMimeData>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QSlider>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

#include <set>

using namespace reverie;
using namespace reverie::ui;

namespace {

/// Without the stages that are kept beside them.
QStringList picturesBelow(const QString& folder)
{
    QStringList found;
    for (QDirIterator files(folder, { QStringLiteral("*.png") }, QDir::Files, QDirIterator::Subdirectories);
         files.hasNext();)
        if (const QString path = files.next(); !path.contains(QLatin1String(".reverie/")))
            found << path;
    found.sort();
    return found;
}

double difference(const QImage& a, const QImage& b)
{
    double sum = 0;
    for (int y = 0; y < a.height(); ++y)
        for (int x = 0; x < a.width(); ++x)
            sum += std::abs(qRed(a.pixel(x, y)) - qRed(b.pixel(x, y)))
                + std::abs(qGreen(a.pixel(x, y)) - qGreen(b.pixel(x, y)))
                + std::abs(qBlue(a.pixel(x, y)) - qBlue(b.pixel(x, y)));
    return sum / (3.0 * a.width() * a.height());
}

constexpr int patience = 120'000;

} // namespace

/// The Create page and the model that ships, by keys and clicks.
class CreateTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Session> m_session;
    std::unique_ptr<MainWindow> m_window;
    QUrl m_url; ///< that the desktop was asked to open

    [[nodiscard]] QString output() const { return m_folder->filePath(QStringLiteral("out")); }
    [[nodiscard]] ParameterPanel& parameters() const { return m_window->createPage().parameters(); }
    [[nodiscard]] PromptBox& prompt() const { return parameters().promptBox(); }
    [[nodiscard]] PictureView& view() const { return *m_window->findChild<PictureView*>(); }

    template <class Widget>
    Widget* named(const QString& name) const
    {
        for (Widget* widget : m_window->findChildren<Widget*>())
            if (widget->accessibleName() == name)
                return widget;
        return nullptr;
    }

    void type(const QString& text)
    {
        prompt().setFocus();
        QTest::keyClick(&prompt(), Qt::Key_A, Qt::ControlModifier);
        QTest::keyClicks(&prompt(), text);
    }

    void drawByKey() { QTest::keyClick(&prompt(), Qt::Key_Return, Qt::ControlModifier); }

    /// The centre of a candidate, found by where a click makes it current.
    void pickByKey(int index)
    {
        for (int guard = 0; view().current() != index && guard < 200; ++guard)
            QTest::keyClick(&view(), view().current() < index ? Qt::Key_Right : Qt::Key_Left);
        QTest::keyClick(&view(), Qt::Key_Space);
    }

    /// A field of the panel, by what it says it does where two have the same name.
    QDoubleSpinBox* field(const char* name, const char* does = "")
    {
        QDoubleSpinBox* found = nullptr;
        const auto find = [&] {
            for (auto* box : parameters().findChildren<QDoubleSpinBox*>())
                if (box->accessibleName() == QLatin1String(name) && box->isVisible()
                    && box->accessibleDescription().contains(QLatin1String(does)))
                    found = box;
            return found != nullptr;
        };
        if (!QTest::qWaitFor(find))
            qFatal("There is no %s.", name);
        return found;
    }

    static void enter(QWidget* field, const QString& text)
    {
        field->setFocus();
        QTest::keyClick(field, Qt::Key_A, Qt::ControlModifier);
        QTest::keyClicks(field, text);
        QTest::keyClick(field, Qt::Key_Tab);
    }

    /// By the mouse, on the button of that text.
    void press(const QString& text)
    {
        for (auto* button : m_window->findChildren<QPushButton*>())
            if (button->isVisible() && button->text().remove(QLatin1Char('&')) == text) {
                QVERIFY2(button->isEnabled(), qPrintable(text));
                QTest::mouseClick(button, Qt::LeftButton);
                return;
            }
        QFAIL(qPrintable(text));
    }

    /// By the mouse, on the button that a screen reader calls so.
    void click(const char* name, const QString& file = {})
    {
        QString wanted = QString::fromUtf8(name);
        if (!file.isEmpty())
            wanted = wanted.arg(QFileInfo(file).fileName());
        for (auto* button : m_window->findChildren<QToolButton*>())
            if (button->isVisible() && button->accessibleName().startsWith(wanted)) {
                QVERIFY2(button->isEnabled(), name);
                QTest::mouseClick(button, Qt::LeftButton);
                return;
            }
        QFAIL(name);
    }

    /// By the mouse, in the menus of the window.
    void choose(const QString& text)
    {
        QList<QAction*> tops = m_window->menuBar()->actions();
        for (int i = 0; i < tops.size(); ++i)
            for (QAction* top = tops[i]; QAction * action : top->menu()->actions()) {
                if (action->menu())
                    tops << action;
                if (action->text().remove(QLatin1Char('&')) == text) {
                    QVERIFY2(action->isEnabled(), qPrintable(text));
                    top->menu()->popup(m_window->mapToGlobal(QPoint(20, 20)));
                    QTest::mouseClick(top->menu(), Qt::LeftButton, {},
                                      top->menu()->actionGeometry(action).center());
                    m_window->activateWindow(); // as a window manager does
                    QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
                    return;
                }
            }
        QFAIL(qPrintable(text));
    }

    /// The name typed into it, and Enter.
    void answerFileDialog(const QString& path)
    {
        QFileDialog* dialog = nullptr;
        QTRY_VERIFY((dialog = m_window->findChild<QFileDialog*>()) && dialog->isVisible());
        auto* name = dialog->findChild<QLineEdit*>(QStringLiteral("fileNameEdit"));
        name->setText(path); // typed, the dialog would complete it
        QTest::keyClick(name, Qt::Key_Return);
        QTRY_VERIFY(!m_window->findChild<QFileDialog*>());
        m_window->activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
    }

    /// Few steps, for pictures that are quickly there.
    void quickly()
    {
        Settings::Draft few;
        few.request.prior_steps = 8;
        few.request.steps = { 8, 6 };
        parameters().setDraft(few);
    }

    /// Once so many pictures are written and everything is quiet.
    QStringList drawn(int count)
    {
        if (!QTest::qWaitFor([&] { return picturesBelow(output()).size() >= count && m_session->isIdle(); },
                             patience))
            qFatal("There are %d pictures.", int(picturesBelow(output()).size()));
        return picturesBelow(output());
    }

    void chooseBoard(int downs)
    {
        auto* board = named<QComboBox>(QStringLiteral("Draw"));
        QVERIFY(board);
        board->setFocus();
        QTest::keyClick(board, Qt::Key_Home);
        for (int i = 0; i < downs; ++i)
            QTest::keyClick(board, Qt::Key_Down);
    }

private Q_SLOTS:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        QSettings::setDefaultFormat(QSettings::IniFormat);
        QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, m_folder->path());
        QSettings().clear();
        Settings::setModel(QStringLiteral(REVERIE_TEST_DATA "/../../resources/models/emoji.safetensors"));
        m_session = std::make_unique<Session>();
        m_session->setOutputFolder(output());
        m_window = std::make_unique<MainWindow>(*m_session);
        m_window->resize(1280, 800);
        QSignalSpy opened(m_session.get(), &Session::modelOpened);
        m_window->show();
        QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
        QTRY_VERIFY_WITH_TIMEOUT(!opened.isEmpty(), 30'000);
    }

    void cleanup()
    {
        m_window.reset();
        m_session.reset();
    }

    void onlyPicksAreDrawnToTheEnd()
    {
        type(QStringLiteral("red heart"));
        parameters().setSeed(100);
        chooseBoard(2);
        QSignalSpy explored(m_session.get(), &Session::explored);
        QElapsedTimer clock;
        clock.start();
        drawByKey();
        QTRY_VERIFY_WITH_TIMEOUT(!explored.isEmpty(), patience);
        QVERIFY(picturesBelow(output()).isEmpty()); // candidates are not pictures yet
        QCOMPARE(m_session->board().size(), 64);
        for (const int index : { 2, 3, 40, 63 })
            pickByKey(index);
        pickByKey(3); // and no longer
        pickByKey(5);
        QCOMPARE(m_session->board().picks(), (std::set<int>{ 2, 5, 40, 63 }));
        save(QStringLiteral("board"));
        QSignalSpy idle(m_session.get(), &Session::idle);
        QTest::keyClick(m_window.get(), Qt::Key_Return, Qt::ControlModifier | Qt::ShiftModifier);
        QTRY_VERIFY_WITH_TIMEOUT(!idle.isEmpty(), patience);
        const qint64 picking = clock.elapsed();
        const QStringList files = picturesBelow(output());
        QCOMPARE(files.size(), 4);
        std::set<std::uint64_t> seeds;
        for (const QString& file : files) {
            seeds.insert(read_making(file.toStdString()).seed);
            QCOMPARE(QImage(file).size(), QSize(64, 64));
        }
        QCOMPARE(seeds, (std::set<std::uint64_t>{ 102, 105, 140, 163 }));
        for (int row = 0; row < 4; ++row) {
            const Picture& picture = m_session->pictures().at(row).picture;
            QCOMPARE(picture.stages[0].width, 16);
            QVERIFY(!picture.candidates.empty() && !picture.image_embed.empty());
            QVERIFY(!picture.steps[0].empty() && !picture.steps[1].empty());
        }
        save(QStringLiteral("board-finished"));
        auto* list = m_window->findChild<FinishedPane*>()->findChild<QListView*>();
        QTest::mouseClick(list->viewport(), Qt::LeftButton, {},
                          list->visualRect(list->model()->index(1, 0)).center());
        QTest::keyClick(m_window.get(), Qt::Key_B, Qt::ControlModifier); // back, to pick another
        pickByKey(9);
        QVERIFY(m_session->board().picks().contains(9));
        pickByKey(9);

        GenerateRequest all;
        all.prompts = { "red heart" };
        all.seed = 100;
        all.count = 16; // a quarter of them says it
        QSignalSpy ended(m_session.get(), &Session::drawingEnded);
        clock.restart();
        m_session->draw(all, QStringLiteral("cpu"));
        QTRY_VERIFY_WITH_TIMEOUT(!ended.isEmpty(), patience);
        const qint64 everything = 4 * clock.elapsed();
        qInfo("64 candidates and 4 of them to the end: %.1f s; four times 16 to the end: %.1f s (%.2f of it)",
              double(picking) / 1000, double(everything) / 1000, double(picking) / double(everything));
        // Both on whatever else the machine does; the aim is a third.
        QVERIFY(double(picking) < 0.6 * double(everything));
        // The same seed drawn to the end at once in as few steps; the kept stage went through 8 bits.
        GenerateRequest one = all;
        one.seed = 140;
        one.count = 1;
        one.prior_steps = 12;
        one.steps = { 12, 24 };
        ended.clear();
        m_session->draw(one, QStringLiteral("cpu"));
        QTRY_VERIFY_WITH_TIMEOUT(!ended.isEmpty(), patience);
        QCOMPARE(m_session->pictures().at(0).picture.seed, std::uint64_t(140));
        QVERIFY(difference(m_session->pictures().at(0).image,
                           QImage(files.filter(QStringLiteral("-140-")).first()))
                < 4);
    }

    void aClickPicksAndPicksNoLonger()
    {
        quickly();
        type(QStringLiteral("cat face"));
        chooseBoard(1);
        QSignalSpy explored(m_session.get(), &Session::explored);
        drawByKey();
        QTRY_VERIFY_WITH_TIMEOUT(!explored.isEmpty(), patience);
        const QPoint middle = view().rect().center() + QPoint(20, 20);
        QTest::mouseClick(&view(), Qt::LeftButton, {}, middle);
        QCOMPARE(m_session->board().picks().size(), 1U);
        QTest::mouseClick(&view(), Qt::LeftButton, {}, middle);
        QVERIFY(m_session->board().picks().empty());
    }

    void theMixIsDrawnWhileItsSlidersMove()
    {
        auto* phrase = named<QLineEdit>(QStringLiteral("Phrase to mix in"));
        quickly();
        parameters().setSeed(5);
        for (const char* text : { "red heart", "cat face" }) {
            phrase->setFocus();
            QTest::keyClicks(phrase, QString::fromLatin1(text));
            QTest::keyClick(phrase, Qt::Key_Return);
        }
        QSignalSpy idle(m_session.get(), &Session::idle);
        QTRY_VERIFY_WITH_TIMEOUT(!idle.isEmpty() && m_session->pictures().rowCount() > 0, patience);
        QTRY_VERIFY_WITH_TIMEOUT(picturesBelow(output()).size() == m_session->pictures().rowCount(),
                                 patience);
        const int before = m_session->pictures().rowCount();
        auto* weight = named<QDoubleSpinBox>(QStringLiteral("cat face"));
        QVERIFY(weight);
        weight->setFocus();
        QSignalSpy explored(m_session.get(), &Session::explored);
        QElapsedTimer clock;
        clock.start();
        for (int i = 0; i < 8; ++i)
            QTest::keyClick(weight, Qt::Key_Down);
        QTRY_VERIFY_WITH_TIMEOUT(!explored.isEmpty(), patience);
        qInfo("From the slider to its picture of the first stage: %lld ms", clock.elapsed());
        QTRY_COMPARE_WITH_TIMEOUT(m_session->pictures().rowCount(), before + 1, patience);
        QVERIFY(explored.size() <= 2); // what was asked for while the first was drawn gave way to the last
        QTRY_COMPARE_WITH_TIMEOUT(picturesBelow(output()).size(), before + 1, patience);
        const auto making = m_session->pictures().at(0).making();
        QCOMPARE(making.kind, std::string("blend"));
        QCOMPARE(making.seed, std::uint64_t(5));
        QVERIFY(std::abs(making.recipe.blend.at(1).weight - 0.6) < 1e-6);
        save(QStringLiteral("mix"));
    }

    void aPictureThatIsDroppedBringsItsMixBack()
    {
        quickly();
        parameters().blendPanel().addPhrase(QStringLiteral("red heart"));
        QTRY_VERIFY_WITH_TIMEOUT(!picturesBelow(output()).isEmpty(), patience);
        const QString first = picturesBelow(output()).first();
        click("Mix a picture in");
        answerFileDialog(first);
        QTRY_VERIFY_WITH_TIMEOUT(picturesBelow(output()).size() == 2, patience);
        const QString mixed = picturesBelow(output()).last();
        Settings::Draft empty;
        parameters().setDraft(empty);
        QVERIFY(parameters().blendPanel().isEmpty());
        QMimeData data;
        data.setUrls({ QUrl::fromLocalFile(mixed) });
        QDragEnterEvent enter(QPoint(600, 400), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(m_window.get(), &enter);
        QDropEvent drop(QPointF(600, 400), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(m_window.get(), &drop);
        QTRY_VERIFY_WITH_TIMEOUT(!parameters().blendPanel().isEmpty(), patience);
        const Recipe recipe = parameters().blendPanel().recipe();
        QCOMPARE(recipe.blend.size(), 2U);
        QCOMPARE(recipe.blend[0].text, std::string("red heart"));
        QVERIFY(recipe.blend[1].picture && !recipe.blend[1].picture->image.empty());
    }

    void theTimeLineGoesBackIntoTheNoise()
    {
        type(QStringLiteral("rainbow"));
        drawByKey();
        QTRY_COMPARE_WITH_TIMEOUT(m_session->pictures().rowCount(), 1, patience);
        auto* slider = named<QSlider>(QStringLiteral("Step of the picture"));
        QTRY_VERIFY(slider->isVisible());
        auto* line = m_window->findChild<TimeLine*>();
        QCOMPARE(int(line->frames().size()), 56); // 32 and 24 steps
        const QImage end = line->current();
        slider->setFocus();
        QTest::keyClick(slider, Qt::Key_Home);
        QVERIFY(!line->atEnd());
        QCOMPARE(line->current().size(), QSize(16, 16));
        const QImage early = view().grab().toImage();
        QTest::keyClick(slider, Qt::Key_End);
        QVERIFY(difference(early, view().grab().toImage()) > 1);
        QCOMPARE(line->current(), end);
        save(QStringLiteral("time-line"));
        auto* play = named<QToolButton>(QStringLiteral("Play the steps"));
        QTest::mouseClick(play, Qt::LeftButton);
        QVERIFY(!line->atEnd());
        QTRY_VERIFY_WITH_TIMEOUT(line->atEnd(), 20'000);
    }

    void earlierPromptsComeBack()
    {
        m_session->stop();
        for (const char* text : { "red heart", "cat face" }) {
            type(QString::fromLatin1(text));
            QSignalSpy ended(m_session.get(), &Session::drawingEnded);
            drawByKey();
            m_session->stop();
            QTRY_VERIFY_WITH_TIMEOUT(!ended.isEmpty(), patience);
        }
        type(QStringLiteral("half a"));
        QTest::keyClick(&prompt(), Qt::Key_Up, Qt::AltModifier);
        QCOMPARE(prompt().toPlainText(), QStringLiteral("cat face"));
        QTest::keyClick(&prompt(), Qt::Key_Up, Qt::AltModifier);
        QCOMPARE(prompt().toPlainText(), QStringLiteral("red heart"));
        QTest::keyClick(&prompt(), Qt::Key_Down, Qt::AltModifier);
        QTest::keyClick(&prompt(), Qt::Key_Down, Qt::AltModifier);
        QCOMPARE(prompt().toPlainText(), QStringLiteral("half a"));
        QTest::keyClick(m_window.get(), Qt::Key_H, Qt::ControlModifier);
        QLineEdit* search = nullptr;
        QTRY_VERIFY((search = named<QLineEdit>(QStringLiteral("Search earlier prompts"))));
        QTest::keyClicks(search, QStringLiteral("HEART"));
        QTest::keyClick(search, Qt::Key_Return);
        QCOMPARE(prompt().toPlainText(), QStringLiteral("red heart"));
    }

    void theNegativePromptTravelsWithThePicture()
    {
        quickly();
        type(QStringLiteral("cat face"));
        auto* negative = named<QLineEdit>(QStringLiteral("Negative prompt"));
        QTest::keyClicks(negative, QStringLiteral("red heart"));
        named<QDoubleSpinBox>(QStringLiteral("Decoder"))->setValue(1.5);
        drawByKey();
        QTRY_VERIFY_WITH_TIMEOUT(!picturesBelow(output()).isEmpty(), patience);
        const auto making = read_making(picturesBelow(output()).first().toStdString());
        QCOMPARE(making.recipe.negative, std::string("red heart"));
        QCOMPARE(making.settings.cond_scale, 1.5);
    }

    void aPresetChangesAllSteps()
    {
        auto* preset = named<QComboBox>(QStringLiteral("Preset"));
        preset->setFocus();
        QTest::keyClick(preset, Qt::Key_Down);
        QCOMPARE(parameters().draft().request.steps, (std::vector<int>{ 16, 12 }));
        QCOMPARE(parameters().draft().request.prior_steps, std::optional(16));
        named<QDoubleSpinBox>(QStringLiteral("16 pixels"))->setValue(7);
        QCOMPARE(preset->currentText(), QStringLiteral("Custom"));
    }

    void everyFieldReachesThePicture()
    {
        type(QStringLiteral("red heart"));
        enter(field("Pictures"), QStringLiteral("2"));
        enter(named<QLineEdit>(QStringLiteral("Seed")), QStringLiteral("42"));
        enter(field("Prior", "follows the prompt"), QStringLiteral("1.5"));
        enter(field("Decoder"), QStringLiteral("2.5"));
        enter(field("Prior", "Denoising"), QStringLiteral("5"));
        enter(field("16 pixels"), QStringLiteral("6"));
        enter(field("64 pixels"), QStringLiteral("4"));
        enter(field("Candidates"), QStringLiteral("3"));
        enter(field("Eta"), QStringLiteral("0.5"));
        auto* device = named<QComboBox>(QStringLiteral("Device"));
        device->setFocus();
        QTest::keyClick(device, Qt::Key_Down);
        press(QStringLiteral("Draw"));
        auto files = drawn(2);
        std::set<std::uint64_t> seeds;
        for (const QString& file : files) {
            const auto making = read_making(file.toStdString());
            seeds.insert(making.seed);
            QCOMPARE(making.settings.prior_cond_scale, 1.5);
            QCOMPARE(making.settings.cond_scale, 2.5);
            QCOMPARE(making.settings.prior_steps, 5);
            QCOMPARE(making.settings.steps, (std::vector<int>{ 6, 4 }));
            QCOMPARE(making.settings.candidates, 3);
            QCOMPARE(making.settings.eta, 0.5);
            QCOMPARE(making.settings.device, std::string("cpu"));
        }
        QCOMPARE(seeds, (std::set<std::uint64_t>{ 42, 43 }));
        QCOMPARE(m_session->pictures().at(0).picture.candidates.size(), 3U);
        m_window->close(); // writes what a program started now would find
        QCOMPARE(Settings::draft().device, QStringLiteral("cpu"));
        m_window->show();

        auto* sampler = named<QComboBox>(QStringLiteral("Sampler"));
        sampler->setFocus();
        QTest::keyClick(sampler, Qt::Key_End);
        enter(field("Pictures"), QStringLiteral("1"));
        click("New seed for every drawing");
        press(QStringLiteral("Draw"));
        files = drawn(3);
        const auto another = m_session->pictures().at(0).making();
        QCOMPARE(another.settings.sampler, Sampler::Dpmpp);
        QVERIFY(another.seed != 42);
        click("Use the last seed again");
        press(QStringLiteral("Draw"));
        files = drawn(4);
        QCOMPARE(m_session->pictures().at(0).picture.seed, another.seed);
        QCOMPARE(QImage(m_session->pictures().at(0).path), QImage(m_session->pictures().at(1).path));

        auto* slider = field("Decoder")->parentWidget()->findChild<QSlider*>();
        QTest::mouseClick(slider, Qt::LeftButton, {}, QPoint(slider->width() - 3, slider->height() / 2));
        QVERIFY(parameters().draft().request.cond_scale > 3.);
        press(QStringLiteral("Reset to the model's defaults"));
        m_window->close();
        QCOMPARE(Settings::draft().request.steps, std::vector<int>());
        QVERIFY(!Settings::draft().request.cond_scale);
        QCOMPARE(Settings::draft().prompt, QStringLiteral("red heart"));
        m_window->show();
    }

    void everyActionOfAPictureDoesWhatItSays()
    {
        quickly();
        type(QStringLiteral("red heart"));
        enter(named<QLineEdit>(QStringLiteral("Seed")), QStringLiteral("42"));
        drawByKey();
        const QString path = drawn(1).first();
        type(QStringLiteral("x"));
        enter(named<QLineEdit>(QStringLiteral("Seed")), QStringLiteral("7"));
        choose(QStringLiteral("Use Its Prompt"));
        QCOMPARE(prompt().toPlainText(), QStringLiteral("red heart"));
        QCOMPARE(parameters().draft().seed, std::optional<quint64>(7));
        choose(QStringLiteral("Use Its Seed"));
        QCOMPARE(parameters().draft().seed, std::optional<quint64>(42));
        enter(field("64 pixels"), QStringLiteral("9"));
        click("Use All Its Settings");
        drawByKey();
        drawn(2);
        QCOMPARE(QImage(m_session->pictures().at(0).path), QImage(path));

        QApplication::clipboard()->clear();
        click("Copy Picture");
        const QMimeData* copied = QApplication::clipboard()->mimeData();
        QCOMPARE(copied->urls().value(0).toLocalFile(), m_session->pictures().at(0).path);
        QVERIFY(!qvariant_cast<QImage>(copied->imageData()).isNull());
        QDesktopServices::setUrlHandler(QStringLiteral("file"), this, "noteUrl");
        click("Show in Folder");
        QCOMPARE(m_url.toLocalFile(), QFileInfo(path).absolutePath());
        choose(QStringLiteral("Open Output Folder"));
        QCOMPARE(m_url.toLocalFile(), output());
        QDesktopServices::unsetUrlHandler(QStringLiteral("file"));

        click("Mix This Picture In");
        QTRY_COMPARE_WITH_TIMEOUT(parameters().blendPanel().recipe().blend.size(), 1U, patience);
        drawn(3); // and is drawn, since it is a mix
        QCOMPARE(m_session->pictures().at(0).making().kind, std::string("variation"));
        click("Take “%1” out of the mix", m_session->pictures().at(1).path);
        QVERIFY(parameters().blendPanel().isEmpty());
        press(QStringLiteral("Reset to the model's defaults"));
        type(QStringLiteral("cat face"));
        enter(field("64 pixels"), QStringLiteral("900")); // so that it can be stopped
        drawByKey();
        QTRY_VERIFY_WITH_TIMEOUT(m_session->isDrawing() && m_session->drawing().stage() == 2, patience);
        auto* list = m_window->findChild<FinishedPane*>()->findChild<QListView*>();
        QTest::mouseClick(list->viewport(), Qt::LeftButton, {},
                          list->visualRect(list->model()->index(0, 0)).center());
        const QImage heart = view().grab().toImage();
        press(QStringLiteral("Show the drawing"));
        QVERIFY(difference(heart, view().grab().toImage()) > 1);
        press(QStringLiteral("Stop"));
        drawn(4);
        QVERIFY(!read_making(m_session->pictures().at(0).path.toStdString()).complete);

        const QString elsewhere = m_folder->filePath(QStringLiteral("elsewhere"));
        QVERIFY(QDir().mkpath(elsewhere));
        choose(QStringLiteral("Choose Output Folder…"));
        answerFileDialog(elsewhere);
        QTRY_COMPARE(Settings::outputFolder(), elsewhere);
        quickly();
        type(QStringLiteral("red heart"));
        drawByKey();
        QTRY_COMPARE_WITH_TIMEOUT(picturesBelow(elsewhere).size(), 1, patience);
        choose(QStringLiteral("Dark"));
        QVERIFY(Settings::appearance() == Appearance::Dark);
        QVERIFY(qGray(m_window->grab().toImage().pixel(8, m_window->height() - 8)) < 80);
        choose(QStringLiteral("Light"));
        QVERIFY(qGray(m_window->grab().toImage().pixel(8, m_window->height() - 8)) > 200);
    }

    void aModelThatIsNotThereIsTriedAgainOrReplaced()
    {
        const QString late = m_folder->filePath(QStringLiteral("late.safetensors"));
        const QString shipped = Settings::model();
        m_window->openFile(late);
        QSignalSpy opened(m_session.get(), &Session::modelOpened);
        QTRY_VERIFY(m_window->findChild<MessagePage*>()->isVisible());
        QVERIFY(QFile::copy(shipped, late));
        press(QStringLiteral("Try again"));
        QTRY_VERIFY_WITH_TIMEOUT(!opened.isEmpty(), patience);
        QCOMPARE(m_session->model()->path, std::filesystem::path(late.toStdString()));
        QCOMPARE(Settings::model(), late);
        opened.clear();
        m_window->openFile(m_folder->filePath(QStringLiteral("never.safetensors")));
        QTRY_VERIFY(m_window->findChild<MessagePage*>()->isVisible());
        press(QStringLiteral("Use the model that came along"));
        QTRY_VERIFY_WITH_TIMEOUT(!opened.isEmpty(), patience);
        QVERIFY(Settings::model().isEmpty());
        QTRY_VERIFY(!m_window->findChild<MessagePage*>()->isVisible());
    }

    void theDifferenceOfTwoPhrasesTurnsThePicture()
    {
        quickly();
        type(QStringLiteral("red heart"));
        parameters().setSeed(5);
        drawByKey();
        const QImage before(drawn(1).first());
        enter(named<QLineEdit>(QStringLiteral("Phrase to go away from")), QStringLiteral("red heart"));
        enter(named<QLineEdit>(QStringLiteral("Phrase to go towards")), QStringLiteral("blue heart"));
        enter(field("Strength"), QStringLiteral("0.5"));
        drawByKey();
        drawn(2);
        const auto& turned = m_session->pictures().at(0);
        const auto diff = read_making(turned.path.toStdString()).recipe.text_diff;
        QVERIFY(diff);
        QCOMPARE(diff->from + " to " + diff->to, std::string("red heart to blue heart"));
        QCOMPARE(diff->strength, 0.5);
        QVERIFY(difference(before, QImage(turned.path)) > 5);
    }

    void theEmptyPageOffersWhatTheModelKnows()
    {
        quickly();
        const auto offered = [this] {
            QStringList captions;
            for (auto* chip : m_window->findChildren<QPushButton*>())
                if (chip->property("chip").toBool() && chip->isVisible())
                    captions << chip->text();
            return captions;
        };
        QTRY_COMPARE(offered().size(), 12);
        const QStringList first = offered();
        press(QStringLiteral("Other ideas"));
        QTRY_VERIFY(offered().size() == 12 && offered() != first);
        const QString caption = offered().first();
        press(caption);
        QCOMPARE(read_making(drawn(1).first().toStdString()).prompt, caption.toStdString());
    }

    void everyControlHasANameAndAPlaceInTheTabOrder()
    {
        parameters().blendPanel().addPhrase(QStringLiteral("red heart"));
        QTRY_VERIFY(parameters().blendPanel().controls().front()->isVisible());
        std::set<QWidget*> reached;
        prompt().setFocus();
        for (int i = 0; i < 200; ++i) {
            QWidget* focus = QApplication::focusWidget();
            if (!focus || !reached.insert(focus).second)
                break;
            QVERIFY2(!focus->accessibleName().isEmpty() || qobject_cast<QAbstractButton*>(focus),
                     focus->metaObject()->className());
            QTest::keyClick(focus, Qt::Key_Tab);
        }
        for (QWidget* control : parameters().blendPanel().controls()) {
            QWidget* focus = control->focusProxy() ? control->focusProxy() : control;
            QVERIFY2(reached.contains(focus) || !focus->isEnabled(), qPrintable(focus->accessibleName()));
        }
    }

public Q_SLOTS:
    void noteUrl(const QUrl& url) { m_url = url; }

private:
    /// A picture of the window, if REVERIE_SCREENSHOTS names a folder for them.
    void save(const QString& name) const
    {
        const QString folder = qEnvironmentVariable("REVERIE_SCREENSHOTS");
        if (folder.isEmpty())
            return;
        for (const auto appearance : { Appearance::Light, Appearance::Dark }) {
            Theme::instance().apply(appearance);
            QApplication::processEvents();
            m_window->grab().save(folder + QLatin1Char('/') + name
                                  + (appearance == Appearance::Dark ? QStringLiteral("-dark.png")
                                                                    : QStringLiteral("-light.png")));
        }
    }
};

int main(int argc, char** argv)
{
    reverie::prepare_process();
    QApplication app(argc, argv);
    QApplication::setApplicationName(QStringLiteral("Reverie"));
    QApplication::setOrganizationName(QStringLiteral("Reverie"));
    Theme::instance().apply(Appearance::Light);
    CreateTest test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_create.moc"
