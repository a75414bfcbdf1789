// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/picture_metadata.h"

namespace reverie {

/// Each fills in what its text says and returns whether it was that program's at all. No input makes them
/// throw.

/// `parameters`: prompt, "Negative prompt: ...", a last line of settings. A last line with fewer than three
/// settings belongs to the prompt.
bool read_a1111(const std::string& parameters, PictureMetadata& metadata);

/// `invokeai_metadata`, or the older `sd-metadata`.
bool read_invoke(const std::string& text, PictureMetadata& metadata);

/// The older `Dream`: "prompt" -s 50 -S 123 -W 512 ...
bool read_invoke_command(const std::string& text, PictureMetadata& metadata);

/// `prompt`: the graph that was executed. Goes from the sampler back to the texts, the model and the size.
bool read_comfy(const std::string& graph, PictureMetadata& metadata);

} // namespace reverie
