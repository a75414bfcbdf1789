// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/job_runner.h"

#include "core/api/model_import.h"

#include <QObject>

namespace reverie::ui {

/// Puts parts of models together in the background, one pipeline at a time.
class ModelImporter : public QObject
{
    Q_OBJECT
public:
    explicit ModelImporter(QObject* parent = nullptr);
    ~ModelImporter() override; ///< stops what runs; nothing of it is left

    /// Ends with finished(), cancelled() or failed().
    void start(const ModelImportRequest& request);
    void cancel() { m_job.stop(); }
    [[nodiscard]] bool isRunning() const { return m_running; }

Q_SIGNALS:
    void progressed(const QString& doing, double done);
    void finished(const QString& path, const QStringList& notes);
    void cancelled();
    void failed(const QString& message);

private:
    bool m_running = false;
    QThreadPool m_thread;
    JobRunner m_job{ m_thread };
};

} // namespace reverie::ui
