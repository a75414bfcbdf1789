// SPDX-License-Identifier: MIT
#include "ui/widgets/training_options_table.h"

#include "ui/widgets/theme.h"
#include "ui/widgets/training_options_model.h"

#include <QAbstractItemDelegate>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QSortFilterProxyModel>
#include <QTableView>
#include <QVBoxLayout>

#include <utility>

namespace reverie::ui {

namespace {

constexpr int row_height = 28;

} // namespace

class TrainingOptionsTable::View : public QTableView
{
public:
    [[nodiscard]] bool isEditing() const { return state() == EditingState; }
};

TrainingOptionsTable::TrainingOptionsTable(QWidget* parent)
    : QWidget(parent)
    , m_search(new QLineEdit)
    , m_table(new View)
    , m_note(new QLabel)
    , m_model(new TrainingOptionsModel(this))
    , m_shown(new QSortFilterProxyModel(this))
{
    m_search->setObjectName(QStringLiteral("optionSearch"));
    m_search->setPlaceholderText(tr("Search names, meanings and sources"));
    m_search->setAccessibleName(tr("Search options"));
    m_search->setClearButtonEnabled(true);
    m_search->addAction(Theme::icon(QStringLiteral("search")), QLineEdit::LeadingPosition);
    m_shown->setSourceModel(m_model);
    m_shown->setFilterKeyColumn(-1);
    m_shown->setFilterCaseSensitivity(Qt::CaseInsensitive);
    m_table->setObjectName(QStringLiteral("optionTable"));
    m_table->setAccessibleName(tr("All options"));
    m_table->setModel(m_shown);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setEditTriggers(QAbstractItemView::DoubleClicked | QAbstractItemView::EditKeyPressed
                             | QAbstractItemView::AnyKeyPressed);
    m_table->setShowGrid(false);
    m_table->setWordWrap(false);
    m_table->setTabKeyNavigation(false);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setDefaultSectionSize(row_height);
    m_table->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    m_table->horizontalHeader()->setHighlightSections(false);
    m_table->horizontalHeader()->setStretchLastSection(true);
    int column = 0;
    for (const int width : { 190, 84, 72, 212 })
        m_table->setColumnWidth(column++, width);
    m_note->setWordWrap(true);
    m_note->setTextFormat(Qt::PlainText);
    m_note->setProperty("muted", true);
    m_note->setMinimumHeight(2 * fontMetrics().lineSpacing());
    m_note->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->setSpacing(8);
    layout->addWidget(m_search);
    layout->addWidget(m_table, 1);
    layout->addWidget(m_note);
    connect(m_search, &QLineEdit::textChanged, m_shown, &QSortFilterProxyModel::setFilterFixedString);
    connect(m_search, &QLineEdit::returnPressed, m_table, [this] {
        m_table->setFocus();
        m_table->setCurrentIndex(m_shown->index(0, TrainingOptionsModel::Value));
    });
    connect(m_table->itemDelegate(), &QAbstractItemDelegate::closeEditor, this,
            &TrainingOptionsTable::showLater, Qt::QueuedConnection);
    connect(m_model, &TrainingOptionsModel::changeWanted, this, &TrainingOptionsTable::changeWanted);
    connect(m_table->selectionModel(), &QItemSelectionModel::currentChanged, this,
            &TrainingOptionsTable::showCurrent);
    connect(m_model, &QAbstractItemModel::dataChanged, this, &TrainingOptionsTable::showCurrent);
    showCurrent();
}

void TrainingOptionsTable::setOptions(std::vector<TrainingOption> options)
{
    if (m_table->isEditing())
        m_later = std::move(options);
    else
        m_model->setOptions(std::move(options));
}

void TrainingOptionsTable::showLater()
{
    if (m_later)
        setOptions(*std::exchange(m_later, {}));
}

QTableView& TrainingOptionsTable::table() const
{
    return *m_table;
}

void TrainingOptionsTable::showCurrent()
{
    const QModelIndex index = m_shown->mapToSource(m_table->currentIndex());
    if (!index.isValid()) {
        m_note->setText(tr("Write a new value over the old one; an empty one takes a change back."));
        return;
    }
    const TrainingOption& option = m_model->options()[static_cast<std::size_t>(index.row())];
    m_note->setText(tr("%1\nDefault %2. This value is from %3.")
                        .arg(QString::fromStdString(option.meaning),
                             QString::fromStdString(option.default_value),
                             QString::fromStdString(option.source)));
}

} // namespace reverie::ui
