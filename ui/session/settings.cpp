// SPDX-License-Identifier: MIT
#include "ui/session/settings.h"

#include "core/api/picture_names.h"
#include "core/base/error.h"

#include <QSettings>
#include <QStandardPaths>
#include <QVariant>

namespace reverie::ui {

namespace {

const QString promptKey = QStringLiteral("draft/prompt");
const QString seedKey = QStringLiteral("draft/seed");
const QString negativeKey = QStringLiteral("draft/negative");
const QString listsKey = QStringLiteral("draft/lists");
const QString boardKey = QStringLiteral("draft/board");
const QString countKey = QStringLiteral("draft/count");
const QString stepsKey = QStringLiteral("draft/steps");
const QString priorStepsKey = QStringLiteral("draft/priorSteps");
const QString condScaleKey = QStringLiteral("draft/condScale");
const QString priorCondScaleKey = QStringLiteral("draft/priorCondScale");
const QString candidatesKey = QStringLiteral("draft/candidates");
const QString samplerKey = QStringLiteral("draft/sampler");
const QString etaKey = QStringLiteral("draft/eta");
const QString deviceKey = QStringLiteral("draft/device");
const QString lastSeedKey = QStringLiteral("lastSeed");
const QString appearanceKey = QStringLiteral("appearance");
const QString stripRequestsKey = QStringLiteral("strip/requests");
const QString stripPathsKey = QStringLiteral("strip/paths");
const QString outputFolderKey = QStringLiteral("outputFolder");
const QString namePatternKey = QStringLiteral("namePattern");
const QString modelKey = QStringLiteral("model");
const QString runFoldersKey = QStringLiteral("training/folders");
const QString keysGroup = QStringLiteral("keys/");
const QString notificationsKey = QStringLiteral("notifications");
const QString geometryKey = QStringLiteral("window/geometry");
const QString panesKey = QStringLiteral("window/panes");

template <class T>
std::optional<T> read(const QSettings& settings, const QString& key)
{
    const QVariant value = settings.value(key);
    return value.canConvert<T>() && value.isValid() ? std::optional<T>(value.value<T>()) : std::nullopt;
}

template <class T>
void write(QSettings& settings, const QString& key, const std::optional<T>& value)
{
    if (value)
        settings.setValue(key, QVariant::fromValue(*value));
    else
        settings.remove(key);
}

std::optional<Sampler> readSampler(const QSettings& settings)
{
    try {
        const QString name = settings.value(samplerKey).toString();
        return name.isEmpty() ? std::nullopt : std::optional(sampler_from_string(name.toStdString()));
    } catch (const Error&) {
        return {};
    }
}

} // namespace

Settings::Draft Settings::draft()
{
    const QSettings settings;
    Draft draft;
    draft.prompt = settings.value(promptKey).toString();
    draft.seed = read<quint64>(settings, seedKey);
    draft.device = settings.value(deviceKey, draft.device).toString();
    draft.request.count = settings.value(countKey, 1).toInt();
    draft.request.recipe.negative = settings.value(negativeKey).toString().toStdString();
    const QVariantMap lists = settings.value(listsKey).toMap();
    for (auto list = lists.begin(); list != lists.end(); ++list)
        draft.lists[list.key()] = list.value().toString();
    draft.board = settings.value(boardKey, 0).toInt();
    draft.request.cond_scale = read<double>(settings, condScaleKey);
    draft.request.prior_cond_scale = read<double>(settings, priorCondScaleKey);
    draft.request.prior_steps = read<int>(settings, priorStepsKey);
    for (const QVariant& steps : settings.value(stepsKey).toList())
        draft.request.steps.push_back(steps.toInt());
    draft.request.candidates = read<int>(settings, candidatesKey);
    draft.request.sampler = readSampler(settings);
    draft.request.eta = read<double>(settings, etaKey);
    return draft;
}

void Settings::setDraft(const Draft& draft)
{
    QSettings settings;
    const GenerateRequest& request = draft.request;
    settings.setValue(promptKey, draft.prompt);
    write(settings, seedKey, draft.seed);
    settings.setValue(deviceKey, draft.device);
    settings.setValue(countKey, request.count);
    settings.setValue(negativeKey, QString::fromStdString(request.recipe.negative));
    QVariantMap lists;
    for (const auto& [parameter, list] : draft.lists)
        lists[parameter] = list;
    settings.setValue(listsKey, lists);
    settings.setValue(boardKey, draft.board);
    write(settings, condScaleKey, request.cond_scale);
    write(settings, priorCondScaleKey, request.prior_cond_scale);
    write(settings, priorStepsKey, request.prior_steps);
    settings.setValue(stepsKey, QVariantList(request.steps.begin(), request.steps.end()));
    write(settings, candidatesKey, request.candidates);
    settings.setValue(samplerKey,
                      request.sampler ? QString::fromLatin1(to_string(*request.sampler)) : QString());
    write(settings, etaKey, request.eta);
}

std::optional<quint64> Settings::lastSeed()
{
    return read<quint64>(QSettings(), lastSeedKey);
}

void Settings::setLastSeed(quint64 seed)
{
    QSettings().setValue(lastSeedKey, seed);
}

Appearance Settings::appearance()
{
    const QString name = QSettings().value(appearanceKey).toString();
    if (name == QLatin1String("light"))
        return Appearance::Light;
    return name == QLatin1String("dark") ? Appearance::Dark : Appearance::System;
}

void Settings::setAppearance(Appearance appearance)
{
    const char* name = appearance == Appearance::Light ? "light"
        : appearance == Appearance::Dark               ? "dark"
                                                       : "system";
    QSettings().setValue(appearanceKey, QLatin1String(name));
}

Settings::Strip Settings::strip()
{
    const QSettings settings;
    return { settings.value(stripRequestsKey).toStringList(), settings.value(stripPathsKey).toStringList() };
}

void Settings::setStrip(const Strip& strip)
{
    QSettings settings;
    settings.setValue(stripRequestsKey, strip.requests);
    settings.setValue(stripPathsKey, strip.paths);
}

QString Settings::outputFolder()
{
    const QString pictures = QStandardPaths::writableLocation(QStandardPaths::PicturesLocation);
    return QSettings().value(outputFolderKey, QString(pictures + QStringLiteral("/Reverie"))).toString();
}

void Settings::setOutputFolder(const QString& folder)
{
    QSettings().setValue(outputFolderKey, folder);
}

QString Settings::namePattern()
{
    return QSettings().value(namePatternKey, QString::fromLatin1(default_name_pattern)).toString();
}

void Settings::setNamePattern(const QString& pattern)
{
    QSettings().setValue(namePatternKey, pattern);
}

QString Settings::model()
{
    return QSettings().value(modelKey).toString();
}

void Settings::setModel(const QString& path)
{
    QSettings().setValue(modelKey, path);
}

QStringList Settings::runFolders()
{
    return QSettings().value(runFoldersKey).toStringList();
}

void Settings::setRunFolders(const QStringList& folders)
{
    QSettings().setValue(runFoldersKey, folders);
}

std::optional<QString> Settings::keys(const QString& action)
{
    return read<QString>(QSettings(), keysGroup + action);
}

void Settings::setKeys(const QString& action, const std::optional<QString>& keys)
{
    QSettings settings;
    write(settings, keysGroup + action, keys);
}

bool Settings::notifications()
{
    return QSettings().value(notificationsKey, true).toBool();
}

void Settings::setNotifications(bool wanted)
{
    QSettings().setValue(notificationsKey, wanted);
}

QByteArray Settings::geometry()
{
    return QSettings().value(geometryKey).toByteArray();
}

void Settings::setGeometry(const QByteArray& geometry)
{
    QSettings().setValue(geometryKey, geometry);
}

QByteArray Settings::panes()
{
    return QSettings().value(panesKey).toByteArray();
}

void Settings::setPanes(const QByteArray& state)
{
    QSettings().setValue(panesKey, state);
}

} // namespace reverie::ui
