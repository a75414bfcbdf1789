// SPDX-License-Identifier: MIT
#include "ui/widgets/run_dialogs.h"

#include <QDoubleValidator>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QVBoxLayout>

namespace reverie::ui {

namespace {

constexpr double largest_rate = 10; ///< that training takes

/// "Cancel" and the button that does it, which is returned.
QPushButton* addButtons(QDialog& dialog, QVBoxLayout& layout, const QString& text, const char* id)
{
    auto* cancel = new QPushButton(QDialog::tr("Cancel"));
    cancel->setObjectName(QStringLiteral("cancel"));
    cancel->setProperty("tall", true);
    cancel->setAutoDefault(false);
    auto* accept = new QPushButton(text);
    accept->setObjectName(QLatin1String(id));
    accept->setProperty("primary", true);
    accept->setDefault(true);
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    row->addStretch();
    row->addWidget(cancel);
    row->addWidget(accept);
    layout.addLayout(row);
    QObject::connect(cancel, &QPushButton::clicked, &dialog, &QDialog::reject);
    QObject::connect(accept, &QPushButton::clicked, &dialog, &QDialog::accept);
    return accept;
}

QVBoxLayout* column(QDialog& dialog)
{
    auto* layout = new QVBoxLayout(&dialog);
    layout->setContentsMargins(24, 20, 24, 20);
    layout->setSpacing(12);
    return layout;
}

} // namespace

SampleDialog::SampleDialog(QWidget* parent)
    : QDialog(parent)
    , m_prompts(new QPlainTextEdit)
{
    setWindowTitle(tr("Sample now"));
    auto* label = new QLabel(tr("&Prompts, one a line. Leave it empty for the run's own."));
    label->setBuddy(m_prompts);
    label->setWordWrap(true);
    m_prompts->setObjectName(QStringLiteral("samplePrompts"));
    m_prompts->setAccessibleName(tr("Prompts"));
    m_prompts->setTabChangesFocus(true);
    auto* layout = column(*this);
    layout->addWidget(label);
    layout->addWidget(m_prompts, 1);
    addButtons(*this, *layout, tr("&Draw"), "sampleDraw");
    resize(420, 240);
}

QStringList SampleDialog::prompts() const
{
    QStringList prompts;
    for (const QString& line : m_prompts->toPlainText().split(QLatin1Char('\n')))
        if (const QString prompt = line.trimmed(); !prompt.isEmpty())
            prompts << prompt;
    return prompts;
}

LearningRateDialog::LearningRateDialog(const QString& part, std::optional<double> now, QWidget* parent)
    : QDialog(parent)
    , m_rate(new QLineEdit)
{
    setWindowTitle(tr("Learning rate"));
    auto* label = new QLabel(tr("&Learning rate of the %1 from the next step on").arg(part));
    label->setBuddy(m_rate);
    m_rate->setObjectName(QStringLiteral("learningRate"));
    m_rate->setAccessibleName(tr("Learning rate"));
    auto* validator = new QDoubleValidator(0, largest_rate, 12, m_rate);
    validator->setLocale(QLocale::c());
    m_rate->setValidator(validator);
    auto* factors = new QHBoxLayout;
    factors->setSpacing(8);
    if (now) {
        m_rate->setText(QString::number(*now));
        m_rate->selectAll();
        struct Factor {
            const char* id;
            QString text;
            double factor;
        };
        for (const auto& [id, text, factor] : { Factor{ "rateTenth", tr("A tenth"), 0.1 },
                                                { "rateHalf", tr("Half"), 0.5 },
                                                { "rateTwice", tr("Twice"), 2. } }) {
            auto* button = new QPushButton(text);
            button->setObjectName(QLatin1String(id));
            button->setProperty("chip", true);
            button->setAutoDefault(false);
            factors->addWidget(button);
            connect(button, &QPushButton::clicked, this,
                    [this, rate = *now * factor] { m_rate->setText(QString::number(rate)); });
        }
        factors->addStretch();
    }
    auto* layout = column(*this);
    layout->addWidget(label);
    layout->addWidget(m_rate);
    layout->addLayout(factors);
    m_set = addButtons(*this, *layout, tr("&Change"), "learningRateSet");
    connect(m_rate, &QLineEdit::textChanged, this, &LearningRateDialog::enableAccepting);
    enableAccepting();
    resize(400, 0);
}

double LearningRateDialog::rate() const
{
    return m_rate->text().toDouble();
}

void LearningRateDialog::enableAccepting()
{
    m_set->setEnabled(rate() > 0 && rate() < largest_rate);
}

} // namespace reverie::ui
