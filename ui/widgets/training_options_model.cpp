// SPDX-License-Identifier: MIT
#include "ui/widgets/training_options_model.h"

#include "ui/widgets/theme.h"

#include <QFont>

namespace reverie::ui {

namespace {

bool isChanged(const TrainingOption& option)
{
    return option.value != option.default_value;
}

QString textOf(const TrainingOption& option, int column)
{
    const auto text = [](const std::string& value) { return QString::fromStdString(value); };
    switch (column) {
    case TrainingOptionsModel::Name:
        return text(option.key);
    case TrainingOptionsModel::Value:
        return text(option.value);
    case TrainingOptionsModel::Default:
        return text(option.default_value);
    case TrainingOptionsModel::Meaning:
        return text(option.meaning);
    default:
        return text(option.source);
    }
}

} // namespace

void TrainingOptionsModel::setOptions(std::vector<TrainingOption> options)
{
    const bool same = options.size() == m_options.size()
        && std::equal(options.begin(), options.end(), m_options.begin(),
                      [](const auto& a, const auto& b) { return a.key == b.key; });
    if (same) {
        m_options = std::move(options);
        if (!m_options.empty())
            Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, Columns - 1));
        return;
    }
    beginResetModel();
    m_options = std::move(options);
    endResetModel();
}

int TrainingOptionsModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_options.size());
}

int TrainingOptionsModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : Columns;
}

QVariant TrainingOptionsModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid())
        return {};
    const TrainingOption& option = m_options[static_cast<std::size_t>(index.row())];
    switch (role) {
    case Qt::DisplayRole:
    case Qt::EditRole:
        return textOf(option, index.column());
    case Qt::ToolTipRole:
        return tr("%1\n%2\nDefault %3, from %4")
            .arg(textOf(option, Name), textOf(option, Meaning), textOf(option, Default),
                 textOf(option, Source));
    case Qt::FontRole: {
        QFont font;
        font.setBold(index.column() == Value && isChanged(option));
        return font;
    }
    case Qt::ForegroundRole:
        return index.column() > Value ? QVariant(Theme::instance().colours().muted) : QVariant();
    default:
        return {};
    }
}

QVariant TrainingOptionsModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    const QStringList names{ tr("Option"), tr("Value"), tr("Default"), tr("Meaning"), tr("From") };
    return names.value(section);
}

Qt::ItemFlags TrainingOptionsModel::flags(const QModelIndex& index) const
{
    const auto flags = QAbstractTableModel::flags(index);
    return index.column() == Value ? flags | Qt::ItemIsEditable : flags;
}

bool TrainingOptionsModel::setData(const QModelIndex& index, const QVariant& value, int role)
{
    if (role != Qt::EditRole || index.column() != Value)
        return false;
    const TrainingOption& option = m_options[static_cast<std::size_t>(index.row())];
    const QString text = value.toString().trimmed();
    if (text == QString::fromStdString(option.value))
        return false;
    Q_EMIT changeWanted(QString::fromStdString(option.key), text);
    return true;
}

} // namespace reverie::ui
