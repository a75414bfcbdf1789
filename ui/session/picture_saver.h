// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/picture_file.h"

#include <QObject>
#include <QThreadPool>

#include <set>

namespace reverie::ui {

/// The file a new picture gets: `FOLDER/YYYY-MM-DD/00001-<seed>-<slug>.png`, numbered on from what lies
/// there, never one that exists. Creates the folder; throws Error if it can't.
std::filesystem::path nextPicturePath(const std::filesystem::path& folder, const PictureMaking& making);

/// Writes pictures one after the other on a thread of its own. A picture that can't be written is the
/// caller's to keep and to hand in again.
class PictureSaver : public QObject
{
    Q_OBJECT
public:
    explicit PictureSaver(QObject* parent = nullptr);
    ~PictureSaver() override; ///< waits for what was handed in

    /// The picture, and beside it how it came about as far as that was kept.
    void save(quint64 id, const QString& folder, const Picture& picture, const PictureMaking& making);
    [[nodiscard]] bool isBusy() const { return !m_pending.empty(); }
    [[nodiscard]] bool isSaving(quint64 id) const { return m_pending.count(id) > 0; }

Q_SIGNALS:
    void saved(quint64 id, const QString& path);
    void failed(quint64 id, const QString& message);

private:
    void report(quint64 id, const QString& path, const QString& message);

    QThreadPool m_thread;
    std::set<quint64> m_pending;
};

} // namespace reverie::ui
