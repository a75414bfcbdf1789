// SPDX-License-Identifier: MIT
#include "tests/parity/vqgan_kinds.h"

#include "core/io/options_json.h"
#include "core/io/state_dict.h"
#include "core/models/vqgan_vae.h"

#include <torch/torch.h>

namespace reverie {

TensorMap run_vqgan_vae(const ParityCase& parity)
{
    torch::NoGradGuard no_grad;
    VQGanVAE vae(options_from_json<VQGanVAEOptions>(parity.config, "vae"));
    load_state_dict(*vae, parity.parameters, "", parity.name);
    vae->eval();
    const auto image = parity.input("image");
    const auto features = vae->encode(image);
    const auto codes = vae->quantize(features);
    return { { "fmap", features },
             { "quantized", codes.quantized },
             { "indices", codes.indices },
             { "decoded", vae->decode(features).image },
             { "forward", vae(image) },
             { "codebook", vae->codebook() },
             { "commit_loss", codes.commit_loss } };
}

} // namespace reverie
