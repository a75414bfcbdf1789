// SPDX-License-Identifier: MIT
#include "core/nn/pixels.h"

#include <torch/torch.h>

namespace reverie {

std::vector<Image> to_images(const Tensor& pixels)
{
    const auto bytes = (pixels.detach().to(torch::kFloat32).clamp(0, 1) * 255.).round().to(torch::kUInt8);
    const auto rows = bytes.permute({ 0, 2, 3, 1 }).to(torch::kCPU).contiguous(); // (b, h, w, 3)
    std::vector<Image> images;
    for (std::int64_t i = 0; i < rows.size(0); ++i) {
        const auto one = rows[i];
        images.push_back({ static_cast<int>(one.size(1)),
                           static_cast<int>(one.size(0)),
                           { one.data_ptr<std::uint8_t>(), one.data_ptr<std::uint8_t>() + one.numel() } });
    }
    return images;
}

Tensor to_tensor(const Image& image)
{
    const auto bytes = torch::tensor(image.rgb, torch::kUInt8).view({ 1, image.height, image.width, 3 });
    return bytes.permute({ 0, 3, 1, 2 }).to(torch::kFloat32) / 255.;
}

} // namespace reverie
