// SPDX-License-Identifier: MIT
#include "ui/session/run_facts.h"

#include "ui/session/path.h"

#include "core/run/metrics.h"

#include <QJsonDocument>
#include <QJsonObject>

#include <map>

namespace reverie::ui {

std::vector<NamedCheckpoint> checkpointsOf(const QString& run)
{
    const auto all = list_checkpoints(toPath(run));
    std::map<std::string, std::int64_t> best;
    for (const auto& checkpoint : all)
        if (!best.contains(checkpoint.part)) {
            const auto found = best_checkpoint(toPath(run), checkpoint.part);
            best[checkpoint.part] = found ? found->step : -1;
        }
    std::vector<NamedCheckpoint> named;
    for (auto it = all.rbegin(); it != all.rend(); ++it)
        named.push_back({ *it, best[it->part] == it->step });
    return named;
}

std::optional<double> learningRateOf(const QString& run, const QString& part)
{
    std::optional<double> rate;
    QFile file(run + QStringLiteral("/run.json"));
    if (file.open(QFile::ReadOnly)) {
        const QJsonObject config
            = QJsonDocument::fromJson(file.readAll()).object()[QLatin1String("config")].toObject();
        if (const auto value = config[part].toObject()[QLatin1String("lr")]; value.isDouble())
            rate = value.toDouble();
    }
    const std::string own = part.toStdString();
    for (const auto& line : current_metrics(toPath(run))) {
        const auto key = line.words.find("key"), value = line.words.find("value");
        if (key == line.words.end() || value == line.words.end())
            continue;
        if (key->second == own + ".lr" || (key->second == "lr" && line.part == own))
            rate = QString::fromStdString(value->second).toDouble();
    }
    return rate;
}

} // namespace reverie::ui
