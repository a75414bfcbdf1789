// SPDX-License-Identifier: MIT
#include "app/dream/commands.h"
#include "app/dream/interrupt.h"
#include "app/dream/output.h"
#include "core/api/benchmark.h"

#include <array>
#include <cstdio>
#include <memory>

namespace {

struct Options {
    reverie::BenchmarkOptions benchmark;
    bool json = false;
};

std::string line(const reverie::BenchmarkResult& result)
{
    std::array<char, 128> text{};
    std::snprintf(text.data(), text.size(), "%-24s%10.1f %-11s", result.name.c_str(), result.value,
                  result.unit.c_str());
    std::string line = text.data();
    if (result.of_reference > 0) {
        std::snprintf(text.data(), text.size(), "%6.2f", result.of_reference);
        line += text.data();
    }
    return line;
}

int bench(const Options& options)
{
    Output output(options.json);
    const Interrupt interrupt;
    output.result("what                         median               of the reference's time");
    const auto show = [&output](const reverie::BenchmarkResult& result) {
        output.result(line(result));
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
    output.result("on " + report.device + " with " + std::to_string(report.threads)
                  + (report.threads == 1 ? " thread" : " threads"));
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
