// SPDX-License-Identifier: MIT
#include "ui/session/gallery.h"

#include "ui/session/gallery_errors.h"
#include "ui/session/path.h"
#include "ui/session/trash.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QStandardPaths>

namespace reverie::ui {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("reverie::ui::Gallery", text);
}

const QString positionKey = QStringLiteral("journal");
const QString libraryKey = QStringLiteral("library");
constexpr int slice = 500;

bool isPictureName(const QString& name)
{
    for (const char* extension : { ".png", ".jpg", ".jpeg", ".webp" })
        if (name.endsWith(QLatin1String(extension), Qt::CaseInsensitive))
            return true;
    return false;
}

/// Pictures below `folder`, without hidden folders and the stages that lie beside pictures.
void listPictures(const QString& folder, QHash<QString, GalleryDatabase::Known>& found)
{
    QDirIterator files(folder, QDir::Files | QDir::Dirs | QDir::NoDotAndDotDot);
    while (files.hasNext()) {
        files.next();
        const QFileInfo info = files.fileInfo();
        if (info.isDir()) {
            if (!info.isSymLink() && !info.fileName().endsWith(QLatin1String(".reverie")))
                listPictures(info.filePath(), found);
        } else if (isPictureName(info.fileName())) {
            found.insert(info.filePath(), { info.size(), info.lastModified().toMSecsSinceEpoch(), true });
        }
    }
}

QByteArray toLine(const QVariantMap& map)
{
    return QJsonDocument(QJsonObject::fromVariantMap(map)).toJson(QJsonDocument::Compact);
}

QStringList toStrings(const QJsonValue& value)
{
    QStringList strings;
    for (const QJsonValue& item : value.toArray())
        if (item.isString())
            strings << item.toString();
    return strings;
}

PictureMark markOf(const QJsonObject& line)
{
    PictureMark mark;
    if (line.contains(QLatin1String("rating")))
        mark.rating = std::clamp(line[QLatin1String("rating")].toInt(), 0, 9);
    if (line.contains(QLatin1String("starred")))
        mark.starred = line[QLatin1String("starred")].toBool();
    if (line.contains(QLatin1String("tags")))
        mark.tags = toStrings(line[QLatin1String("tags")]);
    if (line.contains(QLatin1String("boards")))
        mark.boards = toStrings(line[QLatin1String("boards")]);
    return mark;
}

QString withoutBreaks(const QString& name)
{
    return name.simplified();
}

} // namespace

GalleryPlaces GalleryPlaces::standard()
{
    const QString data = QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation);
    return { toQString(picture_library()), data + QStringLiteral("/reverie/gallery.sqlite") };
}

Gallery::Gallery(GalleryPlaces places)
    : m_places(std::move(places))
    , m_journal(toPath(m_places.library))
    , m_index(m_places.database)
{
    try {
        open();
        readJournal();
    } catch (const NewerDatabase&) {
        setAside(tr("was made by a newer Reverie"));
        readJournal();
    } catch (const DamagedDatabase&) {
        startAnew();
    } catch (const Error& error) {
        m_index = QStringLiteral(":memory:");
        open();
        readJournal();
        m_warning = tr("%1 Until then it is made anew at every start.").arg(QString::fromUtf8(error.what()));
    }
}

Gallery::~Gallery() = default;

void Gallery::open()
{
    m_database = std::make_unique<GalleryDatabase>(m_index);
    if (m_database->meta(libraryKey) == m_places.library)
        return;
    m_database->transaction([this] {
        m_database->setMeta(libraryKey, m_places.library);
        m_database->setMeta(positionKey, QStringLiteral("0"));
    });
}

void Gallery::startAnew()
{
    setAside(tr("is damaged"));
    readJournal();
}

void Gallery::setAside(const QString& why)
{
    m_database.reset();
    const QString aside = m_places.database + QStringLiteral(".kept-")
        + QDateTime::currentDateTime().toString(QStringLiteral("yyyyMMdd-HHmmss-zzz"));
    for (const char* part : { "-wal", "-shm" })
        QFile::rename(m_places.database + QLatin1String(part), aside + QLatin1String(part));
    if (!QFile::rename(m_places.database, aside))
        throw Error(tr("The gallery's index %1 can't be put aside; move it away by hand.")
                        .arg(m_places.database)
                        .toStdString());
    m_warning = tr("The gallery's index %1. It was kept as %2 and is made again from your pictures, which "
                   "are all there.")
                    .arg(why, QFileInfo(aside).fileName());
    m_database = std::make_unique<GalleryDatabase>(m_index);
    m_database->setMeta(libraryKey, m_places.library);
}

QString Gallery::nameOf(const QString& path) const
{
    return toQString(m_journal.name_of(toPath(path)));
}

bool Gallery::readJournal()
{
    const auto from = m_database->meta(positionKey).toULongLong();
    std::vector<std::string> lines;
    const auto end = m_journal.read(from, [&lines](std::string_view line) { lines.emplace_back(line); });
    if (end == from)
        return false;
    m_database->transaction([&] {
        for (const std::string& line : lines)
            apply(line);
        m_database->setMeta(positionKey, QString::number(end));
    });
    return true;
}

void Gallery::apply(std::string_view line)
{
    const auto document
        = QJsonDocument::fromJson(QByteArray(line.data(), static_cast<qsizetype>(line.size())));
    const QJsonObject object = document.object();
    const QString file = object[QLatin1String("file")].toString();
    const QString board = object[QLatin1String("board")].toString();
    const QString folder = object[QLatin1String("folder")].toString();
    const bool removed = object[QLatin1String("removed")].toBool();
    if (!file.isEmpty()) {
        const QString path = toQString(m_journal.path_of(toPath(file).string()));
        if (removed) {
            m_database->remove(path);
            return;
        }
        m_database->mark(path, markOf(object));
        if (object[QLatin1String("added")].toBool() && QFileInfo::exists(path))
            m_database->put(readEntry(path));
    } else if (!board.isEmpty()) {
        removed ? m_database->removeBoard(board) : m_database->addBoard(board);
    } else if (!folder.isEmpty()) {
        m_database->addFolder(folder);
    }
}

void Gallery::say(const QStringList& lines)
{
    if (lines.isEmpty())
        return;
    m_journal.append(lines.join(QLatin1Char('\n')).toStdString());
    readJournal();
}

QStringList Gallery::findChanges()
{
    readJournal();
    QHash<QString, GalleryDatabase::Known> files;
    for (const QString& folder : QStringList{ m_places.library } + m_database->folders())
        listPictures(folder, files);
    QStringList changed;
    QStringList absent;
    auto known = m_database->known();
    for (auto it = known.begin(); it != known.end(); ++it) {
        if (files.contains(it.key()))
            continue;
        const QFileInfo single(it.key());
        if (!single.isFile()) {
            if (it->present)
                absent << it.key();
        } else if (!it->present || single.size() != it->bytes) {
            changed << it.key();
        }
    }
    for (auto it = files.begin(); it != files.end(); ++it) {
        const auto old = known.constFind(it.key());
        if (old == known.constEnd() || !old->present || old->bytes != it->bytes || old->time != it->time)
            changed << it.key();
    }
    if (!absent.isEmpty())
        m_database->transaction([&] {
            for (const QString& path : absent)
                m_database->setAbsent(path);
        });
    return changed;
}

void Gallery::index(const QStringList& paths)
{
    QList<GalleryEntry> read;
    for (const QString& path : paths)
        if (const auto entry = readEntry(path); entry.width > 0)
            read << entry;
    m_database->transaction([&] {
        for (const GalleryEntry& entry : read)
            m_database->put(entry);
    });
}

void Gallery::rebuild(const std::function<void(int done, int of)>& progress)
{
    m_database.reset();
    for (const char* part : { "", "-wal", "-shm" })
        QFile::remove(m_places.database + QLatin1String(part));
    open();
    const QStringList paths = findChanges();
    for (int i = 0; i < paths.size(); i += slice) {
        index(paths.mid(i, slice));
        if (progress)
            progress(std::min<int>(i + slice, static_cast<int>(paths.size())),
                     static_cast<int>(paths.size()));
    }
}

void Gallery::add(const QString& path)
{
    const QFileInfo info(path);
    const QString absolute = QDir::cleanPath(info.absoluteFilePath());
    const QVariant now = QDateTime::currentSecsSinceEpoch();
    if (!info.exists())
        throw Error(tr("%1 does not exist; check the path.").arg(path).toStdString());
    if (info.isDir()) {
        say({ QString::fromUtf8(toLine({ { QStringLiteral("folder"), absolute },
                                         { QStringLiteral("added"), true },
                                         { QStringLiteral("time"), now } })) });
        return;
    }
    if (readEntry(absolute).width == 0)
        throw Error(tr("%1 is no PNG, JPEG or WebP picture; add one that is.").arg(path).toStdString());
    say({ QString::fromUtf8(toLine({ { QStringLiteral("file"), nameOf(absolute) },
                                     { QStringLiteral("added"), true },
                                     { QStringLiteral("time"), now } })) });
}

void Gallery::markEach(const QList<qint64>& ids, const std::function<QVariantMap(const GalleryEntry&)>& mark)
{
    QStringList lines;
    for (const GalleryEntry& entry : entries(ids)) {
        QVariantMap line = mark(entry);
        if (line.isEmpty())
            continue;
        line.insert(QStringLiteral("file"), nameOf(entry.path));
        line.insert(QStringLiteral("time"), QDateTime::currentSecsSinceEpoch());
        lines << QString::fromUtf8(toLine(line));
    }
    say(lines);
}

void Gallery::setRating(const QList<qint64>& ids, int rating)
{
    markEach(ids, [rating](const GalleryEntry&) {
        return QVariantMap{ { QStringLiteral("rating"), rating } };
    });
}

void Gallery::setStarred(const QList<qint64>& ids, bool starred)
{
    markEach(ids, [starred](const GalleryEntry&) {
        return QVariantMap{ { QStringLiteral("starred"), starred } };
    });
}

namespace {

/// `list` with `value` put in or taken out; empty if nothing changes.
QVariantMap changedList(const QString& key, QStringList list, const QString& value, bool set)
{
    if (list.contains(value) == set)
        return {};
    set ? list.append(value) : static_cast<void>(list.removeAll(value));
    return { { key, list } };
}

} // namespace

void Gallery::setTag(const QList<qint64>& ids, const QString& tag, bool set)
{
    markEach(ids, [name = withoutBreaks(tag), set](const GalleryEntry& entry) {
        return changedList(QStringLiteral("tags"), entry.tags, name, set);
    });
}

void Gallery::setBoard(const QList<qint64>& ids, const QString& board, bool set)
{
    markEach(ids, [name = withoutBreaks(board), set](const GalleryEntry& entry) {
        return changedList(QStringLiteral("boards"), entry.boards, name, set);
    });
}

void Gallery::addBoard(const QString& board)
{
    if (const QString name = withoutBreaks(board); !name.isEmpty())
        say({ QString::fromUtf8(
            toLine({ { QStringLiteral("board"), name }, { QStringLiteral("added"), true } })) });
}

void Gallery::removeBoard(const QString& board)
{
    say({ QString::fromUtf8(
        toLine({ { QStringLiteral("board"), board }, { QStringLiteral("removed"), true } })) });
}

void Gallery::trash(const QList<qint64>& ids, QList<TrashedPicture>& moved)
{
    QStringList lines;
    const auto note = [&] { say(std::exchange(lines, {})); };
    try {
        for (const GalleryEntry& entry : entries(ids)) {
            TrashedPicture picture{ entry.path, movedToTrash(entry.path), {}, {}, entry };
            moved << picture;
            lines << QString::fromUtf8(toLine(
                { { QStringLiteral("file"), nameOf(entry.path) }, { QStringLiteral("removed"), true } }));
            if (const QString stages = entry.path + QStringLiteral(".reverie"); QFileInfo(stages).isDir()) {
                moved.last().trashedStages = movedToTrash(stages);
                moved.last().stages = stages;
            }
        }
    } catch (const Error&) {
        note();
        throw;
    }
    note();
}

void Gallery::restore(const QList<TrashedPicture>& pictures)
{
    QStringList lines;
    for (const TrashedPicture& picture : pictures) {
        bringBack(picture.trashed, picture.path);
        if (!picture.stages.isEmpty())
            bringBack(picture.trashedStages, picture.stages);
        lines << QString::fromUtf8(toLine({ { QStringLiteral("file"), nameOf(picture.path) },
                                            { QStringLiteral("added"), true },
                                            { QStringLiteral("rating"), picture.entry.rating },
                                            { QStringLiteral("starred"), picture.entry.starred },
                                            { QStringLiteral("tags"), picture.entry.tags },
                                            { QStringLiteral("boards"), picture.entry.boards } }));
    }
    say(lines);
}

} // namespace reverie::ui
