// SPDX-License-Identifier: MIT
#include "core/api/cascade_planning.h"
#include "core/api/library.h"
#include "core/base/file.h"
#include "core/io/pipeline.h"
#include "core/models/cascade.h"
#include "core/models/unet.h"
#include "core/models/x_clip.h"
#include "core/train/optimizer.h"
#include "core/train/weight_average.h"
#include "tests/base/error_of.h"

#include <torch/torch.h>

#include <QCoreApplication>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

using namespace reverie;

namespace {

std::int64_t counted(const torch::nn::Module& module)
{
    std::set<const void*> seen;
    std::int64_t count = 0;
    for (const auto& parameter : module.parameters())
        if (parameter.requires_grad() && seen.insert(parameter.unsafeGetTensorImpl()).second)
            count += parameter.numel();
    return count;
}

UnetOptions small()
{
    UnetOptions options;
    options.dim = 16;
    options.image_embed_dim = 24;
    options.cond_dim = 12;
    options.dim_mults = { 1, 2, 3 };
    options.num_resnet_blocks = 1;
    options.attn_dim_head = 8;
    options.attn_heads = 2;
    options.max_text_len = 5;
    options.cond_on_image_embeds = true;
    options.init_cross_embed_kernel_sizes = { 3, 7 };
    return options;
}

UnetOptions varied(int row)
{
    auto o = small();
    switch (row) {
    case 0:
        break;
    case 1:
        o.memory_efficient = true, o.init_dim = 24, o.lowres_cond = true, o.lowres_noise_cond = true;
        break;
    case 2:
        o.self_attn = { false, true, true }, o.sparse_attn = true, o.cosine_sim_self_attn = true;
        break;
    case 3:
        o.cond_on_text_encodings = true, o.text_embed_dim = 7, o.combine_upsample_fmaps = true;
        break;
    case 4:
        o.kind = "u2net", o.cross_embed_downsample = true, o.pixel_shuffle_upsample = false;
        break;
    case 5:
        o.attn_type = { "block", "grid", "maxvit" }, o.attn_window = 4, o.attend_at_middle = false;
        break;
    case 6:
        o.image_size = 32, o.cross_attn_resolution = 16, o.attn_resolutions = { 8 }, o.self_cond = true;
        break;
    case 7:
        o.init_cross_embed = false, o.num_resnet_blocks = { 1, 2, 3 }, o.final_conv_kernel_size = 3,
        o.channels_out = 6, o.add_image_embeds_to_time = false;
        break;
    }
    return o;
}

/// Networks large enough to stand out from the process they are measured in.
struct Measured {
    const char* name;
    UnetOptions unet;
    std::int64_t side, batch;
};

std::vector<Measured> measured()
{
    auto base = small();
    base.dim = 48;
    base.cond_dim = 48;
    base.num_resnet_blocks = 2;
    base.self_attn = { false, true, true };
    base.attn_dim_head = 32;
    base.attn_heads = 4;
    auto wide = base;
    wide.dim = 128;
    auto upsampler = base;
    upsampler.cond_on_image_embeds = false;
    upsampler.lowres_cond = true;
    upsampler.memory_efficient = true;
    upsampler.self_attn = false;
    upsampler.image_size = 128;
    upsampler.cross_attn_resolution = 0;
    auto maxvit = base;
    maxvit.self_attn = false;
    maxvit.attn_type = { "none", "maxvit", "maxvit" };
    auto nested = base;
    nested.kind = "u2net";
    nested.self_attn = false;
    const auto planned = cascade_for(64, { .parameters = 20'000'000, .memory_bytes = {} }).unets[0];
    return { { "attention, 32 pixels", base, 32, 8 },        { "wide, 16 pixels", wide, 16, 4 },
             { "upsampler, 128 pixels", upsampler, 128, 2 }, { "maxvit, 32 pixels", maxvit, 32, 8 },
             { "u2net, 32 pixels", nested, 32, 8 },          { "planned, 64 pixels", planned, 64, 2 } };
}

/// Drawing keeps so little that it takes more pictures to measure it.
Measured asked(std::size_t which, bool training)
{
    auto one = measured().at(which);
    one.batch *= training ? 1 : 8;
    return one;
}

/// A line of /proc/self/status in bytes.
double process_bytes(const std::string& name)
{
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with(name))
            return std::stod(line.substr(name.size() + 1)) * 1024;
    return 0;
}

struct Inputs {
    Tensor x, t;
    UnetCondition condition;
};

Inputs inputs_for(const Measured& m)
{
    const auto x = torch::randn({ m.batch, 3, m.side, m.side });
    UnetCondition condition;
    condition.image_embed = torch::randn({ m.batch, m.unet.image_embed_dim.value_or(1) });
    if (m.unet.lowres_cond)
        condition.lowres_cond_img = torch::randn_like(x);
    return { x, torch::full({ m.batch }, 3, torch::kInt64), condition };
}

/// As PartTrainer takes them.
void take_steps(Unet& unet, const Inputs& in)
{
    const PartOptions options;
    auto parameters = unet->parameters();
    Optimizer optimizer(parameters, options);
    WeightAverage average(parameters, options);
    const auto target = torch::randn_like(in.x);
    for (int step = 0; step < 3; ++step) {
        const auto loss = (unet(in.x, in.t, in.condition) - target).square().mean();
        const auto gradients = torch::autograd::grad({ loss }, parameters, {}, false, false, true);
        for (std::size_t i = 0; i < parameters.size(); ++i)
            parameters[i].mutable_grad() = gradients[i];
        optimizer.step(1e-4);
        average.update();
    }
}

/// In a process of its own: prints the bytes that were taken beyond what it held before.
int measure(std::size_t which, bool training)
{
    prepare_process();
    at::set_num_threads(1);
    const auto m = asked(which, training);
    { // what LibTorch takes once
        auto tiny = small();
        Unet warm(tiny);
        auto in = inputs_for({ "", tiny, 16, 1 });
        take_steps(warm, in);
    }
    const double before = process_bytes("VmRSS");
    std::ofstream("/proc/self/clear_refs") << "5"; // the peak counts from here
    Unet unet(m.unet);
    const auto in = inputs_for(m);
    if (training) {
        take_steps(unet, in);
    } else {
        torch::NoGradGuard no_grad;
        for (int step = 0; step < 3; ++step)
            unet(in.x, in.t, in.condition);
    }
    std::printf("%.0f\n", process_bytes("VmHWM") - before);
    return 0;
}

double measured_apart(std::size_t which, bool training)
{
    QProcess process;
    auto environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("OMP_WAIT_POLICY"), QStringLiteral("passive"));
    process.setProcessEnvironment(environment);
    process.start(QCoreApplication::applicationFilePath(),
                  { QStringLiteral("--measure"), QString::number(which), QString::number(int(training)) });
    process.waitForFinished(300000);
    return process.readAllStandardOutput().trimmed().toDouble();
}

} // namespace

class CascadeTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void parametersAreCountedWithoutBuilding_data()
    {
        QTest::addColumn<int>("row");
        for (int row = 0; row < 8; ++row)
            QTest::addRow("variant %d", row) << row;
    }
    void parametersAreCountedWithoutBuilding()
    {
        QFETCH(int, row);
        const auto options = varied(row);
        QCOMPARE(cost_of(options, 32, 2).parameters, counted(*Unet(options)));
    }

    void parametersOfTransformersAreCounted()
    {
        PriorNetworkOptions net;
        net.dim = 48;
        net.depth = 2;
        net.heads = 3;
        net.dim_head = 16;
        net.max_text_len = 9;
        QCOMPARE(cost_of(net, 1).parameters, counted(*PriorNetwork(net)));
        net.num_timesteps = 10;
        net.num_text_embeds = 2;
        net.num_image_embeds = 3;
        net.num_time_embeds = 2;
        net.normformer = net.norm_in = true;
        net.norm_out = net.final_proj = net.rotary_emb = false;
        QCOMPARE(cost_of(net, 1).parameters, counted(*PriorNetwork(net)));

        XClipOptions clip;
        clip.dim_text = 32;
        clip.dim_image = 24;
        clip.dim_latent = 16;
        clip.num_text_tokens = 50;
        clip.text_enc_depth = clip.visual_enc_depth = 2;
        clip.text_heads = clip.visual_heads = 2;
        clip.text_dim_head = clip.visual_dim_head = 8;
        clip.visual_image_size = 16;
        clip.visual_patch_size = 4;
        clip.visual_patch_dropout = 0;
        QCOMPARE(cost_of(clip, 1).parameters, counted(*XClip(clip)));
    }

    void flopsAreThoseOfTheProducts()
    {
        // One resolution of 8x8 pixels without blocks: every product by hand.
        auto o = small();
        o.dim_mults = { 1 };
        o.num_resnet_blocks = 0;
        o.attend_at_middle = false;
        o.cond_on_image_embeds = false;
        o.init_cross_embed = false;
        o.init_conv_kernel_size = 1;
        o.image_size = 8;
        o.cross_attn_resolution = 0;
        const double n = 64, c = 16;
        const double conv = 2 * 9 * c * c * n, wide = 2 * 9 * 2 * c * c * n, skip = 2 * 2 * c * c * n;
        const double pictures = 2 * 3 * c * n // stem
            + 2 * conv + 2 * c * c * n // down, its last convolution
            + 4 * conv // middle
            + wide + conv + skip // up
            + wide + conv + skip + 2 * c * 3 * n; // head
        const double time_mlps = 5. * 2 * (64 * 32 + 32); // of five blocks
        const double conditioning = 2 * (16 * 64 + 64 * 24 + 64 * 64 + 12 * 64);
        const double counted_flops = cost_of(o, 8, 3).flops;
        QVERIFY2(std::abs(counted_flops - (pictures + time_mlps + conditioning)) < 1,
                 qPrintable(QString::number(counted_flops - pictures)));
    }

    void stagesGrowFourfoldToTheTarget_data()
    {
        QTest::addColumn<int>("side");
        QTest::addColumn<QList<int>>("sides");
        QTest::newRow("32") << 32 << QList<int>{ 32 };
        QTest::newRow("64") << 64 << QList<int>{ 64 };
        QTest::newRow("96") << 96 << QList<int>{ 24, 96 };
        QTest::newRow("256") << 256 << QList<int>{ 64, 256 };
        QTest::newRow("512") << 512 << QList<int>{ 32, 128, 512 };
        QTest::newRow("1024") << 1024 << QList<int>{ 64, 256, 1024 };
    }
    void stagesGrowFourfoldToTheTarget()
    {
        QFETCH(int, side);
        QFETCH(QList<int>, sides);
        const auto cascade = cascade_for(side, { .parameters = 60'000'000, .memory_bytes = {} });
        const auto& sizes = cascade.decoder.image_sizes;
        QCOMPARE(QList<int>(sizes.begin(), sizes.end()), sides);
        QCOMPARE(cascade.unets.size(), std::size_t(sides.size()));
        for (std::size_t i = 0; i < cascade.unets.size(); ++i) {
            QCOMPARE(cascade.unets[i].lowres_cond, i > 0);
            const auto crop = cascade.decoder.random_crop_sizes.at(i);
            QCOMPARE(crop.value_or(0), sizes[i] >= 256 && i > 0 ? sizes[i] / 4 : 0);
            QCOMPARE(sizes[i] % side_multiple(cascade.unets[i]), 0);
            QCOMPARE(crop.value_or(0) % side_multiple(cascade.unets[i]), 0);
        }
    }

    void theBudgetIsUsedAndKept()
    {
        for (const std::int64_t bound : { 5'000'000, 50'000'000, 2'000'000'000 }) {
            std::int64_t parameters = 0;
            for (const auto& part :
                 parts_of(cascade_for(1024, { .parameters = bound, .memory_bytes = {} }), 4))
                parameters += part.training.parameters;
            QVERIFY(parameters <= bound && double(parameters) > 0.5 * double(bound));
        }
        const double gib = 0x1p30;
        for (const auto& part : parts_of(cascade_for(256, { {}, 4 * gib, 8 }), 8))
            QVERIFY(part.training_bytes <= 4 * gib);
    }

    void theLargestIsOfThePapersSize()
    {
        for (const auto& part :
             parts_of(cascade_for(1024, { .parameters = 6'500'000'000, .memory_bytes = {} }), 1))
            if (part.part == "unet1")
                QVERIFY2(part.training.parameters > 1'000'000'000,
                         qPrintable(QString::number(part.training.parameters)));
    }

    void whatNoBudgetAllowsIsRefused()
    {
        const auto small_budget
            = errorOf([] { cascade_for(64, { .parameters = 1000, .memory_bytes = {} }); });
        QVERIFY2(small_budget.contains(QStringLiteral("and the budget is 0.001 million")),
                 qPrintable(small_budget));
        const auto odd_side = errorOf([] { cascade_for(100); });
        QVERIFY2(odd_side.contains(QStringLiteral("ends at 100; choose 96 or 128")), qPrintable(odd_side));
        const auto little_memory = errorOf([] { cascade_for(64, { {}, 1e6, 8 }); });
        QVERIFY2(little_memory.contains(QStringLiteral("with a batch of 8 takes")),
                 qPrintable(little_memory));
    }

    void aPlanIsAConfigurationThatTrains_data()
    {
        QTest::addColumn<int>("size");
        QTest::newRow("one stage") << 32;
        QTest::newRow("two stages") << 96;
    }
    void aPlanIsAConfigurationThatTrains()
    {
        QFETCH(int, size);
        CascadeRequest request;
        request.size = size;
        request.parameters = 4'000'000;
        request.gflops = 100;
        const auto preview = plan_cascade_here(request);
        const QTemporaryDir folder;
        const std::filesystem::path file = folder.filePath(QStringLiteral("plan.json")).toStdString();
        write_file(file, preview.config);
        TrainRequest train;
        train.config = file;
        train.data = "shapes";
        auto pipeline = build_pipeline(resolve_config(train).model);
        const auto counts = counted(*pipeline.clip) + counted(*pipeline.prior) + counted(*pipeline.decoder);
        QCOMPARE(counts, preview.parameters);
        KeyedNoise noise(std::vector<std::uint64_t>{ 1 });
        const DecoderCondition condition{ torch::randn({ 1, pipeline.prior->image_embed_dim() }), {} };
        DecoderSampling sampling;
        sampling.cond_scale = 2.;
        sampling.stages.assign(pipeline.config.unets.size(), { .timesteps = 1 });
        const auto image = pipeline.decoder->sample(1, condition, sampling, noise);
        QCOMPARE(image.size(-1), size);
        QVERIFY(
            std::abs(preview.parts[0].training_step_seconds - preview.parts[0].training_step_flops / 100e9)
            < 1e-9);
    }

    void memoryIsForeseen_data()
    {
        QTest::addColumn<int>("which");
        QTest::addColumn<bool>("training");
        const auto all = measured();
        for (std::size_t i = 0; i < all.size(); ++i)
            for (const bool training : { true, false }) {
                const bool planned_kind = all[i].unet.kind == "unet" && !all[i].unet.attn_type.is_list();
                if (training || planned_kind) // what others take in drawing is the allocator's luck
                    QTest::addRow("%s, %s", all[i].name, training ? "training" : "sampling")
                        << int(i) << training;
            }
    }
    void memoryIsForeseen()
    {
        QFETCH(int, which);
        QFETCH(bool, training);
        const auto m = asked(std::size_t(which), training);
        const auto cost = cost_of(m.unet, m.side, m.batch);
        const double foreseen = training ? cost.training_bytes : cost.weight_bytes() + cost.evaluation_bytes;
        const double taken = measured_apart(std::size_t(which), training);
        const double mib = 1 << 20;
        std::printf("%-24s %-8s foreseen %7.1f MiB, taken %7.1f MiB, %+.1f %%\n", m.name,
                    training ? "training" : "sampling", foreseen / mib, taken / mib,
                    100 * (foreseen / taken - 1));
        std::fflush(stdout);
        QVERIFY(std::abs(foreseen / taken - 1) < 0.25);
    }
};

int main(int argc, char** argv)
{
    if (argc > 3 && std::string(argv[1]) == "--measure")
        return measure(std::stoul(argv[2]), std::string(argv[3]) == "1");
    QCoreApplication app(argc, argv);
    CascadeTest test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_cascade.moc"
