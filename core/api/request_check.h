// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/loaded_pipeline.h"

namespace reverie {

/// The request with every default of the model filled in.
ResolvedSettings resolved(const GenerateRequest& request, const LoadedPipeline& model);

/// Throws UsageError for the first thing this model can't carry out.
void check_request(const GenerateRequest& request, const ResolvedSettings& settings,
                   const LoadedPipeline& model);

/// What is worth knowing before the pictures are there, a sentence each.
std::vector<std::string> warnings_of(const GenerateRequest& request, const LoadedPipeline& model);

/// Every text in it that the model reads, without its weights.
std::vector<std::string> texts_of(const GenerateRequest& request);

} // namespace reverie
