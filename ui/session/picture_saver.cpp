// SPDX-License-Identifier: MIT
#include "ui/session/picture_saver.h"

#include "ui/session/job_runner.h"
#include "ui/session/path.h"

#include "core/base/error.h"

#include <QDate>
#include <QDir>
#include <QtConcurrentRun>

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

void PictureSaver::save(quint64 id, const QString& folder, const Image& image, const PictureMaking& making)
{
    m_pending.insert(id);
    QtConcurrent::run(&m_thread,
                      [folder, image, making] {
                          const fs::path path = nextPicturePath(toPath(folder), making);
                          write_picture(path, image, making);
                          return toQString(path);
                      })
        .then(this,
              [this, id](const QString& path) {
                  m_pending.erase(id);
                  Q_EMIT saved(id, path);
              })
        .onFailed(this, [this, id](const std::exception& error) {
            m_pending.erase(id);
            Q_EMIT failed(id, describe(error));
        });
}

} // namespace reverie::ui
