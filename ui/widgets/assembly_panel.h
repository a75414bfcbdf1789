// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/assembly.h"

#include <QFrame>

#include <array>

class QCheckBox;
class QComboBox;
class QGridLayout;
class QLabel;
class QLineEdit;
class QProgressBar;
class QPushButton;
class QVBoxLayout;

namespace reverie::ui {

class AssemblyRow;

/// The form that puts prior, decoder, upsampler, CLIP and vocabulary together into one pipeline: files find
/// their places, what is missing is said, and in the end how it went.
class AssemblyPanel : public QFrame
{
    Q_OBJECT
public:
    explicit AssemblyPanel(QWidget* parent = nullptr);

    /// Files that were dropped: each goes where something of it belongs.
    void put(const QList<ModelFile>& files);
    /// One file into this place alone.
    void put(Assembly::Place place, const ModelFile& file);
    [[nodiscard]] const Assembly& assembly() const { return m_assembly; }
    /// With dtype and averaging; it writes among the user's models, under the name in the form.
    [[nodiscard]] ModelImportRequest request() const;

    void showProgress(const QString& doing, double done);
    void showReport(const QString& path, const QStringList& notes);
    void showError(const QString& message);
    void showCancelled();

Q_SIGNALS:
    void filesWanted(int place,
                     const QStringList& paths); ///< for a place, or for any (-1), to be looked into
    void startWanted();
    void cancelWanted();
    void closeWanted();
    void openWanted(const QString& path); ///< the pipeline that was written

protected:
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    enum class State { Filling, Running, Done };

    QWidget* makeRows();
    QWidget* makeOptions();
    QWidget* makeEnd();
    void refresh();
    void setState(State state);
    void startAgain();
    void report(const QString& text, bool danger);

    Assembly m_assembly;
    State m_state = State::Filling;
    bool m_named = false; ///< by the person, so that it does not follow the parts
    QString m_written;
    std::array<AssemblyRow*, Assembly::places> m_rows{};
    QLabel* m_missing;
    QComboBox* m_dtype;
    QCheckBox* m_averaged;
    QLineEdit* m_name;
    QLabel* m_doing;
    QProgressBar* m_bar;
    QLabel* m_report;
    QPushButton* m_start;
    QPushButton* m_cancel;
    QPushButton* m_open;
    QPushButton* m_again;
    QPushButton* m_close;
};

} // namespace reverie::ui
