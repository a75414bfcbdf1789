// SPDX-License-Identifier: MIT
#include "ui/widgets/theme.h"

#include "ui/widgets/svg_icon.h"

#include <QApplication>
#include <QEvent>
#include <QFile>
#include <QPalette>
#include <QStyleFactory>

#include <array>
#include <utility>

namespace reverie::ui {

namespace {

const Colours lightColours{ .window = 0xf7f7f8,
                            .surface = 0xffffff,
                            .canvas = 0xeeeef1,
                            .border = 0xdcdce2,
                            .text = 0x1d1d22,
                            .muted = 0x65656f,
                            .accent = 0x5546c9,
                            .onAccent = 0xffffff,
                            .accentSoft = 0xecebfb,
                            .danger = 0xa8231c,
                            .dangerSoft = 0xfcebe9 };

const Colours darkColours{ .window = 0x1c1c20,
                           .surface = 0x26262b,
                           .canvas = 0x141417,
                           .border = 0x3a3a42,
                           .text = 0xececf0,
                           .muted = 0x9d9da8,
                           .accent = 0x9a90f5,
                           .onAccent = 0x15131f,
                           .accentSoft = 0x33304d,
                           .danger = 0xf4b4ae,
                           .dangerSoft = 0x43272a };

QPalette paletteOf(const Colours& c)
{
    QPalette palette(c.text, c.surface, c.surface.lighter(), c.border, c.border, c.text, c.onAccent,
                     c.surface, c.window);
    palette.setColor(QPalette::AlternateBase, c.window);
    palette.setColor(QPalette::ButtonText, c.text);
    palette.setColor(QPalette::ToolTipBase, c.surface);
    palette.setColor(QPalette::ToolTipText, c.text);
    palette.setColor(QPalette::PlaceholderText, c.muted);
    palette.setColor(QPalette::Highlight, c.accent);
    palette.setColor(QPalette::HighlightedText, c.onAccent);
    palette.setColor(QPalette::Link, c.accent);
    palette.setColor(QPalette::LinkVisited, c.accent);
    palette.setColor(QPalette::Mid, c.border);
    palette.setColor(QPalette::Dark, c.border.darker(130));
    palette.setColor(QPalette::Shadow, Qt::black);
    for (const auto role : { QPalette::Text, QPalette::WindowText, QPalette::ButtonText }) {
        QColor faint = c.muted;
        faint.setAlphaF(0.65F);
        palette.setColor(QPalette::Disabled, role, faint);
    }
    return palette;
}

QString styleSheet(const Colours& c, bool dark)
{
    QFile file(QStringLiteral(":/style/reverie.qss"));
    if (!file.open(QFile::ReadOnly))
        return {};
    QString sheet = QString::fromUtf8(file.readAll());
    const std::array<std::pair<QLatin1String, QColor>, 12> tokens{ {
        { QLatin1String("@window"), c.window },
        { QLatin1String("@surface"), c.surface },
        { QLatin1String("@canvas"), c.canvas },
        { QLatin1String("@border"), c.border },
        { QLatin1String("@text"), c.text },
        { QLatin1String("@muted"), c.muted },
        { QLatin1String("@accent-soft"), c.accentSoft },
        { QLatin1String("@accent-hover"), dark ? c.accent.lighter(108) : c.accent.darker(112) },
        { QLatin1String("@accent"), c.accent },
        { QLatin1String("@on-accent"), c.onAccent },
        { QLatin1String("@danger-soft"), c.dangerSoft },
        { QLatin1String("@danger"), c.danger },
    } };
    for (const auto& [token, colour] : tokens)
        sheet.replace(token, colour.name());
    sheet.replace(QLatin1String("@shade"), dark ? QLatin1String("dark") : QLatin1String("light"));
    return sheet;
}

} // namespace

Theme& Theme::instance()
{
    static Theme theme;
    return theme;
}

Theme::Theme()
    : m_systemIsDark(QApplication::palette().color(QPalette::Window).lightness() < 128)
{
    QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
    qApp->installEventFilter(this);
}

const Colours& Theme::colours() const
{
    return m_dark ? darkColours : lightColours;
}

void Theme::apply(Appearance appearance)
{
    m_applying = true;
    m_appearance = appearance;
    m_dark = appearance == Appearance::Dark || (appearance == Appearance::System && m_systemIsDark);
    QApplication::setPalette(paletteOf(colours()));
    qApp->setStyleSheet(styleSheet(colours(), m_dark));
    m_applying = false;
    Q_EMIT changed();
}

QIcon Theme::icon(const QString& name)
{
    return QIcon(new SvgIconEngine(QStringLiteral(":/icons/%1.svg").arg(name)));
}

bool Theme::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::ThemeChange && !m_applying) {
        // The desktop's own palette shows only while no palette of ours is set.
        m_applying = true;
        QApplication::setPalette(QPalette());
        m_systemIsDark = QApplication::palette().color(QPalette::Window).lightness() < 128;
        apply(m_appearance);
    }
    return QObject::eventFilter(watched, event);
}

} // namespace reverie::ui
