// SPDX-License-Identifier: MIT
#include "ui/session/export_writers.h"

#include "core/api/picture_texts.h"
#include "core/base/error.h"

#include <QCoreApplication>
#include <QFontMetricsF>
#include <QPainter>
#include <QPdfWriter>
#include <QTextLayout>

#include <algorithm>

// Many pictures on one sheet, and one after the other.
namespace reverie::ui {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("reverie::ui::Export", text);
}

constexpr int caption_lines = 3;

/// Of one cell, in units of the page.
struct CellSize {
    qreal side = 0, gap = 0, line = 0;
    [[nodiscard]] qreal height(bool captions) const
    {
        return side + (captions ? caption_lines * line + gap / 2 : 0);
    }
};

void drawLines(QPainter& painter, const QRectF& area, const QString& text)
{
    QTextLayout layout(text, painter.font(), painter.device());
    QTextOption option;
    option.setTextDirection(text.isRightToLeft() ? Qt::RightToLeft : Qt::LeftToRight);
    layout.setTextOption(option);
    layout.beginLayout();
    const qreal height = painter.fontMetrics().lineSpacing();
    for (int i = 0; i < caption_lines; ++i) {
        QTextLine line = layout.createLine();
        if (!line.isValid())
            break;
        line.setLineWidth(area.width());
        const bool cut = i + 1 == caption_lines && line.textStart() + line.textLength() < text.size();
        const QString words = cut ? QFontMetricsF(painter.font(), painter.device())
                                        .elidedText(text.mid(line.textStart()), Qt::ElideRight, area.width())
                                  : text.mid(line.textStart(), line.textLength()).trimmed();
        painter.drawText(QRectF(area.x(), area.y() + i * height, area.width(), height),
                         Qt::AlignVCenter | (text.isRightToLeft() ? Qt::AlignRight : Qt::AlignLeft)
                             | Qt::TextDontClip | Qt::TextSingleLine,
                         words);
    }
    layout.endLayout();
}

QString captionOf(const GalleryEntry& entry)
{
    QString text = entry.prompt.simplified();
    if (entry.seed)
        text += QStringLiteral("  %1").arg(*entry.seed);
    return text;
}

void drawCell(QPainter& painter, const QPointF& corner, const CellSize& cell, const GalleryEntry& entry,
              const QImage& image, bool caption)
{
    const QSizeF size = QSizeF(image.size()).scaled(cell.side, cell.side, Qt::KeepAspectRatio);
    const QRectF target(corner.x() + (cell.side - size.width()) / 2,
                        corner.y() + (cell.side - size.height()) / 2, size.width(), size.height());
    painter.drawImage(target, image);
    if (caption)
        drawLines(painter, QRectF(corner.x(), corner.y() + cell.side + cell.gap / 4, cell.side, 0),
                  captionOf(entry));
}

} // namespace

QByteArray makeSheet(const QList<GalleryEntry>& entries, const ExportOptions& options, const ExportStep& step)
{
    constexpr int largest = 32000;
    const int count = static_cast<int>(entries.size());
    const int columns = std::clamp(options.columns, 1, std::max(1, count));
    const int rows = (count + columns - 1) / columns;
    const bool captions = !options.stripMetadata;
    const int side = options.longestSide > 0 ? options.longestSide : 256;
    QFont font;
    font.setPixelSize(std::max(10, side / 20));
    const CellSize cell{ qreal(side), qreal(side) / 16, QFontMetricsF(font).lineSpacing() };
    const int width = int(cell.gap + columns * (cell.side + cell.gap));
    const int height = int(cell.gap + rows * (cell.height(captions) + cell.gap));
    if (width > largest || height > largest)
        throw UsageError(
            tr("A sheet of %1 by %2 pixels is too large; choose fewer or smaller pictures, or a PDF.")
                .arg(width)
                .arg(height)
                .toStdString());
    QImage sheet(width, height, QImage::Format_RGB32);
    sheet.fill(Qt::white);
    QPainter painter(&sheet);
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    painter.setFont(font);
    painter.setPen(QColor(0x1d1d22));
    for (int i = 0; i < count && !step(i); ++i) {
        const QPointF corner(cell.gap + (i % columns) * (cell.side + cell.gap),
                             cell.gap + (i / columns) * (cell.height(captions) + cell.gap));
        drawCell(painter, corner, cell, entries[i], exportedImage(entries[i], 0), captions);
    }
    painter.end();
    return encodePicture(sheet, ImageFormat::Png, 0);
}

void writePdf(const QList<GalleryEntry>& entries, const QString& file, const ExportOptions& options,
              const ExportStep& step)
{
    constexpr int resolution = 300;
    const bool captions = !options.stripMetadata;
    QPdfWriter pdf(file);
    pdf.setResolution(resolution);
    pdf.setPageSize(QPageSize(QPageSize::A4));
    pdf.setPageMargins(QMarginsF(12, 12, 12, 12), QPageLayout::Millimeter);
    pdf.setCreator(QStringLiteral("Reverie"));
    pdf.setTitle(options.stripMetadata ? QString() : options.title);
    QPainter painter;
    if (!painter.begin(&pdf))
        throw Error(tr("The PDF can't be written; choose another place.").toStdString());
    painter.setRenderHint(QPainter::SmoothPixmapTransform);
    const int columns = std::clamp(options.columns, 1, 12);
    const QSizeF page = pdf.pageLayout().paintRectPixels(resolution).size();
    CellSize cell;
    cell.gap = page.width() / (columns * 12.0);
    cell.side = (page.width() - (columns - 1) * cell.gap) / columns;
    QFont font;
    font.setPixelSize(std::clamp(int(cell.side / 16), 20, 40));
    painter.setFont(font);
    cell.line = painter.fontMetrics().lineSpacing();
    const int rows = std::max(1, int((page.height() + cell.gap) / (cell.height(captions) + cell.gap)));
    for (int i = 0; i < entries.size() && !step(i); ++i) {
        const int place = i % (rows * columns);
        if (place == 0 && i > 0)
            pdf.newPage();
        const QPointF corner((place % columns) * (cell.side + cell.gap),
                             (place / columns) * (cell.height(captions) + cell.gap));
        drawCell(painter, corner, cell, entries[i], exportedImage(entries[i], options.longestSide), captions);
    }
    if (!painter.end())
        throw Error(tr("The PDF can't be written; free some space or choose another place.").toStdString());
}

QByteArray makeAnimation(const QList<GalleryEntry>& entries, const ExportOptions& options,
                         const ExportStep& step)
{
    std::vector<AnimationFrame> frames;
    QSize size;
    for (int i = 0; i < entries.size(); ++i) {
        if (step(i))
            return {};
        QImage image = exportedImage(entries[i], options.longestSide);
        if (size.isEmpty())
            size = image.size();
        if (image.size() != size) {
            QImage canvas(size, QImage::Format_RGB32);
            canvas.fill(Qt::black);
            const QImage scaled = image.scaled(size, Qt::KeepAspectRatio, Qt::SmoothTransformation);
            QPainter(&canvas).drawImage((size.width() - scaled.width()) / 2,
                                        (size.height() - scaled.height()) / 2, scaled);
            image = canvas;
        }
        frames.push_back({ image, options.frameMilliseconds });
    }
    return options.kind == ExportKind::Gif ? encodeGif(frames) : encodeAnimation(frames, options.quality);
}

} // namespace reverie::ui
