// SPDX-License-Identifier: MIT
#include "ui/widgets/viewer.h"

#include "ui/session/gallery_model.h"
#include "ui/session/picture_codec.h"
#include "ui/widgets/theme.h"
#include "ui/widgets/time_line.h"

#include <QAction>
#include <QHBoxLayout>
#include <QLabel>
#include <QToolButton>
#include <QVBoxLayout>

namespace reverie::ui {

namespace {

constexpr int stage_side = 64;

} // namespace

Viewer::Viewer(QWidget* parent)
    : QFrame(parent)
    , m_tools(new QHBoxLayout)
    , m_title(new QLabel)
    , m_zoom(new QLabel)
    , m_canvas(new ViewerCanvas)
    , m_timeLine(new TimeLine)
    , m_strip(new QFrame)
    , m_stages(new QHBoxLayout(m_strip))
{
    setObjectName(QStringLiteral("canvas"));
    m_readers.setMaxThreadCount(1);
    m_tools->setContentsMargins(8, 6, 8, 6);
    m_tools->setSpacing(2);
    addButton(QStringLiteral("back"), tr("Back to the gallery (Esc)"), [this] { Q_EMIT closeWanted(); });
    addButton(QStringLiteral("previous"), tr("Previous picture (Left)"), [this] { Q_EMIT stepWanted(-1); });
    addButton(QStringLiteral("next"), tr("Next picture (Right)"), [this] { Q_EMIT stepWanted(1); });
    m_title->setProperty("muted", true);
    m_title->setTextFormat(Qt::PlainText);
    m_title->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_title->setContentsMargins(8, 0, 8, 0);
    m_tools->addWidget(m_title, 1);
    m_zoom->setProperty("muted", true);
    m_zoom->setMinimumWidth(44);
    m_zoom->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_tools->addWidget(m_zoom);
    addButton(QStringLiteral("fit"), tr("Fit into the window (F)"), [this] { m_canvas->fit(); });
    auto* actual = addButton({}, tr("Actual size (O)"), [this] { m_canvas->actualSize(); });
    actual->setText(QStringLiteral("1:1"));
    m_strip->setObjectName(QStringLiteral("cascadeStrip"));
    m_strip->setAccessibleName(tr("Stages"));
    m_strip->hide();
    m_stages->setContentsMargins(16, 8, 16, 8);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->setSpacing(0);
    layout->addLayout(m_tools);
    layout->addWidget(m_canvas, 1);
    layout->addWidget(m_timeLine);
    layout->addWidget(m_strip);
    m_timeLine->setAccessibleName(tr("Steps"));
    m_timeLine->hide();
    connect(m_timeLine, &TimeLine::moved, this, &Viewer::showStep);
    connect(m_timeLine, &TimeLine::exportFailed, this, &Viewer::failed);
    connect(m_canvas, &ViewerCanvas::zoomChanged, this,
            [this] { m_zoom->setText(tr("%1%").arg(qRound(m_canvas->zoom() * 100))); });
}

Viewer::~Viewer()
{
    m_loading.silence();
    m_readers.waitForDone();
}

QToolButton* Viewer::addButton(const QString& icon, const QString& text, const std::function<void()>& run)
{
    auto* button = new QToolButton;
    if (!icon.isEmpty())
        button->setIcon(Theme::icon(icon));
    button->setIconSize({ 18, 18 });
    button->setToolTip(text);
    button->setAccessibleName(text);
    button->setFocusPolicy(Qt::StrongFocus);
    m_tools->addWidget(button);
    connect(button, &QToolButton::clicked, this, run);
    return button;
}

void Viewer::addToolAction(QAction* action)
{
    auto* button = addButton({}, action->iconText(), [] {});
    button->setDefaultAction(action);
    button->setAccessibleName(action->iconText());
}

void Viewer::show(const GalleryEntry& entry)
{
    const bool same = entry.id == m_entry.id;
    m_entry = entry;
    showTitle();
    if (!same)
        load();
}

void Viewer::compareWith(const GalleryEntry& other)
{
    m_other = other;
    showTitle();
    load();
}

void Viewer::endComparing()
{
    m_other = {};
    m_canvas->compareWith({}, ViewerCanvas::Compare::Off);
    showTitle();
}

void Viewer::nextCompareMode()
{
    m_mode = m_mode == ViewerCanvas::Compare::Slider ? ViewerCanvas::Compare::SideBySide
                                                     : ViewerCanvas::Compare::Slider;
    load();
}

void Viewer::swapCompared()
{
    if (!isComparing())
        return;
    std::swap(m_entry, m_other);
    showTitle();
    load();
}

void Viewer::showTitle()
{
    QString text
        = m_entry.prompt.isEmpty() ? m_entry.path.section(QLatin1Char('/'), -1) : m_entry.prompt.simplified();
    if (isComparing())
        text += QStringLiteral("   |   ")
            + (m_other.prompt.isEmpty() ? m_other.path.section(QLatin1Char('/'), -1)
                                        : m_other.prompt.simplified());
    m_title->setText(text.left(200));
    m_title->setToolTip(m_entry.path);
}

void Viewer::load()
{
    m_loading.start(
        [path = m_entry.path, other = m_other.path](const std::stop_token&, const JobRunner::Post&) {
            return Loaded{ readPicture(path), other.isEmpty() ? QImage() : readPicture(other),
                           readStages(path) };
        },
        [this](const Loaded& loaded) { take(loaded); }, [this](const QString& text) { Q_EMIT failed(text); });
}

void Viewer::take(const Loaded& loaded)
{
    if (loaded.image.isNull())
        Q_EMIT failed(tr("%1 can't be shown; it is gone or damaged.").arg(m_entry.path));
    m_image = loaded.image;
    m_canvas->show(m_image, describeEntry(m_entry));
    m_canvas->compareWith(loaded.other, m_mode);
    showStages(loaded.kept.stages);
    showSteps(loaded.kept.steps);
    m_zoom->setText(tr("%1%").arg(qRound(m_canvas->zoom() * 100)));
}

void Viewer::showSteps(const std::vector<std::vector<QImage>>& steps)
{
    std::vector<TimeLine::Frame> frames;
    for (std::size_t stage = 0; stage < steps.size(); ++stage)
        for (std::size_t step = 0; step < steps[stage].size(); ++step)
            frames.push_back({ steps[stage][step], int(stage) + 1, int(step) + 1, int(steps[stage].size()) });
    m_timeLine->setVisible(!frames.empty() && !isComparing());
    m_timeLine->setFrames(std::move(frames));
}

void Viewer::showStep()
{
    // At the size of the picture, so that zoom and place stay.
    const QImage step = m_timeLine->atEnd() ? m_image : m_timeLine->current().scaled(m_image.size());
    m_canvas->show(step, describeEntry(m_entry));
}

void Viewer::showStages(const std::vector<QImage>& stages)
{
    while (m_stages->count() > 0) {
        const std::unique_ptr<QLayoutItem> item(m_stages->takeAt(0));
        if (item->widget())
            item->widget()->deleteLater();
    }
    m_strip->setVisible(!stages.empty());
    m_stages->addStretch();
    for (const QImage& image : stages) {
        auto* button = new QToolButton;
        button->setIcon(QPixmap::fromImage(image.scaled(stage_side, stage_side, Qt::KeepAspectRatio)));
        button->setIconSize({ stage_side, stage_side });
        button->setText(tr("%1 px").arg(image.width()));
        button->setToolButtonStyle(Qt::ToolButtonTextUnderIcon);
        button->setAccessibleName(tr("Stage of %1 pixels").arg(image.width()));
        button->setFocusPolicy(Qt::StrongFocus);
        connect(button, &QToolButton::clicked, this,
                [this, image] { m_canvas->show(image, tr("Stage of %1 pixels").arg(image.width())); });
        m_stages->addWidget(button);
    }
    m_stages->addStretch();
}

} // namespace reverie::ui
