// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/job_runner.h"

#include <QCache>
#include <QImage>
#include <QObject>
#include <QStringList>

namespace reverie::ui {

/// Sample pictures, read on a thread of their own. The newest of them are kept.
class SamplePictures : public QObject
{
    Q_OBJECT
public:
    explicit SamplePictures(QObject* parent = nullptr);

    /// Reads those that are not here, in that order; what was wanted before and is not here is forgotten.
    void want(const QStringList& files);
    /// Null if it is not here. Its texts are "prompt" and "seed".
    [[nodiscard]] QImage picture(const QString& file) const;

Q_SIGNALS:
    void changed();

private:
    QCache<QString, QImage> m_pictures;
    QStringList m_wanted;
    QThreadPool m_thread;
    JobRunner m_reader;
};

} // namespace reverie::ui
