// SPDX-License-Identifier: MIT
#include "ui/session/assembly.h"

#include "ui/session/path.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QRegularExpression>
#include <QSet>

#include <algorithm>

namespace reverie::ui {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("reverie::ui::Assembly", text);
}

std::optional<Assembly::Place> placeOf(const std::string& kind)
{
    static const std::vector<std::pair<const char*, Assembly::Place>> places{
        { "prior", Assembly::Prior },
        { "prior_network", Assembly::Prior },
        { "karlo_prior", Assembly::Prior },
        { "decoder", Assembly::Decoder },
        { "decoder_unets", Assembly::Decoder },
        { "karlo_decoder", Assembly::Decoder },
        { "karlo_super_res", Assembly::Upsampler },
        { "x_clip", Assembly::Clip },
        { "openai_clip", Assembly::Clip },
        { "hf_clip", Assembly::Clip },
        { "karlo_stats", Assembly::Statistics },
    };
    for (const auto& [name, place] : places)
        if (kind == name)
            return place;
    return std::nullopt;
}

/// What import takes of a file for that place, so that a file with several parts gives only those placed.
std::string askedFor(const std::string& kind, Assembly::Place place)
{
    const bool whole = kind == "karlo_super_res" || kind == "karlo_stats";
    return whole || place == Assembly::Clip ? "" : place == Assembly::Prior ? "prior=" : "decoder=";
}

struct Found {
    Assembly::Place place;
    Assembly::Filling filling;
};

QString inWords(const WeightsPartInfo& part)
{
    return tr("%1, %2 parameters, %3")
        .arg(QString::fromStdString(part.title), parametersText(part.parameters),
             QString::fromStdString(part.dtype));
}

/// The CLIP that a sentence of WeightsInfo::needs names, or nothing.
QString clipNamed(const QString& need)
{
    static const QRegularExpression wanted(
        QStringLiteral("^The CLIP it was trained with, (.*): --clip FILE\\.$"));
    return wanted.match(need).captured(1);
}

/// The vocabulary in a folder of diffusers, which is named itself or by its model_index.json.
QString vocabularyIn(const QString& path)
{
    const QFileInfo info(path);
    const QString folder = info.isDir() ? path : info.path();
    for (const char* name : { "/tokenizer/merges.txt", "/tokenizer/tokenizer.json" })
        if (const QString file = folder + QLatin1String(name); QFileInfo(file).isFile())
            return file;
    return {};
}

/// A folder of diffusers has several parts, but for those it says it needs. Its CLIP is a part of its own.
void addFolder(QList<Found>& parts, const WeightsInfo& weights, const WeightsPartInfo& whole,
               const QString& path)
{
    const auto lacks = [&weights](const char* what) {
        return std::any_of(weights.needs.begin(), weights.needs.end(),
                           [what](const std::string& need) { return need.starts_with(what); });
    };
    const auto add = [&](Assembly::Place place) {
        parts << Found{ place, { .path = path, .what = inWords(whole), .as = askedFor(whole.kind, place) } };
    };
    if (!lacks("Karlo's prior"))
        add(Assembly::Prior);
    if (!lacks("Karlo's decoder"))
        add(Assembly::Decoder);
    if (const QString vocabulary = vocabularyIn(path); !vocabulary.isEmpty())
        parts << Found{ Assembly::Vocabulary, { .path = vocabulary, .what = tr("a vocabulary") } };
}

QList<Found> partsOf(const WeightsInfo& weights, const QString& path)
{
    QList<Found> parts;
    for (const WeightsPartInfo& part : weights.parts) {
        if (part.kind == "diffusers")
            addFolder(parts, weights, part, path);
        const auto place = placeOf(part.kind);
        if (!place)
            continue;
        const auto same = std::find_if(parts.begin(), parts.end(),
                                       [&place](const Found& found) { return found.place == *place; });
        if (same == parts.end())
            parts << Found{ *place,
                            { .path = path,
                              .what = inWords(part),
                              .as = askedFor(part.kind, *place),
                              .averaged = part.ema } };
        else
            same->filling.averaged = same->filling.averaged || part.ema;
    }
    for (Found& found : parts)
        for (const std::string& text : weights.needs) {
            const QString need = QString::fromStdString(text);
            const bool prior = found.place == Assembly::Prior;
            if (need.startsWith(prior ? QLatin1String("The prior's conf")
                                      : QLatin1String("The decoder's conf"))
                && (prior || found.place == Assembly::Decoder))
                found.filling.needs << need;
            if (const QString clip = clipNamed(need); !clip.isEmpty())
                found.filling.clipWanted = clip;
        }
    return parts;
}

QList<Found> partsOf(const ModelInfo& model, const QString& path)
{
    QList<Found> parts;
    const auto add = [&](bool there, Assembly::Place place, const QString& what) {
        if (there)
            parts << Found{ place, { .path = path, .what = what, .as = askedFor({}, place) } };
    };
    const QString title = QString::fromStdString(model.title);
    qint64 decoder = 0;
    for (const StageInfo& stage : model.stages)
        decoder += stage.parameters;
    add(model.has_prior, Assembly::Prior,
        tr("the prior of %1, %2 parameters").arg(title, parametersText(model.prior.parameters)));
    add(model.has_decoder, Assembly::Decoder,
        tr("the decoder of %1, %2 parameters").arg(title, parametersText(decoder)));
    add(model.has_clip, Assembly::Clip,
        tr("the CLIP of %1, %2 parameters").arg(title, parametersText(model.clip_parameters)));
    add(model.has_clip, Assembly::Vocabulary, tr("the vocabulary of %1").arg(title));
    return parts;
}

QList<Found> partsOf(const ModelFile& file)
{
    if (file.kind == ModelFile::Kind::Vocabulary)
        return { { Assembly::Vocabulary, { .path = file.path, .what = tr("a vocabulary") } } };
    if (file.model)
        return partsOf(*file.model, file.path);
    return file.weights ? partsOf(*file.weights, file.path) : QList<Found>();
}

QString nowhere(const ModelFile& file)
{
    const QString name = QFileInfo(file.path).fileName();
    return file.problem.isEmpty() ? tr("%1 holds no part of a pipeline; see what it holds below.").arg(name)
                                  : file.problem;
}

QString placeName(Assembly::Place place)
{
    switch (place) {
    case Assembly::Prior:
        return tr("prior");
    case Assembly::Decoder:
        return tr("decoder");
    case Assembly::Upsampler:
        return tr("upsampler");
    case Assembly::Clip:
        return tr("CLIP");
    case Assembly::Vocabulary:
        return tr("vocabulary");
    case Assembly::Statistics:
        return tr("statistics");
    }
    return {};
}

} // namespace

QString Assembly::put(const ModelFile& file)
{
    const QList<Found> parts = partsOf(file);
    if (parts.isEmpty())
        return nowhere(file);
    for (const Found& found : parts) {
        const Filling& decoder = m_filled[Decoder];
        const bool second = found.place == Decoder && !decoder.path.isEmpty() && decoder.path != file.path;
        m_filled[second ? Upsampler : found.place] = found.filling;
    }
    return {};
}

QString Assembly::put(Place place, const ModelFile& file)
{
    for (const Found& found : partsOf(file))
        if (found.place == place || (place == Upsampler && found.place == Decoder)) {
            m_filled[place] = found.filling;
            return {};
        }
    if (!file.problem.isEmpty())
        return file.problem;
    return tr("%1 has no %2; choose the file that has it.")
        .arg(QFileInfo(file.path).fileName(), placeName(place));
}

bool Assembly::isEmpty() const
{
    return std::all_of(m_filled.begin(), m_filled.end(),
                       [](const Filling& filling) { return filling.path.isEmpty(); });
}

bool Assembly::hasAveraged() const
{
    return std::any_of(m_filled.begin(), m_filled.end(),
                       [](const Filling& filling) { return filling.averaged; });
}

QStringList Assembly::missing() const
{
    QStringList sentences;
    if (isEmpty())
        return sentences;
    QString clip = m_filled[Prior].clipWanted;
    if (clip.isEmpty())
        clip = m_filled[Decoder].clipWanted;
    if (m_filled[Clip].path.isEmpty())
        sentences << (clip.isEmpty()
                          ? tr("The CLIP that the parts were trained with is missing.")
                          : tr("The CLIP that the parts were trained with is missing: %1.").arg(clip));
    if (m_filled[Vocabulary].path.isEmpty())
        sentences << tr("The vocabulary of that CLIP is missing: bpe_simple_vocab_16e6.txt.gz, merges.txt or "
                        "tokenizer.json.");
    if (m_filled[Prior].path.isEmpty())
        sentences << tr("A prior is missing, so it can't draw from text.");
    if (m_filled[Decoder].path.isEmpty())
        sentences << tr("A decoder is missing, so it can't draw at all.");
    for (const Filling& filling : m_filled)
        sentences << filling.needs;
    return sentences;
}

bool Assembly::isPossible() const
{
    return !m_filled[Clip].path.isEmpty() && !m_filled[Vocabulary].path.isEmpty()
        && !(m_filled[Prior].path.isEmpty() && m_filled[Decoder].path.isEmpty());
}

ModelImportRequest Assembly::request() const
{
    ModelImportRequest request;
    const auto path = [this](Place place) { return toPath(m_filled[place].path).string(); };
    QSet<QString> giving; // files that something is taken of
    for (const Place place : { Prior, Decoder, Upsampler, Statistics }) {
        const Filling& filling = m_filled[place];
        if (filling.path.isEmpty() || (filling.as.empty() && giving.contains(filling.path)))
            continue;
        giving << filling.path;
        request.parts.push_back(filling.as + path(place));
    }
    request.clip = path(Clip);
    giving << m_filled[Clip].path;
    if (!giving.contains(m_filled[Vocabulary].path)) // a file of Reverie's brings its own along
        request.vocab = path(Vocabulary);
    return request;
}

QString Assembly::suggestedName() const
{
    for (const Place place : { Decoder, Prior, Clip })
        if (!m_filled[place].path.isEmpty())
            return QFileInfo(m_filled[place].path).completeBaseName() + QStringLiteral("-pipeline");
    return {};
}

} // namespace reverie::ui
