// SPDX-License-Identifier: MIT
#include "ui/widgets/run_header.h"

#include "ui/session/run_model.h"
#include "ui/widgets/run_list_delegate.h"
#include "ui/widgets/theme.h"

#include <QAction>
#include <QCoreApplication>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QProgressBar>
#include <QStyle>
#include <QToolButton>
#include <QVBoxLayout>

namespace reverie::ui {

namespace {

constexpr int bar_range = 1000;
constexpr int button_inset = 12;

/// "everything on emoji, cuda:0, 1.2 GB"
QString factsText(const RunEntry& run)
{
    QStringList facts;
    if (!run.title.isEmpty() && run.title != run.name())
        facts << run.title;
    if (!run.what.isEmpty())
        facts << (run.what == QLatin1String("all") ? RunHeader::tr("everything") : partName(run.what));
    if (!run.data.isEmpty())
        facts << RunHeader::tr("on %1").arg(run.data);
    if (const QString device = run.runsOn.isEmpty() ? run.device : run.runsOn; !device.isEmpty())
        facts << (device == QLatin1String("cpu") ? RunHeader::tr("processor") : device);
    if (!run.isLocal)
        facts << RunHeader::tr("on the machine %1").arg(QString::fromStdString(run.status.host));
    if (run.bytes >= 0)
        facts << sizeText(run.bytes);
    return facts.join(QStringLiteral(" · "));
}

QString stateText(const RunEntry& run)
{
    QString text = progressText(run);
    if (run.status.steps > 0 && run.state != RunEntry::State::Queued)
        text += RunHeader::tr(" · step %1 of %2")
                    .arg(QLocale().toString(qint64(run.status.step)),
                         QLocale().toString(qint64(run.status.steps)));
    return text;
}

} // namespace

RunHeader::RunHeader(QWidget* parent)
    : QFrame(parent)
    , m_name(new QLabel)
    , m_state(new QLabel)
    , m_facts(new QLabel)
    , m_reason(new QLabel)
    , m_bar(new QProgressBar)
    , m_buttons(new QHBoxLayout)
{
    setObjectName(QStringLiteral("runHeader"));
    m_name->setObjectName(QStringLiteral("runTitle"));
    m_name->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_state->setObjectName(QStringLiteral("runState"));
    m_facts->setProperty("muted", true);
    m_facts->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_reason->setObjectName(QStringLiteral("runReason"));
    m_reason->setWordWrap(true);
    m_reason->setTextInteractionFlags(Qt::TextSelectableByMouse);
    for (QLabel* label : { m_name, m_state, m_facts, m_reason })
        label->setTextFormat(Qt::PlainText);
    m_bar->setRange(0, bar_range);
    m_bar->setTextVisible(false);
    m_bar->setAccessibleName(tr("Steps of the part"));
    m_buttons->setSpacing(4);
    m_buttons->setContentsMargins(-button_inset, 0, 0, 0); // so that their texts stand below the name
    auto* first = new QHBoxLayout;
    first->setSpacing(12);
    first->addWidget(m_name);
    first->addWidget(m_facts, 1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(24, 12, 24, 10);
    layout->setSpacing(6);
    layout->addLayout(first);
    layout->addWidget(m_state);
    layout->addWidget(m_bar);
    layout->addWidget(m_reason);
    layout->addLayout(m_buttons);
}

QToolButton* RunHeader::addButton(QAction* action)
{
    auto* button = new QToolButton;
    button->setDefaultAction(action);
    button->setObjectName(action->objectName() + QStringLiteral("Button"));
    button->setToolButtonStyle(action->icon().isNull() ? Qt::ToolButtonTextOnly
                                                       : Qt::ToolButtonTextBesideIcon);
    button->setIconSize({ 16, 16 });
    button->setFocusPolicy(Qt::StrongFocus);
    button->setAccessibleName(action->iconText());
    if (m_buttons->count() == 0)
        m_buttons->addStretch();
    m_buttons->insertWidget(m_buttons->count() - 1, button);
    return button;
}

void RunHeader::show(const RunEntry& run)
{
    m_name->setText(run.name());
    m_facts->setText(factsText(run));
    m_facts->setToolTip(run.path);
    m_state->setText(stateText(run));
    m_state->setVisible(true);
    QPalette palette = m_state->palette();
    palette.setColor(QPalette::WindowText, stateColour(run.state));
    m_state->setPalette(palette);
    m_bar->setVisible(run.isAlive() && run.status.steps > 0);
    m_bar->setValue(static_cast<int>(run.progress() * bar_range));
    showReason(run);
}

void RunHeader::showReason(const RunEntry& run)
{
    const bool isBad = run.state == RunEntry::State::Failed || run.state == RunEntry::State::Died;
    m_reason->setText(run.reason);
    m_reason->setVisible(!run.reason.isEmpty());
    if (m_reason->property("alarm").toBool() != isBad) {
        m_reason->setProperty("alarm", isBad);
        m_reason->style()->unpolish(m_reason);
        m_reason->style()->polish(m_reason);
        QEvent restyled(QEvent::StyleChange); // the padding is another one
        QCoreApplication::sendEvent(m_reason, &restyled);
    }
}

void RunHeader::showCompared(int runs)
{
    m_name->setText(tr("%1 runs compared").arg(runs));
    m_facts->clear();
    m_state->hide();
    m_bar->hide();
    m_reason->hide();
}

} // namespace reverie::ui
