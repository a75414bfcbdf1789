// SPDX-License-Identifier: MIT
#include "ui/session/run_follower.h"

#include "core/base/error.h"
#include "core/base/file.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

namespace reverie::ui {

namespace {

QString plain(const QJsonValue& value)
{
    if (value.isString())
        return value.toString();
    if (value.isDouble())
        return QString::number(value.toDouble(), 'g', 12);
    if (value.isBool())
        return value.toBool() ? QStringLiteral("true") : QStringLiteral("false");
    return value.isNull() ? QStringLiteral("null") : QString();
}

QString joined(const QString& name, const QString& below)
{
    return name.isEmpty() ? below : name + QLatin1Char('.') + below;
}

void flatten(const QString& name, const QJsonValue& value, QMap<QString, QString>& options)
{
    if (value.isObject()) {
        const auto object = value.toObject();
        for (auto it = object.begin(); it != object.end(); ++it)
            flatten(joined(name, it.key()), it.value(), options);
        return;
    }
    if (!value.isArray()) {
        options[name] = plain(value);
        return;
    }
    QStringList words;
    const auto array = value.toArray();
    for (qsizetype i = 0; i < array.size(); ++i)
        if (array[i].isObject())
            flatten(joined(name, QString::number(i + 1)), array[i], options);
        else
            words += array[i].isArray()
                ? QString::fromUtf8(QJsonDocument(array[i].toArray()).toJson(QJsonDocument::Compact))
                : plain(array[i]);
    if (!words.isEmpty() || array.isEmpty())
        options[name] = words.join(QStringLiteral(", "));
}

} // namespace

QMap<QString, QString> runOptions(const std::filesystem::path& run)
{
    const auto text = read_file(run / "run.json");
    const auto document
        = QJsonDocument::fromJson(QByteArray::fromRawData(text.data(), qsizetype(text.size())));
    if (!document.isObject() || !document[QLatin1String("config")].isObject())
        throw Error((run / "run.json").string() + " holds no configuration.");
    QMap<QString, QString> options;
    const auto object = document.object();
    for (auto it = object.begin(); it != object.end(); ++it)
        flatten(it.key() == QLatin1String("config") ? QString() : it.key(), it.value(), options);
    return options;
}

} // namespace reverie::ui
