// SPDX-License-Identifier: MIT
#include "ui/widgets/parameter_panel.h"

#include "ui/widgets/blend_panel.h"
#include "ui/widgets/icon_button.h"
#include "ui/widgets/labelled_row.h"
#include "ui/widgets/number_field.h"
#include "ui/widgets/prompt_box.h"
#include "ui/widgets/seed_field.h"
#include "ui/widgets/settings_history.h"
#include "ui/widgets/shortcuts.h"
#include "ui/widgets/step_fields.h"
#include "ui/widgets/theme.h"

#include <QAction>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>

namespace reverie::ui {

namespace {

constexpr int most_pictures = 64;
constexpr int most_candidates = 16;
constexpr double highest_scale = 100;
constexpr double usual_scale = 10;
constexpr NumberRange etaRange{ .minimum = 0, .maximum = 1, .sliderMaximum = 1, .step = 0.05, .decimals = 2 };

QLabel* sectionLabel(const QString& text)
{
    auto* label = new QLabel(text);
    label->setProperty("section", true);
    label->setContentsMargins(0, 12, 0, 0);
    return label;
}

} // namespace

ParameterPanel::ParameterPanel(QWidget* parent)
    : QFrame(parent)
    , m_prompt(new PromptBox)
    , m_history(iconButton(QStringLiteral("search"), tr("Earlier prompts (Ctrl+H)")))
    , m_negative(new QLineEdit)
    , m_board(new QComboBox)
    , m_blend(new BlendPanel)
    , m_note(new QLabel)
    , m_draw(new QPushButton(tr("&Draw")))
    , m_stop(new QPushButton(tr("&Stop")))
    , m_count(new NumberField(tr("Pictures"), tr("How many pictures to draw, with consecutive seeds")))
    , m_seed(new SeedField)
    , m_condScale(new NumberField(tr("Decoder"),
                                  tr("How strongly the pixels follow the picture's idea; 1 is no guidance")))
    , m_priorCondScale(
          new NumberField(tr("Prior"), tr("How strongly the idea follows the prompt; 1 is no guidance")))
    , m_steps(new StepFields)
    , m_candidates(new NumberField(tr("Candidates"),
                                   tr("Ideas the prior proposes; the one closest to the prompt is drawn")))
    , m_sampler(new QComboBox)
    , m_eta(new NumberField(tr("Eta"), tr("Fresh noise in every DDIM step: 0 is none, 1 as much as DDPM")))
    , m_device(new QComboBox)
    , m_reset(new QPushButton(tr("&Reset to the model's defaults")))
{
    setObjectName(QStringLiteral("parameterPanel"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(makeHeader());
    auto* scroll = new QScrollArea;
    scroll->setWidget(makeFields());
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setFocusPolicy(Qt::NoFocus);
    layout->addWidget(scroll, 1);
    for (const auto& [parameter, field] : listFields())
        field->setTakesLists(true);
    connectFields();
    orderTabs();
    setDrawing(false);
    setReady(false);
}

QWidget* ParameterPanel::makeHeader()
{
    auto* header = new QWidget;
    auto* layout = new QVBoxLayout(header);
    layout->setContentsMargins(16, 16, 16, 8);
    layout->setSpacing(8);
    m_prompt->setFixedHeight(96);
    m_note->setProperty("muted", true);
    m_note->setTextFormat(Qt::PlainText);
    m_note->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    m_draw->setProperty("primary", true);
    m_stop->setProperty("tall", true);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(m_draw, 1);
    buttons->addWidget(m_stop, 1);
    m_negative->setPlaceholderText(tr("Not in the picture…"));
    m_negative->setAccessibleName(tr("Negative prompt"));
    m_negative->setToolTip(tr("What guidance leads away from; works with a guidance above 1"));
    auto* second = new QHBoxLayout;
    second->setSpacing(4);
    second->addWidget(m_negative, 1);
    second->addWidget(m_history);
    layout->addWidget(m_prompt);
    layout->addLayout(second);
    layout->addLayout(buttons);
    layout->addWidget(m_note);
    return header;
}

QWidget* ParameterPanel::makeFields()
{
    auto* fields = new QWidget;
    auto* layout = new QVBoxLayout(fields);
    layout->setContentsMargins(16, 4, 16, 16);
    layout->setSpacing(6);
    m_count->setRange({ .minimum = 1, .maximum = most_pictures, .sliderMaximum = 9 }, 1);
    makeChoices();
    layout->addWidget(labelledRow(tr("Draw"), m_board));
    layout->addWidget(m_count);
    layout->addWidget(m_seed);
    layout->addWidget(sectionLabel(tr("Mix")));
    layout->addWidget(m_blend);
    layout->addWidget(makeNumbers());
    layout->addWidget(sectionLabel(tr("Sampling")));
    layout->addWidget(m_candidates);
    layout->addWidget(labelledRow(tr("Sampler"), m_sampler));
    layout->addWidget(m_eta);
    layout->addWidget(labelledRow(tr("Device"), m_device));
    m_reset->setIcon(Theme::icon(QStringLiteral("reset")));
    m_reset->setProperty("flat", true);
    layout->addSpacing(8);
    layout->addWidget(m_reset, 0, Qt::AlignLeft);
    layout->addStretch();
    connect(m_reset, &QPushButton::clicked, this, &ParameterPanel::resetToDefaults);
    return fields;
}

/// What only a model gives a meaning.
QWidget* ParameterPanel::makeNumbers()
{
    m_numbers = new QWidget;
    auto* layout = new QVBoxLayout(m_numbers);
    layout->setContentsMargins({});
    layout->setSpacing(6);
    layout->addWidget(sectionLabel(tr("Guidance")));
    layout->addWidget(m_priorCondScale);
    layout->addWidget(m_condScale);
    layout->addWidget(sectionLabel(tr("Steps")));
    layout->addWidget(m_steps);
    m_numbers->hide();
    m_candidates->hide();
    return m_numbers;
}

void ParameterPanel::makeChoices()
{
    m_sampler->addItem(tr("Automatic"), QStringLiteral("auto"));
    m_sampler->addItem(tr("DDPM"), QStringLiteral("ddpm"));
    m_sampler->addItem(tr("DDIM"), QStringLiteral("ddim"));
    m_sampler->addItem(tr("DPM-Solver++"), QStringLiteral("dpmpp"));
    m_device->addItem(tr("Automatic"), QStringLiteral("auto"));
    m_device->addItem(tr("Processor"), QStringLiteral("cpu"));
    m_device->addItem(tr("CUDA graphics card"), QStringLiteral("cuda"));
    m_eta->setRange(etaRange, 0);
    m_board->addItem(tr("Finished pictures"), 0);
    m_board->addItem(tr("16 to choose from"), 16);
    m_board->addItem(tr("64 to choose from"), 64);
    m_board->setToolTip(
        tr("Candidates are drawn through the first stage only; what you pick is drawn to the end"));
}

void ParameterPanel::enableCount()
{
    m_count->setEnabled(m_board->currentData().toInt() == 0);
}

void ParameterPanel::connectFields()
{
    connect(m_prompt, &QPlainTextEdit::textChanged, this, [this] {
        Q_EMIT promptChanged(m_prompt->toPlainText());
        Q_EMIT changed();
    });
    leaveUndoToThePage(*m_negative);
    connect(m_history, &QToolButton::clicked, this, &ParameterPanel::historyWanted);
    connect(m_negative, &QLineEdit::textChanged, this, &ParameterPanel::changed);
    connect(m_blend, &BlendPanel::changed, this, &ParameterPanel::changed);
    connect(m_blend, &BlendPanel::partsChanged, this, &ParameterPanel::orderTabs);
    connect(m_board, &QComboBox::currentIndexChanged, this, [this] {
        enableCount();
        Q_EMIT changed();
    });
    connect(m_steps, &StepFields::changed, this, &ParameterPanel::changed);
    connect(m_steps, &StepFields::controlsChanged, this, &ParameterPanel::orderTabs);
    connect(m_seed, &SeedField::changed, this, &ParameterPanel::changed);
    connect(m_sampler, &QComboBox::currentIndexChanged, this, [this] {
        enableEta();
        Q_EMIT changed();
    });
    connect(m_device, &QComboBox::currentIndexChanged, this, &ParameterPanel::changed);
    for (NumberField* field : { m_count, m_condScale, m_priorCondScale, m_candidates, m_eta })
        connect(field, &NumberField::changed, this, &ParameterPanel::changed);
}

void ParameterPanel::setActions(QAction* draw, QAction* stop)
{
    connect(m_draw, &QPushButton::clicked, draw, &QAction::trigger);
    connect(m_stop, &QPushButton::clicked, stop, &QAction::trigger);
    m_drawAction = draw;
    m_stopAction = stop;
    for (QAction* action : { draw, stop })
        connect(action, &QAction::changed, this, &ParameterPanel::showNote);
    showNote();
}

void ParameterPanel::setModel(const ModelInfo& model)
{
    const Settings::Draft kept = draft();
    const QSignalBlocker quiet(this);
    m_hasModel = true;
    m_numbers->show();
    m_candidates->show();
    m_condScale->setRange({ 0, highest_scale, usual_scale, 0.1, 2 }, model.cond_scale);
    m_priorCondScale->setRange({ 0, highest_scale, usual_scale, 0.1, 2 }, model.prior_cond_scale);
    m_condScale->setEnabled(model.guidance);
    m_priorCondScale->setEnabled(model.prior_guidance);
    m_candidates->setRange({ .minimum = 1, .maximum = most_candidates, .sliderMaximum = 8 },
                           model.candidates);
    m_defaultSampler = model.sampler.empty() ? QStringLiteral("auto") : QString::fromStdString(model.sampler);
    m_eta->setRange(etaRange, model.eta);
    m_steps->setStages(model.prior, model.stages);
    setDraft(kept);
}

void ParameterPanel::orderTabs()
{
    std::vector<QWidget*> order{ m_prompt, m_negative, m_history, m_draw, m_stop, m_board, m_count };
    const auto add = [&order](const std::vector<QWidget*>& controls) {
        order.insert(order.end(), controls.begin(), controls.end());
    };
    add(m_seed->controls());
    add(m_blend->controls());
    add({ m_priorCondScale, m_condScale });
    add(m_steps->controls());
    add({ m_candidates, m_sampler, m_eta, m_device, m_reset });
    for (size_t i = 1; i < order.size(); ++i)
        QWidget::setTabOrder(order[i - 1], order[i]);
}

void ParameterPanel::setDraft(const Settings::Draft& draft)
{
    m_wanted = draft;
    const GenerateRequest& request = draft.request;
    setPrompt(draft.prompt);
    setSeed(draft.seed);
    m_count->setValue(request.count);
    m_negative->setText(QString::fromStdString(request.recipe.negative));
    m_blend->setRecipe(request.recipe);
    m_board->setCurrentIndex(std::max(0, m_board->findData(draft.board)));
    m_condScale->choose(request.cond_scale);
    m_priorCondScale->choose(request.prior_cond_scale);
    m_steps->setSteps(request.prior_steps, request.steps);
    m_candidates->choose(request.candidates);
    m_eta->choose(request.eta);
    for (const auto& [parameter, field] : listFields())
        if (const auto list = draft.lists.find(parameter); list != draft.lists.end())
            field->setList(list->second);
    m_steps->setLists(draft.lists);
    if (const auto seeds = draft.lists.find(QStringLiteral("seed")); seeds != draft.lists.end())
        m_seed->setList(seeds->second);
    const QString sampler
        = request.sampler ? QString::fromLatin1(to_string(*request.sampler)) : m_defaultSampler;
    m_sampler->setCurrentIndex(std::max(0, m_sampler->findData(sampler)));
    m_device->setCurrentIndex(std::max(0, m_device->findData(draft.device)));
    enableEta();
}

Settings::Draft ParameterPanel::draft() const
{
    Settings::Draft draft = m_wanted;
    draft.prompt = m_prompt->toPlainText();
    draft.device = m_device->currentData().toString();
    draft.seed = m_seed->seed();
    GenerateRequest& request = draft.request;
    request.count = static_cast<int>(m_count->value());
    draft.board = m_board->currentData().toInt();
    const Recipe mix = m_blend->recipe();
    request.recipe.negative = m_negative->text().simplified().toStdString();
    request.recipe.blend = mix.blend;
    request.recipe.text_diff = mix.text_diff;
    if (!m_hasModel)
        return draft;
    draft.lists = m_steps->lists();
    for (const auto& [parameter, field] : listFields())
        if (const QString list = field->list(); !list.isEmpty())
            draft.lists[parameter] = list;
    if (const QString seeds = m_seed->list(); !seeds.isEmpty())
        draft.lists[QStringLiteral("seed")] = seeds;
    request.cond_scale = m_condScale->chosen<double>();
    request.prior_cond_scale = m_priorCondScale->chosen<double>();
    request.prior_steps = m_steps->priorSteps();
    request.candidates = m_candidates->chosen<int>();
    request.eta = m_eta->chosen<double>();
    request.sampler.reset();
    if (m_sampler->currentData().toString() != m_defaultSampler)
        request.sampler = sampler_from_string(m_sampler->currentData().toString().toStdString());
    request.steps = m_steps->steps();
    return draft;
}

std::vector<std::pair<QString, NumberField*>> ParameterPanel::listFields() const
{
    return { { QStringLiteral("guidance"), m_condScale },
             { QStringLiteral("prior-guidance"), m_priorCondScale },
             { QStringLiteral("candidates"), m_candidates },
             { QStringLiteral("eta"), m_eta } };
}

void ParameterPanel::setPrompt(const QString& prompt)
{
    if (prompt == m_prompt->toPlainText())
        return;
    m_prompt->setPlainText(prompt);
    m_prompt->moveCursor(QTextCursor::End);
}

void ParameterPanel::setSeed(std::optional<quint64> seed)
{
    m_seed->setSeed(seed);
}

void ParameterPanel::setLastSeed(quint64 seed)
{
    m_seed->setLastSeed(seed);
}

void ParameterPanel::resetToDefaults()
{
    Settings::Draft defaults;
    defaults.prompt = m_prompt->toPlainText();
    setDraft(defaults);
    Q_EMIT changed();
}

void ParameterPanel::setDrawing(bool drawing)
{
    if (!drawing && m_stop->hasFocus())
        m_draw->setFocus();
    m_stop->setVisible(drawing);
    m_draw->setText(drawing ? tr("&Queue") : tr("&Draw"));
    showNote();
}

void ParameterPanel::setReady(bool ready)
{
    m_draw->setEnabled(ready);
}

void ParameterPanel::setUnknownWords(const QStringList& words)
{
    m_unknownWords = words;
    m_prompt->markWords(words);
    showNote();
}

void ParameterPanel::setSetSize(qint64 pictures)
{
    m_setSize = pictures;
    showNote();
}

void ParameterPanel::showNote()
{
    constexpr int longest_word = 24;
    QStringList quoted;
    for (const QString& word : m_unknownWords)
        quoted << QStringLiteral("“%1”").arg(
            word.size() > longest_word ? word.left(longest_word) + QChar(u'…') : word);
    const QString list = quoted.mid(0, 8).join(QStringLiteral(", "));
    if (!m_drawAction)
        return;
    const bool drawing = !m_stop->isHidden();
    const QString draw = keyText(*m_drawAction), stop = keyText(*m_stopAction);
    m_draw->setToolTip(
        withKeys(drawing ? tr("Draw when what comes before is done") : tr("Draw"), *m_drawAction));
    m_stop->setToolTip(withKeys(tr("Stop and keep what is there"), *m_stopAction));
    const QString many = m_setSize <= 1 ? QString()
        : draw.isEmpty()                ? tr("Draws %1 pictures").arg(m_setSize)
                                        : tr("%1 draws %2 pictures").arg(draw).arg(m_setSize);
    const QString one = drawing
        ? (stop.isEmpty() ? QString() : tr("%1 stops and keeps what is there").arg(stop))
        : draw.isEmpty() ? QString()
                         : tr("%1 draws").arg(draw);
    const QString hint = many.isEmpty() ? one : many;
    QString note = quoted.isEmpty() ? hint : tr("Never seen by the model: %1").arg(list);
    if (!quoted.isEmpty() && !many.isEmpty())
        note = many + QStringLiteral(" · ") + note;
    m_note->setText(m_note->fontMetrics().elidedText(note, Qt::ElideRight, m_note->width()));
    m_note->setToolTip(quoted.isEmpty() ? QString() : tr("%1. It will guess what is meant.").arg(note));
}

void ParameterPanel::resizeEvent(QResizeEvent* event)
{
    QFrame::resizeEvent(event);
    showNote();
}

void ParameterPanel::enableEta()
{
    const QString sampler = m_sampler->currentData().toString();
    m_eta->setEnabled(sampler == QLatin1String("ddim") || sampler == QLatin1String("auto"));
}

} // namespace reverie::ui
