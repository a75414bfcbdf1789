// SPDX-License-Identifier: MIT
#include "ui/widgets/gallery_details.h"

#include "ui/widgets/fact_label.h"
#include "ui/widgets/flow_layout.h"

#include <QAction>
#include <QDateTime>
#include <QFileInfo>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QPushButton>
#include <QScrollArea>
#include <QVBoxLayout>

#include <memory>

namespace reverie::ui {

namespace {

QString kindText(const QString& kind)
{
    if (kind == QLatin1String("drawing"))
        return GalleryDetails::tr("Drawing");
    return kind == QLatin1String("imported") ? GalleryDetails::tr("From elsewhere") : kind;
}

} // namespace

GalleryDetails::GalleryDetails(QWidget* parent)
    : QFrame(parent)
    , m_prompt(factLabel())
    , m_negative(factLabel())
    , m_content(new QWidget)
    , m_hint(new QLabel(tr("Choose a picture to see how it was made.")))
    , m_rows(new QFormLayout)
    , m_newTag(new QLineEdit)
    , m_tagBox(new QWidget)
    , m_tags(new FlowLayout(6))
    , m_family(new QVBoxLayout)
    , m_actions(new FlowLayout(6))
{
    setObjectName(QStringLiteral("finishedPane"));
    m_hint->setProperty("muted", true);
    m_hint->setWordWrap(true);
    m_negative->setProperty("muted", true);
    m_rows->setLabelAlignment(Qt::AlignLeft | Qt::AlignTop);
    m_rows->setHorizontalSpacing(12);
    m_rows->setVerticalSpacing(6);
    m_rows->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    m_newTag->setPlaceholderText(tr("Add a tag"));
    m_newTag->setAccessibleName(tr("Add a tag"));
    m_newTag->setMaxLength(100);
    m_tagBox->setLayout(m_tags);
    auto* column = new QVBoxLayout(m_content);
    column->setContentsMargins(16, 16, 16, 16);
    column->setSpacing(12);
    column->addWidget(m_prompt);
    column->addWidget(m_negative);
    column->addLayout(m_actions);
    column->addLayout(m_rows);
    m_family->setSpacing(6);
    column->addLayout(m_family);
    auto* title = new QLabel(tr("Tags"));
    title->setProperty("section", true);
    column->addWidget(title);
    column->addWidget(m_tagBox);
    column->addWidget(m_newTag);
    column->addStretch();
    auto* scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(m_content);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    m_hint->setContentsMargins(16, 16, 16, 16);
    layout->addWidget(m_hint);
    layout->addWidget(scroll, 1);
    connect(m_newTag, &QLineEdit::returnPressed, this, [this] {
        const QString tag = m_newTag->text().simplified();
        m_newTag->clear();
        if (!tag.isEmpty())
            Q_EMIT tagWanted(tag, true);
    });
    show(nullptr, 0);
}

void GalleryDetails::addAction(QAction* action)
{
    auto* button = new QPushButton(action->icon(), action->iconText());
    button->setToolTip(action->toolTip());
    button->setProperty("small", true);
    m_actions->addWidget(button);
    connect(button, &QPushButton::clicked, action, &QAction::trigger);
    connect(action, &QAction::changed, button, [button, action] { button->setEnabled(action->isEnabled()); });
}

void GalleryDetails::addRow(const QString& name, const QString& value)
{
    if (value.isEmpty())
        return;
    auto* label = new QLabel(name);
    label->setProperty("muted", true);
    auto* text = factLabel();
    text->setText(breakable(value));
    m_rows->addRow(label, text);
    m_lines << name + QStringLiteral(": ") + value;
}

void GalleryDetails::show(const GalleryEntry* entry, int selected)
{
    m_hint->setVisible(!entry);
    m_content->setVisible(entry);
    if (!entry)
        return;
    m_lines.clear();
    if (entry->id != m_familyOf)
        clearFamily();
    m_familyOf = entry->id;
    while (m_rows->rowCount() > 0)
        m_rows->removeRow(0);
    m_prompt->setText(entry->prompt.isEmpty() ? tr("The file says nothing about how it was made.")
                                              : entry->prompt);
    m_negative->setText(tr("Without: %1").arg(entry->negativePrompt));
    m_negative->setVisible(!entry->negativePrompt.isEmpty());
    const auto positive = [](auto number) { return number > 0 ? QString::number(number) : QString(); };
    if (selected > 1)
        addRow(tr("Chosen"), tr("%1 pictures").arg(selected));
    addRow(tr("Seed"), entry->seed ? QString::number(*entry->seed) : QString());
    addRow(tr("Size"), tr("%1 × %2").arg(entry->width).arg(entry->height));
    addRow(tr("Model"), entry->model);
    addRow(tr("Sampler"), entry->sampler);
    addRow(tr("Steps"), positive(entry->steps));
    addRow(tr("Program"), entry->tool);
    addRow(tr("Kind"), kindText(entry->kind));
    addRow(tr("Rating"), positive(entry->rating));
    if (!entry->parents.isEmpty())
        m_lines << tr("Made from: %1").arg(entry->parents.join(QStringLiteral(", ")));
    addRow(tr("Boards"), entry->boards.join(QStringLiteral(", ")));
    addRow(tr("Date"), QLocale().toString(QDateTime::fromMSecsSinceEpoch(entry->time), QLocale::ShortFormat));
    addRow(tr("File"), QFileInfo(entry->path).fileName());
    showTags(entry->tags);
}

void GalleryDetails::showTags(const QStringList& tags)
{
    m_tagBox->setVisible(!tags.isEmpty());
    if (tags == m_shownTags)
        return;
    m_shownTags = tags;
    while (m_tags->count() > 0) {
        const std::unique_ptr<QLayoutItem> item(m_tags->takeAt(0));
        item->widget()->deleteLater();
    }
    for (const QString& tag : tags) {
        auto* chip = new QPushButton(QString(tag).replace(QLatin1Char('&'), QStringLiteral("&&"))
                                     + QStringLiteral("  ×"));
        chip->setProperty("chip", true);
        chip->setAccessibleName(tr("Remove the tag %1").arg(tag));
        chip->setToolTip(chip->accessibleName());
        m_tags->addWidget(chip);
        connect(chip, &QPushButton::clicked, this, [this, tag] { Q_EMIT tagWanted(tag, false); });
    }
}

void GalleryDetails::showLineage(const QStringList& parents, const Lineage& lineage)
{
    clearFamily();
    QStringList absent = parents;
    for (const GalleryEntry& parent : lineage.parents)
        absent.removeAll(QFileInfo(parent.path).fileName());
    addRelatives(tr("Made from"), lineage.parents, absent);
    addRelatives(tr("What came from it"), lineage.children, {});
}

void GalleryDetails::clearFamily()
{
    while (m_family->count() > 0) {
        const std::unique_ptr<QLayoutItem> item(m_family->takeAt(0));
        item->widget()->deleteLater();
    }
}

void GalleryDetails::addRelatives(const QString& title, const QList<GalleryEntry>& entries,
                                  const QStringList& absent)
{
    constexpr qsizetype most = 24;
    if (entries.isEmpty() && absent.isEmpty())
        return;
    auto* label = new QLabel(title);
    label->setProperty("section", true);
    m_family->addWidget(label);
    for (const GalleryEntry& entry : entries.mid(0, most)) {
        const QString name = QFileInfo(entry.path).fileName();
        auto* link = new QPushButton;
        link->setProperty("link", true);
        link->setText(link->fontMetrics()
                          .elidedText(name, Qt::ElideMiddle, 200)
                          .replace(QLatin1Char('&'), QLatin1String("&&")));
        link->setAccessibleName(tr("%1: %2").arg(title, name));
        link->setToolTip(entry.prompt.isEmpty() ? entry.path : entry.prompt.left(300).toHtmlEscaped());
        m_family->addWidget(link);
        connect(link, &QPushButton::clicked, this, [this, id = entry.id] { Q_EMIT pictureWanted(id); });
    }
    QStringList rest = absent;
    if (entries.size() > most)
        rest << tr("and %1 more").arg(entries.size() - most);
    for (const QString& name : rest) {
        auto* text = factLabel();
        text->setProperty("muted", true);
        text->setText(breakable(name));
        m_family->addWidget(text);
    }
}

QString GalleryDetails::text() const
{
    QStringList lines{ m_prompt->text() };
    if (!m_negative->isHidden())
        lines << m_negative->text();
    return (lines + m_lines).join(QLatin1Char('\n'));
}

void GalleryDetails::focusTags()
{
    m_newTag->setFocus();
}

} // namespace reverie::ui
