// SPDX-License-Identifier: MIT
#include "ui/session/gallery_query.h"

#include "core/base/error.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QRegularExpression>

#include <array>

namespace reverie::ui {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("reverie::ui::GalleryQuery", text);
}

constexpr std::array<std::pair<QLatin1String, GallerySort>, 6> sorts{ {
    { QLatin1String("newest"), GallerySort::Newest },
    { QLatin1String("oldest"), GallerySort::Oldest },
    { QLatin1String("rating"), GallerySort::BestRated },
    { QLatin1String("prompt"), GallerySort::Prompt },
    { QLatin1String("seed"), GallerySort::Seed },
    { QLatin1String("size"), GallerySort::Largest },
} };

[[noreturn]] void refuse(const QString& key, const QString& value, const QString& remedy)
{
    throw UsageError(tr("%1:%2 makes no sense; %3.").arg(key, value, remedy).toStdString());
}

quint64 numberOf(const QString& key, const QString& value, quint64 least, quint64 most)
{
    bool ok = false;
    const quint64 number = value.toULongLong(&ok);
    if (!ok || number < least || number > most)
        refuse(key, value, tr("give a number from %1 to %2").arg(least).arg(most));
    return number;
}

QDate dateOf(const QString& value)
{
    const QDate date = QDate::fromString(value, Qt::ISODate);
    if (!date.isValid() && !value.isEmpty())
        refuse(QStringLiteral("date"), value, tr("write it like 2026-11-25, or 2026-11-01..2026-11-25"));
    return date;
}

GallerySort sortOf(const QString& value)
{
    for (const auto& [name, sort] : sorts)
        if (value == name)
            return sort;
    refuse(QStringLiteral("sort"), value, tr("choose newest, oldest, rating, prompt, seed or size"));
}

/// False if `key` is none.
bool apply(GalleryQuery& query, const QString& key, const QString& value)
{
    if (key == QLatin1String("model"))
        query.model = value;
    else if (key == QLatin1String("tag"))
        query.tag = value;
    else if (key == QLatin1String("board"))
        query.board = value;
    else if (key == QLatin1String("kind"))
        query.kind = value;
    else if (key == QLatin1String("tool"))
        query.tool = value;
    else if (key == QLatin1String("seed"))
        query.seed = numberOf(key, value, 0, std::numeric_limits<quint64>::max());
    else if (key == QLatin1String("size"))
        query.size = static_cast<int>(numberOf(key, value, 1, 1'000'000));
    else if (key == QLatin1String("rating"))
        query.rating = static_cast<int>(numberOf(key, value, 1, 9));
    else if (key == QLatin1String("starred"))
        query.starred = value != QLatin1String("no");
    else if (key == QLatin1String("sort"))
        query.sort = sortOf(value);
    else if (key == QLatin1String("date")) {
        const qsizetype dots = value.indexOf(QLatin1String(".."));
        query.from = dateOf(dots < 0 ? value : value.left(dots));
        query.to = dateOf(dots < 0 ? value : value.mid(dots + 2));
    } else {
        return false;
    }
    return true;
}

bool standsAlone(char32_t code)
{
    return (code >= 0x0e00 && code < 0x0e80) || (code >= 0x3040 && code < 0x3100)
        || (code >= 0x3400 && code < 0xa000) || (code >= 0xf900 && code < 0xfb00)
        || (code >= 0x20000 && code < 0x32000);
}

QStringList words(const QString& text)
{
    static const QRegularExpression breaks(QStringLiteral("[^\\p{L}\\p{N}\\p{M}]+"),
                                           QRegularExpression::UseUnicodePropertiesOption);
    return searchable(text).split(breaks, Qt::SkipEmptyParts);
}

} // namespace

QString searchable(const QString& text)
{
    QString out;
    for (const char32_t code : text.toStdU32String()) {
        const bool alone = standsAlone(code);
        if (alone)
            out += QLatin1Char(' ');
        out += QString::fromUcs4(&code, 1);
        if (alone)
            out += QLatin1Char(' ');
    }
    return out;
}

GalleryQuery GalleryQuery::parse(const QString& text)
{
    static const QRegularExpression token(QStringLiteral("(?:(\\w+):)?(?:\"([^\"]*)\"|(\\S+))"),
                                          QRegularExpression::UseUnicodePropertiesOption);
    GalleryQuery query;
    QStringList rest;
    for (auto found = token.globalMatch(text); found.hasNext();) {
        const auto match = found.next();
        const QString value = match.captured(2).isNull() ? match.captured(3) : match.captured(2);
        if (match.captured(1).isEmpty() || !apply(query, match.captured(1).toLower(), value))
            rest << match.captured(0);
    }
    query.text = rest.join(QLatin1Char(' '));
    return query;
}

QString GalleryQuery::match() const
{
    QStringList parts;
    for (const QString& word : words(text))
        parts << QLatin1Char('"') + word + QStringLiteral("\"*");
    return parts.join(QLatin1Char(' '));
}

QString GalleryQuery::where(QVariantMap& values) const
{
    QStringList conditions{ QStringLiteral("p.present = 1") };
    const auto require = [&](bool set, const char* condition, const char* name, const QVariant& value) {
        if (!set)
            return;
        conditions << QLatin1String(condition);
        values.insert(QLatin1String(name), value);
    };
    const auto start = [](const QDate& date) { return date.startOfDay().toMSecsSinceEpoch(); };
    require(!match().isEmpty(), "p.id IN (SELECT rowid FROM texts WHERE texts MATCH :match)", ":match",
            match());
    require(from.isValid(), "p.time >= :from", ":from", start(from));
    require(to.isValid(), "p.time < :to", ":to", start(to.addDays(1)));
    require(!model.isEmpty(), "p.model = :model", ":model", model);
    require(!kind.isEmpty(), "p.kind = :kind", ":kind", kind);
    require(!tool.isEmpty(), "p.tool = :tool", ":tool", tool);
    require(seed.has_value(), "p.seed = :seed", ":seed", qint64(seed.value_or(0)));
    require(size > 0, "max(p.width, p.height) = :size", ":size", size);
    require(rating > 0, "p.rating >= :rating", ":rating", rating);
    require(starred, "p.starred = :starred", ":starred", 1);
    require(!tag.isEmpty(), "p.id IN (SELECT picture FROM tags WHERE tag = :tag)", ":tag", tag);
    require(!board.isEmpty(), "p.id IN (SELECT picture FROM boards WHERE board = :board)", ":board", board);
    return conditions.join(QStringLiteral(" AND "));
}

QString GalleryQuery::order() const
{
    switch (sort) {
    case GallerySort::Newest:
        return QStringLiteral("p.time DESC, p.id DESC");
    case GallerySort::Oldest:
        return QStringLiteral("p.time, p.id");
    case GallerySort::BestRated:
        return QStringLiteral("p.rating DESC, p.starred DESC, p.time DESC, p.id DESC");
    case GallerySort::Prompt:
        return QStringLiteral("p.prompt COLLATE NOCASE, p.time DESC");
    case GallerySort::Seed:
        return QStringLiteral("p.seed, p.time DESC");
    case GallerySort::Largest:
        return QStringLiteral("p.width * p.height DESC, p.time DESC");
    }
    return {};
}

} // namespace reverie::ui
