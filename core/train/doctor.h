// SPDX-License-Identifier: MIT
#pragma once

#include "core/run/metrics.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace reverie {

/// What is wrong with a run, in plain words, and what to do.
struct Finding {
    std::string rule; ///< "loss rising", "nothing learnt", ...
    std::string verdict;
    std::string advice;
};

/// What rules look at: the lines of one part.
struct PartHistory {
    MetricsLine
        facts; ///< split "facts": rows, valid_rows, parameters, values, batch, target, picture_low, ...
    std::vector<MetricsLine> train, valid, test;
};

/// All that the rules see in a part as far as it has gone. A pure function.
std::vector<Finding> diagnose(const PartHistory& history);

/// Reads a run line by line and says each finding once a part, when it is first seen.
class Doctor
{
public:
    std::vector<Finding> read(const MetricsLine& line);
    /// What a run said before it was interrupted; what is found in it counts as said.
    void recall(const std::vector<MetricsLine>& lines);

private:
    bool take(const MetricsLine& line);
    std::vector<Finding> fresh_findings(const std::string& part);

    std::map<std::string, PartHistory> parts_;
    std::map<std::string, std::set<std::string>> said_;
};

} // namespace reverie
