// SPDX-License-Identifier: MIT
#include "ui/session/picture_grid.h"

#include "core/api/picture_texts.h"
#include "ui/session/picture_codec.h"

#include <QCoreApplication>
#include <QFontMetrics>
#include <QPainter>

#include <algorithm>

namespace reverie::ui {

namespace {

constexpr int smallest_cell = 128;
constexpr int gap = 8;
constexpr int margin = 16;
constexpr int text_lines = 3;
constexpr int widest_row_label = 160;

QString tr(const char* text)
{
    return QCoreApplication::translate("reverie::ui::Grid", text);
}

/// Where everything lies, in pixels of the sheet.
class Sheet
{
public:
    Sheet(const std::vector<Axis>& axes, const std::vector<QImage>& cells)
        : m_columns(axes.at(0))
        , m_rows(axes.size() > 1 ? axes[1] : Axis{ {}, { "" } })
        , m_hasRows(axes.size() > 1)
        , m_cells(cells)
        , m_font(QStringLiteral("Noto Sans"))
    {
        m_font.setPixelSize(13);
        m_title = m_font;
        m_title.setBold(true);
        for (const QImage& cell : cells)
            m_picture = m_picture.expandedTo(cell.size());
        if (m_picture.isEmpty())
            m_picture = { smallest_cell, smallest_cell };
        m_scale = std::max(1, (smallest_cell + m_picture.width() - 1) / m_picture.width());
        m_cell = m_picture * m_scale;
        const QFontMetrics metrics(m_font);
        m_line = metrics.height();
        int labelLines = 1, labelWidth = 0;
        for (const auto& value : m_columns.values)
            labelLines
                = std::max(labelLines, linesOf(metrics, QString::fromStdString(value), m_cell.width()));
        for (const auto& value : m_rows.values)
            labelWidth = std::max(labelWidth, metrics.horizontalAdvance(QString::fromStdString(value)) + 2);
        m_left = m_hasRows ? margin + m_line + gap + std::min(labelWidth, widest_row_label) + gap : margin;
        m_labelWidth = std::min(labelWidth, widest_row_label);
        m_labels = labelLines * m_line;
        m_top = margin + m_line + gap / 2 + m_labels + gap;
    }

    QImage painted() const
    {
        const int columns = static_cast<int>(m_columns.values.size());
        const int rows = static_cast<int>(m_rows.values.size());
        const QSize area(columns * (m_cell.width() + gap) - gap, rows * (m_cell.height() + gap) - gap);
        QImage sheet(m_left + area.width() + margin, m_top + area.height() + margin, QImage::Format_RGB32);
        sheet.fill(Qt::white);
        QPainter painter(&sheet);
        painter.setPen(QColor(0x1d1d22));
        paintTitles(painter, area);
        for (int column = 0; column < columns; ++column)
            paintText(painter,
                      { m_left + column * (m_cell.width() + gap), m_top - gap - m_labels, m_cell.width(),
                        m_labels },
                      QString::fromStdString(m_columns.values[column]), Qt::AlignHCenter | Qt::AlignBottom);
        for (int row = 0; row < rows && m_hasRows; ++row)
            paintText(painter,
                      { m_left - gap - m_labelWidth, m_top + row * (m_cell.height() + gap), m_labelWidth,
                        m_cell.height() },
                      QString::fromStdString(m_rows.values[row]), Qt::AlignRight | Qt::AlignVCenter);
        for (int cell = 0; cell < columns * rows; ++cell)
            paintCell(painter,
                      { m_left + cell % columns * (m_cell.width() + gap),
                        m_top + cell / columns * (m_cell.height() + gap) },
                      m_cells.at(cell));
        return sheet;
    }

private:
    static int linesOf(const QFontMetrics& metrics, const QString& text, int width)
    {
        const QRect box = metrics.boundingRect(QRect(0, 0, width, 10'000), Qt::TextWordWrap, text);
        return std::clamp((box.height() + metrics.height() / 2) / metrics.height(), 1, text_lines);
    }

    void paintTitles(QPainter& painter, const QSize& area) const
    {
        painter.setFont(m_title);
        painter.drawText(QRect(m_left, margin, area.width(), m_line), Qt::AlignCenter | Qt::TextDontClip,
                         axisTitle(m_columns.parameter));
        if (m_hasRows) {
            painter.save();
            painter.translate(margin, m_top + area.height());
            painter.rotate(-90);
            painter.drawText(QRect(0, 0, area.height(), m_line), Qt::AlignCenter | Qt::TextDontClip,
                             axisTitle(m_rows.parameter));
            painter.restore();
        }
        painter.setFont(m_font);
    }

    void paintText(QPainter& painter, const QRect& area, const QString& text, Qt::Alignment alignment) const
    {
        const int lines = std::min(text_lines, std::max(1, area.height() / m_line));
        const QFontMetrics metrics(m_font);
        const bool fits = linesOf(metrics, text, area.width()) <= lines
            && metrics.boundingRect(QRect(0, 0, area.width(), 10'000), Qt::TextWordWrap, text).height()
                <= lines * m_line;
        const QString shown = fits ? text : metrics.elidedText(text, Qt::ElideRight, area.width());
        painter.drawText(area, int(alignment) | Qt::TextWordWrap, shown);
    }

    void paintCell(QPainter& painter, const QPoint& corner, const QImage& picture) const
    {
        if (picture.isNull()) {
            painter.fillRect(QRect(corner, m_cell), QColor(0xeeeef2));
            painter.drawText(QRect(corner, m_cell), Qt::AlignCenter, QStringLiteral("–"));
            return;
        }
        const QSize size = picture.size() * m_scale; // nearest neighbour: pixels stay what they are
        painter.drawImage(QRect(corner, size), picture);
    }

    Axis m_columns, m_rows;
    bool m_hasRows;
    const std::vector<QImage>& m_cells;
    QFont m_font, m_title;
    QSize m_picture, m_cell;
    int m_scale = 1, m_line = 0, m_left = 0, m_top = 0, m_labels = 0, m_labelWidth = 0;
};

} // namespace

QString axisTitle(const std::string& parameter)
{
    static const std::pair<const char*, const char*> titles[]
        = { { "prompt", QT_TRANSLATE_NOOP("reverie::ui::Grid", "Prompt") },
            { "negative", QT_TRANSLATE_NOOP("reverie::ui::Grid", "Negative prompt") },
            { "seed", QT_TRANSLATE_NOOP("reverie::ui::Grid", "Seed") },
            { "guidance", QT_TRANSLATE_NOOP("reverie::ui::Grid", "Decoder guidance") },
            { "prior-guidance", QT_TRANSLATE_NOOP("reverie::ui::Grid", "Prior guidance") },
            { "steps", QT_TRANSLATE_NOOP("reverie::ui::Grid", "Steps") },
            { "prior-steps", QT_TRANSLATE_NOOP("reverie::ui::Grid", "Prior steps") },
            { "candidates", QT_TRANSLATE_NOOP("reverie::ui::Grid", "Candidates") },
            { "sampler", QT_TRANSLATE_NOOP("reverie::ui::Grid", "Sampler") },
            { "eta", QT_TRANSLATE_NOOP("reverie::ui::Grid", "Eta") },
            { "strength", QT_TRANSLATE_NOOP("reverie::ui::Grid", "Strength") } };
    for (const auto& [name, title] : titles)
        if (parameter == name)
            return tr(title);
    const QString name = QString::fromStdString(parameter);
    const QString number = name.section(QLatin1Char('-'), 1, 1);
    return name.startsWith(QLatin1String("stage-")) ? tr("Steps of stage %1").arg(number)
                                                    : tr("Weight of part %1").arg(number);
}

QImage paintGrid(const std::vector<Axis>& axes, const std::vector<QImage>& cells)
{
    return Sheet(axes, cells).painted();
}

QByteArray gridFile(const std::vector<Axis>& axes, const std::vector<QImage>& cells, PictureMaking making)
{
    const QImage sheet = paintGrid(axes, cells);
    making.kind = "grid";
    making.width = sheet.width();
    making.height = sheet.height();
    making.axes = axes;
    const QByteArray png = encodePicture(sheet, ImageFormat::Png, 0);
    return QByteArray::fromStdString(
        with_texts({ png.constData(), static_cast<size_t>(png.size()) }, making_texts(making)));
}

} // namespace reverie::ui
