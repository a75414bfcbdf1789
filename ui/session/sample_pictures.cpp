// SPDX-License-Identifier: MIT
#include "ui/session/sample_pictures.h"

namespace reverie::ui {

namespace {

constexpr int kept_pixels = 64 * 1024 * 1024;

} // namespace

SamplePictures::SamplePictures(QObject* parent)
    : QObject(parent)
    , m_pictures(kept_pixels)
    , m_reader(m_thread)
{
    m_thread.setMaxThreadCount(1);
}

void SamplePictures::want(const QStringList& files)
{
    QStringList missing;
    for (const auto& file : files)
        if (!m_pictures.contains(file) && !missing.contains(file))
            missing += file;
    if (missing == m_wanted)
        return;
    m_wanted = missing;
    if (missing.isEmpty()) {
        m_reader.silence();
        return;
    }
    m_reader.start(
        [this, missing](const std::stop_token& stop, const JobRunner::Post& post) {
            for (const auto& file : missing) {
                if (stop.stop_requested())
                    break;
                post([this, file, picture = QImage(file)] {
                    m_pictures.insert(file, new QImage(picture),
                                      std::max(1, picture.width() * picture.height()));
                    Q_EMIT changed();
                });
            }
            return true;
        },
        [this](bool) { m_wanted.clear(); }, [this](const QString&) { m_wanted.clear(); });
}

QImage SamplePictures::picture(const QString& file) const
{
    const auto* picture = m_pictures.object(file);
    return picture ? *picture : QImage();
}

} // namespace reverie::ui
