// SPDX-License-Identifier: MIT
#include "core/base/file.h"
#include "tests/parity/parity_kinds.h"
#include "tests/parity/parity_tools.h"

#include <torch/torch.h>

#include <QTest>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

using namespace reverie;

namespace {

struct Tally {
    int passed = 0, failed = 0, not_built = 0;
};

std::vector<std::filesystem::path> parity_folders()
{
    const auto* const list = std::getenv("REVERIE_PARITY_DIRS");
    if (!list || !*list)
        return { std::filesystem::path(REVERIE_TEST_DATA) / "parity" };
    std::vector<std::filesystem::path> folders;
    const std::string text(list);
    for (std::size_t begin = 0; begin <= text.size();) {
        const auto end = std::min(text.find(':', begin), text.size());
        if (end > begin)
            folders.emplace_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return folders;
}

/// Empty, or what is wrong with the output.
std::string difference(const Tensor& actual, const Tensor& expected, const nlohmann::json& sensitivity)
{
    if (actual.sizes() != expected.sizes())
        return "has another shape";
    if (expected.numel() == 0)
        return {};
    const auto a = actual.detach().to(torch::kFloat64), e = expected.to(torch::kFloat64);
    const auto finite = torch::isfinite(e);
    if (!torch::equal(torch::isfinite(a), finite) || !torch::equal(torch::isnan(a), torch::isnan(e)))
        return "is finite at other places";
    const double max_abs = sensitivity.value("max_abs", 0.), shift = sensitivity.value("shift", 0.);
    const double allowed = 1e-5 + 1e-4 * max_abs + 20 * shift;
    const double off = torch::where(finite, a - e, torch::zeros_like(a)).abs().max().item<double>();
    if (off <= allowed)
        return {};
    char text[96];
    std::snprintf(text, sizeof text, "is off by %.3g, allowed %.3g", off, allowed);
    return text;
}

std::string mismatch(const TensorMap& outputs, const ParityCase& parity, const nlohmann::json& sensitivity)
{
    for (const auto& [name, expected] : parity.outputs) {
        const auto found = outputs.find(name);
        if (found == outputs.end())
            return name + " was not produced";
        const auto tolerance = sensitivity.contains(name) ? sensitivity[name] : nlohmann::json::object();
        if (const auto wrong = difference(found->second, expected, tolerance); !wrong.empty())
            return name + " " + wrong;
    }
    return {};
}

/// The sensitivity of weights after training, which was not recorded, by its own definition:
/// the largest magnitude, and how far an output moves when all parameters move by two units in the last
/// place.
void complete(nlohmann::json& sensitivity, const ParityCase& parity, const TensorMap& outputs)
{
    TensorMap moved;
    for (const auto& [name, expected] : parity.outputs) {
        const auto found = outputs.find(name);
        const bool weights = name.starts_with("final.") || name.starts_with("ema.ema_model.");
        if (!weights || sensitivity.contains(name) || found == outputs.end())
            continue;
        if (moved.empty()) {
            auto other = parity;
            for (auto& [key, parameter] : other.parameters)
                for (int unit = 0; unit < 2 && parameter.is_floating_point(); ++unit)
                    parameter = torch::nextafter(parameter, torch::full_like(parameter, INFINITY));
            moved = run_parity_case(other);
        }
        const auto shift = (moved.at(name) - found->second).detach().abs().max().item<double>();
        sensitivity[name] = { { "max_abs", expected.abs().max().item<double>() }, { "shift", shift } };
    }
}

void run_folder(const std::filesystem::path& folder, Tally& total)
{
    const auto sensitivity = nlohmann::json::parse(read_file(folder / "sensitivity.json"));
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().extension() == ".safetensors")
            files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    std::map<std::string, Tally> kinds;
    const auto* const only = std::getenv("REVERIE_PARITY_ONLY");
    for (const auto& file : files) {
        if (only && file.stem().string().find(only) == std::string::npos)
            continue;
        const auto parity = read_parity_case(file);
        auto& tally = kinds[parity.kind];
        std::string verdict = "ok";
        try {
            const auto outputs = run_parity_case(parity);
            auto tolerances = sensitivity.value(parity.name, nlohmann::json::object());
            complete(tolerances, parity, outputs);
            const auto wrong = mismatch(outputs, parity, tolerances);
            ++(wrong.empty() ? tally.passed : tally.failed);
            if (!wrong.empty())
                verdict = "FAILED: " + wrong;
        } catch (const NotBuilt& missing) {
            ++tally.not_built;
            verdict = std::string("not built: ") + missing.what();
        } catch (const std::exception& error) {
            ++tally.failed;
            verdict = std::string("FAILED: ") + error.what();
        }
        std::printf("%-18s %-52s %s\n", parity.kind.c_str(), parity.name.c_str(), verdict.c_str());
    }
    Tally sum;
    for (const auto& [kind, tally] : kinds) {
        std::printf("%-18s %d passed, %d failed, %d not built\n", kind.c_str(), tally.passed, tally.failed,
                    tally.not_built);
        sum.passed += tally.passed;
        sum.failed += tally.failed;
    }
    std::printf("parity: %d of %zu from %s\n", sum.passed, files.size(), folder.c_str());
    total.passed += sum.passed;
    total.failed += sum.failed;
}

} // namespace

class TestParity : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyRecordedOutputOfTheReferenceIsReproduced()
    {
        Tally total;
        for (const auto& folder : parity_folders())
            run_folder(folder, total);
        std::fflush(stdout);
        QCOMPARE(total.failed, 0);
        QVERIFY(total.passed > 0);
    }
};

QTEST_APPLESS_MAIN(TestParity)
#include "tst_parity.moc"
