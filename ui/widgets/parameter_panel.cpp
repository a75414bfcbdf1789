// SPDX-License-Identifier: MIT
#include "ui/widgets/parameter_panel.h"

#include "ui/widgets/blend_panel.h"
#include "ui/widgets/number_field.h"
#include "ui/widgets/prompt_box.h"
#include "ui/widgets/theme.h"

#include <QAction>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRegularExpressionValidator>
#include <QScrollArea>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace reverie::ui {

namespace {

constexpr int most_pictures = 64;
constexpr int most_candidates = 16;
constexpr double highest_scale = 100;
constexpr double usual_scale = 10;
constexpr NumberRange etaRange{ .minimum = 0, .maximum = 1, .sliderMaximum = 1, .step = 0.05, .decimals = 2 };
constexpr quint64 seed_limit = quint64(1) << 53U;

QLabel* sectionLabel(const QString& text)
{
    auto* label = new QLabel(text);
    label->setProperty("section", true);
    label->setContentsMargins(0, 12, 0, 0);
    return label;
}

QToolButton* iconButton(const QString& icon, const QString& name)
{
    auto* button = new QToolButton;
    button->setIcon(Theme::icon(icon));
    button->setIconSize({ 18, 18 });
    button->setToolTip(name);
    button->setAccessibleName(name);
    button->setFocusPolicy(Qt::StrongFocus);
    return button;
}

/// `value` if the field was moved away from the model's default
template <class T>
std::optional<T> chosen(const NumberField& field)
{
    return field.isDefault() ? std::nullopt : std::optional<T>(static_cast<T>(field.value()));
}

template <class T>
void choose(NumberField& field, const std::optional<T>& value)
{
    if (value)
        field.setValue(static_cast<double>(*value));
    else
        field.reset();
}

NumberRange stepRange(const StageInfo& stage)
{
    const double most = std::max(stage.max_steps, 1);
    return { .minimum = 1,
             .maximum = most,
             .sliderMaximum = std::min(most, 4.0 * std::max(stage.default_steps, 1)) };
}

} // namespace

ParameterPanel::ParameterPanel(QWidget* parent)
    : QFrame(parent)
    , m_prompt(new PromptBox)
    , m_history(iconButton(QStringLiteral("search"), tr("Earlier prompts (Ctrl+H)")))
    , m_negative(new QLineEdit)
    , m_board(new QComboBox)
    , m_preset(new QComboBox)
    , m_blend(new BlendPanel)
    , m_note(new QLabel)
    , m_draw(new QPushButton(tr("&Draw")))
    , m_stop(new QPushButton(tr("&Stop")))
    , m_count(new NumberField(tr("Pictures"), tr("How many pictures to draw, with consecutive seeds")))
    , m_seed(new QLineEdit)
    , m_dice(iconButton(QStringLiteral("dice"), tr("New seed for every drawing")))
    , m_reuse(iconButton(QStringLiteral("reuse"), tr("Use the last seed again")))
    , m_condScale(new NumberField(tr("Decoder"),
                                  tr("How strongly the pixels follow the picture's idea; 1 is no guidance")))
    , m_priorCondScale(
          new NumberField(tr("Prior"), tr("How strongly the idea follows the prompt; 1 is no guidance")))
    , m_priorSteps(new NumberField(tr("Prior"), tr("Denoising steps from the text to the picture's idea")))
    , m_candidates(new NumberField(tr("Candidates"),
                                   tr("Ideas the prior proposes; the one closest to the prompt is drawn")))
    , m_stepsLayout(new QVBoxLayout)
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
    m_draw->setToolTip(tr("Draw (Ctrl+Enter)"));
    m_stop->setProperty("tall", true);
    m_stop->setToolTip(tr("Stop and keep what is there (Esc)"));
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
    layout->addWidget(makeChoice(tr("Draw"), m_board));
    layout->addWidget(m_count);
    layout->addWidget(makeSeedField());
    layout->addWidget(sectionLabel(tr("Mix")));
    layout->addWidget(m_blend);
    layout->addWidget(sectionLabel(tr("Guidance")));
    layout->addWidget(m_priorCondScale);
    layout->addWidget(m_condScale);
    layout->addWidget(sectionLabel(tr("Steps")));
    layout->addWidget(makeChoice(tr("Preset"), m_preset));
    layout->addWidget(m_priorSteps);
    m_stepsLayout->setSpacing(6);
    layout->addLayout(m_stepsLayout);
    layout->addWidget(sectionLabel(tr("Sampling")));
    layout->addWidget(m_candidates);
    layout->addWidget(makeChoice(tr("Sampler"), m_sampler));
    layout->addWidget(m_eta);
    layout->addWidget(makeChoice(tr("Device"), m_device));
    m_reset->setIcon(Theme::icon(QStringLiteral("reset")));
    m_reset->setProperty("flat", true);
    layout->addSpacing(8);
    layout->addWidget(m_reset, 0, Qt::AlignLeft);
    layout->addStretch();
    connect(m_reset, &QPushButton::clicked, this, &ParameterPanel::resetToDefaults);
    return fields;
}

QWidget* ParameterPanel::makeSeedField()
{
    m_seed->setPlaceholderText(tr("New each time"));
    m_seed->setAccessibleName(tr("Seed"));
    m_seed->setAccessibleDescription(
        tr("The same seed draws the same picture; empty is a new one every time"));
    m_seed->setValidator(
        new QRegularExpressionValidator(QRegularExpression(QStringLiteral("[0-9]{0,16}")), m_seed));
    m_reuse->setEnabled(false);
    auto* row = new QWidget;
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins({});
    layout->setSpacing(4);
    auto* label = new QLabel(tr("Seed"));
    label->setFixedWidth(88);
    label->setBuddy(m_seed);
    layout->addWidget(label);
    layout->addWidget(m_seed, 1);
    layout->addWidget(m_dice);
    layout->addWidget(m_reuse);
    return row;
}

QWidget* ParameterPanel::makeChoice(const QString& name, QComboBox* box)
{
    auto* row = new QWidget;
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins({});
    layout->setSpacing(8);
    auto* label = new QLabel(name);
    label->setFixedWidth(84);
    label->setBuddy(box);
    box->setAccessibleName(name);
    layout->addWidget(label);
    layout->addWidget(box, 1);
    return row;
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
    makePresets();
}

void ParameterPanel::makePresets()
{
    m_preset->addItem(tr("The model's own"), 1.0);
    m_preset->addItem(tr("Draft"), 0.5);
    m_preset->addItem(tr("Thorough"), 2.0);
    m_preset->addItem(tr("Custom"));
    m_preset->setToolTip(tr("How many steps every network takes"));
}

void ParameterPanel::applyPreset(int index)
{
    const QVariant factor = m_preset->itemData(index);
    if (!factor.isValid() || m_stages.empty())
        return;
    const auto steps = [&](const StageInfo& stage) {
        return std::clamp(std::round(stage.default_steps * factor.toDouble()), 1.0,
                          static_cast<double>(std::max(1, stage.max_steps)));
    };
    m_priorSteps->setValue(steps(m_stages[0]));
    for (size_t i = 0; i < m_steps.size(); ++i)
        m_steps[i]->setValue(steps(m_stages[i + 1]));
}

/// The preset that the steps make.
void ParameterPanel::showPreset()
{
    if (m_stages.empty())
        return;
    std::vector<const NumberField*> fields{ m_priorSteps };
    fields.insert(fields.end(), m_steps.begin(), m_steps.end());
    int shown = m_preset->count() - 1;
    for (int preset = shown - 1; preset >= 0; --preset) {
        const double factor = m_preset->itemData(preset).toDouble();
        bool same = true;
        for (size_t i = 0; i < fields.size(); ++i)
            same = same
                && fields[i]->value()
                    == std::clamp(std::round(m_stages[i].default_steps * factor), 1.0,
                                  static_cast<double>(std::max(1, m_stages[i].max_steps)));
        if (same)
            shown = preset;
    }
    const QSignalBlocker quiet(m_preset);
    m_preset->setCurrentIndex(shown);
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
    connect(m_history, &QToolButton::clicked, this, &ParameterPanel::historyWanted);
    connect(m_negative, &QLineEdit::textChanged, this, &ParameterPanel::changed);
    connect(m_blend, &BlendPanel::changed, this, &ParameterPanel::changed);
    connect(m_blend, &BlendPanel::partsChanged, this, &ParameterPanel::orderTabs);
    connect(m_board, &QComboBox::currentIndexChanged, this, [this] {
        enableCount();
        Q_EMIT changed();
    });
    connect(m_preset, &QComboBox::activated, this, &ParameterPanel::applyPreset);
    connect(m_priorSteps, &NumberField::changed, this, &ParameterPanel::showPreset);
    connect(m_dice, &QToolButton::clicked, this, [this] { setSeed({}); });
    connect(m_reuse, &QToolButton::clicked, this, [this] { setSeed(m_lastSeed); });
    connect(m_seed, &QLineEdit::textChanged, this, &ParameterPanel::changed);
    connect(m_sampler, &QComboBox::currentIndexChanged, this, [this] {
        enableEta();
        Q_EMIT changed();
    });
    connect(m_device, &QComboBox::currentIndexChanged, this, &ParameterPanel::changed);
    for (NumberField* field : { m_count, m_condScale, m_priorCondScale, m_priorSteps, m_candidates, m_eta })
        connect(field, &NumberField::changed, this, &ParameterPanel::changed);
}

void ParameterPanel::setActions(QAction* draw, QAction* stop)
{
    connect(m_draw, &QPushButton::clicked, draw, &QAction::trigger);
    connect(m_stop, &QPushButton::clicked, stop, &QAction::trigger);
}

void ParameterPanel::setModel(const ModelInfo& model)
{
    const Settings::Draft kept = draft();
    const QSignalBlocker quiet(this);
    m_hasModel = true;
    m_condScale->setRange({ 0, highest_scale, usual_scale, 0.1, 2 }, model.cond_scale);
    m_priorCondScale->setRange({ 0, highest_scale, usual_scale, 0.1, 2 }, model.prior_cond_scale);
    m_condScale->setEnabled(model.guidance);
    m_priorCondScale->setEnabled(model.prior_guidance);
    m_priorSteps->setRange(stepRange(model.prior), model.prior.default_steps);
    m_candidates->setRange({ .minimum = 1, .maximum = most_candidates, .sliderMaximum = 8 },
                           model.candidates);
    m_defaultSampler = model.sampler.empty() ? QStringLiteral("auto") : QString::fromStdString(model.sampler);
    m_eta->setRange(etaRange, model.eta);
    m_stages = { model.prior };
    m_stages.insert(m_stages.end(), model.stages.begin(), model.stages.end());
    setStages(model.stages);
    setDraft(kept);
    showPreset();
}

void ParameterPanel::setStages(const std::vector<StageInfo>& stages)
{
    for (NumberField* field : m_steps)
        delete field;
    m_steps.clear();
    for (const StageInfo& stage : stages) {
        auto* field
            = new NumberField(tr("%1 pixels").arg(stage.size),
                              tr("Denoising steps of the stage that draws %1 × %1 pixels").arg(stage.size));
        field->setRange(stepRange(stage), stage.default_steps);
        m_stepsLayout->addWidget(field);
        connect(field, &NumberField::changed, this, &ParameterPanel::changed);
        connect(field, &NumberField::changed, this, &ParameterPanel::showPreset);
        m_steps.push_back(field);
    }
    orderTabs();
}

void ParameterPanel::orderTabs()
{
    std::vector<QWidget*> order{ m_prompt, m_negative, m_history, m_draw, m_stop,
                                 m_board,  m_count,    m_seed,    m_dice, m_reuse };
    const std::vector<QWidget*> mix = m_blend->controls();
    order.insert(order.end(), mix.begin(), mix.end());
    order.insert(order.end(), { m_priorCondScale, m_condScale, m_preset, m_priorSteps });
    order.insert(order.end(), m_steps.begin(), m_steps.end());
    order.insert(order.end(), { m_candidates, m_sampler, m_eta, m_device, m_reset });
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
    choose(*m_condScale, request.cond_scale);
    choose(*m_priorCondScale, request.prior_cond_scale);
    choose(*m_priorSteps, request.prior_steps);
    choose(*m_candidates, request.candidates);
    choose(*m_eta, request.eta);
    for (size_t i = 0; i < m_steps.size(); ++i) {
        const bool given = request.steps.size() == 1 || i < request.steps.size();
        choose(*m_steps[i],
               given ? std::optional(request.steps[request.steps.size() == 1 ? 0 : i]) : std::nullopt);
    }
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
    draft.seed.reset();
    if (!m_seed->text().isEmpty())
        draft.seed = m_seed->text().toULongLong() % seed_limit;
    GenerateRequest& request = draft.request;
    request.count = static_cast<int>(m_count->value());
    draft.board = m_board->currentData().toInt();
    const Recipe mix = m_blend->recipe();
    request.recipe.negative = m_negative->text().simplified().toStdString();
    request.recipe.blend = mix.blend;
    request.recipe.text_diff = mix.text_diff;
    if (!m_hasModel)
        return draft;
    request.cond_scale = chosen<double>(*m_condScale);
    request.prior_cond_scale = chosen<double>(*m_priorCondScale);
    request.prior_steps = chosen<int>(*m_priorSteps);
    request.candidates = chosen<int>(*m_candidates);
    request.eta = chosen<double>(*m_eta);
    request.sampler.reset();
    if (m_sampler->currentData().toString() != m_defaultSampler)
        request.sampler = sampler_from_string(m_sampler->currentData().toString().toStdString());
    request.steps.clear();
    if (!std::all_of(m_steps.begin(), m_steps.end(), [](const auto* field) { return field->isDefault(); }))
        for (const NumberField* field : m_steps)
            request.steps.push_back(static_cast<int>(field->value()));
    return draft;
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
    m_seed->setText(seed ? QString::number(*seed) : QString());
}

void ParameterPanel::setLastSeed(quint64 seed)
{
    m_lastSeed = seed;
    m_reuse->setEnabled(true);
    m_reuse->setToolTip(tr("Use the last seed again (%1)").arg(seed));
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
    m_draw->setToolTip(drawing ? tr("Draw when what comes before is done (Ctrl+Enter)")
                               : tr("Draw (Ctrl+Enter)"));
    showNote();
}

void ParameterPanel::setReady(bool ready)
{
    m_draw->setEnabled(ready);
}

void ParameterPanel::setUnknownWords(const QStringList& words)
{
    m_unknownWords = words;
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
    const QString hint
        = m_stop->isHidden() ? tr("Ctrl+Enter draws") : tr("Esc stops and keeps what is there");
    const QString note = quoted.isEmpty() ? hint : tr("Never seen by the model: %1").arg(list);
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
