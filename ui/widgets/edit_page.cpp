// SPDX-License-Identifier: MIT
#include "ui/widgets/edit_page.h"

#include "ui/widgets/edit_canvas.h"
#include "ui/widgets/number_field.h"
#include "ui/widgets/theme.h"

#include <QAction>
#include <QActionGroup>
#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QStackedWidget>
#include <QToolButton>

#include <algorithm>

namespace reverie::ui {

namespace {

constexpr NumberRange strengths{
    .minimum = 0.01, .maximum = 1, .sliderMaximum = 1, .step = 0.01, .decimals = 2
};
constexpr int most_feather = 64;

QToolButton* buttonOf(QAction* action)
{
    auto* button = new QToolButton;
    button->setDefaultAction(action);
    button->setIconSize({ 18, 18 });
    button->setAccessibleName(action->iconText());
    button->setFocusPolicy(Qt::StrongFocus);
    return button;
}

QSpinBox* spinBox(QHBoxLayout* row, const QString& label, const QString& name, int least, int most)
{
    auto* text = new QLabel(label);
    auto* box = new QSpinBox;
    box->setRange(least, most);
    box->setAccessibleName(name);
    box->setToolTip(name);
    text->setBuddy(box);
    row->addSpacing(6);
    row->addWidget(text);
    row->addWidget(box);
    return box;
}

QHBoxLayout* rowOf(QWidget* row)
{
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins(16, 0, 12, 8);
    layout->setSpacing(6);
    return layout;
}

} // namespace

EditPage::EditPage(QWidget* parent)
    : QFrame(parent)
    , m_canvas(new EditCanvas)
    , m_title(new QLabel)
    , m_hint(new QLabel)
    , m_rows(new QStackedWidget)
{
    setObjectName(QStringLiteral("canvas"));
    makeActions();
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins({});
    layout->setSpacing(0);
    layout->addWidget(makeKinds());
    for (QWidget* row : { makeBrushRow(), makeFrameRow(), makeStartRow() })
        m_rows->addWidget(row);
    m_rows->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    layout->addWidget(m_rows);
    layout->addWidget(m_canvas, 1);
    m_hint->setProperty("muted", true);
    m_hint->setAlignment(Qt::AlignCenter);
    m_hint->setWordWrap(true);
    m_hint->setContentsMargins(16, 0, 16, 10);
    layout->addWidget(m_hint);
    connect(m_canvas, &EditCanvas::edited, this, &EditPage::showState);
    connect(m_canvas, &EditCanvas::brushStepped, this, &EditPage::stepBrush);
}

QAction* EditPage::addAction(const QString& text, const QString& icon, const QKeySequence& key,
                             const std::function<void()>& run)
{
    auto* action = new QAction(text, this);
    if (!icon.isEmpty())
        action->setIcon(Theme::icon(icon));
    action->setShortcut(key);
    action->setShortcutContext(Qt::WidgetShortcut);
    action->setToolTip(QStringLiteral("%1 (%2)").arg(text, key.toString(QKeySequence::NativeText)));
    connect(action, &QAction::triggered, this, run);
    m_canvas->addAction(action);
    return action;
}

void EditPage::makeActions()
{
    using Kind = PictureEdit::Kind;
    const auto kind = [this](Kind kind) { return [this, kind] { setKind(kind); }; };
    m_actions.repaint
        = addAction(tr("Repaint a part"), QStringLiteral("brush"), Qt::Key_R, kind(Kind::Repaint));
    m_actions.extend
        = addAction(tr("Extend the frame"), QStringLiteral("extend"), Qt::Key_X, kind(Kind::Extend));
    m_actions.start = addAction(tr("Start from it"), QStringLiteral("restart"), Qt::Key_S, kind(Kind::Start));
    m_actions.brush
        = addAction(tr("Brush"), QStringLiteral("brush"), Qt::Key_B, [this] { m_canvas->setErasing(false); });
    m_actions.eraser = addAction(tr("Eraser"), QStringLiteral("eraser"), Qt::Key_E,
                                 [this] { m_canvas->setErasing(true); });
    m_actions.smaller = addAction(tr("Smaller brush"), {}, Qt::Key_BracketLeft, [this] { stepBrush(-1); });
    m_actions.larger = addAction(tr("Larger brush"), {}, Qt::Key_BracketRight, [this] { stepBrush(1); });
    m_actions.undo = addAction(tr("Undo the stroke"), QStringLiteral("undo"), Qt::CTRL | Qt::Key_Z,
                               [this] { change(&PictureMask::undo); });
    m_actions.redo = addAction(tr("Redo the stroke"), QStringLiteral("redo"),
                               Qt::CTRL | Qt::SHIFT | Qt::Key_Z, [this] { change(&PictureMask::redo); });
    m_actions.clear = addAction(tr("Clear the mask"), QStringLiteral("trash"), Qt::Key_Delete,
                                [this] { change(&PictureMask::clear); });
    m_actions.invert = addAction(tr("Invert the mask"), QStringLiteral("invert"), Qt::Key_I,
                                 [this] { change(&PictureMask::invert); });
    m_actions.showMask = addAction(tr("Show the mask"), QStringLiteral("eye"), Qt::Key_M,
                                   [this] { m_canvas->setMaskShown(m_actions.showMask->isChecked()); });
    m_actions.leave
        = addAction(tr("Back"), QStringLiteral("back"), Qt::Key_Escape, [this] { Q_EMIT leaveWanted(); });
    const auto choice = [this](const QList<QAction*>& actions) {
        auto* group = new QActionGroup(this);
        for (QAction* action : actions) {
            action->setCheckable(true);
            group->addAction(action);
        }
        actions.first()->setChecked(true);
    };
    choice({ m_actions.repaint, m_actions.extend, m_actions.start });
    choice({ m_actions.brush, m_actions.eraser });
    m_actions.showMask->setCheckable(true);
    m_actions.showMask->setChecked(true);
}

QWidget* EditPage::makeKinds()
{
    auto* row = new QWidget;
    QHBoxLayout* layout = rowOf(row);
    layout->setContentsMargins(8, 8, 12, 6);
    layout->addWidget(buttonOf(m_actions.leave));
    for (QAction* action : { m_actions.repaint, m_actions.extend, m_actions.start }) {
        QToolButton* button = buttonOf(action);
        button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
        layout->addWidget(button);
    }
    m_title->setProperty("muted", true);
    m_title->setTextFormat(Qt::PlainText);
    m_title->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_title->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    layout->addWidget(m_title, 1);
    return row;
}

QWidget* EditPage::makeBrushRow()
{
    auto* row = new QWidget;
    QHBoxLayout* layout = rowOf(row);
    for (QAction* action : { m_actions.brush, m_actions.eraser })
        layout->addWidget(buttonOf(action));
    m_brush = spinBox(layout, tr("Size"), tr("Size of the brush in pixels ([ and ])"), 1, 1);
    m_feather = spinBox(layout, tr("Feather"), tr("Pixels over which the part fades into the picture"), 0,
                        most_feather);
    layout->addStretch();
    for (QAction* action :
         { m_actions.undo, m_actions.redo, m_actions.clear, m_actions.invert, m_actions.showMask })
        layout->addWidget(buttonOf(action));
    connect(m_brush, &QSpinBox::valueChanged, m_canvas, &EditCanvas::setBrush);
    connect(m_feather, &QSpinBox::valueChanged, this, [this](int pixels) {
        m_edit.feather = pixels;
        m_canvas->refresh();
    });
    return row;
}

QWidget* EditPage::makeFrameRow()
{
    auto* row = new QWidget;
    QHBoxLayout* layout = rowOf(row);
    const std::array<std::pair<QString, QString>, 4> sides{
        { { tr("Left"), tr("Pixels added on the left") },
          { tr("Top"), tr("Pixels added at the top") },
          { tr("Right"), tr("Pixels added on the right") },
          { tr("Bottom"), tr("Pixels added at the bottom") } }
    };
    for (std::size_t i = 0; i < sides.size(); ++i) {
        m_frame[i] = spinBox(layout, sides[i].first, sides[i].second, 0, 0);
        m_frame[i]->setSingleStep(8);
        connect(m_frame[i], &QSpinBox::valueChanged, this, &EditPage::takeFrame);
    }
    layout->addStretch();
    m_size = new QLabel;
    m_size->setProperty("muted", true);
    layout->addWidget(m_size);
    return row;
}

QWidget* EditPage::makeStartRow()
{
    auto* row = new QWidget;
    QHBoxLayout* layout = rowOf(row);
    m_strength = new NumberField(tr("Strength"),
                                 tr("How much is drawn anew: near 0 it stays the picture, at 1 "
                                    "nothing is left of it"));
    m_strength->setObjectName(QStringLiteral("startStrength"));
    m_strength->setRange(strengths, PictureEdit().strength);
    m_strength->setMaximumWidth(420);
    layout->addWidget(m_strength, 1);
    layout->addStretch();
    connect(m_strength, &NumberField::changed, this, [this] { m_edit.strength = m_strength->value(); });
    return row;
}

void EditPage::open(PictureEdit edit)
{
    m_edit = std::move(edit);
    const int side = std::max(m_edit.size().width(), m_edit.size().height());
    const QSignalBlocker quietBrush(m_brush), quietFeather(m_feather);
    m_brush->setRange(1, side);
    m_brush->setValue(std::max(1, side / 6));
    m_feather->setValue(m_edit.feather);
    for (QSpinBox* box : m_frame) {
        const QSignalBlocker quiet(box);
        box->setRange(0, 4 * side);
    }
    m_strength->setValue(m_edit.strength);
    m_title->setText(QString::fromStdString(m_edit.picture.file));
    m_actions.brush->setChecked(true);
    m_canvas->setErasing(false);
    m_canvas->setBrush(m_brush->value());
    m_canvas->setEdit(&m_edit);
    setKind(m_edit.kind);
    m_canvas->setFocus();
}

void EditPage::setKind(PictureEdit::Kind kind)
{
    using Kind = PictureEdit::Kind;
    m_edit.kind = kind;
    m_rows->setCurrentIndex(static_cast<int>(kind));
    (kind == Kind::Repaint      ? m_actions.repaint
         : kind == Kind::Extend ? m_actions.extend
                                : m_actions.start)
        ->setChecked(true);
    m_hint->setText(
        kind == Kind::Repaint
            ? tr("Paint over what is to change, say on the left what the whole picture shows, and draw. "
                 "Arrow keys move the brush, Space paints; the right button rubs out.")
            : kind == Kind::Extend
            ? tr("Drag an edge or a corner of the frame, or use the arrow keys (Shift: back); what is new is "
                 "drawn from the prompt.")
            : tr("The picture is noised and drawn again from the prompt; the strength says how much of it "
                 "is lost."));
    m_canvas->refresh();
    showState();
}

void EditPage::stepBrush(int steps)
{
    const int size = m_brush->value();
    m_brush->setValue(size + steps * std::max(1, size / 6));
}

void EditPage::takeFrame()
{
    m_edit.frame = { m_frame[0]->value(), m_frame[1]->value(), m_frame[2]->value(), m_frame[3]->value() };
    m_canvas->refresh();
    showState();
}

void EditPage::change(void (PictureMask::*what)())
{
    (m_edit.mask.*what)();
    m_canvas->refresh();
    showState();
}

/// What can be done with the mask, and the size of the frame.
void EditPage::showState()
{
    const bool painting = m_edit.kind == PictureEdit::Kind::Repaint;
    m_actions.undo->setEnabled(painting && m_edit.mask.canUndo());
    m_actions.redo->setEnabled(painting && m_edit.mask.canRedo());
    m_actions.clear->setEnabled(painting);
    m_actions.invert->setEnabled(painting);
    const QMargins& frame = m_edit.frame;
    const std::array<int, 4> sides{ frame.left(), frame.top(), frame.right(), frame.bottom() };
    for (std::size_t i = 0; i < sides.size(); ++i) {
        const QSignalBlocker quiet(m_frame[i]);
        m_frame[i]->setValue(sides[i]);
    }
    m_size->setText(tr("%1 × %2 pixels").arg(m_edit.frameSize().width()).arg(m_edit.frameSize().height()));
}

} // namespace reverie::ui
