#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes small models in Karlo's layout and in diffusers' of the same, with what they compute.

Names and arithmetic are those of the published architectures (guided diffusion's U-Net with CLIP's tokens, unCLIP's
prior), put down here once more as functions of a state dict, so that the recorded outputs depend on nothing else.
Needs PyTorch.
"""
import collections
import json
import math
import shutil

import torch
import torch.nn.functional as F

from make_weights import CLIP, HERE, save, stand_in, to_hugging_face, write_safetensors

torch.manual_seed(5)
CLIP_DIM, CONTEXT, VOCABULARY = 16, 12, 518
PRIOR = dict(text_ctx=CONTEXT, xf_width=32, xf_layers=2, xf_heads=4, xf_final_ln=True, clip_dim=CLIP_DIM)
GROUPS, HEAD, TOKENS, TOKEN_WIDTH = 8, 8, 4, 24
DECODER = dict(channels=16, mults=(1, 2), blocks=1, attended=(1,), side=16)
LARGER = dict(channels=16, mults=(1, 1), blocks=1, attended=(), side=32)


class Weights(collections.OrderedDict):
    """Random parameters, exact in half precision, by name."""

    def add(self, name, *shape, scale=None, around=0.0):
        fan_in = math.prod(shape[1:]) if len(shape) > 1 else 1
        scale = scale if scale is not None else (1 / math.sqrt(fan_in) if len(shape) > 1 else 0.1)
        self[name] = (around + torch.randn(shape) * scale).half()

    def linear(self, name, in_, out):
        self.add(name + ".weight", out, in_)
        self.add(name + ".bias", out)

    def conv(self, name, in_, out, kernel, dims):
        self.add(name + ".weight", out, in_, *([kernel] * dims))
        self.add(name + ".bias", out)

    def norm(self, name, width):
        self.add(name + ".weight", width, around=1.0)
        self.add(name + ".bias", width)

    def float(self):
        return {name: tensor.float() for name, tensor in self.items()}


# The prior


def prior_weights():
    w, width = Weights(), PRIOR["xf_width"]
    w.add("positional_embedding", 1, CONTEXT + 4, width, scale=0.1)
    w.add("prd_emb", 1, 1, width, scale=0.5)
    w.linear("time_embed.0", width, width)
    w.linear("time_embed.2", width, width)
    for name in ("text_enc_proj", "text_emb_proj", "clip_img_proj"):
        w.linear(name, CLIP_DIM, width)
    w.linear("out_proj", width, CLIP_DIM)
    w["out_proj.weight"] *= 4  # so that estimates reach the ends of their range
    for i in range(PRIOR["xf_layers"]):
        block = f"transformer.resblocks.{i}."
        w.linear(block + "attn.c_qkv", width, 3 * width)
        w.linear(block + "attn.c_proj", width, width)
        w.norm(block + "ln_1", width)
        w.linear(block + "mlp.c_fc", width, 4 * width)
        w.linear(block + "mlp.c_proj", 4 * width, width)
        w.norm(block + "ln_2", width)
    w.norm("final_ln", width)
    return w


def linear(w, name, x):
    return x @ w[name + ".weight"].t() + w[name + ".bias"]


def layer_norm(w, name, x):
    return F.layer_norm(x, x.shape[-1:], w[name + ".weight"], w[name + ".bias"])


def waves(t, width):
    rate = torch.tensor([10000.0 ** (-i / (width // 2)) for i in range(width // 2)])
    angle = t.float()[:, None] * rate
    return torch.cat([angle.cos(), angle.sin()], 1)


def prior(w, x, t, text_embed, encodings, mask):
    width, heads = PRIOR["xf_width"], PRIOR["xf_heads"]
    b, n = x.shape[0], CONTEXT + 4
    time = linear(w, "time_embed.2", F.silu(linear(w, "time_embed.0", waves(t, width))))
    h = torch.cat([linear(w, "text_enc_proj", encodings), linear(w, "text_emb_proj", text_embed)[:, None], time[:, None],
                   linear(w, "clip_img_proj", x)[:, None], w["prd_emb"].expand(b, 1, width)], 1)
    h = h + w["positional_embedding"]
    seen = torch.cat([mask, torch.ones(b, 4, dtype=torch.bool)], 1)[:, None, :] & torch.ones(n, n).tril().bool()
    for i in range(PRIOR["xf_layers"]):
        block = f"transformer.resblocks.{i}."
        heads_of = linear(w, block + "attn.c_qkv", layer_norm(w, block + "ln_1", h)).view(b, n, heads, -1)
        q, k, v = (part.permute(0, 2, 1, 3) for part in heads_of.split(width // heads, -1))
        weights = (q @ k.transpose(-1, -2) / math.sqrt(width // heads)).masked_fill(~seen[:, None], -math.inf)
        h = h + linear(w, block + "attn.c_proj", (weights.softmax(-1) @ v).permute(0, 2, 1, 3).reshape(b, n, width))
        h = h + linear(w, block + "mlp.c_proj", F.gelu(linear(w, block + "mlp.c_fc", layer_norm(w, block + "ln_2", h))))
    return linear(w, "out_proj", layer_norm(w, "final_ln", h)[:, -1])


# The U-Nets


def places(net):
    """What stands where: (name, in, out, resampled, attends) of all residual blocks, down, middle, up."""
    dim, mults, blocks = net["channels"], net["mults"], net["blocks"]
    channels, index, skips = dim * mults[0], 1, [dim * mults[0]]
    down, up = [], []
    for level, mult in enumerate(mults):
        for _ in range(blocks):
            down.append((f"input_blocks.{index}", channels, dim * mult, "", level in net["attended"]))
            channels, index = dim * mult, index + 1
            skips.append(channels)
        if level + 1 < len(mults):
            down.append((f"input_blocks.{index}", channels, channels, "down", False))
            index += 1
            skips.append(channels)
    index, middle = 0, channels
    for level in reversed(range(len(mults))):
        for i in range(blocks + 1):
            last = level > 0 and i == blocks
            up.append((f"output_blocks.{index}", channels + skips.pop(), dim * mults[level], "up" if last else "",
                       level in net["attended"]))
            channels, index = dim * mults[level], index + 1
    return down, middle, up


def unet_weights(net, in_, out, conditioned):
    w, dim = Weights(), net["channels"]
    embed = 4 * dim

    def block(name, a, b):
        w.norm(name + ".in_layers.0", a)
        w.conv(name + ".in_layers.2", a, b, 3, 2)
        w.linear(name + ".emb_layers.1", embed, 2 * b if conditioned else b)
        w.norm(name + ".out_layers.0", b)
        w.conv(name + ".out_layers.3", b, b, 3, 2)
        if a != b:
            w.conv(name + ".skip_connection", a, b, 1, 2)

    def attention(name, a):
        w.norm(name + ".norm", a)
        w.conv(name + ".qkv", a, 3 * a, 1, 1)
        w.conv(name + ".encoder_kv", TOKEN_WIDTH, 2 * a, 1, 1)
        w.conv(name + ".proj_out", a, a, 1, 1)

    down, middle, up = places(net)
    w.linear("time_embed.0", dim, embed)
    w.linear("time_embed.2", embed, embed)
    w.conv("input_blocks.0.0", in_, dim * net["mults"][0], 3, 2)
    for name, a, b, _, attends in down:
        block(name + ".0", a, b)
        if attends:
            attention(name + ".1", b)
    block("middle_block.0", middle, middle)
    if conditioned:
        attention("middle_block.1", middle)
    block("middle_block.2" if conditioned else "middle_block.1", middle, middle)
    for name, a, b, resampled, attends in up:
        block(name + ".0", a, b)
        if attends:
            attention(name + ".1", b)
        if resampled:
            block(name + (".2" if attends else ".1"), b, b)
    w.norm("out.0", dim * net["mults"][0])
    w.conv("out.2", dim * net["mults"][0], out, 3, 2)
    if conditioned:
        w.linear("clip_emb", CLIP_DIM, embed)
        w.linear("text_seq_proj.0", CLIP_DIM, TOKEN_WIDTH)
        w.norm("text_seq_proj.1", TOKEN_WIDTH)
        w.linear("text_feat_proj", CLIP_DIM, embed)
        w.linear("clip_tok_proj", CLIP_DIM, TOKEN_WIDTH * TOKENS)
        w.add("cf_param", CLIP_DIM, scale=1.0)
    return w


def group_norm(w, name, x):
    return F.group_norm(x, GROUPS, w[name + ".weight"], w[name + ".bias"])


def conv(w, name, x):
    kernel = w[name + ".weight"]
    apply = F.conv2d if kernel.dim() == 4 else F.conv1d
    return apply(x, kernel, w[name + ".bias"], padding=kernel.shape[-1] // 2)


def resample(x, how):
    if how == "down":
        return (x[..., ::2, ::2] + x[..., 1::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, 1::2]) / 4
    return x.repeat_interleave(2, 2).repeat_interleave(2, 3) if how == "up" else x


def residual(w, name, x, embed, scale_shift, how=""):
    h = conv(w, name + ".in_layers.2", resample(F.silu(group_norm(w, name + ".in_layers.0", x)), how))
    told = linear(w, name + ".emb_layers.1", F.silu(embed))[:, :, None, None]
    if scale_shift:
        scale, shift = told.split(h.shape[1], 1)
        h = group_norm(w, name + ".out_layers.0", h) * (1 + scale) + shift
    else:
        h = group_norm(w, name + ".out_layers.0", h + told)
    h = conv(w, name + ".out_layers.3", F.silu(h))
    x = resample(x, how)
    return h + (conv(w, name + ".skip_connection", x) if name + ".skip_connection.weight" in w else x)


def attend(w, name, x, tokens, present):
    b, c, height, width = x.shape
    out = []
    qkv = conv(w, name + ".qkv", group_norm(w, name + ".norm", x).flatten(2))
    kv = conv(w, name + ".encoder_kv", tokens)
    seen = torch.cat([present, torch.ones(b, height * width, dtype=torch.bool)], 1)
    for head in range(c // HEAD):
        q, k, v = qkv[:, 3 * HEAD * head:3 * HEAD * (head + 1)].split(HEAD, 1)
        token_k, token_v = kv[:, 2 * HEAD * head:2 * HEAD * (head + 1)].split(HEAD, 1)
        k, v = torch.cat([token_k, k], 2), torch.cat([token_v, v], 2)
        weights = (q.transpose(1, 2) @ k / math.sqrt(HEAD)).masked_fill(~seen[:, None], -math.inf).softmax(-1)
        out.append(v @ weights.transpose(1, 2))
    return x + conv(w, name + ".proj_out", torch.cat(out, 1)).view(b, c, height, width)


def unet(net, w, x, t, extra=0.0, tokens=None, present=None):
    conditioned = tokens is not None
    embed = linear(w, "time_embed.2", F.silu(linear(w, "time_embed.0", waves(t, net["channels"])))) + extra
    down, _, up = places(net)
    h = conv(w, "input_blocks.0.0", x)
    skips = [h]
    for name, _, _, how, attends in down:
        h = residual(w, name + ".0", h, embed, conditioned, how)
        if attends:
            h = attend(w, name + ".1", h, tokens, present)
        skips.append(h)
    h = residual(w, "middle_block.0", h, embed, conditioned)
    if conditioned:
        h = attend(w, "middle_block.1", h, tokens, present)
    h = residual(w, "middle_block.2" if conditioned else "middle_block.1", h, embed, conditioned)
    for name, _, _, how, attends in up:
        h = residual(w, name + ".0", torch.cat([h, skips.pop()], 1), embed, conditioned)
        if attends:
            h = attend(w, name + ".1", h, tokens, present)
        if how:
            h = residual(w, name + (".2" if attends else ".1"), h, embed, conditioned, how)
    return conv(w, "out.2", F.silu(group_norm(w, "out.0", h)))


def decoder(w, x, t, image_embed, text_embed, encodings, mask):
    of_image = linear(w, "clip_tok_proj", image_embed).view(-1, TOKEN_WIDTH, TOKENS)
    of_text = layer_norm(w, "text_seq_proj.1", linear(w, "text_seq_proj.0", encodings)).transpose(1, 2)
    extra = linear(w, "clip_emb", image_embed) + linear(w, "text_feat_proj", text_embed)
    present = torch.cat([torch.ones(len(x), TOKENS, dtype=torch.bool), mask], 1)
    return unet(DECODER, w, x, t, extra, torch.cat([of_image, of_text], 2), present)


# Chains


def alpha_bars(steps=1000):
    level = [math.cos((i / steps + 0.008) / 1.008 * math.pi / 2) ** 2 for i in range(steps + 1)]
    kept = 1.0
    bars = []
    for i in range(steps):
        kept *= 1 - min(1 - level[i + 1] / level[i], 0.999)
        bars.append(kept)
    return bars


def chain(x, steps, estimate, learned, noises):
    """Ancestral sampling over evenly spaced times; estimate(x, t, alpha_bar) -> x_0 and the variance's share."""
    bars = alpha_bars()
    times = [round(i * 999 / (steps - 1)) if steps > 1 else 0 for i in range(steps)]
    for i in reversed(range(steps)):
        bar, before = bars[times[i]], bars[times[i - 1]] if i > 0 else 1.0
        beta = 1 - bar / before
        x0, share = estimate(x, times[i], bar)
        mean = beta * math.sqrt(before) / (1 - bar) * x0 + (1 - before) * math.sqrt(1 - beta) / (1 - bar) * x
        fresh = noises.pop(0)
        if i > 0:
            low, high = math.log(beta * (1 - before) / (1 - bar)), math.log(beta)
            log_variance = (share + 1) / 2 * high + (1 - share) / 2 * low if learned else low * torch.ones(())
            mean = mean + torch.exp(0.5 * log_variance) * fresh
        x = mean
    return x


def draw_prior(w, statistics, text, away, scale, steps, noises, clip=10.0):
    def estimate(x, t, _):
        t = torch.full((len(x),), t)
        with_text, without = prior(w, x, t, *text), prior(w, x, t, *away)
        return (without + scale * (with_text - without)).clamp(-clip, clip), None
    z = chain(noises.pop(0), steps, estimate, False, noises)
    return z * statistics[1] + statistics[0]


def draw_decoder(w, image_embed, text, away, scale, steps, noises):
    def estimate(x, t, bar):
        t = torch.full((len(x),), t)
        noise, share = decoder(w, x, t, image_embed, *text).split(3, 1)
        null = w["cf_param"].expand_as(image_embed)
        without, _ = decoder(w, x, t, null, *away).split(3, 1)
        noise = without + scale * (noise - without)
        return ((x - math.sqrt(1 - bar) * noise) / math.sqrt(bar)).clamp(-1, 1), share
    return chain(noises.pop(0), steps, estimate, True, noises)


def draw_larger(first, last, picture, steps, noises):
    shown = F.interpolate(picture.clamp(-1, 1), size=[LARGER["side"]] * 2, mode="bicubic", antialias=True)

    def estimate(x, t, bar):
        net = last if t == 0 else first
        noise = unet(LARGER, net, torch.cat([x, shown], 1), torch.full((len(x),), t))
        return ((x - math.sqrt(1 - bar) * noise) / math.sqrt(bar)).clamp(-1, 1), None
    return chain(noises.pop(0), steps, estimate, False, noises)


# CLIP


def tower(w, name, layers, heads, x, causal):
    b, n, width = x.shape
    seen = torch.ones(n, n).tril().bool() if causal else torch.ones(n, n).bool()
    for i in range(layers):
        block = f"{name}.resblocks.{i}."
        h = layer_norm(w, block + "ln_1", x)
        q, k, v = (h @ w[block + "attn.in_proj_weight"].t() + w[block + "attn.in_proj_bias"]).chunk(3, -1)
        split = [part.view(b, n, heads, -1).transpose(1, 2) for part in (q, k, v)]
        weights = (split[0] @ split[1].transpose(2, 3) / math.sqrt(width // heads)).masked_fill(~seen, -math.inf)
        x = x + linear(w, block + "attn.out_proj", (weights.softmax(-1) @ split[2]).transpose(1, 2).reshape(b, n, width))
        h = linear(w, block + "mlp.c_fc", layer_norm(w, block + "ln_2", x))
        x = x + linear(w, block + "mlp.c_proj", h * torch.sigmoid(1.702 * h))
    return x


def text_of(w, ids):
    """Embedding, encodings and which tokens there are, of ids up to the end token."""
    x = w["token_embedding.weight"][ids] + w["positional_embedding"][:ids.shape[1]]
    x = layer_norm(w, "ln_final", tower(w, "transformer", 2, 1, x, True))
    end = ids.argmax(-1)
    mask = torch.arange(ids.shape[1])[None] <= end[:, None]
    # What is masked is never read; it is recorded as nothing.
    return x[torch.arange(len(ids)), end] @ w["text_projection"], x * mask[:, :, None], mask


def image_of(w, picture):
    mean, std = torch.tensor([0.48145466, 0.4578275, 0.40821073]), torch.tensor([0.26862954, 0.26130258, 0.27577711])
    picture = (picture - mean[:, None, None]) / std[:, None, None]
    x = F.conv2d(picture, w["visual.conv1.weight"], stride=8).flatten(2).transpose(1, 2)
    x = torch.cat([w["visual.class_embedding"].expand(len(x), 1, -1), x], 1) + w["visual.positional_embedding"]
    x = tower(w, "visual.transformer", 1, 1, layer_norm(w, "visual.ln_pre", x), False)
    return layer_norm(w, "visual.ln_post", x[:, 0]) @ w["visual.proj"]


# diffusers' names


def apart(tensor, parts, head):
    """Projections out of the matrix in which each head's lie together."""
    rows = tensor.reshape(-1, parts, head, *tensor.shape[1:])
    return [rows[:, i].reshape(-1, *tensor.shape[1:]).contiguous() for i in range(parts)]


def both(out, theirs, source, ours):
    for kind in ("weight", "bias"):
        if f"{ours}.{kind}" in source:
            out[f"{theirs}.{kind}"] = source[f"{ours}.{kind}"]


def diffusers_prior(w, statistics):
    out = {"positional_embedding": w["positional_embedding"], "prd_embedding": w["prd_emb"],
           "clip_mean": statistics[0][None], "clip_std": statistics[1][None]}
    for theirs, ours in (("time_embedding.linear_1", "time_embed.0"), ("time_embedding.linear_2", "time_embed.2"),
                         ("proj_in", "clip_img_proj"), ("embedding_proj", "text_emb_proj"),
                         ("encoder_hidden_states_proj", "text_enc_proj"), ("norm_out", "final_ln"),
                         ("proj_to_clip_embeddings", "out_proj")):
        both(out, theirs, w, ours)
    for i in range(PRIOR["xf_layers"]):
        theirs, ours = f"transformer_blocks.{i}.", f"transformer.resblocks.{i}."
        for kind in ("weight", "bias"):
            parts = apart(w[f"{ours}attn.c_qkv.{kind}"], 3, PRIOR["xf_width"] // PRIOR["xf_heads"])
            for letter, part in zip("qkv", parts):
                out[f"{theirs}attn1.to_{letter}.{kind}"] = part
        for a, b in (("attn1.to_out.0", "attn.c_proj"), ("ff.net.0.proj", "mlp.c_fc"), ("ff.net.2", "mlp.c_proj"),
                     ("norm1", "ln_1"), ("norm3", "ln_2")):
            both(out, theirs + a, w, ours + b)
    return out


def diffusers_unet(net, w):
    out = {}

    def block(theirs, ours):
        for a, b in (("norm1", "in_layers.0"), ("conv1", "in_layers.2"), ("time_emb_proj", "emb_layers.1"),
                     ("norm2", "out_layers.0"), ("conv2", "out_layers.3"), ("conv_shortcut", "skip_connection")):
            both(out, f"{theirs}.{a}", w, f"{ours}.{b}")

    def attention(theirs, ours):
        both(out, theirs + ".group_norm", w, ours + ".norm")
        for kind in ("weight", "bias"):
            flat = {name: w[f"{ours}.{name}.{kind}"].squeeze(-1) if kind == "weight" else w[f"{ours}.{name}.{kind}"]
                    for name in ("qkv", "encoder_kv", "proj_out")}
            for name, part in zip(("to_q", "to_k", "to_v"), apart(flat["qkv"], 3, HEAD)):
                out[f"{theirs}.{name}.{kind}"] = part
            for name, part in zip(("add_k_proj", "add_v_proj"), apart(flat["encoder_kv"], 2, HEAD)):
                out[f"{theirs}.{name}.{kind}"] = part
            out[f"{theirs}.to_out.0.{kind}"] = flat["proj_out"]

    for theirs, ours in (("time_embedding.linear_1", "time_embed.0"), ("time_embedding.linear_2", "time_embed.2"),
                         ("conv_in", "input_blocks.0.0"), ("conv_norm_out", "out.0"), ("conv_out", "out.2")):
        both(out, theirs, w, ours)
    levels, blocks = len(net["mults"]), net["blocks"]
    conditioned = "cf_param" in w
    index = 1
    for level in range(levels):
        for i in range(blocks):
            block(f"down_blocks.{level}.resnets.{i}", f"input_blocks.{index}.0")
            if level in net["attended"]:
                attention(f"down_blocks.{level}.attentions.{i}", f"input_blocks.{index}.1")
            index += 1
        if level + 1 < levels:
            block(f"down_blocks.{level}.downsamplers.0", f"input_blocks.{index}.0")
            index += 1
    block("mid_block.resnets.0", "middle_block.0")
    if conditioned:
        attention("mid_block.attentions.0", "middle_block.1")
    block("mid_block.resnets.1", "middle_block.2" if conditioned else "middle_block.1")
    index = 0
    for level in range(levels):
        attends = levels - 1 - level in net["attended"]
        for i in range(blocks + 1):
            block(f"up_blocks.{level}.resnets.{i}", f"output_blocks.{index}.0")
            if attends:
                attention(f"up_blocks.{level}.attentions.{i}", f"output_blocks.{index}.1")
            if level + 1 < levels and i == blocks:
                block(f"up_blocks.{level}.upsamplers.0", f"output_blocks.{index}." + ("2" if attends else "1"))
            index += 1
    return out


def diffusers_text_proj(w):
    out = {"learned_classifier_free_guidance_embeddings": w["cf_param"]}
    for theirs, ours in (("encoder_hidden_states_proj", "text_seq_proj.0"),
                         ("text_encoder_hidden_states_norm", "text_seq_proj.1"),
                         ("clip_extra_context_tokens_proj", "clip_tok_proj"), ("embedding_proj", "text_feat_proj"),
                         ("clip_image_embeddings_project_to_time_embeddings", "clip_emb")):
        both(out, theirs, w, ours)
    return out


def write_diffusers(folder, statistics, prior_w, decoder_w, first_w, last_w, clip):
    shutil.rmtree(folder, ignore_errors=True)

    def part(name, tensors, config, weights="diffusion_pytorch_model"):
        write_safetensors(folder / name / f"{weights}.safetensors", tensors)
        (folder / name / "config.json").write_text(json.dumps(config))

    folder.mkdir()
    (folder / "model_index.json").write_text(
        json.dumps({"_class_name": "UnCLIPPipeline", "_diffusers_version": "0.11.0"}))
    part("prior", diffusers_prior(prior_w, statistics), {
        "_class_name": "PriorTransformer", "num_attention_heads": PRIOR["xf_heads"],
        "attention_head_dim": PRIOR["xf_width"] // PRIOR["xf_heads"], "num_layers": PRIOR["xf_layers"],
        "embedding_dim": CLIP_DIM, "num_embeddings": CONTEXT, "additional_embeddings": 4})
    (folder / "prior_scheduler").mkdir()
    (folder / "prior_scheduler/scheduler_config.json").write_text(json.dumps({
        "_class_name": "UnCLIPScheduler", "clip_sample": True, "clip_sample_range": 5.0,
        "num_train_timesteps": 1000, "prediction_type": "sample", "variance_type": "fixed_small_log"}))
    unet_config = {"_class_name": "UNet2DConditionModel", "sample_size": DECODER["side"], "norm_num_groups": GROUPS,
                   "attention_head_dim": HEAD, "block_out_channels": [16, 32], "layers_per_block": 1}
    part("decoder", diffusers_unet(DECODER, decoder_w), unet_config)
    part("text_proj", diffusers_text_proj(decoder_w), {"_class_name": "UnCLIPTextProjModel"})
    larger = {"_class_name": "UNet2DModel", "sample_size": LARGER["side"], "norm_num_groups": GROUPS, "add_attention": False}
    part("super_res_first", diffusers_unet(LARGER, first_w), larger)
    part("super_res_last", diffusers_unet(LARGER, last_w), larger)
    hugging = {k: v.half() if v.is_floating_point() else v for k, v in to_hugging_face(clip, 1, 2).items()}
    part("text_encoder", {k: v for k, v in hugging.items() if k.startswith("text_")}, {
        "architectures": ["CLIPTextModelWithProjection"], "num_attention_heads": 1, "hidden_act": "quick_gelu"}, "model")
    # For the pipeline of variations, which has no prior.
    part("../karlo/image_encoder", {k: v for k, v in hugging.items() if k.startswith("vis")}, {
        "architectures": ["CLIPVisionModelWithProjection"], "num_attention_heads": 1, "hidden_act": "quick_gelu"},
        "model")
    (folder / "tokenizer").mkdir()
    shutil.copy(HERE / "vocabulary/merges.txt", folder / "tokenizer/merges.txt")


def spread(clip):
    """Weights of a CLIP by their names, of a size at which its embeddings tell texts apart, exact in half precision."""
    state = {k: v.detach() for k, v in clip.state_dict().items()
             if k not in ("input_resolution", "context_length", "vocab_size")}
    return {k: (v * 0.3 if v.dim() > 1 else v).half() for k, v in state.items()}


def main():
    folder = HERE / "karlo"
    shutil.rmtree(folder, ignore_errors=True)
    clip = CLIP(embed=CLIP_DIM, width=64, text_width=CLIP_DIM, vocabulary=VOCABULARY, context=CONTEXT).eval()
    clip.load_state_dict(dict(clip.state_dict(), **spread(clip)))
    half = spread(clip)
    half = {k: v.half() for k, v in clip.state_dict().items() if k in half}
    prior_w = prior_weights()
    decoder_w = unet_weights(DECODER, 3, 6, True)
    first_w, last_w = (unet_weights(LARGER, 6, 3, False) for _ in range(2))
    for w in (first_w, last_w):
        for name in ("out.2.weight", "out.2.bias"):
            w[name] *= 0.25  # or a chain would multiply the rounding of its first steps to whole shades
    statistics = (torch.randn(CLIP_DIM) * 0.3, torch.rand(CLIP_DIM) + 0.5)

    hidden = stand_in("omegaconf.dictconfig.DictConfig")()
    model = {"model." + k: v for k, v in prior_w.items()}
    save({"state_dict": model, "hyper_parameters": hidden}, "karlo/prior.ckpt")
    save({"state_dict": {"model." + k: v for k, v in decoder_w.items()}, "hyper_parameters": hidden}, "karlo/decoder.ckpt")
    larger = {"model_first_steps." + k: v for k, v in first_w.items()}
    larger.update({"model_last_step." + k: v for k, v in last_w.items()})
    save({"state_dict": larger}, "karlo/sr.ckpt")
    save(statistics, "karlo/stats.th")
    # Karlo's configurations, of which only what is not published size is read.
    (folder / "prior.json").write_text(json.dumps({"model": {"type": "prior", "hparams": PRIOR}}))
    (folder / "decoder.json").write_text(json.dumps({"model": {"type": "t2i-decoder", "hparams": {
        "image_size": DECODER["side"], "num_head_channels": HEAD, "norm_num_groups": GROUPS}}}))
    (folder / "sr.json").write_text(json.dumps({"model": {"type": "improved_sr_64_256", "hparams": {
        "image_size": LARGER["side"], "norm_num_groups": GROUPS}}}))
    torch.jit.script(clip.half()).save(str(folder / "clip.pt"))

    write_diffusers(HERE / "diffusers", statistics, prior_w, decoder_w, first_w, last_w,
                    {k: v.float() for k, v in half.items()})
    record(statistics, *({k: v.float() for k, v in w.items()} for w in (prior_w, decoder_w, first_w, last_w, half)))


def record(statistics, prior_w, decoder_w, first_w, last_w, clip):
    """What the networks make of random inputs, and a picture all the way from two texts."""
    out = {}
    ids = torch.tensor([[516, 3, 70, 9, 517] + [0] * 7, [516, 11, 517] + [0] * 9])
    nothing = torch.tensor([[516, 517] + [0] * 10] * 2)
    text, away = text_of(clip, ids), text_of(clip, nothing)
    picture = torch.rand(2, 3, 16, 16)
    out.update(ids=ids, text_embed=text[0], text_encodings=text[1], picture=picture, image_embed=image_of(clip, picture))

    t = torch.tensor([999, 40])
    x = torch.randn(2, CLIP_DIM)
    out.update(t=t, prior_x=x, prior=prior(prior_w, x, t, *text))
    x = torch.randn(2, 3, DECODER["side"], DECODER["side"])
    out.update(decoder_x=x, decoder=decoder(decoder_w, x, t, out["image_embed"], *text))
    x = torch.randn(2, 6, LARGER["side"], LARGER["side"])
    out.update(larger_x=x, larger_first=unet(LARGER, first_w, x, t), larger_last=unet(LARGER, last_w, x, 0 * t))

    steps = (5, 6, 7)
    sides = ((CLIP_DIM,), (3, DECODER["side"], DECODER["side"]), (3, LARGER["side"], LARGER["side"]))
    noises = [[torch.randn(2, *side) for _ in range(count + 1)] for count, side in zip(steps, sides)]
    for stage, drawn in enumerate(noises):
        out[f"noise_{stage}"] = torch.stack(drawn)
    for clip_range, name in ((10.0, "drawn"), (5.0, "drawn_diffusers")):
        z = draw_prior(prior_w, statistics, text, away, 4.0, steps[0], list(noises[0]), clip_range)
        small = draw_decoder(decoder_w, z, text, away, 8.0, steps[1], list(noises[1]))
        large = draw_larger(first_w, last_w, small, steps[2], list(noises[2]))
        out.update({f"{name}_embed": z, f"{name}_small": small / 2 + 0.5, f"{name}_large": large / 2 + 0.5})
    small = draw_decoder(decoder_w, out["image_embed"], away, away, 3.0, steps[1], list(noises[1]))
    out.update(varied_small=small / 2 + 0.5)
    write_safetensors(HERE / "karlo/recorded.safetensors", {k: v.contiguous() for k, v in out.items()})


if __name__ == "__main__":
    main()
