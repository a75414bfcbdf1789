// SPDX-License-Identifier: MIT
#include "ui/widgets/sample_view.h"

#include "ui/session/run_entry.h"
#include "ui/widgets/picture_tiles.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QSlider>
#include <QVBoxLayout>

#include <algorithm>

namespace reverie::ui {

namespace {

constexpr int details_width = 344, details_width_most = 520, strip_tile = 64;

QString fileOf(const SampleStep& step, int prompt)
{
    return QStringLiteral("%1/%2.png").arg(step.folder).arg(prompt, 2, 10, QLatin1Char('0'));
}

} // namespace

SampleView::SampleView(QWidget* parent)
    : QWidget(parent)
    , m_part(new QComboBox)
    , m_scrubber(new QSlider(Qt::Horizontal))
    , m_step(new QLabel)
    , m_draw(new QPushButton(tr("Draw with this checkpoint")))
    , m_board(new PictureTiles(PictureTiles::Shape::Grid))
    , m_large(new PictureTiles(PictureTiles::Shape::Grid))
    , m_strip(new PictureTiles(PictureTiles::Shape::Row))
    , m_caption(new QLabel)
    , m_content(new QWidget)
    , m_empty(new QLabel(
          tr("No samples yet.\nThe run draws its sample prompts every so many steps; they show here, "
             "and how they change.")))
{
    m_empty->setAlignment(Qt::AlignCenter);
    m_empty->setProperty("muted", true);
    auto* columns = new QHBoxLayout;
    columns->setSpacing(24);
    columns->addWidget(m_board, 3);
    columns->addWidget(makeDetails(), 2);
    auto* content = new QVBoxLayout(m_content);
    content->setContentsMargins({});
    content->setSpacing(12);
    content->addWidget(makeControls());
    content->addLayout(columns, 1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 12, 0, 0);
    layout->addWidget(m_content, 1);
    layout->addWidget(m_empty, 1);
    m_board->setObjectName(QStringLiteral("sampleBoard"));
    m_board->setAccessibleName(
        tr("Samples of all prompts at a step; arrow keys go through prompts and steps"));
    m_content->hide();
    connect(m_board, &PictureTiles::chosen, this, &SampleView::setPrompt);
    connect(m_strip, &PictureTiles::chosen, this,
            [this](int index) { m_scrubber->setValue(stripSteps().value(index)); });
    connect(&m_pictures, &SamplePictures::changed, this, &SampleView::showPictures);
}

QWidget* SampleView::makeControls()
{
    auto* bar = new QWidget;
    auto* layout = new QHBoxLayout(bar);
    layout->setContentsMargins({});
    layout->setSpacing(12);
    m_part->setObjectName(QStringLiteral("samplePart"));
    m_part->setAccessibleName(tr("Part of the model"));
    m_part->setToolTip(tr("Part of the model"));
    m_scrubber->setObjectName(QStringLiteral("scrubber"));
    m_scrubber->setAccessibleName(tr("Step of the samples"));
    m_scrubber->setFocusPolicy(Qt::StrongFocus);
    m_scrubber->setPageStep(1);
    m_scrubber->setRange(0, 0);
    m_step->setObjectName(QStringLiteral("sampleStep"));
    m_step->setProperty("muted", true);
    m_step->setMinimumWidth(
        fontMetrics().horizontalAdvance(tr("Step %1, %2 of %3").arg(8888888).arg(888).arg(888)));
    m_draw->setObjectName(QStringLiteral("drawWithCheckpoint"));
    m_draw->setProperty("small", true);
    layout->addWidget(m_part);
    layout->addWidget(m_scrubber, 1);
    layout->addWidget(m_step);
    layout->addWidget(m_draw);
    connect(m_part, &QComboBox::currentIndexChanged, this, [this] {
        m_scrubber->setRange(0, int(steps().size()) - 1);
        m_scrubber->setValue(m_scrubber->maximum());
        showStep();
    });
    connect(m_scrubber, &QSlider::valueChanged, this, &SampleView::showStep);
    connect(m_draw, &QPushButton::clicked, this, [this] { Q_EMIT openCheckpointWanted(current().model); });
    return bar;
}

QWidget* SampleView::makeDetails()
{
    auto* details = new QWidget;
    details->setMinimumWidth(details_width);
    details->setMaximumWidth(details_width_most);
    auto* layout = new QVBoxLayout(details);
    layout->setContentsMargins({});
    layout->setSpacing(8);
    m_large->setFocusPolicy(Qt::NoFocus);
    m_large->setAccessibleName(tr("The chosen prompt at this step"));
    m_large->setMinimumHeight(252);
    m_large->setMaximumHeight(details_width_most);
    m_strip->setObjectName(QStringLiteral("sampleStrip"));
    m_strip->setAccessibleName(tr("The chosen prompt over the steps"));
    m_caption->setObjectName(QStringLiteral("sampleCaption"));
    m_caption->setWordWrap(true);
    m_caption->setTextFormat(Qt::PlainText);
    m_caption->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto* over = new QLabel(tr("Over the steps"));
    over->setProperty("section", true);
    layout->addWidget(m_large, 1);
    layout->addWidget(m_caption);
    layout->addSpacing(8);
    layout->addWidget(over);
    layout->addWidget(m_strip);
    layout->addStretch();
    return details;
}

QList<SampleStep> SampleView::steps() const
{
    QList<SampleStep> steps;
    std::copy_if(
        m_samples.begin(), m_samples.end(), std::back_inserter(steps),
        [part = m_part->currentData().toString()](const SampleStep& step) { return step.part == part; });
    return steps;
}

SampleStep SampleView::current() const
{
    return steps().value(m_scrubber->value());
}

/// Stays at the newest step if that is what shows.
void SampleView::setSamples(const QList<SampleStep>& samples)
{
    if (samples == m_samples)
        return;
    const auto part = m_part->currentData().toString();
    const bool atEnd = m_scrubber->value() == m_scrubber->maximum();
    QStringList parts;
    for (const auto& sample : samples)
        if (!parts.contains(sample.part))
            parts += sample.part;
    const bool newPart = !m_samples.isEmpty() && atEnd && m_samples.last().part == part
        && parts.value(parts.size() - 1) != part;
    m_samples = samples;
    {
        const QSignalBlocker quiet(m_part), quietScrubber(m_scrubber);
        m_part->clear();
        for (const auto& one : parts)
            m_part->addItem(partName(one), one);
        m_part->setCurrentIndex(parts.contains(part) && !newPart ? int(parts.indexOf(part))
                                                                 : int(parts.size()) - 1);
        m_scrubber->setRange(0, std::max(0, int(steps().size()) - 1));
        if (atEnd)
            m_scrubber->setValue(m_scrubber->maximum());
    }
    m_content->setVisible(!samples.isEmpty());
    m_empty->setVisible(samples.isEmpty());
    showStep();
}

void SampleView::setPrompt(int prompt)
{
    const int count = current().pictures;
    m_prompt = count > 0 ? std::clamp(prompt, 0, count - 1) : 0;
    showStep();
}

void SampleView::showStep()
{
    const auto step = current();
    const QLocale locale;
    m_step->setText(tr("Step %1, %2 of %3")
                        .arg(locale.toString(step.step))
                        .arg(m_scrubber->value() + 1)
                        .arg(m_scrubber->maximum() + 1));
    m_scrubber->setAccessibleDescription(m_step->text());
    m_draw->setEnabled(!step.model.isEmpty());
    m_draw->setToolTip(step.model.isEmpty() ? tr("No checkpoint of this step was kept") : step.model);
    m_prompt = std::clamp(m_prompt, 0, std::max(0, step.pictures - 1));
    showPictures();
}

QList<int> SampleView::stripSteps() const
{
    const int all = int(steps().size()), fit = std::max(2, m_strip->width() / strip_tile);
    QList<int> indices;
    for (int i = 0; i < std::min(all, fit); ++i)
        indices += all <= fit ? i : int(std::lround(double(i) * (all - 1) / (fit - 1)));
    return indices;
}

void SampleView::showPictures()
{
    const auto all = steps();
    const auto step = current();
    QStringList files;
    QList<PictureTiles::Tile> board, strip;
    for (int i = 0; i < step.pictures; ++i) {
        files += fileOf(step, i);
        const auto picture = m_pictures.picture(files.last());
        board += { picture, picture.text(QStringLiteral("prompt")) };
    }
    int nearest = -1;
    const auto indices = stripSteps();
    for (int i = 0; i < indices.size(); ++i) {
        const auto& one = all[indices[i]];
        files += fileOf(one, m_prompt);
        strip += { m_pictures.picture(files.last()), QLocale().toString(one.step) };
        if (indices[i] <= m_scrubber->value())
            nearest = i;
    }
    const auto chosen = board.value(m_prompt);
    m_board->setTiles(board, m_prompt);
    m_board->setAccessibleDescription(chosen.label);
    m_large->setTiles({ { chosen.picture, {} } }, -1);
    m_strip->setTiles(strip, nearest);
    const auto seed = chosen.picture.text(QStringLiteral("seed"));
    m_caption->setText(seed.isEmpty() ? chosen.label : tr("%1\nSeed %2").arg(chosen.label, seed));
    m_pictures.want(files);
}

void SampleView::keyPressEvent(QKeyEvent* event)
{
    switch (event->key()) {
    case Qt::Key_Left:
        setPrompt(m_prompt - 1);
        break;
    case Qt::Key_Right:
        setPrompt(m_prompt + 1);
        break;
    case Qt::Key_Up:
        m_scrubber->setValue(m_scrubber->value() + 1);
        break;
    case Qt::Key_Down:
        m_scrubber->setValue(m_scrubber->value() - 1);
        break;
    default:
        QWidget::keyPressEvent(event);
    }
}

void SampleView::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    showPictures();
}

} // namespace reverie::ui
