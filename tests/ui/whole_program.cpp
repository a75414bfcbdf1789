// SPDX-License-Identifier: MIT
#include "tests/ui/whole_program.h"

#include "core/run/run_directory.h"
#include "tests/ui/gallery_fixture.h"
#include "ui/session/draw_queue.h"
#include "ui/session/gallery_store.h"
#include "ui/session/model_store.h"
#include "ui/session/run_store.h"
#include "ui/session/session.h"
#include "ui/session/settings.h"
#include "ui/widgets/main_window.h"
#include "ui/widgets/theme.h"

#include <QSettings>
#include <QStandardPaths>

namespace reverie::ui {

namespace {

const QString shippedModel = QStringLiteral(REVERIE_TEST_DATA "/../../resources/models/emoji.safetensors");

void writeRun(const QString& folder)
{
    RunDirectory run(toPath(folder), /*resume=*/false);
    run.write_configuration(R"({"what": "clip", "device": "cpu", "config": {"title": "Smallest"}})");
    for (int step = 1; step <= 40; ++step)
        run.append_metrics(R"({"part": "clip", "split": "train", "step": )" + std::to_string(step)
                           + R"(, "time": )" + std::to_string(1.7e9 + step) + R"(, "loss": )"
                           + std::to_string(4.0 / step) + "}");
    run.set_progress("clip", 40, 100, 0);
    run.log("One line.");
    run.set_state("stopped", "It was asked to stop.");
}

} // namespace

WholeProgram::WholeProgram()
{
    QDir().mkpath(home());
    const auto point = [&](const char* name, const char* folder) {
        qputenv(name, (home() + QLatin1String(folder)).toUtf8());
    };
    point("HOME", "");
    point("XDG_DATA_HOME", "/.local/share");
    point("XDG_STATE_HOME", "/.local/state");
    point("XDG_CONFIG_HOME", "/.config");
    point("XDG_CACHE_HOME", "/.cache");
    QDir::setCurrent(home());
    QSettings::setDefaultFormat(QSettings::IniFormat);
    QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, home() + QStringLiteral("/.config"));
    QSettings().clear();
    Settings::setModel(QFileInfo(shippedModel).canonicalFilePath());
    Theme::instance().apply(Appearance::Light);
    fill();
}

WholeProgram::~WholeProgram()
{
    quit();
    QDir::setCurrent(QDir::rootPath());
}

void WholeProgram::fill() const
{
    const QString pictures = Settings::outputFolder();
    for (int i = 0; i < 12; ++i)
        GalleryFixture::write(pictures + QStringLiteral("/%1.png").arg(i), "cat face", quint64(i), 32);
    const QString data = QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation);
    writeRun(data + QStringLiteral("/reverie/runs/smallest"));
    QDir().mkpath(ModelStore::folder());
    QFile::copy(shippedModel, ModelStore::folder() + QStringLiteral("/mine.safetensors"));
}

void WholeProgram::start()
{
    m_session = std::make_unique<Session>();
    m_gallery = std::make_unique<GalleryStore>();
    m_runs = std::make_unique<RunStore>(QStringLiteral("/bin/false"));
    m_models = std::make_unique<ModelStore>();
    m_queue = std::make_unique<DrawQueue>(*m_session, DrawQueue::standardFile());
    m_window = std::make_unique<MainWindow>(*m_session, m_gallery.get(), m_queue.get());
    m_window->addTraining(*m_runs);
    m_window->addModels(*m_models);
    m_window->resize(1280, 800);
    m_window->show();
}

void WholeProgram::quit()
{
    m_window.reset();
    m_queue.reset();
    m_models.reset();
    m_runs.reset();
    m_gallery.reset();
    m_session.reset();
}

} // namespace reverie::ui
