// SPDX-License-Identifier: MIT
#include "ui/widgets/run_summary.h"

#include "ui/session/chart_ticks.h"
#include "ui/widgets/icon_label.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

#include <cmath>

namespace reverie::ui {

namespace {

QString memoryText(double bytes)
{
    return RunSummary::tr("%1 GiB").arg(QString::number(bytes / (1024.0 * 1024 * 1024), 'f', 2));
}

QString percentText(double percent)
{
    return RunSummary::tr("%1 %").arg(std::lround(percent));
}

QString degreesText(double degrees)
{
    return RunSummary::tr("%1 °C").arg(std::lround(degrees));
}

struct Shown {
    const char* id;
    const char* name;
    const char* number; ///< of the accelerator, if the run has one
    const char* otherwise;
    QString (*text)(double);
};

constexpr Shown shown[] = {
    { "loss", QT_TRANSLATE_NOOP("reverie::ui::RunSummary", "Loss"), "loss", "", numberText },
    { "lr", QT_TRANSLATE_NOOP("reverie::ui::RunSummary", "Learning rate"), "lr", "", numberText },
    { "gradNorm", QT_TRANSLATE_NOOP("reverie::ui::RunSummary", "Gradient norm"), "grad_norm", "",
      numberText },
    { "speed", QT_TRANSLATE_NOOP("reverie::ui::RunSummary", "Samples per second"), "samples_per_s", "",
      numberText },
    { "use", QT_TRANSLATE_NOOP("reverie::ui::RunSummary", "Use"), "gpu_util", "cpu_util", percentText },
    { "memory", QT_TRANSLATE_NOOP("reverie::ui::RunSummary", "Memory"), "gpu_memory_bytes", "memory_bytes",
      memoryText },
    { "temperature", QT_TRANSLATE_NOOP("reverie::ui::RunSummary", "Temperature"), "gpu_temperature",
      "cpu_temperature", degreesText },
};

} // namespace

RunSummary::RunSummary(QWidget* parent)
    : QWidget(parent)
    , m_row(new QHBoxLayout)
    , m_noticeBox(new QFrame)
    , m_notice(new QLabel)
{
    m_row->setSpacing(32);
    for (const auto& number : shown)
        m_numbers += makeNumber(QLatin1String(number.id), tr(number.name));
    m_left = makeNumber(QStringLiteral("left"), tr("Left of this part"));
    m_row->addStretch(1);
    m_noticeBox->setProperty("verdict", true);
    auto* noticeLayout = new QHBoxLayout(m_noticeBox);
    noticeLayout->setContentsMargins(12, 8, 12, 8);
    noticeLayout->addWidget(new IconLabel(QStringLiteral("warning"), 16));
    m_notice->setObjectName(QStringLiteral("runNotice"));
    m_notice->setTextFormat(Qt::PlainText);
    m_notice->setWordWrap(true);
    m_notice->setTextInteractionFlags(Qt::TextSelectableByMouse);
    noticeLayout->addWidget(m_notice, 1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->setSpacing(8);
    layout->addLayout(m_row);
    layout->addWidget(m_noticeBox);
    setState({});
}

RunSummary::Number RunSummary::makeNumber(const QString& id, const QString& name)
{
    auto* box = new QWidget;
    auto* layout = new QVBoxLayout(box);
    layout->setContentsMargins({});
    layout->setSpacing(0);
    auto* value = new QLabel;
    value->setObjectName(QStringLiteral("now-") + id);
    value->setProperty("number", true);
    value->setAccessibleName(name);
    auto* label = new QLabel(name);
    label->setProperty("muted", true);
    layout->addWidget(value);
    layout->addWidget(label);
    m_row->addWidget(box);
    return { box, value };
}

void RunSummary::setState(const RunState& state)
{
    for (std::size_t i = 0; i < std::size(shown); ++i) {
        auto found = state.numbers.find(QLatin1String(shown[i].number));
        if (found == state.numbers.end())
            found = state.numbers.find(QLatin1String(shown[i].otherwise));
        const auto& number = m_numbers[qsizetype(i)];
        number.box->setVisible(found != state.numbers.end());
        if (found != state.numbers.end())
            number.value->setText(std::isfinite(*found) ? shown[i].text(*found) : tr("not a number"));
    }
    m_left.box->setVisible(state.alive && state.status->eta_s > 0);
    m_left.value->setText(m_left.box->isHidden() ? QString() : timeText(std::ceil(state.status->eta_s)));
    showNotice(state.trouble);
}

void RunSummary::showNotice(const QString& text)
{
    m_notice->setText(text);
    m_noticeBox->setVisible(!text.isEmpty());
}

} // namespace reverie::ui
