// SPDX-License-Identifier: MIT
#pragma once

#include <QStringList>
#include <QWidget>

#include <memory>

namespace reverie::ui {

/// A training run as its folder tells it, read on a worker and followed while it lasts: the numbers of now,
/// curves with the doctor's verdicts where they happened, samples over time, the log. Or the curves of
/// several runs in one chart, with a table of their differing options. It never touches a run.
class RunView : public QWidget
{
    Q_OBJECT
public:
    explicit RunView(QWidget* parent = nullptr);
    ~RunView() override;

    /// Follows the run in that folder from now on. With an empty name the view says how a run comes here.
    void showRun(const QString& folder);
    /// Run folders, folders of TensorBoard event files, or such files, in one chart.
    void compareRuns(const QStringList& sources);
    /// The folder being followed; empty if there is none or several are compared.
    [[nodiscard]] QString run() const;

Q_SIGNALS:
    /// A person wants to draw with the checkpoint of the samples they look at.
    void openCheckpointWanted(const QString& modelFile);

private:
    struct Parts;

    void makeEmptyPage();
    void makeRunPage();
    void connectWatcher();
    void watch(const QStringList& places, bool comparing);

    std::unique_ptr<Parts> m_parts;
};

} // namespace reverie::ui
