// SPDX-License-Identifier: MIT
#include "core/api/library.h"
#include "ui/session/draw_queue.h"
#include "ui/session/gallery_store.h"
#include "ui/session/model_store.h"
#include "ui/session/run_store.h"
#include "ui/session/session.h"
#include "ui/session/settings.h"
#include "ui/widgets/main_window.h"
#include "ui/widgets/theme.h"

#include <QApplication>
#include <QCommandLineParser>

int main(int argc, char** argv)
{
    reverie::prepare_process(argv);
    QApplication app(argc, argv);
    QApplication::setApplicationName(QStringLiteral("Reverie"));
    QApplication::setOrganizationName(QStringLiteral("Reverie"));
    QApplication::setApplicationVersion(QStringLiteral(REVERIE_VERSION));
    QGuiApplication::setDesktopFileName(QStringLiteral("reverie"));
    QApplication::setWindowIcon(QIcon(QStringLiteral(":/icons/reverie.svg")));

    QCommandLineParser parser;
    parser.setApplicationDescription(QCoreApplication::translate("main", "Draws pictures from words."));
    parser.addHelpOption();
    parser.addVersionOption();
    parser.addPositionalArgument(
        QStringLiteral("file"),
        QCoreApplication::translate("main", "A model, or a picture whose settings to use."),
        QStringLiteral("[file]"));
    parser.process(app);

    reverie::ui::Theme::instance().apply(reverie::ui::Settings::appearance());
    reverie::ui::Session session;
    reverie::ui::GalleryStore gallery;
    reverie::ui::RunStore runs;
    reverie::ui::ModelStore models;
    reverie::ui::DrawQueue queue(session, reverie::ui::DrawQueue::standardFile());
    reverie::ui::MainWindow window(session, &gallery, &queue);
    window.addTraining(runs);
    window.addModels(models);
    for (const QString& file : parser.positionalArguments())
        window.openFile(file);
    window.show();
    return QApplication::exec();
}
