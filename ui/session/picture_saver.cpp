// SPDX-License-Identifier: MIT
#include "ui/session/picture_saver.h"

#include "ui/session/job_runner.h"
#include "ui/session/path.h"
#include "ui/session/picture_edit.h"
#include "ui/session/picture_stages.h"

#include "core/base/error.h"

namespace reverie::ui {

namespace {

namespace fs = std::filesystem;

/// The picture itself is safe, so what fails here is no failure.
void keepStages(const fs::path& file, const Picture& picture, const PictureMaking& making)
{
    try {
        writeMask(file, making.recipe);
        writeStages(file, picture, making);
    } catch (const Error&) {
        return;
    }
}

} // namespace

PictureSaver::PictureSaver(QObject* parent)
    : QObject(parent)
{
    m_thread.setMaxThreadCount(1);
}

PictureSaver::~PictureSaver()
{
    m_thread.waitForDone();
}

void PictureSaver::save(quint64 id, const QString& folder, const Picture& picture,
                        const PictureMaking& making)
{
    m_pending.insert(id);
    m_thread.start([this, id, folder, pattern = m_pattern, picture, making] {
        QString path, message;
        try {
            const fs::path file = new_picture_path(toPath(folder), pattern, making);
            write_picture(file, picture.image, making);
            path = toQString(file);
            keepStages(file, picture, making);
        } catch (const std::exception& error) {
            message = describe(error);
        }
        QMetaObject::invokeMethod(
            this, [this, id, path, message] { report(id, path, message); }, Qt::QueuedConnection);
    });
}

void PictureSaver::report(quint64 id, const QString& path, const QString& message)
{
    m_pending.erase(id);
    if (path.isEmpty())
        Q_EMIT failed(id, message);
    else
        Q_EMIT saved(id, path);
}

} // namespace reverie::ui
