// SPDX-License-Identifier: MIT
#include "ui/widgets/models_list.h"

#include "ui/widgets/theme.h"

#include <QFileInfo>
#include <QPainter>
#include <QRegularExpression>
#include <QStyledItemDelegate>

namespace reverie::ui {

namespace {

enum Role { SummaryRole = Qt::UserRole, BadgeRole, ProblemRole, ActiveRole };
constexpr int row_height = 56, margin = 12;

QString badgeOf(const ModelFile& file, bool active)
{
    if (active)
        return ModelsList::tr("In use");
    switch (file.kind) {
    case ModelFile::Kind::Pipeline:
        return file.model->trained ? QString() : ModelsList::tr("Untrained");
    case ModelFile::Kind::Part:
        return ModelsList::tr("Part");
    case ModelFile::Kind::Weights:
    case ModelFile::Kind::Vocabulary:
        return ModelsList::tr("Weights");
    case ModelFile::Kind::Broken:
        return ModelsList::tr("Unusable");
    }
    return {};
}

/// With the file's name where two have the same title.
QString titleOf(const QList<ModelFile>& models, int row)
{
    const QString title = models[row].title();
    const auto same = std::count_if(models.begin(), models.end(),
                                    [&title](const ModelFile& other) { return other.title() == title; });
    const QString name = QFileInfo(models[row].path).completeBaseName();
    return same > 1 && name != title ? QStringLiteral("%1 (%2)").arg(title, name) : title;
}

bool has(const ModelFile& file, const QString& words)
{
    const QString text = file.title() + QLatin1Char(' ') + file.path + QLatin1Char(' ') + file.summary()
        + QLatin1Char(' ') + (file.model ? QString::fromStdString(file.model->description) : QString());
    const QStringList all = words.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    return std::all_of(all.begin(), all.end(),
                       [&text](const QString& word) { return text.contains(word, Qt::CaseInsensitive); });
}

} // namespace

class ModelsList::Delegate : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const override
    {
        return { 120, row_height };
    }

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override
    {
        const Colours& colours = Theme::instance().colours();
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        const QRect frame = option.rect.adjusted(4, 2, -4, -2);
        const bool chosen = option.state & QStyle::State_Selected;
        if (chosen || option.state & QStyle::State_MouseOver) {
            QColor back = colours.accentSoft;
            back.setAlphaF(chosen ? 1.0F : 0.5F);
            painter->setPen(Qt::NoPen);
            painter->setBrush(back);
            painter->drawRoundedRect(frame, 7, 7);
        }
        if (chosen && option.state & QStyle::State_HasFocus) {
            painter->setPen(colours.accent);
            painter->setBrush(Qt::NoBrush);
            painter->drawRoundedRect(QRectF(frame).adjusted(0.5, 0.5, -0.5, -0.5), 7, 7);
        }
        const QRect inside = frame.adjusted(margin, 7, -margin, -7);
        const int badge = paintBadge(*painter, option, index, inside);
        QFont bold = option.font;
        bold.setWeight(QFont::DemiBold);
        const bool broken = index.data(ProblemRole).toBool();
        paintLine(*painter, bold, broken ? colours.muted : colours.text,
                  inside.adjusted(0, 0, badge > 0 ? -badge - 8 : 0, -inside.height() / 2),
                  index.data(Qt::DisplayRole).toString());
        paintLine(*painter, option.font, broken ? colours.danger : colours.muted,
                  inside.adjusted(0, inside.height() / 2, 0, 0), index.data(SummaryRole).toString());
        painter->restore();
    }

private:
    static void paintLine(QPainter& painter, const QFont& font, const QColor& colour, const QRect& place,
                          const QString& text)
    {
        painter.setFont(font);
        painter.setPen(colour);
        painter.drawText(place, Qt::AlignVCenter | Qt::AlignLeft,
                         QFontMetrics(font).elidedText(text, Qt::ElideRight, place.width()));
    }

    /// In the upper right corner; returns its width.
    static int paintBadge(QPainter& painter, const QStyleOptionViewItem& option, const QModelIndex& index,
                          const QRect& inside)
    {
        const QString text = index.data(BadgeRole).toString();
        if (text.isEmpty())
            return 0;
        const Colours& colours = Theme::instance().colours();
        QFont font = option.font;
        font.setPointSizeF(font.pointSizeF() * 0.85);
        const bool active = index.data(ActiveRole).toBool();
        const bool broken = index.data(ProblemRole).toBool();
        const int width = QFontMetrics(font).horizontalAdvance(text) + 14;
        const QRect place(inside.right() - width + 1, inside.top(), width, inside.height() / 2 - 1);
        painter.setPen(active || broken ? Qt::NoPen : QPen(colours.border));
        painter.setBrush(active ? colours.accent : broken ? colours.dangerSoft : colours.surface);
        painter.drawRoundedRect(QRectF(place).adjusted(0.5, 0.5, -0.5, -0.5), place.height() / 2.0,
                                place.height() / 2.0);
        painter.setPen(active ? colours.onAccent : broken ? colours.danger : colours.muted);
        painter.setFont(font);
        painter.drawText(place, Qt::AlignCenter, text);
        return width;
    }
};

ModelsList::ModelsList(QWidget* parent)
    : QListWidget(parent)
{
    setObjectName(QStringLiteral("modelsList"));
    setAccessibleName(tr("Models"));
    setItemDelegate(new Delegate(this));
    setFrameShape(QFrame::NoFrame);
    setMouseTracking(true);
    setUniformItemSizes(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
}

void ModelsList::setModels(const QList<ModelFile>& models)
{
    const QString chosen = current() ? current()->path : m_models.isEmpty() ? m_active : QString();
    const QSignalBlocker quiet(this);
    clear();
    m_models = models;
    for (int i = 0; i < models.size(); ++i) {
        addItem(titleOf(models, i));
        dress(i);
    }
    setFilter(m_filter);
    choose(chosen);
}

void ModelsList::dress(int row)
{
    const ModelFile& file = m_models[row];
    QListWidgetItem* entry = item(row);
    const bool active = !m_active.isEmpty() && file.path == m_active;
    const QString badge = badgeOf(file, active);
    entry->setData(SummaryRole, file.summary());
    entry->setData(BadgeRole, badge);
    entry->setData(ProblemRole, file.kind == ModelFile::Kind::Broken);
    entry->setData(ActiveRole, active);
    entry->setToolTip(file.path);
    entry->setData(Qt::AccessibleTextRole,
                   QStringList{ file.title(), badge, file.summary(), file.warning() }
                       .filter(QRegularExpression(QStringLiteral(".")))
                       .join(QStringLiteral(", ")));
}

void ModelsList::setActive(const QString& path)
{
    m_active = path;
    for (int i = 0; i < m_models.size(); ++i)
        dress(i);
    if (!current())
        choose(path);
}

void ModelsList::setFilter(const QString& words)
{
    m_filter = words;
    for (int i = 0; i < m_models.size(); ++i)
        item(i)->setHidden(!has(m_models[i], words));
    if (currentItem() && currentItem()->isHidden())
        setCurrentRow(-1);
}

const ModelFile* ModelsList::current() const
{
    const int row = currentRow();
    return row >= 0 && row < m_models.size() ? &m_models[row] : nullptr;
}

void ModelsList::choose(const QString& path)
{
    for (int i = 0; i < m_models.size(); ++i)
        if (m_models[i].path == path && !item(i)->isHidden()) {
            setCurrentRow(i);
            return;
        }
}

int ModelsList::shown() const
{
    int count = 0;
    for (int i = 0; i < m_models.size(); ++i)
        count += item(i)->isHidden() ? 0 : 1;
    return count;
}

} // namespace reverie::ui
