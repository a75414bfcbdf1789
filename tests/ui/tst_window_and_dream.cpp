// SPDX-License-Identifier: MIT
#include "core/api/library.h"
#include "ui/session/session.h"
#include "ui/widgets/create_page.h"
#include "ui/widgets/main_window.h"
#include "ui/widgets/parameter_panel.h"
#include "ui/widgets/prompt_box.h"
#include "ui/widgets/theme.h"

#include <QApplication>
#include <QDirIterator>
#include <QProcess>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <cmath>

using namespace reverie;
using namespace reverie::ui;

namespace {

QImage onlyPictureBelow(const QString& folder)
{
    QDirIterator files(folder, { QStringLiteral("*.png") }, QDir::Files, QDirIterator::Subdirectories);
    return files.hasNext() ? QImage(files.next()).convertToFormat(QImage::Format_RGB888) : QImage();
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
};

int main(int argc, char** argv)
{
    prepare_process();
    QApplication app(argc, argv);
    WindowAndDreamTest test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_window_and_dream.moc"
