// SPDX-License-Identifier: MIT
#include "ui/session/gallery_thumbnails.h"

#include "ui/session/path.h"
#include "ui/session/picture_codec.h"

#include "core/base/error.h"
#include "core/base/file.h"

#include <QCryptographicHash>
#include <QDir>
#include <QFileInfo>
#include <QStandardPaths>

#include <algorithm>

namespace reverie::ui {

namespace {

constexpr int memory_kib = 96 << 10;
constexpr std::size_t most_wanted = 400; ///< older ones have scrolled away

QString cachePath(const QString& path, qint64 time)
{
    const QByteArray key = path.toUtf8() + '\n' + QByteArray::number(time);
    const QString name = QString::fromLatin1(QCryptographicHash::hash(key, QCryptographicHash::Sha1).toHex());
    return QStandardPaths::writableLocation(QStandardPaths::GenericCacheLocation)
        + QStringLiteral("/reverie/thumbnails/") + name.left(2) + QLatin1Char('/') + name
        + QStringLiteral(".jpg");
}

void writeCache(const QString& path, const QImage& image)
{
    try {
        QDir().mkpath(QFileInfo(path).absolutePath());
        write_file(toPath(path), encodePicture(image, ImageFormat::Jpeg, 90).toStdString());
    } catch (const Error&) {
        return; // it is made anew the next time
    }
}

} // namespace

QImage makeThumbnail(const QString& path, qint64 time)
{
    constexpr int side = GalleryThumbnails::side;
    const QString cached = cachePath(path, time);
    if (QImage image = readPicture(cached); !image.isNull())
        return image;
    const QImage image = readPicture(path).convertToFormat(QImage::Format_ARGB32_Premultiplied);
    if (image.isNull() || (image.width() <= side && image.height() <= side))
        return image;
    const QImage small = image.scaled(side, side, Qt::KeepAspectRatio, Qt::SmoothTransformation);
    if (!image.hasAlphaChannel() || image.pixelColor(0, 0).alpha() == 255)
        writeCache(cached, small);
    return small;
}

GalleryThumbnails::GalleryThumbnails(QObject* parent)
    : QObject(parent)
    , m_images(memory_kib)
{
    m_threads.setMaxThreadCount(1);
    m_threads.setThreadPriority(QThread::LowPriority);
}

GalleryThumbnails::~GalleryThumbnails()
{
    {
        const std::lock_guard lock(m_mutex);
        m_wanted.clear();
    }
    m_threads.waitForDone();
}

QImage GalleryThumbnails::find(const QString& path, qint64 time)
{
    const QString key = path + QLatin1Char('\n') + QString::number(time);
    if (const QImage* image = m_images.object(key))
        return *image;
    want({ path, time });
    return {};
}

void GalleryThumbnails::want(const Wanted& wanted)
{
    const std::lock_guard lock(m_mutex);
    const auto same = [&wanted](const Wanted& other) { return other.path == wanted.path; };
    const bool isNew = std::none_of(m_wanted.begin(), m_wanted.end(), same);
    if (!isNew)
        return;
    m_wanted.push_back(wanted);
    if (m_wanted.size() > most_wanted)
        m_wanted.erase(m_wanted.begin());
    else
        m_threads.start([this] { makeNext(); });
}

void GalleryThumbnails::makeNext()
{
    Wanted wanted;
    {
        const std::lock_guard lock(m_mutex);
        if (m_wanted.empty())
            return;
        wanted = m_wanted.back();
        m_wanted.pop_back();
    }
    const QImage image = makeThumbnail(wanted.path, wanted.time);
    QMetaObject::invokeMethod(
        this, [this, wanted, image] { keep(wanted, image); }, Qt::QueuedConnection);
}

void GalleryThumbnails::keep(const Wanted& wanted, const QImage& image)
{
    const int cost = 1 + static_cast<int>(image.sizeInBytes() >> 10);
    m_images.insert(wanted.path + QLatin1Char('\n') + QString::number(wanted.time), new QImage(image), cost);
    Q_EMIT ready(wanted.path);
}

} // namespace reverie::ui
