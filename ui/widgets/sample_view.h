// SPDX-License-Identifier: MIT
#pragma once

#include "ui/session/run_state.h"
#include "ui/session/sample_pictures.h"

#include <QWidget>

class QComboBox;
class QLabel;
class QPushButton;
class QSlider;
class QStackedLayout;

namespace reverie::ui {

class PictureTiles;

/// The samples of a run: all prompts at a step, and the chosen prompt over all steps. Left and Right go
/// through the prompts, Up and Down through the steps, the scrubber too.
class SampleView : public QWidget
{
    Q_OBJECT
public:
    explicit SampleView(QWidget* parent = nullptr);

    void setSamples(const QList<SampleStep>& samples);
    [[nodiscard]] int prompt() const { return m_prompt; }
    /// That shows; a step without pictures if there are none.
    [[nodiscard]] SampleStep current() const;

Q_SIGNALS:
    void openCheckpointWanted(const QString& modelFile);

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    QWidget* makeControls();
    QWidget* makeDetails();
    [[nodiscard]] QList<SampleStep> steps() const; ///< of the part that is chosen
    [[nodiscard]] QList<int> stripSteps() const; ///< that fit beside each other
    void setPrompt(int prompt);
    void showStep();
    void showPictures();

    QList<SampleStep> m_samples;
    SamplePictures m_pictures;
    QComboBox* m_part;
    QSlider* m_scrubber;
    QLabel* m_step;
    QPushButton* m_draw;
    PictureTiles* m_board;
    PictureTiles* m_large;
    PictureTiles* m_strip;
    QLabel* m_caption;
    QWidget* m_content;
    QLabel* m_empty;
    int m_prompt = 0;
};

} // namespace reverie::ui
