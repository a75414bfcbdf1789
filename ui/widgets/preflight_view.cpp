// SPDX-License-Identifier: MIT
#include "ui/widgets/preflight_view.h"

#include "ui/session/run_model.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QStyle>
#include <QVBoxLayout>

namespace reverie::ui {

namespace {

/// "812 MiB", "1.4 GiB", as the verdict counts.
QString bytesText(std::uint64_t bytes)
{
    return QLocale().formattedDataSize(static_cast<qint64>(bytes), bytes < 0x4000'0000 ? 0 : 1);
}

/// The parts one by one, for a tool tip.
QString partsText(const RunPreview& preview)
{
    QStringList lines;
    for (const auto& part : preview.parts)
        lines << PreflightView::tr("%1: %2 steps of %3, %4, %5")
                     .arg(partName(QString::fromStdString(part.part)))
                     .arg(part.steps)
                     .arg(part.batch)
                     .arg(durationText(part.seconds), bytesText(part.memory_bytes));
    return lines.join(QLatin1Char('\n'));
}

QString ofAvailable(std::uint64_t wanted, std::uint64_t available)
{
    const QString text = bytesText(wanted);
    return available == 0 ? text : PreflightView::tr("%1 of %2").arg(text, bytesText(available));
}

} // namespace

PreflightView::PreflightView(QWidget* parent)
    : QFrame(parent)
    , m_verdict(new QLabel)
    , m_fit(new QPushButton(tr("Make It &Fit")))
{
    setObjectName(QStringLiteral("preflight"));
    m_verdict->setObjectName(QStringLiteral("preflightVerdict"));
    m_verdict->setWordWrap(true);
    m_verdict->setTextFormat(Qt::PlainText);
    m_fit->setObjectName(QStringLiteral("preflightFit"));
    m_fit->hide();
    auto* figures = new QHBoxLayout;
    figures->setSpacing(32);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 12, 16, 12);
    layout->setSpacing(8);
    layout->addLayout(figures);
    const auto add = [&](const QString& name, const char* id) {
        auto* title = new QLabel(name);
        title->setProperty("section", true);
        auto* value = new QLabel;
        value->setObjectName(QLatin1String(id));
        value->setAccessibleName(name);
        value->setProperty("figure", true);
        auto* column = new QVBoxLayout;
        column->setSpacing(2);
        column->addWidget(title);
        column->addWidget(value);
        figures->addLayout(column);
        return value;
    };
    m_time = add(tr("Time"), "preflightTime");
    m_memory = add(tr("Memory"), "preflightMemory");
    m_disk = add(tr("Disk"), "preflightDisk");
    figures->addStretch();
    auto* row = new QHBoxLayout;
    row->addWidget(m_verdict, 1);
    row->addWidget(m_fit);
    layout->addLayout(row);
    connect(m_fit, &QPushButton::clicked, this, [this] { Q_EMIT suggestionWanted(m_suggestion); });
    showWorking();
}

void PreflightView::showFigures(const QString& memory, const QString& time, const QString& disk)
{
    m_memory->setText(memory);
    m_time->setText(time);
    m_disk->setText(disk);
}

void PreflightView::showVerdict(const QString& text, bool isBad)
{
    m_verdict->setText(text);
    m_verdict->setProperty("danger", isBad);
    m_verdict->style()->unpolish(m_verdict);
    m_verdict->style()->polish(m_verdict);
}

void PreflightView::showWorking()
{
    const QString unknown = QStringLiteral("–");
    showFigures(unknown, unknown, unknown);
    showVerdict(tr("Trying a few steps to see what it will take…"), false);
    m_fit->hide();
}

void PreflightView::show(const RunPreview& preview)
{
    showFigures(ofAvailable(preview.memory_bytes, preview.available_bytes), durationText(preview.seconds),
                ofAvailable(preview.disk_bytes, preview.free_disk_bytes));
    for (QLabel* figure : { m_memory, m_time, m_disk })
        figure->setToolTip(partsText(preview));
    showVerdict(preview.fits ? tr("It fits here.") : QString::fromStdString(preview.verdict), !preview.fits);
    m_suggestion.clear();
    for (const auto& setting : preview.suggestion)
        m_suggestion << QString::fromStdString(setting);
    m_fit->setToolTip(m_suggestion.join(QLatin1Char('\n')));
    m_fit->setVisible(!m_suggestion.isEmpty());
}

void PreflightView::showError(const QString& text)
{
    showWorking();
    showVerdict(text, true);
}

QString PreflightView::verdict() const
{
    return m_verdict->text();
}

} // namespace reverie::ui
