// SPDX-License-Identifier: MIT
#include "core/api/library.h"
#include "core/api/model_assembly.h"
#include "core/api/weights_info.h"
#include "core/io/load_pipeline.h"
#include "core/io/safetensors_writer.h"
#include "core/io/state_dict.h"
#include "core/io/torch_tensor.h"
#include "core/io/vocabulary.h"
#include "core/io/weights_file.h"
#include "core/nn/unfilled_weights.h"

#include <QElapsedTimer>
#include <QFile>
#include <QProcess>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>
#include <nlohmann/json.hpp>
#include <torch/torch.h>

#include <cstdio>
#include <fcntl.h>
#include <malloc.h>
#include <thread>
#include <unistd.h>

namespace fs = std::filesystem;
using namespace reverie;
using nlohmann::json;

namespace {

constexpr double mib = 1 << 20;
constexpr const char* python = "/usr/bin/python3";

/// A line of /proc/self/status, in bytes.
double statusBytes(const char* key)
{
    QFile file(QStringLiteral("/proc/self/status"));
    if (!file.open(QFile::ReadOnly))
        return 0;
    for (const QByteArray& line : file.readAll().split('\n'))
        if (line.startsWith(key))
            return line.mid(qsizetype(strlen(key)) + 1).simplified().split(' ').value(0).toDouble() * 1024;
    return 0;
}

void forgetPeak()
{
    QFile file(QStringLiteral("/proc/self/clear_refs"));
    if (file.open(QFile::WriteOnly))
        file.write("5");
}

/// The most of one's own memory that the process has while this lives.
class AnonymousPeak
{
public:
    AnonymousPeak()
        : m_before(statusBytes("RssAnon"))
        , m_watcher([this](const std::stop_token& stop) {
            while (!stop.stop_requested()) {
                m_peak = std::max(m_peak, statusBytes("RssAnon"));
                std::this_thread::sleep_for(std::chrono::milliseconds(2));
            }
        })
    {
    }
    double stop()
    {
        m_watcher = {};
        return m_peak - m_before;
    }

private:
    double m_before = 0, m_peak = 0;
    std::jthread m_watcher;
};

void leaveCache(const fs::path& path)
{
    const int file = open(path.c_str(), O_RDONLY);
    fsync(file);
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    close(file);
}

/// Every tensor in memory of its own, as PyTorch's loader leaves them.
double secondsToLoad(const fs::path& path)
{
    QElapsedTimer clock;
    clock.start();
    std::vector<Tensor> tensors;
    for (const auto& [name, stored] : open_weights(path).tensors)
        tensors.push_back(to_tensor(stored, name).clone());
    return static_cast<double>(clock.nsecsElapsed()) / 1e9;
}

/// A CLIP of a few parameters and a prior of `depth` layers of `dim` channels, in half precision.
void writePrior(const fs::path& path, int dim, int depth)
{
    const json config = {
        { "clip",
          { { "dim_text", dim },
            { "dim_image", 8 },
            { "dim_latent", dim },
            { "num_text_tokens", 600 },
            { "text_enc_depth", 1 },
            { "text_seq_len", 8 },
            { "text_heads", 2 },
            { "text_dim_head", 8 },
            { "visual_enc_depth", 1 },
            { "visual_heads", 2 },
            { "visual_dim_head", 8 },
            { "visual_image_size", 16 },
            { "visual_patch_size", 8 } } },
        { "prior",
          { { "net",
              { { "dim", dim },
                { "depth", depth },
                { "dim_head", 64 },
                { "heads", 16 },
                { "max_text_len", 8 } } },
            { "image_embed_dim", dim },
            { "timesteps", 10 } } },
    };
    const UnfilledWeights unfilled;
    const auto pipeline = build_pipeline(pipeline_config_from_json(config));
    std::map<std::string, TensorToWrite> tensors;
    const auto add = [&tensors](const torch::nn::Module& module, const std::string& prefix) {
        for (const auto& [name, tensor] : state_dict(module, prefix)) {
            const auto type = tensor.requires_grad() ? torch::kHalf : tensor.scalar_type();
            tensors[name]
                = { dtype_name(type), tensor.sizes().vec(), [type, tensor = tensor](const Sink& sink) {
                       const auto values = tensor.requires_grad() ? torch::full(tensor.sizes(), 0.01, type)
                                                                  : tensor.contiguous();
                       sink({ static_cast<const char*>(values.data_ptr()), values.nbytes() });
                   } };
        }
    };
    add(*pipeline.clip, "clip.");
    add(*pipeline.prior, "prior.");
    const auto vocabulary
        = read_vocabulary(std::string(REVERIE_TEST_DATA) + "/weights/vocabulary/merges.txt");
    write_safetensors_file(path, tensors,
                           { { "reverie.format", "1" },
                             { "reverie.config", to_json(pipeline.config).dump() },
                             { "reverie.trained", R"({"clip": 1, "prior": 1})" },
                             { "tokenizer.merges", vocabulary.merges_text() } });
}

/// In a process of its own: {"seconds": 1.5, "peak": bytes beside what it had before}.
int measure(const std::string& what, const fs::path& path)
{
    torch::ones(1); // LibTorch's own memory
    forgetPeak();
    AnonymousPeak anonymous;
    const double before = statusBytes("VmRSS");
    double seconds = 0;
    if (what == "half")
        load_pipeline(path, { .linear = at::kHalf });
    else if (what == "full")
        load_pipeline(path);
    else if (what == "convert")
        assemble_model({ .parts = { path.string() }, .dtype = "bf16", .out = path.string() + ".bf16" });
    else
        seconds = secondsToLoad(path);
    const double peak = statusBytes("VmHWM") - before;
    std::printf("%s\n",
                json{ { "seconds", seconds }, { "peak", peak }, { "own", anonymous.stop() } }.dump().c_str());
    return 0;
}

json measured(const char* what, const fs::path& path)
{
    QProcess process;
    process.start(QCoreApplication::applicationFilePath(),
                  { QStringLiteral("--measure"), QString::fromLatin1(what), QString::fromStdString(path) });
    if (!process.waitForFinished(-1) || process.exitCode() != 0)
        throw std::runtime_error(process.readAllStandardError().toStdString());
    return json::parse(process.readAllStandardOutput().toStdString());
}

/// The same of PyTorch.
json measuredInPython(const fs::path& path)
{
    QProcess process;
    process.start(QString::fromLatin1(python),
                  { QStringLiteral("-c"), QStringLiteral(R"(
import json, sys, time, torch
def status(key):
    for line in open('/proc/self/status'):
        if line.startswith(key): return int(line.split()[1]) * 1024
torch.ones(1)
open('/proc/self/clear_refs', 'w').write('5')
before = status('VmRSS')
start = time.perf_counter()
tensors = torch.load(sys.argv[1])
seconds = time.perf_counter() - start
print(json.dumps({'seconds': seconds, 'peak': status('VmHWM') - before})))"),
                    QString::fromStdString(path) });
    if (!process.waitForFinished(-1) || process.exitCode() != 0)
        throw std::runtime_error(process.readAllStandardError().toStdString());
    return json::parse(process.readAllStandardOutput().toStdString());
}

bool run(const char* program, const QStringList& arguments)
{
    return QProcess::execute(QString::fromLatin1(program), arguments) == 0;
}

} // namespace

class LoadingTest : public QObject
{
    Q_OBJECT

    QTemporaryDir m_folder;
    fs::path path(const std::string& name) const { return fs::path(m_folder.path().toStdString()) / name; }

    /// Beside LibTorch's own growth while it works for the first time.
    void expectPeaks(int dim, int depth)
    {
        const auto file = path("prior" + std::to_string(depth) + ".safetensors");
        writePrior(file, dim, depth);
        const auto size = static_cast<double>(fs::file_size(file));
        const double largest = 4. * dim * dim * 8, slack = 48 * mib;
        const auto half = measured("half", file), full = measured("full", file),
                   convert = measured("convert", file);
        std::printf(
            "a prior of %.0f MiB takes at most: in half precision %.0f MiB, in single precision %.0f MiB, "
            "of its own while it is converted %.0f MiB\n",
            size / mib, half["peak"].get<double>() / mib, full["peak"].get<double>() / mib,
            convert["own"].get<double>() / mib);
        QVERIFY(half["peak"].get<double>() < size + largest + slack);
        QVERIFY(full["peak"].get<double>() < 2 * size + largest + slack);
        QVERIFY(convert["own"].get<double>() < largest + slack);
        QVERIFY(std::abs(static_cast<double>(fs::file_size(file.string() + ".bf16")) / size - 1) < 0.01);
    }

private Q_SLOTS:
    void weightsAreHeldOnceWhileTheyAreLoaded() { expectPeaks(1024, 4); }

    void halfPrecisionKeepsTheNumbers()
    {
        const auto file = path("small.safetensors");
        writePrior(file, 64, 1);
        const auto half = load_pipeline(file, { .linear = at::kHalf }), full = load_pipeline(file);
        int halves = 0;
        for (const auto& [name, tensor] : state_dict(*half.prior)) {
            halves += tensor.scalar_type() == torch::kHalf ? 1 : 0;
            QVERIFY2(torch::equal(tensor.to(torch::kFloat32),
                                  state_dict(*full.prior).at(name).to(torch::kFloat32)),
                     name.c_str());
        }
        QVERIFY(halves >= 4);
    }

    void aPriorOfABillionParametersTakesNoMoreThanItself()
    {
        if (!qEnvironmentVariableIsSet("REVERIE_LARGE_TESTS"))
            QSKIP("set REVERIE_LARGE_TESTS to write and load files of some GB");
        expectPeaks(2048, 17);
    }

    void loadingIsNoSlowerThanPyTorchs_data()
    {
        QTest::addColumn<QString>("format");
        QTest::newRow("pt") << QStringLiteral("pt");
        QTest::newRow("safetensors") << QStringLiteral("safetensors");
    }

    void loadingIsNoSlowerThanPyTorchs()
    {
        if (!qEnvironmentVariableIsSet("REVERIE_LARGE_TESTS"))
            QSKIP("set REVERIE_LARGE_TESTS to write and load files of some GB");
        if (!run(python, { QStringLiteral("-c"), QStringLiteral("import torch") }))
            QSKIP("PyTorch is not installed");
        QFETCH(QString, format);
        const auto pt = path("weights.pt"), ours = path("weights." + format.toStdString());
        if (!fs::exists(pt))
            QVERIFY(run(python,
                        { QStringLiteral("-c"),
                          QStringLiteral("import sys, torch\n"
                                         "torch.save({f'layers.{i}.weight': torch.rand(1024, 1280) "
                                         "for i in range(100)}, sys.argv[1])"),
                          QString::fromStdString(pt) }));
        if (!fs::exists(ours))
            convert_weights(pt, ours);
        for (const bool cold : { false, true }) {
            std::vector<double> our, their;
            double ourPeak = 0, theirPeak = 0;
            for (int turn = 0; turn < 5; ++turn) {
                const auto prepare
                    = [cold](const fs::path& file) { cold ? leaveCache(file) : void(secondsToLoad(file)); };
                prepare(pt);
                const auto theirs = measuredInPython(pt);
                prepare(ours);
                const auto mine = measured("load", ours);
                our.push_back(mine["seconds"]);
                their.push_back(theirs["seconds"]);
                ourPeak = mine["own"];
                theirPeak = theirs["peak"];
            }
            std::sort(our.begin(), our.end());
            std::sort(their.begin(), their.end());
            std::printf("500 MiB of %s, %s: %.3f s and %.0f MiB; PyTorch's .pt %.3f s and %.0f MiB\n",
                        qPrintable(format), cold ? "cold" : "warm", our[2], ourPeak / mib, their[2],
                        theirPeak / mib);
            QVERIFY(our[2] < 1.5 * their[2]); // busy machines
            QVERIFY(ourPeak < theirPeak);
        }
    }
};

int main(int argc, char** argv)
{
    prepare_process();
    if (argc == 4 && std::string(argv[1]) == "--measure")
        return measure(argv[2], argv[3]);
    QCoreApplication app(argc, argv);
    LoadingTest test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_loading.moc"
