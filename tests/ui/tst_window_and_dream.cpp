// SPDX-License-Identifier: MIT
#include "core/api/library.h"
#include "ui/session/gallery_model.h"
#include "ui/session/path.h"
#include "ui/session/picture_codec.h"
#include "ui/session/session.h"
#include "ui/widgets/create_page.h"
#include "ui/widgets/gallery_grid.h"
#include "ui/widgets/gallery_page.h"
#include "ui/widgets/main_window.h"
#include "ui/widgets/message_bar.h"
#include "ui/widgets/parameter_panel.h"
#include "ui/widgets/prompt_box.h"
#include "ui/widgets/theme.h"

#include <QApplication>
#include <QDirIterator>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <cmath>

using namespace reverie;
using namespace reverie::ui;

namespace {

/// Without the stages that are kept beside it.
QString onlyPathBelow(const QString& folder)
{
    QDirIterator files(folder, { QStringLiteral("*.png") }, QDir::Files, QDirIterator::Subdirectories);
    while (files.hasNext())
        if (const QString path = files.next(); !path.contains(QLatin1String(".reverie/")))
            return path;
    return {};
}

QImage onlyPictureBelow(const QString& folder)
{
    const QString path = onlyPathBelow(folder);
    return QImage(path).convertToFormat(QImage::Format_RGB888);
}

/// Peak signal-to-noise ratio in dB; 100 for the same picture.
double psnr(const QImage& a, const QImage& b)
{
    double squares = 0;
    for (int y = 0; y < a.height(); ++y)
        for (int i = 0; i < 3 * a.width(); ++i)
            squares += std::pow(double(a.constScanLine(y)[i]) - double(b.constScanLine(y)[i]), 2);
    const double mse = squares / (3. * a.width() * a.height() * 255 * 255);
    return -10 * std::log10(std::max(mse, 1e-10));
}

} // namespace

/// The bundled model, in both programs.
class WindowAndDreamTest : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;

private Q_SLOTS:
    void initTestCase()
    {
        QSettings::setDefaultFormat(QSettings::IniFormat);
        QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, m_folder.path());
        Theme::instance().apply(Appearance::Light);
        qputenv("XDG_DATA_HOME", m_folder.filePath(QStringLiteral("data")).toUtf8());
    }

    void theSameSeedGivesTheSamePictureInTheWindowAndFromDream()
    {
        const QString fromWindow = m_folder.filePath(QStringLiteral("window"));
        const QString fromDream = m_folder.filePath(QStringLiteral("dream"));
        {
            Session session;
            session.setOutputFolder(fromWindow);
            MainWindow window(session);
            QSignalSpy opened(&session, &Session::modelOpened);
            QSignalSpy idle(&session, &Session::idle);
            window.show();
            QTRY_VERIFY_WITH_TIMEOUT(!opened.isEmpty(), 30'000);
            auto& parameters = window.createPage().parameters();
            QTest::keyClicks(&parameters.promptBox(), QStringLiteral("red heart"));
            parameters.setSeed(7);
            QTest::keyClick(&parameters.promptBox(), Qt::Key_Return, Qt::ControlModifier);
            QTRY_VERIFY_WITH_TIMEOUT(!idle.isEmpty(), 120'000);
        }
        QCOMPARE(QProcess::execute(QStringLiteral(DREAM_PROGRAM),
                                   { QStringLiteral("generate"), QStringLiteral("red heart"),
                                     QStringLiteral("--seed"), QStringLiteral("7"), QStringLiteral("-o"),
                                     fromDream + QLatin1Char('/') }),
                 0);
        const QImage windowPicture = onlyPictureBelow(fromWindow);
        const QImage dreamPicture = onlyPictureBelow(fromDream);
        QCOMPARE(windowPicture.size(), QSize(64, 64));
        QCOMPARE(dreamPicture.size(), QSize(64, 64));
        qInfo("PSNR of the window's picture against dream's: %.1f dB", psnr(windowPicture, dreamPicture));
        QVERIFY(psnr(windowPicture, dreamPicture) > 45);
    }

    /// What the window drew before: V draws it again. Then a changed copy, which is near but not the same.
    void verifyTellsTheSamePictureFromAChangedOne()
    {
        const QString library = m_folder.filePath(QStringLiteral("window"));
        const QString file = onlyPathBelow(library);
        QVERIFY(!file.isEmpty());
        {
            Session session;
            session.setOutputFolder(library);
            GalleryStore store({ library, m_folder.filePath(QStringLiteral("gallery.sqlite")) });
            MainWindow window(session, &store);
            QSignalSpy opened(&session, &Session::modelOpened), verified(&session, &Session::verified);
            window.show();
            QTRY_VERIFY_WITH_TIMEOUT(!opened.isEmpty(), 30'000);
            QTest::keyClick(&window, Qt::Key_2, Qt::ControlModifier);
            GalleryPage& page = *window.galleryPage();
            QTRY_COMPARE(page.model().rowCount(), 1);
            QTRY_VERIFY(page.model().entryAt(0));
            QTest::mouseClick(page.grid().viewport(), Qt::LeftButton, {},
                              page.grid().visualRect(page.model().index(0)).center());
            QTest::keyClick(&page.grid(), Qt::Key_V);
            QTRY_COMPARE_WITH_TIMEOUT(verified.size(), 1, 120'000);
            QTRY_VERIFY2(page.message().text().endsWith(QLatin1String("it is the same in every pixel.")),
                         qPrintable(page.message().text()));
        }
        const PictureMaking making = read_making(toPath(file));
        QImage changed = QImage(file).convertToFormat(QImage::Format_RGB888);
        for (int i = 0; i < changed.width(); ++i)
            changed.setPixelColor(i, i, Qt::black);
        const QString copy = m_folder.filePath(QStringLiteral("changed.png"));
        write_picture(toPath(copy), toImage(changed), making);
        const auto dream = [](const QString& picture) {
            QProcess process;
            process.start(
                QStringLiteral(DREAM_PROGRAM),
                { QStringLiteral("gallery"), QStringLiteral("verify"), picture, QStringLiteral("--json") });
            process.waitForFinished(120'000);
            return std::pair(process.exitCode(),
                             QJsonDocument::fromJson(process.readAllStandardOutput()).object());
        };
        const auto [sameStatus, same] = dream(file);
        QCOMPARE(sameStatus, 0);
        QVERIFY(same[QLatin1String("same")].toBool());
        const auto [status, verdict] = dream(copy);
        QCOMPARE(status, 1);
        QVERIFY(!verdict[QLatin1String("same")].toBool());
        const double expected = psnr(changed, QImage(file).convertToFormat(QImage::Format_RGB888));
        QVERIFY2(std::abs(verdict[QLatin1String("psnr")].toDouble() - expected) < 0.01,
                 qPrintable(QString::number(expected)));
    }
};

int main(int argc, char** argv)
{
    prepare_process();
    QApplication app(argc, argv);
    WindowAndDreamTest test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_window_and_dream.moc"
