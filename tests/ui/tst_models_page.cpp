// SPDX-License-Identifier: MIT
#include "core/api/library.h"
#include "core/base/file.h"
#include "ui/session/model_store.h"
#include "ui/session/path.h"
#include "ui/session/session.h"
#include "ui/session/settings.h"
#include "ui/widgets/assembly_panel.h"
#include "ui/widgets/main_window.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/model_details.h"
#include "ui/widgets/models_list.h"
#include "ui/widgets/models_page.h"
#include "ui/widgets/theme.h"

#include <QAbstractButton>
#include <QAction>
#include <QApplication>
#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QCryptographicHash>
#include <QDesktopServices>
#include <QDir>
#include <QDropEvent>
#include <QElapsedTimer>
#include <QInputDialog>
#include <QLabel>
#include <QLineEdit>
#include <QMimeData>
#include <QProgressBar>
#include <QPushButton>
#include <QRegularExpression>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <unistd.h>

using namespace reverie;
using namespace reverie::ui;

namespace {

QString weights(const char* name)
{
    return QStringLiteral(REVERIE_TEST_DATA "/weights/") + QLatin1String(name);
}

QString bundledModel()
{
    return QStringLiteral(REVERIE_TEST_DATA "/../../resources/models/emoji.safetensors");
}

QByteArray sha256(const QString& path)
{
    QFile file(path);
    QCryptographicHash hash(QCryptographicHash::Sha256);
    return file.open(QFile::ReadOnly) && hash.addData(&file) ? hash.result().toHex() : QByteArray();
}

} // namespace

class ModelsPageTest : public QObject
{
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_home;
    std::unique_ptr<Session> m_session;
    std::unique_ptr<ModelStore> m_store;
    std::unique_ptr<MainWindow> m_window;
    QUrl m_shown;

    ModelsPage& page() const { return *m_window->modelsPage(); }
    ModelsList& list() const { return page().list(); }
    QString folder() const { return ModelStore::folder(); }
    QString installed(const QString& name) const
    {
        return folder() + QLatin1Char('/') + name + QStringLiteral(".safetensors");
    }

    template <class Widget>
    Widget& find(const char* name) const
    {
        auto* found = page().findChild<Widget*>(QLatin1String(name));
        if (!found)
            qFatal("there is no %s", name);
        return *found;
    }
    QString said(const char* name) const
    {
        const auto& label = find<QLabel>(name);
        return label.isVisible() ? label.text().remove(QChar(0x200b)) : QString();
    }
    void click(const char* button) const
    {
        auto& found = find<QPushButton>(button);
        QVERIFY2(found.isVisible() && found.isEnabled(), button);
        QTest::mouseClick(&found, Qt::LeftButton);
    }
    QStringList filesInFolder() const
    {
        return QDir(folder()).entryList(QDir::Files | QDir::Hidden | QDir::NoDotAndDotDot);
    }

    /// As the system brings a drag: it enters, then it is let go, unless nobody takes it.
    static bool drop(QWidget& on, const QStringList& paths)
    {
        QMimeData data;
        QList<QUrl> urls;
        for (const QString& path : paths)
            urls << QUrl::fromLocalFile(path);
        data.setUrls(urls);
        const QPoint at = on.rect().center();
        QDragEnterEvent enter(at, Qt::CopyAction, &data, Qt::LeftButton, {});
        QApplication::sendEvent(&on, &enter);
        if (!enter.isAccepted())
            return false;
        QDropEvent drop(QPointF(at), Qt::CopyAction, &data, Qt::LeftButton, {});
        QApplication::sendEvent(&on, &drop);
        return true;
    }

    void open()
    {
        m_session = std::make_unique<Session>();
        m_store = std::make_unique<ModelStore>();
        m_window = std::make_unique<MainWindow>(*m_session);
        m_window->addModels(*m_store);
        QSignalSpy ready(m_session.get(), &Session::modelReady);
        m_window->resize(1280, 800);
        m_window->show();
        QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
        QTRY_COMPARE_WITH_TIMEOUT(ready.size(), 1, 30000);
        QTest::keyClick(m_window.get(), Qt::Key_4, Qt::ControlModifier);
        QTRY_VERIFY(page().isVisible() && m_store->wasScanned());
    }

    void shut()
    {
        m_window.reset();
        m_store.reset();
        m_session.reset();
    }

    void clickModel(const QString& path)
    {
        for (int i = 0; i < list().count(); ++i)
            if (m_store->models()[i].path == path) {
                list().scrollToItem(list().item(i));
                QTest::mouseClick(list().viewport(), Qt::LeftButton, {},
                                  list().visualItemRect(list().item(i)).center());
            }
        QVERIFY(list().current());
        QCOMPARE(list().current()->path, path);
    }

    /// Files of the reference, which make one whole pipeline.
    QStringList parts() const
    {
        return { weights("reference/prior.pth"), weights("reference/decoder.pth"),
                 weights("reference/x_clip.pt"), weights("vocabulary/merges.txt") };
    }

public Q_SLOTS:
    void noteShown(const QUrl& url) { m_shown = url; }

private Q_SLOTS:
    void initTestCase()
    {
        QSettings::setDefaultFormat(QSettings::IniFormat);
        QDesktopServices::setUrlHandler(QStringLiteral("file"), this, "noteShown");
        Theme::instance().apply(Appearance::Light);
    }

    void init()
    {
        m_home = std::make_unique<QTemporaryDir>();
        QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, m_home->path());
        QSettings().clear();
        qputenv("XDG_DATA_HOME", m_home->filePath(QStringLiteral("data")).toUtf8());
        QDir().mkpath(folder());
        QVERIFY(QFile::copy(bundledModel(), installed(QStringLiteral("mine"))));
        open();
    }

    void cleanup() { shut(); }

    void everyInstalledModelIsListedWithWhatItIs()
    {
        QVERIFY(list().count() >= 2); // and the one that ships
        clickModel(installed(QStringLiteral("mine")));
        const QString facts = page().details().text();
        for (const char* fact :
             { "mine.safetensors", "CLIP: ", "Prior: ", "Stage 1: ", "parameters", "Size: " })
            QVERIFY2(facts.contains(QLatin1String(fact)), qPrintable(facts));
        QVERIFY(facts.contains(folder()));
        QTRY_VERIFY(said("modelHash") == QLatin1String(sha256(installed(QStringLiteral("mine")))));
        QTest::keyClick(&list(), Qt::Key_C, Qt::ControlModifier | Qt::ShiftModifier);
        QVERIFY(QApplication::clipboard()->text().contains(
            QLatin1String(sha256(installed(QStringLiteral("mine"))))));
    }

    void memoryIsToldBeforeAModelIsLoaded()
    {
        clickModel(installed(QStringLiteral("mine")));
        QTRY_VERIFY(said("modelMemory").contains(QLatin1String("of memory")));
        // The weights alone, in single precision.
        const double weightsMegabytes = static_cast<double>(list().current()->model->parameters) * 4 / 1e6;
        const QRegularExpression number(QStringLiteral("up to ([0-9.]+) MB"));
        const double said = number.match(this->said("modelMemory")).captured(1).toDouble();
        QVERIFY2(said > weightsMegabytes && said < 20 * weightsMegabytes,
                 qPrintable(this->said("modelMemory")));
        QVERIFY(m_session->model() && toQString(m_session->model()->path) != list().current()->path);
    }

    void aModelIsUsedByTheMouseAndByTheKeyboard()
    {
        QSignalSpy ready(m_session.get(), &Session::modelReady);
        const QString before = toQString(m_session->model()->path);
        clickModel(installed(QStringLiteral("mine")));
        click("useModel");
        QTRY_COMPARE(toQString(m_session->model()->path), installed(QStringLiteral("mine")));
        QTRY_COMPARE_WITH_TIMEOUT(ready.size(), 1, 30000);
        QVERIFY(said("modelState").startsWith(QLatin1String("In use")));
        QVERIFY(!find<QPushButton>("useModel").isEnabled());
        QCOMPARE(Settings::model(), installed(QStringLiteral("mine")));
        clickModel(before);
        QTest::keyClick(&list(), Qt::Key_Return);
        QTRY_COMPARE(toQString(m_session->model()->path), before);
    }

    void thrownAwayModelsComeBack()
    {
        const QString path = installed(QStringLiteral("mine"));
        const QByteArray hash = sha256(path);
        clickModel(path);
        const auto count = list().count();
        click("removeModel");
        QVERIFY(!QFile::exists(path));
        QTRY_COMPARE(list().count(), count - 1);
        QTest::keyClick(&list(), Qt::Key_Z, Qt::ControlModifier);
        QVERIFY(QFile::exists(path));
        QTRY_COMPARE(list().count(), count);
        QCOMPARE(sha256(path), hash);
        clickModel(path);
        QTest::keyClick(&list(), Qt::Key_Delete);
        QVERIFY(!QFile::exists(path));
    }

    void aModelThatShipsCanNotBeThrownAway()
    {
        clickModel(toQString(m_session->model()->path)); // the bundled one draws at first
        QVERIFY(!find<QPushButton>("removeModel").isVisible());
        QVERIFY(!find<QPushButton>("renameModel").isVisible());
    }

    void renamingRenamesTheFile()
    {
        clickModel(installed(QStringLiteral("mine")));
        QTest::keyClick(&list(), Qt::Key_F2);
        auto* dialog = page().findChild<QInputDialog*>(QStringLiteral("renameDialog"));
        QTRY_VERIFY(dialog && dialog->isVisible());
        auto* field = dialog->findChild<QLineEdit*>();
        field->selectAll();
        QTest::keyClicks(field, QStringLiteral("my emoji"));
        QTest::keyClick(field, Qt::Key_Return);
        QTRY_VERIFY(QFile::exists(installed(QStringLiteral("my emoji"))));
        QVERIFY(!QFile::exists(installed(QStringLiteral("mine"))));
        QTRY_VERIFY(list().current() && list().current()->path == installed(QStringLiteral("my emoji")));
        m_store->rename(installed(QStringLiteral("my emoji")), QStringLiteral("../out"));
        QVERIFY(page().message().text().contains(QLatin1String("can't be the name")));
        QVERIFY(QFile::exists(installed(QStringLiteral("my emoji"))));
    }

    void theFolderIsShown()
    {
        clickModel(installed(QStringLiteral("mine")));
        click("showModelInFolder");
        QCOMPARE(m_shown.toLocalFile(), folder());
    }

    void damagedMissingAndUntrainedModelsSaySo()
    {
        const QByteArray whole = QByteArray::fromStdString(read_file(toPath(bundledModel())));
        write_file(toPath(installed(QStringLiteral("cut"))), whole.left(whole.size() / 2).toStdString());
        QByteArray untrained = whole;
        const auto prior = untrained.indexOf("prior", untrained.indexOf("\"reverie.trained\""));
        QVERIFY(prior > 0);
        untrained.replace(prior, 5, "other"); // so that no step of it is recorded
        write_file(toPath(installed(QStringLiteral("untrained"))), untrained.toStdString());
        const QString elsewhere = m_home->filePath(QStringLiteral("checkpoint.safetensors"));
        QVERIFY(QFile::copy(bundledModel(), elsewhere));
        m_store->note(elsewhere);
        QTRY_VERIFY(m_store->models().size() >= 5); // the folder is watched
        QVERIFY(QFile::remove(elsewhere));
        clickModel(installed(QStringLiteral("cut")));
        QVERIFY2(said("modelWarning").contains(QLatin1String("cut.safetensors")),
                 qPrintable(said("modelWarning")));
        QVERIFY(!find<QPushButton>("useModel").isVisible());
        clickModel(installed(QStringLiteral("untrained")));
        QVERIFY(said("modelWarning").contains(QLatin1String("will be noise")));
        m_store->scan();
        QTRY_VERIFY(m_store->models().last().kind == ModelFile::Kind::Broken);
        clickModel(elsewhere);
        QVERIFY(said("modelWarning").contains(QLatin1String("gone")));
        QCOMPARE(find<QPushButton>("removeModel").text(), QStringLiteral("Remove from the List"));
        click("removeModel");
        QTRY_VERIFY(m_store->models().last().path != elsewhere);
    }

    void aCheckpointIsUsedWhereItLiesOrInstalled()
    {
        const QString checkpoint = m_home->filePath(QStringLiteral("prior-00000500.safetensors"));
        QVERIFY(QFile::copy(bundledModel(), checkpoint));
        QVERIFY(drop(page(), { checkpoint }));
        QTRY_VERIFY(page().details().text().contains(QLatin1String("prior-00000500")));
        click("useModel");
        QTRY_COMPARE(toQString(m_session->model()->path), checkpoint);
        QTRY_VERIFY(list().current() && list().current()->path == checkpoint);
        click("installModel");
        QTRY_VERIFY(QFile::exists(installed(QStringLiteral("prior-00000500"))));
        QCOMPARE(sha256(installed(QStringLiteral("prior-00000500"))), sha256(checkpoint));
        QTRY_VERIFY(list().current() && ModelStore::isOwn(list().current()->path));
    }

    void aCopyThatIsCancelledLeavesNothing()
    {
        const QString large = m_home->filePath(QStringLiteral("large.safetensors"));
        QByteArray bytes = QByteArray::fromStdString(read_file(toPath(bundledModel())));
        QFile file(large);
        QVERIFY(file.open(QFile::WriteOnly) && file.write(bytes) == bytes.size() && file.resize(600 << 20));
        file.close();
        const QStringList before = filesInFolder();
        QSignalSpy cancelled(m_store.get(), &ModelStore::addingCancelled),
            added(m_store.get(), &ModelStore::added);
        m_store->add(large);
        QTRY_VERIFY(find<QPushButton>("cancelCopying").isVisible());
        click("cancelCopying");
        QTRY_COMPARE(cancelled.size(), 1);
        QCOMPARE(added.size(), 0);
        QCOMPARE(filesInFolder(), before);
        QVERIFY(!find<QPushButton>("cancelCopying").isVisible());
    }

    void aDroppedFileOfWeightsIsLookedInto()
    {
        QVERIFY(drop(page(), { weights("reference/prior.pth") }));
        QTRY_VERIFY(page().details().text().contains(QLatin1String("Written by: DALLE2-pytorch 1.15.6")));
        const QString facts = page().details().text();
        for (const char* fact :
             { "PyTorch zip archive", "width 8, 1 layer, reads 8 tokens, 5 steps", "f32",
               "Needs: The CLIP it was trained with", "pytorch_warmup.base.LinearWarmup", "it was not run" })
            QVERIFY2(facts.contains(QLatin1String(fact)), qPrintable(facts));
        QVERIFY(!facts.contains(QLatin1String("--clip")));
        QTRY_COMPARE(said("modelHash"), QLatin1String(sha256(weights("reference/prior.pth"))));
        QVERIFY(drop(page(), { weights("hostile/cut.pt") }));
        QTRY_VERIFY(said("modelWarning").contains(QLatin1String("cut.pt")));
    }

    void droppedPartsFindTheirPlacesAndMakeAPipeline()
    {
        QVERIFY(drop(page(), { weights("reference/prior.pth") }));
        QTRY_VERIFY(find<QPushButton>("assembleThis").isVisible());
        click("assembleThis");
        QTRY_VERIFY(page().assembly().isVisible());
        QCOMPARE(page().assembly().assembly().at(Assembly::Prior).path, weights("reference/prior.pth"));
        const QString missing = said("assemblyMissing");
        for (const char* what : { "CLIP", "vocabulary", "decoder" })
            QVERIFY2(missing.contains(QLatin1String(what), Qt::CaseInsensitive), qPrintable(missing));
        QVERIFY(!find<QPushButton>("assemblyStart").isEnabled());
        QVERIFY(drop(page().assembly(), parts().mid(1)));
        QTRY_VERIFY(find<QPushButton>("assemblyStart").isEnabled());
        const Assembly& assembly = page().assembly().assembly();
        QCOMPARE(assembly.at(Assembly::Decoder).path, weights("reference/decoder.pth"));
        QCOMPARE(assembly.at(Assembly::Clip).path, weights("reference/x_clip.pt"));
        QCOMPARE(assembly.at(Assembly::Vocabulary).path, weights("vocabulary/merges.txt"));
        auto& dtype = find<QComboBox>("assemblyDtype");
        dtype.setFocus();
        QTest::keyClick(&dtype, Qt::Key_Down);
        QTest::keyClick(&dtype, Qt::Key_Down);
        auto& name = find<QLineEdit>("assemblyName");
        name.selectAll();
        QTest::keyClicks(&name, QStringLiteral("tiny"));
        if (find<QCheckBox>("assemblyAveraged").isVisible())
            QTest::mouseClick(&find<QCheckBox>("assemblyAveraged"), Qt::LeftButton, {}, { 8, 8 });
        click("assemblyStart");
        QTRY_VERIFY2_WITH_TIMEOUT(find<QPushButton>("assemblyOpen").isVisible(),
                                  qPrintable(said("assemblyReport") + said("assemblyDoing")), 20000);
        QVERIFY2(said("assemblyReport").contains(QLatin1String("tiny.safetensors was written")),
                 qPrintable(said("assemblyReport")));
        const ModelInfo made = read_model_info(toPath(installed(QStringLiteral("tiny"))));
        QVERIFY(made.is_pipeline() && made.dtype == "f16");
        click("assemblyOpen");
        QTRY_COMPARE(toQString(m_session->model()->path), installed(QStringLiteral("tiny")));
        QTRY_VERIFY(list().current() && list().current()->path == installed(QStringLiteral("tiny")));
    }

    void aFolderWithAWholePipelineFillsItsPlaces_data()
    {
        QTest::addColumn<QString>("dropped");
        QTest::newRow("the folder") << weights("diffusers");
        QTest::newRow("its index") << weights("diffusers/model_index.json");
    }
    void aFolderWithAWholePipelineFillsItsPlaces()
    {
        QFETCH(QString, dropped);
        QVERIFY(drop(page(), { dropped }));
        QTRY_VERIFY(find<QPushButton>("assembleThis").isVisible());
        click("assembleThis");
        const Assembly& assembly = page().assembly().assembly();
        for (const auto place : { Assembly::Prior, Assembly::Decoder, Assembly::Clip })
            QCOMPARE(assembly.at(place).path, dropped);
        QCOMPARE(assembly.at(Assembly::Vocabulary).path, weights("diffusers/tokenizer/merges.txt"));
        QCOMPARE(said("assemblyMissing"), QString());
        auto& name = find<QLineEdit>("assemblyName");
        name.selectAll();
        QTest::keyClicks(&name, QStringLiteral("unclip"));
        click("assemblyStart");
        QTRY_VERIFY2_WITH_TIMEOUT(find<QPushButton>("assemblyOpen").isVisible(),
                                  qPrintable(said("assemblyReport") + said("assemblyDoing")), 20000);
        const ModelInfo made = read_model_info(toPath(installed(QStringLiteral("unclip"))));
        QVERIFY(made.is_pipeline());
        QCOMPARE(made.stages.size(), std::size_t(2)); // with its super-resolution
        // A part of it can be taken out.
        click("assemblyAgain");
        QVERIFY(drop(find<QFrame>("decoderPlace"), { dropped }));
        QTRY_COMPARE(assembly.at(Assembly::Decoder).path, dropped);
        QVERIFY(assembly.at(Assembly::Prior).path.isEmpty());
    }

    void partsThatDoNotFitAreRefusedInASentence()
    {
        click("assembleModel");
        QVERIFY(drop(page().assembly(),
                     { weights("reference/prior.pth"), weights("reference/decoder.pth"),
                       weights("clip/openai.pt"), weights("vocabulary/merges.txt") }));
        QTRY_VERIFY(find<QPushButton>("assemblyStart").isEnabled());
        const QStringList before = filesInFolder();
        click("assemblyStart");
        QTRY_VERIFY_WITH_TIMEOUT(said("assemblyReport").contains(QLatin1String("give the")), 20000);
        QCOMPARE(filesInFolder(), before);
        QVERIFY(find<QPushButton>("assemblyStart").isEnabled());
    }

    void aPlaceTakesWhatBelongsThereAndLetsItGo()
    {
        click("assembleModel");
        auto& place = find<QFrame>("clipPlace");
        QVERIFY(drop(place, { weights("reference/dalle2.pt") })); // has a prior and a decoder, too
        QTRY_COMPARE(page().assembly().assembly().at(Assembly::Clip).path, weights("reference/dalle2.pt"));
        QVERIFY(page().assembly().assembly().at(Assembly::Prior).path.isEmpty());
        QVERIFY(drop(place, { weights("vocabulary/merges.txt") }));
        QTRY_VERIFY(said("assemblyReport").contains(QLatin1String("has no CLIP")));
        QTest::mouseClick(&find<QAbstractButton>("clipClear"), Qt::LeftButton);
        QVERIFY(page().assembly().assembly().isEmpty());
        QVERIFY(drop(find<QFrame>("upsamplerPlace"), { weights("reference/decoder.pth") }));
        QTRY_COMPARE(page().assembly().assembly().at(Assembly::Upsampler).path,
                     weights("reference/decoder.pth"));
        click("assemblyAgain");
        QVERIFY(page().assembly().assembly().isEmpty());
        click("assemblyClose");
        QVERIFY(!page().assembly().isVisible());
    }

    void anImportThatIsCancelledLeavesNothing()
    {
        click("assembleModel");
        QVERIFY(drop(page().assembly(), { bundledModel() }));
        QTRY_VERIFY(find<QPushButton>("assemblyStart").isEnabled());
        const QStringList before = filesInFolder();
        click("assemblyStart");
        click("assemblyCancel");
        QTRY_VERIFY_WITH_TIMEOUT(said("assemblyReport").contains(QLatin1String("nothing was written")),
                                 20000);
        QCOMPARE(filesInFolder(), before);
        click("assemblyStart"); // and again, to the end
        QTRY_VERIFY2_WITH_TIMEOUT(find<QPushButton>("assemblyOpen").isVisible(),
                                  qPrintable(said("assemblyReport") + said("assemblyDoing")), 20000);
        QCOMPARE(filesInFolder().size(), before.size() + 1);
    }

    void manyModelsAreFoundByTyping()
    {
        for (int i = 0; i < 250; ++i)
            QCOMPARE(::link(installed(QStringLiteral("mine")).toUtf8(),
                            installed(QStringLiteral("hard%1").arg(i)).toUtf8()),
                     0);
        QElapsedTimer clock;
        clock.start();
        QTRY_VERIFY_WITH_TIMEOUT(list().count() >= 252, 20000);
        std::printf("252 models are listed %lld ms after the last was put there\n",
                    static_cast<long long>(clock.elapsed()));
        QTest::keyClick(&list(), Qt::Key_F, Qt::ControlModifier);
        QVERIFY(find<QLineEdit>("modelSearch").hasFocus());
        QTest::keyClicks(&find<QLineEdit>("modelSearch"), QStringLiteral("hard249"));
        QCOMPARE(list().shown(), 1);
        QTest::keyClick(&find<QLineEdit>("modelSearch"), Qt::Key_Return);
        QVERIFY(list().hasFocus() && list().current());
        QCOMPARE(list().current()->path, installed(QStringLiteral("hard249")));
        QTest::keyClicks(&find<QLineEdit>("modelSearch"), QStringLiteral("nothing like it"));
        QCOMPARE(list().shown(), 0);
        QVERIFY(!list().current());
    }

    void everyControlHasANameAndIsReachedByTab()
    {
        for (const bool assembling : { false, true }) {
            if (assembling)
                click("assembleModel");
            else
                clickModel(installed(QStringLiteral("mine")));
            QSet<QWidget*> reached;
            list().setFocus();
            for (int i = 0; i < 80; ++i) {
                reached.insert(QApplication::focusWidget());
                QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
            }
            int controls = 0;
            for (QWidget* widget : page().findChildren<QWidget*>()) {
                const bool inside
                    = widget->focusProxy() || widget->objectName().startsWith(QLatin1String("qt_"));
                if (widget->focusPolicy() == Qt::NoFocus || !widget->isVisible() || !widget->isEnabled()
                    || inside || qobject_cast<QLabel*>(widget))
                    continue;
                ++controls;
                const auto* button = qobject_cast<QAbstractButton*>(widget);
                const QString name = widget->accessibleName().isEmpty() && button ? button->text()
                                                                                  : widget->accessibleName();
                QVERIFY2(!name.isEmpty(), widget->metaObject()->className());
                QVERIFY2(reached.contains(widget), qPrintable(name));
                QVERIFY2(!widget->objectName().isEmpty()
                             || widget->parent() == &find<QLineEdit>("modelSearch"),
                         qPrintable(name));
            }
            QVERIFY(controls >= 6);
        }
    }

    void pictures()
    {
        const QString folder = qEnvironmentVariable("REVERIE_SCREENSHOTS");
        if (folder.isEmpty())
            QSKIP("set REVERIE_SCREENSHOTS to a folder");
        for (const auto& [theme, appearance] :
             { std::pair{ "light", Appearance::Light }, { "dark", Appearance::Dark } }) {
            Theme::instance().apply(appearance);
            const auto save = [&](const char* name) {
                QTest::qWait(200);
                m_window->grab().save(
                    QStringLiteral("%1/%2-%3.png").arg(folder, QLatin1String(name), QLatin1String(theme)));
            };
            clickModel(installed(QStringLiteral("mine")));
            QTest::qWait(600);
            save("model");
            drop(page(), { weights("reference/prior.pth") });
            QTRY_VERIFY(find<QPushButton>("assembleThis").isVisible());
            save("weights");
            click("assembleModel");
            save("empty");
            drop(page().assembly(), { weights("reference/prior.pth") });
            QTRY_VERIFY(!said("assemblyMissing").isEmpty());
            save("missing");
            drop(page().assembly(), parts().mid(1));
            QTRY_VERIFY(find<QPushButton>("assemblyStart").isEnabled());
            save("ready");
            click("assemblyStart");
            QTRY_VERIFY2_WITH_TIMEOUT(find<QPushButton>("assemblyOpen").isVisible(),
                                      qPrintable(said("assemblyReport") + said("assemblyDoing")), 20000);
            save("report");
            click("assemblyAgain");
            drop(page().assembly(),
                 { weights("reference/prior.pth"), weights("reference/decoder.pth"),
                   weights("clip/openai.pt"), weights("vocabulary/merges.txt") });
            QTRY_VERIFY(find<QPushButton>("assemblyStart").isEnabled());
            click("assemblyStart");
            QTRY_VERIFY(said("assemblyReport").contains(QLatin1String("give the")));
            save("failed");
            click("assemblyAgain");
            click("assemblyClose");
        }
        Theme::instance().apply(Appearance::Light);
    }

    void cleanupTestCase() { QDesktopServices::unsetUrlHandler(QStringLiteral("file")); }
};

int main(int argc, char** argv)
{
    prepare_process();
    QApplication app(argc, argv);
    QApplication::setApplicationName(QStringLiteral("Reverie"));
    ModelsPageTest test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_models_page.moc"
