// SPDX-License-Identifier: MIT
#include "ui/session/model_importer.h"

#include "ui/session/path.h"

namespace reverie::ui {

ModelImporter::ModelImporter(QObject* parent)
    : QObject(parent)
{
    m_thread.setMaxThreadCount(1);
}

ModelImporter::~ModelImporter()
{
    m_job.silence();
    m_thread.waitForDone();
}

void ModelImporter::start(const ModelImportRequest& request)
{
    m_running = true;
    m_job.start(
        [this, request](const std::stop_token& stop, const JobRunner::Post& post) {
            int permille = -1;
            const auto report = [&](const std::string& doing, double done) {
                const int now = static_cast<int>(done * 1000);
                if (std::exchange(permille, now) != now)
                    post([this, text = QString::fromStdString(doing), done] {
                        Q_EMIT progressed(text, done);
                    });
            };
            return import_model(request, report, stop);
        },
        [this](const ModelImportResult& result) {
            m_running = false;
            if (result.stopped) {
                Q_EMIT cancelled();
                return;
            }
            QStringList notes;
            for (const std::string& note : result.notes)
                notes << QString::fromStdString(note);
            Q_EMIT finished(toQString(result.path), notes);
        },
        [this](const QString& message) {
            m_running = false;
            Q_EMIT failed(message);
        });
}

} // namespace reverie::ui
