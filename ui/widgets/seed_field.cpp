// SPDX-License-Identifier: MIT
#include "ui/widgets/seed_field.h"

#include "core/api/number_list.h"
#include "core/base/error.h"
#include "ui/widgets/icon_button.h"
#include "ui/widgets/settings_history.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QRegularExpressionValidator>
#include <QToolButton>

#include <algorithm>
#include <cmath>

namespace reverie::ui {

namespace {

constexpr quint64 seed_limit = quint64(1) << 53U;

/// Empty if they are no seeds.
std::vector<double> seedsOf(const QString& text)
{
    try {
        auto seeds = expand_numbers(text.toStdString());
        const bool usable = std::all_of(seeds.begin(), seeds.end(), [](double seed) {
            return seed >= 0 && seed < double(seed_limit) && seed == std::floor(seed);
        });
        return usable ? seeds : std::vector<double>();
    } catch (const Error&) {
        return {};
    }
}

} // namespace

SeedField::SeedField(QWidget* parent)
    : QWidget(parent)
    , m_edit(new QLineEdit)
    , m_dice(iconButton(QStringLiteral("dice"), tr("New seed for every drawing")))
    , m_reuse(iconButton(QStringLiteral("reuse"), tr("Use the last seed again")))
{
    m_edit->setPlaceholderText(tr("New each time"));
    m_edit->setAccessibleName(tr("Seed"));
    m_edit->setAccessibleDescription(
        tr("The same seed draws the same picture; empty is a new one every time. A list such as 1, 2, .., 5 "
           "draws with each"));
    m_edit->setToolTip(m_edit->accessibleDescription());
    m_edit->setValidator(new QRegularExpressionValidator(
        QRegularExpression(QStringLiteral("[0-9]{0,16}|[0-9]+[,.;][0-9,.; ]*")), m_edit));
    leaveUndoToThePage(*m_edit);
    m_reuse->setEnabled(false);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins({});
    layout->setSpacing(4);
    auto* label = new QLabel(tr("Seed"));
    label->setFixedWidth(88);
    label->setBuddy(m_edit);
    layout->addWidget(label);
    layout->addWidget(m_edit, 1);
    layout->addWidget(m_dice);
    layout->addWidget(m_reuse);
    connect(m_edit, &QLineEdit::textChanged, this, &SeedField::changed);
    connect(m_dice, &QToolButton::clicked, this, [this] { setSeed({}); });
    connect(m_reuse, &QToolButton::clicked, this, [this] { setSeed(m_last); });
}

void SeedField::setSeed(std::optional<quint64> seed)
{
    m_edit->setText(seed ? QString::number(*seed) : QString());
}

std::optional<quint64> SeedField::seed() const
{
    if (m_edit->text().isEmpty())
        return {};
    if (const auto seeds = seedsOf(m_edit->text()); !seeds.empty())
        return static_cast<quint64>(seeds.front());
    return m_edit->text().toULongLong() % seed_limit;
}

QString SeedField::list() const
{
    const QString text = m_edit->text();
    return is_number_list(text.toStdString()) && !seedsOf(text).empty() ? text : QString();
}

void SeedField::setList(const QString& list)
{
    if (!list.isEmpty())
        m_edit->setText(list);
}

void SeedField::setLastSeed(quint64 seed)
{
    m_last = seed;
    m_reuse->setEnabled(true);
    m_reuse->setToolTip(tr("Use the last seed again (%1)").arg(seed));
}

std::vector<QWidget*> SeedField::controls() const
{
    return { m_edit, m_dice, m_reuse };
}

} // namespace reverie::ui
