// SPDX-License-Identifier: MIT
#pragma once

#include "core/train/doctor.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

/// What doctor.cpp asks of a part's history, by what is looked at. Each rule is a pure function.
namespace reverie {

using Lines = std::vector<MetricsLine>;
using Verdict = std::optional<Finding>;

// Of the data: what is said of it before the first step, and how captions find their pictures.
Verdict pictures_out_of_range(const PartHistory& history);
Verdict data_too_small(const PartHistory& history);
Verdict captions_shuffled(const PartHistory& history);
/// CLIP guesses. Only if nothing else explains why.
Verdict captions_unlearnable(const PartHistory& history);

// Of how far a step moves the weights.
Verdict lr_too_high(const PartHistory& history);
Verdict lr_too_low(const PartHistory& history);
Verdict weights_frozen(const PartHistory& history);

// Of how the loss goes.
Verdict not_finite(const PartHistory& history);
Verdict loss_rising(const PartHistory& history);
Verdict loss_stuck(const PartHistory& history);
Verdict gradients_exploding(const PartHistory& history);
Verdict overfitting(const PartHistory& history);
/// Only if nothing else explains why.
Verdict nothing_learnt(const PartHistory& history);
Verdict prior_deaf(const PartHistory& history);

/// Lines that a mean is taken over, so that the noise of single batches does not decide.
constexpr std::size_t doctor_window = 10;

double number(const MetricsLine& line, const char* name, double fallback);
bool has(const MetricsLine& line, const char* name);
std::string word(const MetricsLine& line, const char* name);
std::string three_digits(double value);
/// The values of `name` in the lines from `begin` up to `end` that have one.
std::vector<double> values(const Lines& lines, const char* name, std::size_t begin, std::size_t end);
double mean(const std::vector<double>& values);
double median(std::vector<double> values);
/// Whether the learning rate is past its warm-up and has not decayed.
bool at_full_rate(const PartHistory& history);
/// What CLIP's loss is if it has no idea.
double cost_of_guessing(const PartHistory& history);

} // namespace reverie
