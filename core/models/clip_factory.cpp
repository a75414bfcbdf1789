// SPDX-License-Identifier: MIT
#include "core/models/clip_factory.h"

namespace reverie {

namespace {

template <class... Cases>
struct Match : Cases... {
    using Cases::operator()...;
};
template <class... Cases>
Match(Cases...) -> Match<Cases...>;

} // namespace

const char* clip_kind(const ClipOptions& options)
{
    return std::visit(Match{ [](const XClipOptions&) { return "x_clip"; },
                             [](const OpenAiClipOptions&) { return "openai_clip"; },
                             [](const OpenClipOptions&) { return "open_clip"; } },
                      options);
}

std::int64_t clip_image_size(const ClipOptions& options)
{
    return std::visit(Match{ [](const XClipOptions& o) { return o.visual_image_size; },
                             [](const OpenAiClipOptions& o) { return o.image_resolution; },
                             [](const OpenClipOptions& o) { return o.vision_cfg.image_size; } },
                      options);
}

std::shared_ptr<Clip> make_clip(const ClipOptions& options)
{
    using Made = std::shared_ptr<Clip>;
    return std::visit(
        Match{ [](const XClipOptions& o) -> Made { return std::make_shared<XClipImpl>(o); },
               [](const OpenAiClipOptions& o) -> Made { return std::make_shared<OpenAiClipImpl>(o); },
               [](const OpenClipOptions& o) -> Made { return std::make_shared<OpenClipImpl>(o); } },
        options);
}

} // namespace reverie
