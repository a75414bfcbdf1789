// SPDX-License-Identifier: MIT
#include "ui/widgets/blend_panel.h"

#include "ui/session/drawing.h"
#include "ui/widgets/icon_label.h"
#include "ui/widgets/number_field.h"
#include "ui/widgets/theme.h"

#include <QLabel>
#include <QLineEdit>
#include <QSpinBox>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace reverie::ui {

namespace {

constexpr NumberRange share{ .minimum = 0, .maximum = 1, .sliderMaximum = 1, .step = 0.05, .decimals = 2 };
constexpr double usual_strength = 0.3;
constexpr int thumbnail = 32;

QToolButton* button(const QString& icon, const QString& name)
{
    auto* button = new QToolButton;
    button->setIcon(Theme::icon(icon));
    button->setIconSize({ 18, 18 });
    button->setToolTip(name);
    button->setAccessibleName(name);
    button->setFocusPolicy(Qt::StrongFocus);
    return button;
}

QLineEdit* phraseField(const QString& placeholder, const QString& name)
{
    auto* field = new QLineEdit;
    field->setPlaceholderText(placeholder);
    field->setAccessibleName(name);
    return field;
}

QLabel* thumbnailOf(const Image& image)
{
    auto* label = new QLabel;
    const QImage small = toQImage(image).scaled(thumbnail * 2, thumbnail * 2, Qt::KeepAspectRatioByExpanding,
                                                Qt::SmoothTransformation);
    label->setPixmap(
        QPixmap::fromImage(small.copy((small.width() - thumbnail * 2) / 2,
                                      (small.height() - thumbnail * 2) / 2, thumbnail * 2, thumbnail * 2)));
    label->setScaledContents(true);
    label->setFixedSize(thumbnail, thumbnail);
    return label;
}

QString nameOf(const BlendPart& part)
{
    return QString::fromStdString(part.picture ? part.picture->file : part.text);
}

} // namespace

BlendPanel::BlendPanel(QWidget* parent)
    : QFrame(parent)
    , m_rows(new QVBoxLayout)
    , m_phrase(phraseField(tr("Add a phrase…"), tr("Phrase to mix in")))
    , m_add(button(QStringLiteral("plus"), tr("Mix the phrase in")))
    , m_addPicture(button(QStringLiteral("pictures"), tr("Mix a picture in…")))
    , m_from(phraseField(tr("from: day"), tr("Phrase to go away from")))
    , m_to(phraseField(tr("to: night"), tr("Phrase to go towards")))
    , m_strength(new NumberField(tr("Strength"), tr("How far to go from the one phrase to the other")))
    , m_stripSteps(new QSpinBox)
    , m_drawStrip(button(QStringLiteral("strip"), tr("Draw the pictures between them")))
{
    setAccessibleName(tr("Mix"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->setSpacing(6);
    m_rows->setSpacing(6);
    layout->addLayout(m_rows);
    layout->addWidget(makeStrip());
    layout->addWidget(makeAdders());
    layout->addWidget(makeDifference());
    m_strength->setRange(share, usual_strength);
    layout->addWidget(m_strength);
    m_strength->setEnabled(false);
    connect(m_strength, &NumberField::changed, this, &BlendPanel::changed);
    for (QLineEdit* field : { m_from, m_to })
        connect(field, &QLineEdit::textChanged, this, [this] {
            m_strength->setEnabled(hasDifference());
            Q_EMIT changed();
        });
}

QWidget* BlendPanel::makeAdders()
{
    auto* row = new QWidget;
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins({});
    layout->setSpacing(4);
    layout->addWidget(m_phrase, 1);
    layout->addWidget(m_add);
    layout->addWidget(m_addPicture);
    connect(m_phrase, &QLineEdit::returnPressed, this, &BlendPanel::takePhrase);
    connect(m_add, &QToolButton::clicked, this, &BlendPanel::takePhrase);
    connect(m_addPicture, &QToolButton::clicked, this, &BlendPanel::pictureWanted);
    return row;
}

QWidget* BlendPanel::makeStrip()
{
    m_strip = new QWidget;
    auto* layout = new QHBoxLayout(m_strip);
    layout->setContentsMargins({});
    layout->setSpacing(6);
    auto* label = new QLabel(tr("Strip from the first to the last"));
    label->setBuddy(m_stripSteps);
    m_stripSteps->setRange(2, 64);
    m_stripSteps->setValue(8);
    m_stripSteps->setAccessibleName(tr("Pictures of the strip"));
    m_stripSteps->setToolTip(tr("How many pictures lead from the first of the mix to the last"));
    layout->addWidget(label, 1);
    layout->addWidget(m_stripSteps);
    layout->addWidget(m_drawStrip);
    m_strip->hide();
    connect(m_drawStrip, &QToolButton::clicked, this, [this] { Q_EMIT stripWanted(m_stripSteps->value()); });
    connect(this, &BlendPanel::partsChanged, this, [this] { m_strip->setVisible(m_parts.size() > 1); });
    return m_strip;
}

QWidget* BlendPanel::makeDifference()
{
    auto* row = new QWidget;
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins({});
    layout->setSpacing(4);
    layout->addWidget(m_from, 1);
    layout->addWidget(new IconLabel(QStringLiteral("arrow"), 14));
    layout->addWidget(m_to, 1);
    return row;
}

void BlendPanel::takePhrase()
{
    const QString phrase = m_phrase->text().simplified();
    if (phrase.isEmpty())
        return;
    m_phrase->clear();
    addPhrase(phrase);
}

void BlendPanel::addPicture(const SourcePicture& picture)
{
    addPart({ .text = {}, .picture = picture });
    Q_EMIT changed();
}

void BlendPanel::addPhrase(const QString& phrase)
{
    addPart({ .text = phrase.toStdString() });
    Q_EMIT changed();
}

void BlendPanel::addPart(BlendPart part)
{
    const QString name = nameOf(part);
    auto* row = new QWidget;
    row->setAccessibleName(name);
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins({});
    layout->setSpacing(6);
    if (part.picture)
        layout->addWidget(thumbnailOf(part.picture->image));
    auto* weight = new NumberField(fontMetrics().elidedText(name, Qt::ElideMiddle, 76),
                                   tr("How much of “%1” is in the mix").arg(name));
    weight->setRange(share, std::clamp(part.weight, 0.0, 1.0));
    QToolButton* remove = button(QStringLiteral("close"), tr("Take “%1” out of the mix").arg(name));
    layout->addWidget(weight, 1);
    layout->addWidget(remove);
    m_rows->addWidget(row);
    m_parts.push_back({ std::move(part), row, weight, remove });
    connect(weight, &NumberField::changed, this, &BlendPanel::changed);
    connect(remove, &QToolButton::clicked, this, [this, row] { removePart(row); });
    Q_EMIT partsChanged();
}

void BlendPanel::removePart(QWidget* row)
{
    std::erase_if(m_parts, [row](const Part& part) { return part.row == row; });
    row->hide();
    row->deleteLater();
    m_phrase->setFocus();
    Q_EMIT partsChanged();
    Q_EMIT changed();
}

void BlendPanel::clear()
{
    for (const Part& part : m_parts) {
        part.row->hide();
        part.row->deleteLater();
    }
    m_parts.clear();
    m_from->clear();
    m_to->clear();
    m_strength->reset();
}

void BlendPanel::setRecipe(const Recipe& recipe)
{
    {
        const QSignalBlocker quiet(this);
        clear();
        double highest = 1;
        for (const BlendPart& part : recipe.blend)
            highest = std::max(highest, part.weight);
        for (BlendPart part : recipe.blend) {
            part.weight /= highest;
            addPart(std::move(part));
        }
        if (const auto& diff = recipe.text_diff) {
            m_from->setText(QString::fromStdString(diff->from));
            m_to->setText(QString::fromStdString(diff->to));
            m_strength->setValue(diff->strength);
        }
    }
    Q_EMIT partsChanged();
}

std::vector<QWidget*> BlendPanel::controls() const
{
    std::vector<QWidget*> all;
    for (const Part& part : m_parts)
        all.insert(all.end(), { part.weight, part.remove });
    if (m_parts.size() > 1)
        all.insert(all.end(), { m_stripSteps, m_drawStrip });
    all.insert(all.end(), { m_phrase, m_add, m_addPicture, m_from, m_to, m_strength });
    return all;
}

bool BlendPanel::hasDifference() const
{
    return !m_from->text().trimmed().isEmpty() && !m_to->text().trimmed().isEmpty();
}

Recipe BlendPanel::recipe() const
{
    Recipe recipe;
    const bool any = std::any_of(m_parts.begin(), m_parts.end(),
                                 [](const Part& part) { return part.weight->value() > 0; });
    for (const Part& part : m_parts) {
        if (!any)
            break; // nothing of anything: the prompt alone
        recipe.blend.push_back(part.part);
        if (!part.weight->isDefault()) // the field rounds what a picture was made with
            recipe.blend.back().weight = part.weight->value();
    }
    if (hasDifference())
        recipe.text_diff = TextDiff{ m_from->text().trimmed().toStdString(),
                                     m_to->text().trimmed().toStdString(), m_strength->value() };
    return recipe;
}

} // namespace reverie::ui
