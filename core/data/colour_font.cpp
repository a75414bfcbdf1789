// SPDX-License-Identifier: MIT
#include "core/data/colour_font.h"

#include "core/base/error.h"

#ifdef REVERIE_WITH_QT

#include <QFontDatabase>
#include <QGlyphRun>
#include <QGuiApplication>
#include <QImage>
#include <QPainter>
#include <QRawFont>
#include <QTextLayout>
#include <QtEndian>

#include <optional>

namespace reverie {

namespace {

/// Qt finds fonts and shapes text only beside a QGuiApplication. The window has one; elsewhere one is made
/// that needs no display, and stays for the rest of the process.
void need_application()
{
    if (qobject_cast<QGuiApplication*>(QCoreApplication::instance()))
        return;
    if (QCoreApplication::instance())
        throw Error(
            "Emoji can't be drawn in a program whose application object knows no fonts; pack the data set "
            "with \"dream dataset pack emoji\" and give the pack.");
    static int count = 3;
    static char name[] = "reverie", option[] = "-platform", platform[] = "offscreen";
    static char* arguments[] = { name, option, platform, nullptr };
    new QGuiApplication(count, arguments);
}

/// Big-endian numbers of a font table; everything past its end is 0.
class TableReader
{
public:
    explicit TableReader(QByteArray data)
        : data_(std::move(data))
    {
    }
    [[nodiscard]] bool empty() const { return data_.isEmpty(); }
    [[nodiscard]] quint8 u8(quint32 at) const { return read<quint8>(at); }
    [[nodiscard]] quint16 u16(quint32 at) const { return read<quint16>(at); }
    [[nodiscard]] quint32 u32(quint32 at) const { return read<quint32>(at); }
    [[nodiscard]] QByteArray bytes(quint32 at, quint32 size) const { return data_.mid(at, size); }

private:
    template <class T>
    [[nodiscard]] T read(quint32 at) const
    {
        return qint64(at) + qint64(sizeof(T)) <= data_.size() ? qFromBigEndian<T>(data_.constData() + at)
                                                              : T(0);
    }
    QByteArray data_;
};

/// Where a glyph's picture lies in CBDT (OpenType, "CBLC": index subtables of the formats 1 and 3).
struct Location {
    quint32 begin, end;
    quint16 image_format;
};

std::optional<Location> locate(const TableReader& index, quint32 glyph)
{
    constexpr quint32 first_strike = 8;
    const quint32 ranges = index.u32(first_strike), count = index.u32(first_strike + 8);
    for (quint32 i = 0; i < count; ++i) {
        const quint32 range = ranges + 8 * i;
        const quint32 first = index.u16(range), last = index.u16(range + 2);
        if (glyph < first || glyph > last)
            continue;
        const quint32 table = ranges + index.u32(range + 4), entry = glyph - first;
        const quint16 format = index.u16(table);
        const quint32 data = index.u32(table + 4);
        if (format == 1)
            return Location{ data + index.u32(table + 8 + 4 * entry),
                             data + index.u32(table + 12 + 4 * entry), index.u16(table + 2) };
        if (format == 3)
            return Location{ data + index.u16(table + 8 + 2 * entry),
                             data + index.u16(table + 10 + 2 * entry), index.u16(table + 2) };
    }
    return std::nullopt;
}

/// Bytes before the length of the PNG: glyph metrics of the image formats 17, 18 and 19.
std::optional<quint32> metrics_bytes(quint16 image_format)
{
    switch (image_format) {
    case 17:
        return 5;
    case 18:
        return 8;
    case 19:
        return 0;
    default:
        return std::nullopt;
    }
}

} // namespace

struct ColourFont::Impl {
    QFont font;
    TableReader index{ {} }, pictures{ {} };
    int side = 0;

    [[nodiscard]] QImage glyph(quint32 number) const
    {
        const auto place = locate(index, number);
        const auto metrics = place ? metrics_bytes(place->image_format) : std::nullopt;
        if (!metrics)
            return {};
        const quint32 size = pictures.u32(place->begin + *metrics);
        return QImage::fromData(pictures.bytes(place->begin + *metrics + 4, size), "PNG");
    }

    [[nodiscard]] QImage shape(const QString& text) const
    {
        QTextLayout layout(text, font);
        layout.beginLayout();
        layout.createLine().setLineWidth(1e6);
        layout.endLayout();
        const auto runs = layout.glyphRuns();
        if (runs.size() != 1 || runs[0].glyphIndexes().size() != 1)
            return {};
        return glyph(runs[0].glyphIndexes()[0]);
    }
};

ColourFont::ColourFont(const std::string& family)
    : impl_(std::make_unique<Impl>())
{
    need_application();
    const auto name = QString::fromStdString(family);
    if (!QFontDatabase::hasFamily(name))
        throw Error("The font " + family + " isn't installed; on Debian it is in fonts-noto-color-emoji.");
    impl_->font = QFont(name);
    // Without this, sequences that end in a variation selector are split over two fonts.
    impl_->font.setStyleStrategy(QFont::NoFontMerging);
    const auto raw = QRawFont::fromFont(impl_->font);
    impl_->index = TableReader(raw.fontTable("CBLC"));
    impl_->pictures = TableReader(raw.fontTable("CBDT"));
    if (impl_->index.empty() || impl_->pictures.empty())
        throw Error("The font " + family
                    + " holds no pictures that Reverie can read (table CBDT); install the "
                      "bitmap version of it.");
    impl_->side = impl_->shape(QStringLiteral("\U0001F600")).width();
}

ColourFont::~ColourFont() = default;

int ColourFont::side() const
{
    return impl_->side;
}

Image ColourFont::draw(const std::string& utf8) const
{
    const QImage glyph = impl_->shape(QString::fromStdString(utf8));
    if (glyph.isNull())
        throw Error("The emoji font has no single picture for \"" + utf8
                    + "\"; install a newer version of it.");
    QImage square(side(), side(), QImage::Format_RGB888);
    square.fill(Qt::white);
    QPainter(&square).drawImage((side() - glyph.width()) / 2, (side() - glyph.height()) / 2, glyph);
    Image picture{ side(), side(), {} };
    for (int y = 0; y < side(); ++y)
        picture.rgb.insert(picture.rgb.end(), square.constScanLine(y), square.constScanLine(y) + 3 * side());
    return picture;
}

} // namespace reverie

#else

namespace reverie {

struct ColourFont::Impl {
};

ColourFont::ColourFont(const std::string&)
{
    throw Error(
        "This build of Reverie can't draw emoji, because it was made without Qt; pack the data set elsewhere "
        "with \"dream dataset pack emoji\" and give the pack.");
}
ColourFont::~ColourFont() = default;
Image ColourFont::draw(const std::string&) const
{
    return {};
}
int ColourFont::side() const
{
    return 0;
}

} // namespace reverie

#endif
