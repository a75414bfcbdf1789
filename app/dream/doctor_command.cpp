// SPDX-License-Identifier: MIT
#include "app/dream/commands.h"
#include "app/dream/output.h"
#include "core/api/model_info.h"
#include "core/api/system_info.h"
#include "core/base/error.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using reverie::SystemAdvice;
using reverie::SystemInfo;

struct Finding {
    std::string name, value;
};

struct Diagnosis {
    SystemInfo system;
    std::vector<Finding> findings; ///< beyond what core reports
    std::vector<SystemAdvice> advice;
};

std::string environment(const char* name)
{
    const char* value = std::getenv(name);
    return value ? value : "";
}

void examineModel(Diagnosis& diagnosis)
{
    try {
        const auto info = reverie::read_model_info(reverie::find_model());
        diagnosis.findings.push_back({ "Model", info.title + " (" + info.path.string() + ")" });
    } catch (const reverie::Error& e) {
        diagnosis.findings.push_back({ "Model", "none" });
        diagnosis.advice.push_back(
            { e.what(), "install Reverie's packages again, or train a model with dream train" });
    }
}

void examineEmoji(Diagnosis& diagnosis)
{
    struct Need {
        const char* name;
        const char* file;
        const char* package;
    };
    constexpr Need needs[]
        = { { "Emoji font", "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf", "fonts-noto-color-emoji" },
            { "Emoji names", "/usr/share/unicode/emoji/emoji-test.txt", "unicode-data" } };
    for (const auto& need : needs) {
        std::error_code error;
        const bool present = fs::exists(need.file, error);
        diagnosis.findings.push_back({ need.name, present ? need.file : "none" });
        if (!present)
            diagnosis.advice.push_back(
                { std::string("The emoji data set can't be rendered without ") + need.file + ".",
                  std::string("install ") + need.package });
    }
}

void examineSurroundings(Diagnosis& diagnosis)
{
    std::error_code error;
    const auto folder = fs::current_path(error).string();
    const bool writable = access(".", W_OK | X_OK) == 0;
    diagnosis.findings.push_back({ "Output folder", folder + (writable ? "" : " (not writable)") });
    if (!writable)
        diagnosis.advice.push_back(
            { "Pictures can't be written into this folder.", "go elsewhere, or give one with -o" });

    const auto wayland = environment("WAYLAND_DISPLAY"), x11 = environment("DISPLAY");
    diagnosis.findings.push_back({ "Display",
                                   !wayland.empty()   ? "Wayland " + wayland
                                       : !x11.empty() ? "X11 " + x11
                                                      : "none" });
}

Diagnosis diagnose()
{
    Diagnosis diagnosis;
    diagnosis.system = reverie::inspect_system();
    diagnosis.advice = diagnosis.system.advice;
    examineModel(diagnosis);
    if (diagnosis.system.with_qt)
        examineEmoji(diagnosis);
    examineSurroundings(diagnosis);
    return diagnosis;
}

void print(Output& output, const Diagnosis& diagnosis)
{
    const auto row = [&output](const std::string& name, const std::string& value) {
        constexpr std::size_t column = 16;
        output.result(name + std::string(column - std::min(column, name.size()), ' ') + value);
    };
    const auto& system = diagnosis.system;
    row("Reverie", system.reverie_version + (system.with_qt ? ", with Qt" : ", without Qt"));
    row("LibTorch", system.torch_version);
    row("BLAS", system.blas_library.empty() ? "not found" : system.blas_library);
    row("Matrix product", std::to_string(std::llround(system.gemm_gflops)) + " GFLOP/s");
    row("Threads", std::to_string(system.threads) + " on " + std::to_string(system.cores) + " cores");
    for (const auto& device : system.devices)
        row("Device",
            device.name + ": " + device.description
                + (device.memory_bytes > 0 ? ", " + bytesText(device.memory_bytes) : ""));
    for (const auto& finding : diagnosis.findings)
        row(finding.name, finding.value);
    output.result("");
    for (const auto& advice : diagnosis.advice)
        output.result(advice.problem + "\n  -> " + advice.remedy);
    if (diagnosis.advice.empty())
        output.result("Everything is in order.");
}

json toJson(const Diagnosis& diagnosis)
{
    const auto& system = diagnosis.system;
    json devices = json::array(), findings = json::object(), advice = json::array();
    for (const auto& device : system.devices)
        devices.push_back({ { "name", device.name },
                            { "description", device.description },
                            { "memory_bytes", device.memory_bytes } });
    for (const auto& finding : diagnosis.findings)
        findings[finding.name] = finding.value;
    for (const auto& entry : diagnosis.advice)
        advice.push_back({ { "problem", entry.problem }, { "remedy", entry.remedy } });
    return { { "type", "doctor" },
             { "reverie", system.reverie_version },
             { "torch", system.torch_version },
             { "blas", system.blas_library },
             { "gemm_gflops", system.gemm_gflops },
             { "cores", system.cores },
             { "threads", system.threads },
             { "with_qt", system.with_qt },
             { "devices", devices },
             { "findings", findings },
             { "advice", advice } };
}

} // namespace

void addDoctorCommand(CLI::App& app, int& status)
{
    auto* doctor
        = app.add_subcommand("doctor", "Say what was found here, what is slow or missing, and the remedy");
    const auto wantsJson = std::make_shared<bool>(false);
    addJsonFlag(*doctor, *wantsJson);
    doctor->callback([wantsJson, &status] {
        Output output(*wantsJson);
        const auto diagnosis = diagnose();
        output.object(toJson(diagnosis));
        print(output, diagnosis);
        status = Done;
    });
}
