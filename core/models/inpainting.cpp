// SPDX-License-Identifier: MIT
#include "core/models/inpainting.h"

#include "core/base/error.h"
#include "core/nn/resize.h"

#include <torch/torch.h>

#include <sstream>

namespace reverie {

KeptPart::KeptPart(DecoderStage& stage, const Tensor& image, const Tensor& mask)
    : stage_(stage)
    , image_(resize_nearest(image, stage.image_size))
    , keep_(resize_nearest(mask.unsqueeze(1).to(torch::kFloat32), stage.image_size).to(torch::kBool))
{
}

Repaint KeptPart::repaint(std::int64_t resample_times, Noise& noise) const
{
    auto keep = keep_;
    if (const auto size = stage_.latent_size(); size != stage_.image_size)
        keep = torch::adaptive_avg_pool2d(keep.to(torch::kFloat32), { size, size }) >= 1.;
    return Repaint(stage_.schedule, stage_.encoded(image_), keep, resample_times, noise);
}

Tensor KeptPart::pasted(const Tensor& image) const
{
    return torch::where(keep_, image_.to(image.dtype()), image);
}

void check_inpainting(const Tensor& image, const Tensor& mask, std::int64_t channels, std::int64_t batch)
{
    if (image.defined() != mask.defined())
        throw UsageError("Inpainting needs both a picture and a mask of what to keep of it.");
    if (!image.defined())
        return;
    const auto serves = [batch](std::int64_t count) { return count == 1 || count == batch; };
    if (image.dim() != 4 || mask.dim() != 3 || image.size(1) != channels || !serves(image.size(0))
        || !serves(mask.size(0))) {
        std::ostringstream text;
        text << "To inpaint " << batch << " pictures of " << channels
             << " channels, give one or as many, and "
             << "a mask (b, h, w) for one or all, not " << image.sizes() << " and " << mask.sizes() << ".";
        throw UsageError(text.str());
    }
}

} // namespace reverie
