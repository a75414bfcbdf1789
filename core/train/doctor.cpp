// SPDX-License-Identifier: MIT
#include "core/train/doctor.h"

#include "core/train/doctor_rules.h"

#include <algorithm>
#include <initializer_list>

namespace reverie {

namespace {

/// Of a long run every second line is enough.
void thin(Lines& lines)
{
    constexpr std::size_t most = 1000;
    if (lines.size() <= most)
        return;
    Lines kept;
    for (std::size_t i = 0; i < lines.size(); i += 2)
        kept.push_back(std::move(lines[i]));
    lines = std::move(kept);
}

/// Whether it says why nothing is learnt.
bool explains(const Finding& finding)
{
    for (const char* rule : { "lr too high", "lr too low", "weights frozen", "pictures empty",
                              "pictures out of range", "captions shuffled" })
        if (finding.rule == rule)
            return true;
    return false;
}

using Rule = Verdict (*)(const PartHistory&);

void apply(std::initializer_list<Rule> rules, const PartHistory& history, std::vector<Finding>& findings)
{
    for (const auto rule : rules)
        if (auto finding = rule(history))
            findings.push_back(std::move(*finding));
}

} // namespace

std::vector<Finding> diagnose(const PartHistory& history)
{
    std::vector<Finding> findings;
    apply({ not_finite, pictures_out_of_range, data_too_small, captions_shuffled, lr_too_high, lr_too_low,
            weights_frozen, loss_rising, loss_stuck, gradients_exploding, overfitting },
          history, findings);
    if (std::none_of(findings.begin(), findings.end(), explains))
        apply({ captions_unlearnable }, history, findings);
    if (std::none_of(findings.begin(), findings.end(), explains))
        apply({ nothing_learnt, prior_deaf }, history, findings);
    return findings;
}

/// False for a line that no rule looks at.
bool Doctor::take(const MetricsLine& line)
{
    auto& history = parts_[line.part];
    thin(history.train);
    if (line.split == "facts")
        history.facts = line;
    else if (line.split == "train")
        history.train.push_back(line);
    else if (line.split == "valid")
        history.valid.push_back(line);
    else if (line.split == "test")
        history.test.push_back(line);
    else
        return false;
    return true;
}

std::vector<Finding> Doctor::fresh_findings(const std::string& part)
{
    std::vector<Finding> fresh;
    for (auto& finding : diagnose(parts_[part]))
        if (said_[part].insert(finding.rule).second)
            fresh.push_back(std::move(finding));
    return fresh;
}

std::vector<Finding> Doctor::read(const MetricsLine& line)
{
    return take(line) ? fresh_findings(line.part) : std::vector<Finding>();
}

void Doctor::recall(const std::vector<MetricsLine>& lines)
{
    for (const auto& line : lines)
        take(line);
    for (const auto& [part, history] : parts_)
        fresh_findings(part);
}

} // namespace reverie
