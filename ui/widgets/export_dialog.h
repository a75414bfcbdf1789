// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/export.h"
#include "ui/session/gallery_store.h"
#include "ui/session/job_runner.h"

#include <QDialog>

class QCheckBox;
class QComboBox;
class QFormLayout;
class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QProgressBar;
class QPushButton;
class QSpinBox;

namespace reverie::ui {

/// How to hand pictures on, with a look at what the files will say.
class ExportDialog : public QDialog
{
    Q_OBJECT
public:
    /// `chosen` pictures, or on request `shown`, all the gallery shows.
    ExportDialog(GalleryStore& store, const QList<qint64>& chosen, const QList<qint64>& shown,
                 QWidget* parent = nullptr);
    ~ExportDialog() override;
    [[nodiscard]] ExportOptions options() const;
    [[nodiscard]] QString destination() const;
    void setDestination(const QString& path);

Q_SIGNALS:
    void exported(const QString& path);

public Q_SLOTS:
    void reject() override; ///< stops an export first

private:
    void makeFields(QFormLayout& form);
    void connectFields();
    void change();
    void preview();
    void chooseDestination();
    void start();
    void setRunning(bool running);
    [[nodiscard]] const QList<qint64>& ids() const;

    GalleryStore& m_store;
    QList<qint64> m_chosen, m_shown;
    QComboBox* m_what;
    QComboBox* m_kind;
    QComboBox* m_image;
    QSpinBox* m_quality;
    QSpinBox* m_side;
    QLineEdit* m_pattern;
    QSpinBox* m_columns;
    QSpinBox* m_milliseconds;
    QCheckBox* m_textFiles;
    QCheckBox* m_jsonFiles;
    QCheckBox* m_metadataFile;
    QCheckBox* m_strip;
    QPlainTextEdit* m_preview;
    QLineEdit* m_destination;
    QPushButton* m_choose;
    QLabel* m_error;
    QProgressBar* m_progress;
    QPushButton* m_export;
    QPushButton* m_cancel;
    QWidget* m_fields;
    QFormLayout* m_form;
    bool m_running = false;
    QThreadPool m_threads;
    JobRunner m_work{ m_threads };
    QThreadPool m_previewThread;
    JobRunner m_previewing{ m_previewThread };
};

} // namespace reverie::ui
