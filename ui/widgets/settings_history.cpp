// SPDX-License-Identifier: MIT
#include "ui/widgets/settings_history.h"

#include "core/api/request_json.h"
#include "ui/widgets/parameter_panel.h"
#include "ui/widgets/prompt_box.h"

#include <QAction>
#include <QCoreApplication>
#include <QElapsedTimer>
#include <QKeyEvent>
#include <QLocale>

namespace reverie::ui {

namespace {

constexpr int most_steps = 200;
constexpr int one_step_ms = 1000; ///< a slider that is dragged, a number that is typed

bool sameMix(const Recipe& a, const Recipe& b)
{
    GenerateRequest left, right;
    left.recipe.blend = a.blend;
    left.recipe.text_diff = a.text_diff;
    right.recipe.blend = b.blend;
    right.recipe.text_diff = b.text_diff;
    return to_json(left) == to_json(right);
}

/// What differs, as the panel calls it.
QStringList changes(const Settings::Draft& a, const Settings::Draft& b)
{
    const GenerateRequest& was = a.request;
    const GenerateRequest& is = b.request;
    QStringList names;
    const auto add = [&](bool differs, const QString& name) {
        if (differs)
            names << name;
    };
    add(was.recipe.negative != is.recipe.negative, SettingsHistory::tr("Negative Prompt"));
    add(a.board != b.board, SettingsHistory::tr("Candidates to Choose From"));
    add(was.count != is.count, SettingsHistory::tr("Pictures"));
    add(a.seed != b.seed, SettingsHistory::tr("Seed"));
    add(!sameMix(was.recipe, is.recipe), SettingsHistory::tr("Mix"));
    add(was.cond_scale != is.cond_scale || was.prior_cond_scale != is.prior_cond_scale,
        SettingsHistory::tr("Guidance"));
    add(was.steps != is.steps || was.prior_steps != is.prior_steps, SettingsHistory::tr("Steps"));
    add(was.candidates != is.candidates, SettingsHistory::tr("Candidates"));
    add(was.sampler != is.sampler, SettingsHistory::tr("Sampler"));
    add(was.eta != is.eta, SettingsHistory::tr("Eta"));
    add(a.lists != b.lists, SettingsHistory::tr("Lists of Numbers"));
    add(a.device != b.device, SettingsHistory::tr("Device"));
    add(names.isEmpty() && to_json(was) != to_json(is), SettingsHistory::tr("Settings"));
    return names;
}

/// Programs set the prompt without a way back; a person's typing has one.
bool wasTyped(const PromptBox& prompt)
{
    return prompt.document()->isUndoAvailable() || prompt.document()->isRedoAvailable();
}

class UndoLeaver : public QObject
{
public:
    using QObject::QObject;

protected:
    bool eventFilter(QObject* watched, QEvent* event) override
    {
        if (event->type() == QEvent::ShortcutOverride) {
            const auto* key = static_cast<QKeyEvent*>(event);
            if (key->matches(QKeySequence::Undo) || key->matches(QKeySequence::Redo)) {
                event->ignore();
                return true;
            }
        }
        return QObject::eventFilter(watched, event);
    }
};

} // namespace

class SettingsHistory::Step : public QUndoCommand
{
public:
    Step(SettingsHistory& history, Settings::Draft before, Settings::Draft after, const QStringList& names,
         bool withPrompt)
        : QUndoCommand(names.size() > 3 ? tr("Several Settings") : QLocale().createSeparatedList(names))
        , m_history(history)
        , m_before(std::move(before))
        , m_after(std::move(after))
        , m_withPrompt(withPrompt)
    {
        m_since.start();
    }

    void undo() override { m_history.apply(m_before, m_withPrompt && m_history.promptIs(m_after)); }
    void redo() override
    {
        if (m_isDone)
            m_history.apply(m_after, m_withPrompt && m_history.promptIs(m_before));
        m_isDone = true;
    }
    int id() const override { return 1; }
    bool mergeWith(const QUndoCommand* other) override
    {
        const auto& next = static_cast<const Step&>(*other);
        if (next.text() != text() || m_withPrompt || next.m_withPrompt || m_since.elapsed() > one_step_ms)
            return false;
        m_after = next.m_after;
        m_since.restart();
        setObsolete(changes(m_before, m_after).isEmpty());
        return true;
    }

private:
    SettingsHistory& m_history;
    Settings::Draft m_before, m_after;
    bool m_withPrompt;
    bool m_isDone = false;
    QElapsedTimer m_since;
};

SettingsHistory::SettingsHistory(ParameterPanel& panel, QObject* parent)
    : QObject(parent)
    , m_panel(panel)
    , m_now(panel.draft())
{
    m_steps.setUndoLimit(most_steps);
    m_lookSoon.setSingleShot(true);
    m_lookSoon.setInterval(0);
    connect(&m_lookSoon, &QTimer::timeout, this, &SettingsHistory::look);
    connect(&panel, &ParameterPanel::changed, this, [this] {
        if (!m_applying)
            m_lookSoon.start();
    });
}

QAction* SettingsHistory::makeUndo(QObject* parent)
{
    auto* action = new QAction(tr("&Undo"), parent);
    action->setEnabled(false);
    connect(action, &QAction::triggered, this, [this] {
        look(); // what changed a moment ago
        m_steps.undo();
    });
    connect(&m_steps, &QUndoStack::canUndoChanged, action, &QAction::setEnabled);
    connect(&m_steps, &QUndoStack::undoTextChanged, action,
            [action](const QString& step) { action->setText(tr("&Undo") + QLatin1Char(' ') + step); });
    return action;
}

QAction* SettingsHistory::makeRedo(QObject* parent)
{
    auto* action = new QAction(tr("&Redo"), parent);
    action->setEnabled(false);
    connect(action, &QAction::triggered, &m_steps, &QUndoStack::redo);
    connect(&m_steps, &QUndoStack::canRedoChanged, action, &QAction::setEnabled);
    connect(&m_steps, &QUndoStack::redoTextChanged, action,
            [action](const QString& step) { action->setText(tr("&Redo") + QLatin1Char(' ') + step); });
    return action;
}

void SettingsHistory::accept()
{
    m_lookSoon.stop();
    m_now = m_panel.draft();
}

void SettingsHistory::look()
{
    m_lookSoon.stop();
    const Settings::Draft draft = m_panel.draft();
    const bool withPrompt = draft.prompt != m_now.prompt && !wasTyped(m_panel.promptBox());
    QStringList names = changes(m_now, draft);
    if (withPrompt)
        names.prepend(tr("Prompt"));
    const Settings::Draft before = std::exchange(m_now, draft);
    if (!names.isEmpty())
        m_steps.push(new Step(*this, before, draft, names, withPrompt));
}

bool SettingsHistory::promptIs(const Settings::Draft& draft) const
{
    return m_panel.draft().prompt == draft.prompt;
}

void SettingsHistory::apply(const Settings::Draft& draft, bool withPrompt)
{
    m_applying = true;
    Settings::Draft wanted = draft;
    if (!withPrompt)
        wanted.prompt = m_panel.draft().prompt;
    m_panel.setDraft(wanted);
    m_applying = false;
    accept();
}

void leaveUndoToThePage(QWidget& field)
{
    field.installEventFilter(new UndoLeaver(&field));
}

} // namespace reverie::ui
