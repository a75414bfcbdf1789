// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/job_runner.h"

#include "core/api/dataset_info.h"

#include <QWidget>

class QLabel;
class QListWidget;
class QProgressBar;

namespace reverie::ui {

/// Pictures of a data set with their captions, as training sees them, and what a check of all of them found.
class DatasetPreview : public QWidget
{
    Q_OBJECT
public:
    /// Looks on `thread`, which must outlive it and is not waited for.
    explicit DatasetPreview(QThreadPool& thread, QWidget* parent = nullptr);

    void setData(const QString& spec);
    [[nodiscard]] QListWidget& pictures() const { return *m_pictures; }
    [[nodiscard]] QListWidget& flaws() const { return *m_flaws; }
    [[nodiscard]] QString summary() const;

private:
    struct Look {
        DatasetInfo info;
        std::vector<DatasetSample> samples;
    };
    void show(const Look& look);
    void check();
    void showCheck(const DatasetCheck& check);

    QString m_spec;
    QLabel* m_summary;
    QListWidget* m_pictures;
    QListWidget* m_flaws;
    QProgressBar* m_progress;
    JobRunner m_looking, m_checking;
};

} // namespace reverie::ui
