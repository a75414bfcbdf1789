// SPDX-License-Identifier: MIT
#include "ui/widgets/run_header.h"

#include "ui/session/chart_ticks.h"
#include "ui/widgets/icon_label.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QProgressBar>
#include <QStyle>
#include <QVBoxLayout>

#include <cmath>

namespace reverie::ui {

namespace {

bool isUnderWay(const RunState& state)
{
    return state.status
        && (state.status->state == "starting" || state.status->state == "running"
            || state.status->state == "paused");
}

QString memoryText(double bytes)
{
    return RunHeader::tr("%1 GiB").arg(QString::number(bytes / (1024.0 * 1024 * 1024), 'f', 2));
}

QString percentText(double percent)
{
    return RunHeader::tr("%1 %").arg(std::lround(percent));
}

QString degreesText(double degrees)
{
    return RunHeader::tr("%1 °C").arg(std::lround(degrees));
}

struct Shown {
    const char* id;
    const char* name;
    const char* number; ///< of the accelerator, if the run has one
    const char* otherwise;
    QString (*text)(double);
};

constexpr Shown shown[] = {
    { "loss", QT_TRANSLATE_NOOP("reverie::ui::RunHeader", "Loss"), "loss", "", numberText },
    { "lr", QT_TRANSLATE_NOOP("reverie::ui::RunHeader", "Learning rate"), "lr", "", numberText },
    { "gradNorm", QT_TRANSLATE_NOOP("reverie::ui::RunHeader", "Gradient norm"), "grad_norm", "", numberText },
    { "speed", QT_TRANSLATE_NOOP("reverie::ui::RunHeader", "Samples per second"), "samples_per_s", "",
      numberText },
    { "use", QT_TRANSLATE_NOOP("reverie::ui::RunHeader", "Use"), "gpu_util", "cpu_util", percentText },
    { "memory", QT_TRANSLATE_NOOP("reverie::ui::RunHeader", "Memory"), "gpu_memory_bytes", "memory_bytes",
      memoryText },
    { "temperature", QT_TRANSLATE_NOOP("reverie::ui::RunHeader", "Temperature"), "gpu_temperature",
      "cpu_temperature", degreesText },
};

} // namespace

QString stateText(const RunState& state)
{
    if (!state.status)
        return state.parts.isEmpty() ? QString() : RunHeader::tr("numbers only");
    if (isUnderWay(state) && !state.alive)
        return RunHeader::tr("interrupted");
    const auto& name = state.status->state;
    if (name == "starting")
        return RunHeader::tr("starting");
    if (name == "running")
        return RunHeader::tr("running");
    if (name == "paused")
        return RunHeader::tr("paused");
    if (name == "finished")
        return RunHeader::tr("finished");
    if (name == "failed")
        return RunHeader::tr("failed");
    if (name == "stopped")
        return RunHeader::tr("stopped");
    return QString::fromStdString(name); // a newer version's
}

RunHeader::RunHeader(QWidget* parent)
    : QFrame(parent)
    , m_name(new QLabel)
    , m_state(new QLabel)
    , m_progress(new QLabel)
    , m_left(new QLabel)
    , m_bar(new QProgressBar)
    , m_row(new QHBoxLayout)
    , m_noticeBox(new QFrame)
    , m_notice(new QLabel)
{
    m_name->setObjectName(QStringLiteral("headline"));
    m_name->setTextFormat(Qt::PlainText);
    m_state->setObjectName(QStringLiteral("runState"));
    m_progress->setObjectName(QStringLiteral("runProgress"));
    m_progress->setProperty("muted", true);
    m_left->setObjectName(QStringLiteral("runLeft"));
    m_bar->setTextVisible(false);
    m_bar->setRange(0, 1000);
    m_bar->setAccessibleName(tr("How far the part is"));
    auto* head = new QHBoxLayout;
    head->setSpacing(12);
    head->addWidget(m_name);
    head->addWidget(m_state);
    head->addStretch(1);
    head->addWidget(m_progress);
    head->addWidget(m_left);
    m_row->setSpacing(32);
    for (const auto& number : shown)
        m_numbers += makeNumber(QLatin1String(number.id), tr(number.name));
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
    m_noticeBox->hide();
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->setSpacing(8);
    layout->addLayout(head);
    layout->addWidget(m_bar);
    layout->addLayout(m_row);
    layout->addWidget(m_noticeBox);
}

RunHeader::Number RunHeader::makeNumber(const QString& id, const QString& name)
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

void RunHeader::setState(const RunState& state)
{
    m_name->setText(state.name);
    m_name->setToolTip(state.place);
    const auto text = stateText(state);
    m_state->setText(text);
    m_state->setVisible(!text.isEmpty());
    const bool bad = state.status && (state.status->state == "failed" || (isUnderWay(state) && !state.alive));
    const auto kind = bad   ? QStringLiteral("bad")
        : isUnderWay(state) ? QStringLiteral("live")
                            : QStringLiteral("quiet");
    if (m_state->property("state") != kind) {
        m_state->setProperty("state", kind);
        m_state->style()->unpolish(m_state);
        m_state->style()->polish(m_state);
    }
    showProgress(state);
    showNumbers(state);
    QStringList sentences;
    if (state.status && !state.status->reason.empty())
        sentences += QString::fromStdString(state.status->reason);
    else if (isUnderWay(state) && !state.alive)
        sentences += tr("The process of this run is gone; it can be resumed from its last checkpoint.");
    if (!state.trouble.isEmpty() && !(state.reading && state.parts.isEmpty()))
        sentences += state.trouble;
    showNotice(sentences.join(QLatin1Char('\n')));
}

void RunHeader::showTitle(const QString& title)
{
    setState({});
    m_name->setText(title);
}

void RunHeader::showNotice(const QString& text)
{
    m_notice->setText(text);
    m_noticeBox->setVisible(!text.isEmpty());
}

void RunHeader::showProgress(const RunState& state)
{
    const bool known = state.status && state.status->steps > 0;
    m_bar->setVisible(known);
    m_progress->setVisible(known);
    const bool running = known && state.alive && state.status->eta_s > 0;
    m_left->setVisible(running);
    if (!known)
        return;
    const QLocale locale;
    const auto& status = *state.status;
    m_bar->setValue(int(1000.0 * double(status.step) / double(status.steps)));
    m_progress->setText(tr("%1, step %2 of %3")
                            .arg(QString::fromStdString(status.part), locale.toString(qlonglong(status.step)),
                                 locale.toString(qlonglong(status.steps))));
    m_bar->setAccessibleDescription(m_progress->text());
    m_left->setText(tr("about %1 left").arg(durationText(std::ceil(status.eta_s))));
}

void RunHeader::showNumbers(const RunState& state)
{
    for (std::size_t i = 0; i < std::size(shown); ++i) {
        const auto& numbers = state.numbers;
        auto found = numbers.find(QLatin1String(shown[i].number));
        if (found == numbers.end())
            found = numbers.find(QLatin1String(shown[i].otherwise));
        const bool known = found != numbers.end();
        m_numbers[qsizetype(i)].box->setVisible(known);
        if (known)
            m_numbers[qsizetype(i)].value->setText(std::isfinite(*found) ? shown[i].text(*found)
                                                                         : tr("not a number"));
    }
}

} // namespace reverie::ui
