// SPDX-License-Identifier: MIT
#include "ui/widgets/gallery_sidebar.h"

#include "ui/session/gallery_model.h"
#include "ui/widgets/theme.h"

#include <QAction>
#include <QComboBox>
#include <QDataStream>
#include <QDropEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMimeData>
#include <QPushButton>
#include <QRegularExpressionValidator>
#include <QVBoxLayout>

#include <tuple>

namespace reverie::ui {

namespace {

enum Special { All = 1, Starred };
constexpr int specialRole = Qt::UserRole;

QLabel* section(const QString& text)
{
    auto* label = new QLabel(text);
    label->setProperty("section", true);
    return label;
}

} // namespace

/// Takes pictures dragged from the grid.
class GallerySidebar::BoardList : public QListWidget
{
public:
    explicit BoardList(GallerySidebar& owner)
        : m_owner(owner)
    {
        setAcceptDrops(true);
        viewport()->setAcceptDrops(true);
        setDropIndicatorShown(false);
    }

protected:
    void dragEnterEvent(QDragEnterEvent* event) override
    {
        event->mimeData()->hasFormat(QLatin1String(GalleryModel::idsMimeType)) ? event->acceptProposedAction()
                                                                               : event->ignore();
    }

    void dragMoveEvent(QDragMoveEvent* event) override
    {
        boardAt(event->position()) ? event->acceptProposedAction() : event->ignore();
    }

    void dropEvent(QDropEvent* event) override
    {
        const QListWidgetItem* board = boardAt(event->position());
        if (!board)
            return;
        QList<qint64> ids;
        const QByteArray bytes = event->mimeData()->data(QLatin1String(GalleryModel::idsMimeType));
        QDataStream stream(bytes);
        stream >> ids;
        event->acceptProposedAction();
        Q_EMIT m_owner.dropped(ids, board->text());
    }

private:
    QListWidgetItem* boardAt(const QPointF& point) const
    {
        QListWidgetItem* item = itemAt(point.toPoint());
        return item && item->data(specialRole).toInt() == 0 ? item : nullptr;
    }

    GallerySidebar& m_owner;
};

GallerySidebar::GallerySidebar(QWidget* parent)
    : QFrame(parent)
    , m_boards(new BoardList(*this))
    , m_newBoard(new QLineEdit)
    , m_seed(new QLineEdit)
{
    setObjectName(QStringLiteral("parameterPanel"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(12, 16, 12, 12);
    layout->setSpacing(6);
    layout->addWidget(section(tr("Boards")));
    m_boards->setObjectName(QStringLiteral("boardList"));
    m_boards->setFrameShape(QFrame::NoFrame);
    m_boards->setAccessibleName(tr("Boards"));
    m_boards->setAccessibleDescription(tr("Drop pictures on a board to put them there."));
    m_boards->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    layout->addWidget(m_boards, 1);
    m_newBoard->setPlaceholderText(tr("New board"));
    m_newBoard->setAccessibleName(tr("New board"));
    m_newBoard->setMaxLength(80);
    layout->addWidget(m_newBoard);
    layout->addSpacing(10);
    layout->addWidget(section(tr("Show")));
    m_date = addChoice(
        tr("Date"),
        { tr("Any time"), tr("Today"), tr("The last 7 days"), tr("The last 30 days"), tr("The last year") });
    m_model = addChoice(tr("Model"), { tr("Every model") });
    m_size = addChoice(tr("Size"), { tr("Every size") });
    m_rating = addChoice(tr("Rating"), { tr("Any rating") });
    for (int rating = 1; rating <= 9; ++rating)
        m_rating->addItem(rating == 9 ? tr("Rated 9") : tr("Rated %1 or more").arg(rating), rating);
    m_tag = addChoice(tr("Tag"), { tr("Every tag") });
    m_kind = addChoice(tr("Kind"), { tr("Every kind") });
    m_seed->setPlaceholderText(tr("Seed"));
    m_seed->setAccessibleName(tr("Seed"));
    m_seed->setClearButtonEnabled(true);
    m_seed->setValidator(
        new QRegularExpressionValidator(QRegularExpression(QStringLiteral("\\d{0,19}")), this));
    layout->addWidget(m_seed);
    auto* all = new QPushButton(Theme::icon(QStringLiteral("reset")), tr("Show everything"));
    all->setProperty("flat", true);
    layout->addWidget(all);
    setFacets({});
    connect(all, &QPushButton::clicked, this, &GallerySidebar::reset);
    connect(m_seed, &QLineEdit::textChanged, this, &GallerySidebar::changed);
    connect(m_boards, &QListWidget::currentRowChanged, this, &GallerySidebar::changed);
    connect(m_newBoard, &QLineEdit::returnPressed, this, [this] {
        if (const QString name = m_newBoard->text().simplified(); !name.isEmpty())
            Q_EMIT boardWanted(name);
        m_newBoard->clear();
    });
    auto* remove = new QAction(tr("&Remove Board, Keep Its Pictures"), m_boards);
    m_boards->setContextMenuPolicy(Qt::ActionsContextMenu);
    m_boards->addAction(remove);
    connect(remove, &QAction::triggered, this, [this] {
        if (const QString name = board(); !name.isEmpty())
            Q_EMIT boardRemovalWanted(name);
    });
}

QComboBox* GallerySidebar::addChoice(const QString& name, const QStringList& first)
{
    auto* box = new QComboBox;
    box->setAccessibleName(name);
    box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    box->setMinimumContentsLength(8);
    for (const QString& text : first)
        box->addItem(text);
    layout()->addWidget(box);
    connect(box, &QComboBox::currentIndexChanged, this, &GallerySidebar::changed);
    return box;
}

/// Behind the first item, keeping what is chosen.
void GallerySidebar::fill(QComboBox* box, const QStringList& values)
{
    const QString chosen = box->currentData().toString();
    const QSignalBlocker quiet(box);
    while (box->count() > 1)
        box->removeItem(1);
    for (const QString& value : values)
        box->addItem(value, value);
    box->setCurrentIndex(std::max(0, box->findData(chosen)));
}

void GallerySidebar::setFacets(const GalleryFacets& facets)
{
    const auto said = [this] {
        GalleryQuery query;
        apply(query);
        return std::tuple(query.board, query.tag, query.model, query.kind, query.size);
    };
    const auto before = said();
    showFacets(facets);
    if (said() != before) // what was chosen is no more
        Q_EMIT changed();
}

void GallerySidebar::showFacets(const GalleryFacets& facets)
{
    fill(m_model, facets.models);
    fill(m_tag, facets.tags);
    fill(m_kind, facets.kinds);
    QStringList sizes;
    for (const int size : facets.sizes)
        sizes << QString::number(size);
    fill(m_size, sizes);
    for (int i = 1; i < m_size->count(); ++i)
        m_size->setItemText(i, tr("%1 px").arg(sizes[i - 1]));
    for (int i = 1; i < m_kind->count(); ++i)
        if (m_kind->itemData(i) == QLatin1String("imported"))
            m_kind->setItemText(i, tr("From elsewhere"));
        else if (m_kind->itemData(i) == QLatin1String("drawing"))
            m_kind->setItemText(i, tr("Drawings"));
    const QString board = this->board();
    const int row = std::max(0, m_boards->currentRow());
    const QSignalBlocker quiet(m_boards);
    m_boards->clear();
    const auto add = [this](const QString& text, const char* icon, int special) {
        auto* item = new QListWidgetItem(Theme::icon(QLatin1String(icon)), text, m_boards);
        item->setData(specialRole, special);
    };
    add(tr("All pictures (%1)").arg(facets.pictures), "pictures", All);
    add(tr("Starred"), "star", Starred);
    for (const QString& name : facets.boards)
        add(name, "folder", 0);
    const qsizetype found = board.isEmpty() ? -1 : facets.boards.indexOf(board);
    m_boards->setCurrentRow(found >= 0 ? static_cast<int>(found) + 2 : row < 2 ? row : 0);
}

QListWidget& GallerySidebar::boards() const
{
    return *m_boards;
}

QString GallerySidebar::board() const
{
    const QListWidgetItem* item = m_boards->currentItem();
    return item && item->data(specialRole).toInt() == 0 ? item->text() : QString();
}

void GallerySidebar::apply(GalleryQuery& query) const
{
    const auto choose = [](const QComboBox* box, QString& value) {
        if (box->currentIndex() > 0)
            value = box->currentData().toString();
    };
    choose(m_model, query.model);
    choose(m_tag, query.tag);
    choose(m_kind, query.kind);
    if (m_size->currentIndex() > 0)
        query.size = m_size->currentData().toInt();
    if (m_rating->currentIndex() > 0)
        query.rating = m_rating->currentIndex();
    if (!m_seed->text().isEmpty())
        query.seed = m_seed->text().toULongLong();
    constexpr int days[] = { 0, 1, 7, 30, 365 };
    if (const int choice = m_date->currentIndex(); choice > 0)
        query.from = QDate::currentDate().addDays(1 - days[choice]);
    if (const QString name = board(); !name.isEmpty())
        query.board = name;
    else if (const auto* item = m_boards->currentItem(); item && item->data(specialRole).toInt() == Starred)
        query.starred = true;
}

void GallerySidebar::reset()
{
    {
        const QSignalBlocker quiet(this);
        for (QComboBox* box : { m_date, m_model, m_size, m_rating, m_tag, m_kind })
            box->setCurrentIndex(0);
        m_seed->clear();
        m_boards->setCurrentRow(0);
    }
    Q_EMIT changed();
}

} // namespace reverie::ui
