// SPDX-License-Identifier: MIT
#include "ui/widgets/animation_export.h"

#include "core/base/file.h"
#include "ui/session/path.h"

#include <QFileDialog>
#include <QStandardPaths>

namespace reverie::ui {

namespace {

constexpr int quality = 90;

QByteArray encoded(std::vector<AnimationFrame> frames, bool asGif)
{
    const QSize size = frames.back().image.size();
    for (AnimationFrame& frame : frames)
        if (frame.image.size() != size)
            frame.image = frame.image.scaled(size);
    return asGif ? encodeGif(frames) : encodeAnimation(frames, quality);
}

} // namespace

AnimationExport::AnimationExport(QObject* parent)
    : QObject(parent)
{
    m_thread.setMaxThreadCount(1);
}

AnimationExport::~AnimationExport()
{
    m_job.silence();
    m_thread.waitForDone();
}

void AnimationExport::ask(QWidget* window, std::vector<AnimationFrame> frames)
{
    if (frames.empty())
        return;
    const QString webp = tr("WebP animation (*.webp)"), gif = tr("GIF animation (*.gif)");
    auto* dialog = new QFileDialog(window, tr("Export as an animation"),
                                   QStandardPaths::writableLocation(QStandardPaths::PicturesLocation),
                                   webp + QStringLiteral(";;") + gif);
    dialog->setObjectName(QStringLiteral("animationDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(QStringLiteral("webp"));
    connect(dialog, &QFileDialog::filterSelected, dialog, [dialog, gif](const QString& filter) {
        dialog->setDefaultSuffix(filter == gif ? QStringLiteral("gif") : QStringLiteral("webp"));
    });
    connect(dialog, &QFileDialog::fileSelected, this,
            [this, frames = std::move(frames)](const QString& path) { write(path, frames); });
    dialog->open();
}

void AnimationExport::write(const QString& path, const std::vector<AnimationFrame>& frames)
{
    m_job.start(
        [path, frames](const std::stop_token&, const JobRunner::Post&) {
            const bool asGif = path.endsWith(QLatin1String(".gif"), Qt::CaseInsensitive);
            write_file(toPath(path), encoded(frames, asGif).toStdString());
            return path;
        },
        [this](const QString& written) { Q_EMIT this->written(written); },
        [this](const QString& message) { Q_EMIT failed(message); });
}

} // namespace reverie::ui
