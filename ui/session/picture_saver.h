// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/picture_names.h"

#include <QObject>
#include <QThreadPool>

#include <set>

namespace reverie::ui {

/// Writes pictures one after the other on a thread of its own. A picture that can't be written is the
/// caller's to keep and to hand in again.
class PictureSaver : public QObject
{
    Q_OBJECT
public:
    explicit PictureSaver(QObject* parent = nullptr);
    ~PictureSaver() override; ///< waits for what was handed in

    /// See check_name_pattern().
    void setNamePattern(const std::string& pattern) { m_pattern = pattern; }
    /// The picture, and beside it how it came about as far as that was kept.
    void save(quint64 id, const QString& folder, const Picture& picture, const PictureMaking& making);
    [[nodiscard]] bool isBusy() const { return !m_pending.empty(); }
    [[nodiscard]] bool isSaving(quint64 id) const { return m_pending.count(id) > 0; }

Q_SIGNALS:
    void saved(quint64 id, const QString& path);
    void failed(quint64 id, const QString& message);

private:
    void report(quint64 id, const QString& path, const QString& message);

    std::string m_pattern = default_name_pattern;
    QThreadPool m_thread;
    std::set<quint64> m_pending;
};

} // namespace reverie::ui
