// SPDX-License-Identifier: MIT
#include "ui/session/run_questions.h"

#include "ui/session/path.h"

#include "core/base/error.h"
#include "core/run/run_list.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace reverie::ui {

namespace {

/// "prior.steps", but not "model.sampling.steps".
bool isLength(const QString& key)
{
    return key.endsWith(QLatin1String(".steps")) && key.count(QLatin1Char('.')) == 1;
}

std::string setting(const QString& key, const QString& value)
{
    return (key + QLatin1Char('=') + value).toStdString();
}

} // namespace

RunQuestions RunQuestions::of(const RunOrder& order)
{
    RunQuestions questions;
    questions.configuration = order.configuration;
    questions.what = QString::fromStdString(order.request.what);
    questions.unet = order.request.unet;
    questions.init = toQString(order.request.init);
    questions.device = QString::fromStdString(order.request.device);
    questions.threads = order.request.threads;
    return questions;
}

RunOrder RunQuestions::bareOrder() const
{
    RunOrder order;
    order.configuration = configuration;
    TrainRequest& request = order.request;
    request.preset = configuration.isEmpty() ? preset.toStdString() : std::string();
    request.what = what.toStdString();
    request.unet = what == QLatin1String("decoder") ? unet : 0;
    request.data = data.toStdString();
    request.init = toPath(init);
    request.device = device.toStdString();
    request.threads = threads;
    request.after = toPath(after);
    return order;
}

RunOrder RunQuestions::order(const std::vector<TrainingOption>& options) const
{
    RunOrder order = bareOrder();
    auto& set = order.request.set;
    if (length.steps)
        set.push_back(setting(QStringLiteral("steps"), QString::number(*length.steps)));
    else if (length.factor != 1)
        for (const TrainingOption& option : options)
            if (const QString key = QString::fromStdString(option.key); isLength(key)) {
                const double steps = std::round(std::stod(option.value) * length.factor);
                set.push_back(setting(key, QString::number(static_cast<qint64>(std::max(1., steps)))));
            }
    for (auto change = changes.begin(); change != changes.end(); ++change)
        set.push_back(setting(change.key(), change.value()));
    return order;
}

std::filesystem::path runFolderNamed(const QString& name)
{
    const auto folder = default_runs_folder() / toPath(name);
    if (name.contains(QLatin1Char('/')) || name.startsWith(QLatin1Char('.')))
        throw UsageError(QCoreApplication::translate(
                             "RunQuestions", "A run's name has no slash and no dot in front; choose another.")
                             .toStdString());
    if (std::filesystem::exists(folder))
        throw UsageError(QCoreApplication::translate("RunQuestions",
                                                     "There is a run called %1 already; choose another name.")
                             .arg(name)
                             .toStdString());
    return folder;
}

} // namespace reverie::ui
