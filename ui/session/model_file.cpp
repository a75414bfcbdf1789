// SPDX-License-Identifier: MIT
#include "ui/session/model_file.h"

#include "ui/session/job_runner.h"
#include "ui/session/path.h"

#include <QCoreApplication>
#include <QDirIterator>
#include <QFileInfo>
#include <QLocale>

namespace reverie::ui {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("reverie::ui::ModelFile", text);
}

/// merges.txt, bpe_simple_vocab_16e6.txt.gz, tokenizer.json: what is no model and has such a name.
bool isVocabulary(const QFileInfo& file)
{
    const QString name = file.fileName().toLower();
    return file.isFile()
        && (name.endsWith(QLatin1String(".txt")) || name.endsWith(QLatin1String(".txt.gz"))
            || name.startsWith(QLatin1String("tokenizer")));
}

qint64 bytesOf(const QFileInfo& file)
{
    if (!file.isDir())
        return file.size();
    qint64 bytes = 0;
    for (QDirIterator files(file.filePath(), QDir::Files, QDirIterator::Subdirectories); files.hasNext();) {
        files.next();
        bytes += files.fileInfo().size();
    }
    return bytes;
}

qint64 parametersOf(const ModelFile& file)
{
    if (file.model)
        return file.model->parameters;
    qint64 sum = 0;
    if (file.weights)
        for (const WeightsPartInfo& part : file.weights->parts)
            sum += part.ema ? 0 : part.parameters;
    return sum;
}

void look(ModelFile& file)
{
    const auto path = toPath(file.path);
    if (!is_reverie_model(path)) {
        file.weights = read_weights_info(path);
        file.kind = ModelFile::Kind::Weights;
        return;
    }
    file.model = read_model_info(path);
    file.captions = static_cast<int>(file.model->captions.size());
    file.model->captions = {};
    file.kind = file.model->is_pipeline() ? ModelFile::Kind::Pipeline : ModelFile::Kind::Part;
}

} // namespace

QString parametersText(qint64 count)
{
    const QLocale locale;
    for (const auto& [size, unit] : { std::pair{ 1e9, "G" }, { 1e6, "M" }, { 1e3, "k" } })
        if (static_cast<double>(count) >= size)
            return locale.toString(static_cast<double>(count) / size, 'f', 1) + QLatin1Char(' ')
                + QLatin1String(unit);
    return locale.toString(count);
}

ModelFile readModelFile(const QString& path)
{
    const QFileInfo info(path);
    ModelFile file;
    file.path = path;
    if (!info.exists()) {
        file.problem = tr("The file is gone; bring it back or remove it from the list.");
        return file;
    }
    file.bytes = bytesOf(info);
    if (isVocabulary(info)) {
        file.kind = ModelFile::Kind::Vocabulary;
        return file;
    }
    try {
        look(file);
    } catch (const std::exception& error) {
        file.kind = ModelFile::Kind::Broken;
        file.problem = describe(error);
    }
    return file;
}

QString ModelFile::title() const
{
    return model ? QString::fromStdString(model->title) : QFileInfo(path).fileName();
}

QString ModelFile::summary() const
{
    if (kind == Kind::Broken)
        return QFileInfo::exists(path) ? tr("Can't be read") : tr("Missing");
    QStringList parts;
    if (model && !model->stages.empty())
        parts << tr("%1 pixels").arg(model->stages.back().size);
    if (weights)
        parts << (weights->parts.empty() ? tr("No known model")
                                         : QString::fromStdString(weights->parts.front().title));
    if (kind == Kind::Vocabulary)
        parts << tr("Vocabulary");
    if (const qint64 parameters = parametersOf(*this); parameters > 0)
        parts << tr("%1 parameters").arg(parametersText(parameters));
    parts << QLocale().formattedDataSize(bytes, 1, QLocale::DataSizeSIFormat);
    if (model)
        parts << QString::fromStdString(model->dtype);
    return parts.join(QStringLiteral(" · "));
}

QString ModelFile::warning() const
{
    if (kind == Kind::Broken)
        return problem;
    if (kind == Kind::Part)
        return tr("A part of a pipeline; it can't draw by itself. Put it together with the other parts.");
    if (model && !model->trained)
        return tr("Not every part was trained; its pictures will be noise.");
    if (weights && !weights->importable)
        return tr("There is no model in it that can become part of a pipeline.");
    if (weights)
        return tr("Another program's weights; put them together into a pipeline to draw with them.");
    return {};
}

} // namespace reverie::ui
