// SPDX-License-Identifier: MIT
#include "ui/widgets/dataset_preview.h"

#include "ui/session/drawing.h"

#include <QLabel>
#include <QListWidget>
#include <QLocale>
#include <QProgressBar>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace reverie::ui {

namespace {

constexpr int thumbnail = 88;
constexpr int shown_pictures = 30;
constexpr int shown_flaws = 200;

QString number(qint64 value)
{
    return QLocale().toString(value);
}

} // namespace

DatasetPreview::DatasetPreview(QThreadPool& thread, QWidget* parent)
    : QWidget(parent)
    , m_summary(new QLabel)
    , m_pictures(new QListWidget)
    , m_flaws(new QListWidget)
    , m_progress(new QProgressBar)
    , m_looking(thread)
    , m_checking(thread)
{
    m_summary->setObjectName(QStringLiteral("datasetSummary"));
    m_summary->setWordWrap(true);
    m_summary->setTextFormat(Qt::PlainText);
    m_pictures->setObjectName(QStringLiteral("datasetPictures"));
    m_pictures->setAccessibleName(tr("Pictures of the data set"));
    m_pictures->setViewMode(QListView::IconMode);
    m_pictures->setMovement(QListView::Static);
    m_pictures->setResizeMode(QListView::Adjust);
    m_pictures->setUniformItemSizes(true);
    m_pictures->setIconSize({ thumbnail, thumbnail });
    m_pictures->setGridSize({ thumbnail + 20, thumbnail + 36 });
    m_pictures->setTextElideMode(Qt::ElideRight);
    m_pictures->setWordWrap(false);
    m_pictures->setSelectionMode(QAbstractItemView::SingleSelection);
    m_flaws->setObjectName(QStringLiteral("datasetFlaws"));
    m_flaws->setAccessibleName(tr("What is wrong with pictures"));
    m_flaws->setMaximumHeight(96);
    m_flaws->setWordWrap(true);
    m_flaws->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_flaws->setResizeMode(QListView::Adjust);
    m_flaws->hide();
    m_progress->setTextVisible(false);
    m_progress->setAccessibleName(tr("Checking the data set"));
    m_progress->hide();
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->setSpacing(8);
    layout->addWidget(m_summary);
    layout->addWidget(m_progress);
    layout->addWidget(m_pictures, 1);
    layout->addWidget(m_flaws);
}

QString DatasetPreview::summary() const
{
    return m_summary->text();
}

void DatasetPreview::setData(const QString& spec)
{
    if (spec == m_spec)
        return;
    m_spec = spec;
    m_checking.silence();
    m_looking.silence();
    m_pictures->clear();
    m_flaws->hide();
    m_progress->hide();
    if (spec.isEmpty()) {
        m_summary->setText(tr("Choose the pictures to learn from."));
        return;
    }
    m_summary->setText(tr("Looking at the pictures…"));
    m_progress->setRange(0, 0);
    m_progress->show();
    m_looking.start(
        [name = spec.toStdString(), pixels = static_cast<int>(std::ceil(thumbnail * devicePixelRatioF()))](
            const std::stop_token& stop, const JobRunner::Post&) {
            Look look{ dataset_info(name), {} };
            if (!stop.stop_requested())
                look.samples = dataset_samples(name, shown_pictures, pixels);
            return look;
        },
        [this](const Look& look) {
            show(look);
            check();
        },
        [this](const QString& text) {
            m_progress->hide();
            m_summary->setText(text);
        });
}

void DatasetPreview::show(const Look& look)
{
    for (const DatasetSample& sample : look.samples) {
        const QString caption = QString::fromStdString(sample.caption);
        auto* item
            = new QListWidgetItem(QIcon(QPixmap::fromImage(toQImage(sample.picture))), caption, m_pictures);
        item->setToolTip(caption);
    }
    m_summary->setText(tr("%1 %2 pictures to learn from, %3 kept back to test on.")
                           .arg(QString::fromStdString(look.info.description), number(look.info.train),
                                number(look.info.test)));
}

void DatasetPreview::check()
{
    m_checking.start(
        [this, name = m_spec.toStdString()](const std::stop_token& stop, const JobRunner::Post& post) {
            const auto report = [this, &post](std::int64_t done, std::int64_t all) {
                if (done % std::max<std::int64_t>(1, all / 100) != 0)
                    return;
                post([this, done, all] {
                    m_progress->setRange(0, static_cast<int>(all));
                    m_progress->setValue(static_cast<int>(done));
                });
            };
            return check_dataset(name, {}, report, stop);
        },
        [this](const DatasetCheck& check) { showCheck(check); },
        [this](const QString& text) {
            m_progress->hide();
            m_summary->setText(text);
        });
}

void DatasetPreview::showCheck(const DatasetCheck& check)
{
    m_progress->hide();
    const QString found = check.flaws.empty()
        ? tr("All were checked; nothing is wrong.")
        : tr("All were checked: %1 of %2 can be used.").arg(number(check.usable), number(check.pictures));
    m_summary->setText(m_summary->text() + QLatin1Char(' ') + found);
    m_flaws->clear();
    for (std::size_t i = 0; i < check.flaws.size() && i < shown_flaws; ++i)
        m_flaws->addItem(QString::fromStdString(check.flaws[i].sentence));
    if (check.flaws.size() > shown_flaws)
        m_flaws->addItem(tr("And %1 more.").arg(number(qint64(check.flaws.size()) - shown_flaws)));
    m_flaws->setVisible(!check.flaws.empty());
}

} // namespace reverie::ui
