// SPDX-License-Identifier: MIT
#include "ui/session/picture_saver.h"

#include "ui/session/job_runner.h"
#include "ui/session/path.h"
#include "ui/session/picture_stages.h"

#include "core/base/error.h"

#include <QDate>
#include <QDir>

namespace reverie::ui {

namespace {

namespace fs = std::filesystem;

int lastNumber(const fs::path& folder)
{
    const QDir directory(toQString(folder));
    int last = 0;
    for (const QString& name : directory.entryList({ QStringLiteral("*-*.png") }, QDir::Files))
        last = std::max(last, name.section(QLatin1Char('-'), 0, 0).toInt());
    return last;
}

/// The picture itself is safe, so what fails here is no failure.
void keepStages(const fs::path& file, const Picture& picture, const PictureMaking& making)
{
    try {
        writeStages(file, picture, making);
    } catch (const Error&) {
        return;
    }
}

} // namespace

fs::path nextPicturePath(const fs::path& folder, const PictureMaking& making)
{
    const fs::path day = folder / QDate::currentDate().toString(Qt::ISODate).toStdString();
    std::error_code failure;
    fs::create_directories(day, failure);
    if (failure)
        throw Error("The folder " + day.string() + " can't be created (" + failure.message()
                    + "); choose another output folder.");
    const QString number = QStringLiteral("%1").arg(lastNumber(day) + 1, 5, 10, QLatin1Char('0'));
    return unused_path(
        day
        / (number.toStdString() + '-' + std::to_string(making.seed) + '-' + slug(making.prompt) + ".png"));
}

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
    m_thread.start([this, id, folder, picture, making] {
        QString path, message;
        try {
            const fs::path file = nextPicturePath(toPath(folder), making);
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
