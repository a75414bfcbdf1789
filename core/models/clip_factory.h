// SPDX-License-Identifier: MIT
#pragma once

#include "core/models/open_clip.h"
#include "core/models/openai_clip.h"
#include "core/models/x_clip.h"

#include <memory>
#include <variant>

namespace reverie {

/// The options of whichever CLIP a pipeline has.
using ClipOptions = std::variant<XClipOptions, OpenAiClipOptions, OpenClipOptions>;

/// "x_clip", "openai_clip" or "open_clip".
const char* clip_kind(const ClipOptions& options);

/// The side of the pictures it looks at.
std::int64_t clip_image_size(const ClipOptions& options);

/// A CLIP with fresh weights. Throws UsageError for options that can't be built.
std::shared_ptr<Clip> make_clip(const ClipOptions& options);

} // namespace reverie
