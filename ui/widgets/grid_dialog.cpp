// SPDX-License-Identifier: MIT
#include "ui/widgets/grid_dialog.h"

#include "core/base/error.h"
#include "ui/session/grid_keeper.h"
#include "ui/session/set_forecast.h"

#include <QComboBox>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>

namespace reverie::ui {

namespace {

/// Values as they are typed.
QString textOf(const Axis& axis)
{
    QStringList values;
    for (const auto& value : axis.values)
        values << QString::fromStdString(value).replace(QLatin1Char('|'), QStringLiteral("\\|"));
    return values.join(is_number_axis(axis.parameter) ? QStringLiteral(", ") : QStringLiteral(" | "));
}

} // namespace

GridDialog::GridDialog(GenerateRequest base, QString device, const std::vector<Axis>& parameters,
                       SetForecast& forecast, QWidget* parent)
    : QDialog(parent)
    , m_base(std::move(base))
    , m_device(std::move(device))
    , m_forecast(forecast)
    , m_columns(makeRow(QStringLiteral("columns"), tr("Columns"), tr("Values of the columns")))
    , m_rows(makeRow(QStringLiteral("rows"), tr("Rows"), tr("Values of the rows")))
    , m_help(new QLabel(tr("Numbers as 1, 4, 9 or 0.5, 1, .., 3; texts with | between them.")))
    , m_summary(new QLabel)
    , m_draw(new QPushButton(tr("&Draw")))
{
    m_base.recipe = without_pixels(std::move(m_base.recipe)); // parts of it are only counted
    setObjectName(QStringLiteral("gridDialog"));
    setWindowTitle(tr("Draw a grid"));
    m_draw->setObjectName(QStringLiteral("drawGrid"));
    m_rows.parameter->addItem(tr("Nothing"));
    for (const Axis& axis : parameters) {
        const QString name = QString::fromStdString(axis.parameter);
        m_offered[name] = textOf(axis);
        for (QComboBox* box : { m_columns.parameter, m_rows.parameter })
            box->addItem(axisTitle(axis.parameter), name);
    }
    m_help->setProperty("muted", true);
    m_summary->setObjectName(QStringLiteral("gridSummary"));
    m_summary->setWordWrap(true);
    m_summary->setTextFormat(Qt::PlainText);
    m_summary->setMinimumHeight(2 * fontMetrics().lineSpacing());
    m_summary->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    m_draw->setProperty("primary", true);
    m_draw->setDefault(true);
    auto* cancel = new QPushButton(tr("Cancel"));
    cancel->setProperty("tall", true);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addStretch();
    buttons->addWidget(cancel);
    buttons->addWidget(m_draw);
    auto* layout = new QGridLayout(this);
    layout->setContentsMargins(24, 24, 24, 20);
    layout->setHorizontalSpacing(12);
    layout->setVerticalSpacing(10);
    int line = 0;
    for (const AxisRow& row : { m_columns, m_rows }) {
        auto* label = new QLabel(row.parameter->accessibleName());
        label->setBuddy(row.parameter);
        layout->addWidget(label, line, 0);
        layout->addWidget(row.parameter, line, 1);
        layout->addWidget(row.values, line++, 2);
    }
    layout->addWidget(m_help, line++, 1, 1, 2);
    layout->addWidget(m_summary, line++, 0, 1, 3);
    layout->addLayout(buttons, line, 0, 1, 3);
    layout->setColumnStretch(2, 1);
    setMinimumWidth(600);
    for (const AxisRow& row : { m_columns, m_rows }) {
        connect(row.parameter, &QComboBox::currentIndexChanged, this, [this, row] { offerValues(row); });
        connect(row.values, &QLineEdit::textChanged, this, &GridDialog::showSummary);
        offerValues(row);
    }
    connect(&forecast, &SetForecast::answered, this, [this](double seconds) {
        if (m_draw->isEnabled())
            m_summary->setText(m_count + QStringLiteral(", ") + aboutTime(seconds));
    });
    connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_draw, &QPushButton::clicked, this, [this] {
        Q_EMIT chosen(axes());
        accept();
    });
    showSummary();
}

GridDialog::AxisRow GridDialog::makeRow(const QString& id, const QString& name, const QString& valuesName)
{
    AxisRow row{ new QComboBox(this), new QLineEdit(this) };
    row.parameter->setObjectName(id);
    row.values->setObjectName(id + QStringLiteral("Values"));
    row.parameter->setAccessibleName(name);
    row.values->setAccessibleName(valuesName);
    row.values->setMinimumWidth(280);
    return row;
}

void GridDialog::setAxes(const std::vector<Axis>& axes)
{
    const AxisRow rows[] = { m_columns, m_rows };
    for (size_t i = 0; i < std::min<size_t>(axes.size(), 2); ++i) {
        const int index = rows[i].parameter->findData(QString::fromStdString(axes[i].parameter));
        if (index < 0)
            continue;
        rows[i].parameter->setCurrentIndex(index);
        rows[i].values->setText(textOf(axes[i]));
    }
}

void GridDialog::offerValues(const AxisRow& row)
{
    const auto offered = m_offered.find(row.parameter->currentData().toString());
    row.values->setEnabled(offered != m_offered.end());
    row.values->setText(offered == m_offered.end() ? QString() : offered->second);
    showSummary();
}

std::vector<Axis> GridDialog::axes() const
{
    std::vector<Axis> axes;
    for (const AxisRow& row : { m_columns, m_rows }) {
        const QString parameter = row.parameter->currentData().toString();
        if (!parameter.isEmpty())
            axes.push_back(make_axis(parameter.toStdString(), row.values->text().toStdString()));
    }
    return axes;
}

void GridDialog::showSummary()
{
    try {
        const auto chosen = axes();
        const auto parts = GridKeeper::partsOf(m_base, chosen);
        const auto columns = chosen[0].values.size(), pictures = pictures_of(parts);
        m_count = pictures == 1
            ? tr("1 picture")
            : tr("%1 × %2 = %3 pictures").arg(columns).arg(pictures / columns).arg(pictures);
        m_summary->setText(m_count);
        m_draw->setEnabled(true);
        m_forecast.ask(parts, m_device);
    } catch (const Error& error) {
        m_summary->setText(QString::fromUtf8(error.what()));
        m_draw->setEnabled(false);
    }
}

} // namespace reverie::ui
