// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/job_runner.h"
#include "ui/session/run_questions.h"

#include "core/api/run_preview.h"
#include "core/api/system_info.h"

#include <QDialog>
#include <QTemporaryDir>
#include <QTimer>

class QComboBox;
class QFormLayout;
class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;
class QStackedWidget;
class QTabBar;

namespace reverie::ui {

class DatasetPreview;
class PreflightView;
class TrainingOptionsTable;

/// A new training run in a few questions: from which preset, what, on which pictures, where, for how long and
/// when, with every option behind them, a look at the pictures, and what it will take before it starts.
class NewRunDialog : public QDialog
{
    Q_OBJECT
public:
    /// Threads of what the dialog looks at; they outlive it, so that closing it waits for nothing.
    struct Threads {
        QThreadPool options, pictures, preview;
        Threads();
        ~Threads();
    };

    /// `runs` are those there are, to wait for. With `again` it begins as a copy of that run.
    NewRunDialog(const QList<RunEntry>& runs, Threads& threads, const std::optional<RunOrder>& again = {},
                 QWidget* parent = nullptr);
    [[nodiscard]] PreflightView& preflight() const { return *m_preflight; }
    [[nodiscard]] TrainingOptionsTable& options() const { return *m_options; }
    [[nodiscard]] DatasetPreview& pictures() const { return *m_pictures; }

Q_SIGNALS:
    void startWanted(const reverie::ui::RunOrder& order);

private:
    struct Known {
        QStringList presets;
        QList<DeviceInfo> devices;
    };
    struct Resolved {
        std::vector<TrainingOption> base, options;
    };

    void makeForm();
    QWidget* makeQuestions();
    void addWhat(QFormLayout& form);
    void addPictures(QFormLayout& form);
    void addLength(QFormLayout& form);
    void addPlace(QFormLayout& form);
    QWidget* makeRight();
    QWidget* makeBottom();
    void orderTabs();
    void connectFields();
    void learnWhatThereIs();
    void show(const Known& known);
    void show(const Resolved& resolved);
    void showStages(int stages);
    void change();
    void resolve();
    void preview();
    void takeSuggestion(const QStringList& settings);
    void chooseFolder();
    void chooseWeights();
    void start();
    void showProblem(const QString& text);
    [[nodiscard]] RunQuestions questions() const;
    void findPlace(RunQuestions& questions) const;
    [[nodiscard]] RunOrder finalOrder() const;
    /// As the model library takes it, with a copied configuration in a file.
    [[nodiscard]] TrainRequest requestOf(const RunOrder& order) const;

    Threads& m_threads;
    QList<RunEntry> m_runs;
    RunQuestions m_answers; ///< those that no field holds
    std::pair<QString, QString> m_newest; ///< the last changed option, and its change before
    QString m_refused; ///< why its value can't be
    std::vector<TrainingOption> m_base; ///< options before length and changes
    QComboBox* m_preset;
    QLabel* m_description;
    QComboBox* m_what;
    QLineEdit* m_init;
    QComboBox* m_data;
    QComboBox* m_device;
    QComboBox* m_length;
    QSpinBox* m_steps;
    QComboBox* m_when;
    QLineEdit* m_name;
    QTabBar* m_tabs;
    QStackedWidget* m_pages;
    DatasetPreview* m_pictures;
    TrainingOptionsTable* m_options;
    PreflightView* m_preflight;
    QLabel* m_problem;
    QPushButton* m_start;
    QPushButton* m_cancel;
    QTimer m_soon;
    QTemporaryDir m_folder;
    JobRunner m_learning, m_resolving, m_previewing;
};

} // namespace reverie::ui
