// SPDX-License-Identifier: MIT
#include "app/dream/commands.h"
#include "app/dream/interrupt.h"
#include "app/dream/output.h"
#include "core/api/benchmark.h"

#include <array>
#include <cstdio>
#include <memory>
#include <utility>

namespace {

struct Options {
    reverie::BenchmarkOptions benchmark;
    bool json = false;
};

/// The columns of the table.
std::string row(const std::string& name, const std::string& value, const std::string& unit,
                const std::string& beside)
{
    std::array<char, 160> text{};
    std::snprintf(text.data(), text.size(), "%-24s%10s %-12s%s", name.c_str(), value.c_str(), unit.c_str(),
                  beside.c_str());
    const std::string line = text.data();
    return line.substr(0, line.find_last_not_of(' ') + 1);
}

std::string fixed(double value, int digits)
{
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.*f", digits, value);
    return text.data();
}

std::string row(const reverie::BenchmarkResult& result)
{
    return row(result.name, fixed(result.value, 1), result.unit,
               result.of_reference > 0 ? fixed(result.of_reference, 2) + " of its time" : "");
}

int bench(const Options& options)
{
    Output output(options.json);
    const Interrupt interrupt;
    bool begun = false;
    const auto show = [&](const reverie::BenchmarkResult& result, bool done) {
        if (!done) {
            output.progress("Measuring " + result.name + " ...");
            return;
        }
        if (!std::exchange(begun, true))
            output.result(
                row("What", options.benchmark.quick ? "Once" : "Median", "", "Beside DALLE2-pytorch"));
        output.result(row(result));
        output.object({ { "type", "measured" },
                        { "name", result.name },
                        { "unit", result.unit },
                        { "value", result.value },
                        { "of_reference", result.of_reference } });
    };
    const auto report = reverie::run_benchmark(options.benchmark, show, interrupt.token());
    nlohmann::json all = nlohmann::json::object();
    for (const auto& result : report.results)
        all[result.name] = result.value;
    output.result("");
    output.result(
        "On " + report.device + " with " + std::to_string(report.threads)
        + (report.threads == 1 ? " thread" : " threads")
        + "; the last column is the share of the time that DALLE2-pytorch would take at this rate of "
          "matrix products.");
    output.object({ { "type", "result" },
                    { "device", report.device },
                    { "threads", report.threads },
                    { "quick", options.benchmark.quick },
                    { "measured", all } });
    return interrupt.token().stop_requested() ? Interrupted : Done;
}

} // namespace

void addBenchCommand(CLI::App& app, int& status)
{
    auto* command = app.add_subcommand("bench", "Measure this machine, to compare it with others");
    const auto options = std::make_shared<Options>();
    command->add_option("--device", options->benchmark.device, "auto, cpu, cuda or cuda:N")
        ->capture_default_str();
    command->add_option("--threads", options->benchmark.threads, "0: all cores")
        ->check(CLI::Range(0, 1024))
        ->capture_default_str();
    command->add_flag("--quick", options->benchmark.quick, "Measure everything once, in some seconds");
    addJsonFlag(*command, options->json);
    command->callback([options, &status] { status = bench(*options); });
}
