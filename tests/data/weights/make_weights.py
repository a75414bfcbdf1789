#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes the files of this folder: small weights in the layouts of their publishers. Needs PyTorch and NumPy.

The weights are those of recorded parity cases, so that they load strictly. Classes that these layouts name but that are
not ours are stand-ins under the same names. Karlo's files are make_karlo.py's.
"""
import argparse
import collections
import gzip
import json
import pathlib
import random
import struct
import sys
import types
import zipfile

import numpy
import torch

HERE = pathlib.Path(__file__).parent
PARITY = HERE.parent / "parity"
DTYPES = {"F32": torch.float32, "I64": torch.int64, "F64": torch.float64, "BOOL": torch.bool}


def parity_case(name):
    """The parameters of a recorded case, and its configuration."""
    data = (PARITY / f"{name}.safetensors").read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    config = json.loads(header.pop("__metadata__")["config"])
    tensors = collections.OrderedDict()
    for key, entry in sorted(header.items()):
        if key.startswith("param."):
            begin, end = (8 + length + offset for offset in entry["data_offsets"])
            flat = torch.frombuffer(bytearray(data[begin:end]) or bytearray(8), dtype=DTYPES[entry["dtype"]])
            tensors[key[len("param."):]] = flat.reshape(entry["shape"]).clone()
    return tensors, config


def below(tensors, prefix):
    return collections.OrderedDict((k[len(prefix):], v) for k, v in tensors.items() if k.startswith(prefix))


def without(tensors, prefix):
    return collections.OrderedDict((k, v) for k, v in tensors.items() if not k.startswith(prefix))


def prefixed(tensors, prefix):
    return collections.OrderedDict((prefix + k, v) for k, v in tensors.items())


def smaller(tensors):
    """bfloat16, which holds the parameters of the recorded cases exactly; tables stay as they are."""
    return collections.OrderedDict((k, v if "noise_schedule" in k else v.bfloat16()) for k, v in tensors.items())


def stand_in(path, base=object, **members):
    """A class that pickles under somebody else's name."""
    module_name, name = path.rsplit(".", 1)
    parts = module_name.split(".")
    for i in range(len(parts)):
        sys.modules.setdefault(".".join(parts[:i + 1]), types.ModuleType(parts[i]))
    made = type(name, (base,), dict(members, __module__=module_name, __qualname__=name))
    setattr(sys.modules[module_name], name, made)
    return made


def version(*release):
    """packaging.version.Version, as its versions up to 25 pickle."""
    Inner = collections.namedtuple("_Version", "epoch release dev pre post local")
    Inner.__module__ = "packaging.version"
    sys.modules.pop("packaging", None), sys.modules.pop("packaging.version", None)
    Version = stand_in("packaging.version.Version")
    sys.modules["packaging.version"]._Version = Inner
    made = Version()
    made._version = Inner(0, release, None, None, None, None)
    return made


class Module(torch.nn.Module):
    """A module whose state_dict() is an OrderedDict with _metadata, as in all real files."""

    def __init__(self):
        super().__init__()
        self.a = torch.nn.Linear(3, 2)
        self.register_buffer("table", torch.arange(4, dtype=torch.int64))


def plain():
    torch.manual_seed(1)
    base = torch.arange(24, dtype=torch.float32)
    return {
        "f64": torch.tensor([1.5, -2.25], dtype=torch.float64),
        "f32": base.reshape(2, 3, 4),
        "f16": torch.tensor([0.5, 65504.0], dtype=torch.float16),
        "bf16": torch.tensor([1.0, -3.0], dtype=torch.bfloat16),
        "i64": torch.tensor([2 ** 40, -1]),
        "i32": torch.tensor([[7]], dtype=torch.int32),
        "i16": torch.tensor([-300], dtype=torch.int16),
        "i8": torch.tensor([-5], dtype=torch.int8),
        "u8": torch.tensor([200], dtype=torch.uint8),
        "bool": torch.tensor([True, False, True]),
        "scalar": torch.tensor(42.0),
        "empty": torch.empty(0, 5),
        "transposed": base.reshape(4, 6).t(),
        "every_second": base[1::2],
        "expanded": torch.tensor([[3.0]]).expand(2, 3),
        "parameter": torch.nn.Parameter(torch.tensor([9.0, 8.0])),
        "module": Module().state_dict(),
        "one": {"item": torch.tensor([1.0])},
        "deep": {"list": [torch.tensor([4.0]), {"x": torch.tensor([5.0])}], "tuple": (1, "two", 3.5, None, True)},
        "numbers": {"small": -7, "large": 2 ** 40, "huge": 2 ** 80, "negative": -2 ** 70},
        "size": torch.Size([3, 4]),
        "device": torch.device("cpu"),
        "dtype": torch.float16,
        "text": "Grüße",
        7: "a number as key",
        "set": {1},
        "bytes": b"abc",
        "namespace": argparse.Namespace(lr=0.1),
        "numpy": numpy.float64(2.5),
        "array": numpy.arange(3),
    }


def save(value, name, **options):
    (HERE / name).parent.mkdir(exist_ok=True)
    torch.save(value, HERE / name, **options)


def write_plain():
    save(plain(), "plain.pt")
    save(plain(), "plain_stream.pt", _use_new_zipfile_serialization=False)
    save(plain(), "plain_protocol4.pt", pickle_protocol=4)
    save({"freqs": torch.view_as_complex(torch.tensor([[1.0, 2.0], [3.0, -4.0]]))}, "complex.pt")
    with zipfile.ZipFile(HERE / "plain.pt") as archive, \
            zipfile.ZipFile(HERE / "deflated.pt", "w", zipfile.ZIP_DEFLATED) as packed:
        for entry in archive.infolist():
            packed.writestr(zipfile.ZipInfo(entry.filename), archive.read(entry), zipfile.ZIP_DEFLATED)


def write_reference():
    tensors, config = parity_case("dalle2_text_list")
    clip = below(tensors, "prior.clip.clip.")
    prior = without(below(tensors, "prior."), "clip.")
    decoder = without(below(tensors, "decoder."), "clip.")
    halved = collections.OrderedDict((k, v * 0.5 if v.is_floating_point() and "noise_sched" not in k else v)
                                     for k, v in decoder.items())
    prior_config = dict(config["prior"], net=config["net"], image_embed_dim=8, image_size=16)
    decoder_config = dict(config["decoder"], unets=config["unets"], clip={"make": "x-clip"})

    # The `dream` file. Both parts share the CLIP, as the two adapters share the module.
    clip16 = smaller(clip)
    model = collections.OrderedDict()
    for key, value in list(prefixed(smaller(prior), "prior.").items()) + list(
            prefixed(smaller(decoder), "decoder.").items()):
        model[key] = value
    for adapter in ("prior.clip.clip.", "decoder.clip.clip."):
        model.update(prefixed(clip16, adapter))
    save({
        "version": "1.15.6",
        "init_params": {"prior": dict(prior_config, clip=config["clip"]),
                        "decoder": dict(decoder_config, clip=config["clip"])},
        "model_params": model,
    }, "reference/dalle2.pt")
    save(clip16, "reference/x_clip.pt")
    (HERE / "reference/x_clip.json").write_text(json.dumps(config["clip"]))

    warmup = stand_in("pytorch_warmup.base.LinearWarmup")()
    warmup.warmup_params = [{"warmup_period": 500}]
    averaged = collections.OrderedDict((k, v * 0.5 if v.is_floating_point() and "noise_sched" not in k else v)
                                       for k, v in prior.items())
    wrapper = collections.OrderedDict(initted=torch.tensor([True]), step=torch.tensor([12]))
    wrapper.update(prefixed(prior, "online_model."))
    wrapper.update(prefixed(averaged, "ema_model."))
    save({
        "optimizer": {"state": {0: {"step": torch.tensor(12.0), "exp_avg": torch.zeros(8)}},
                      "param_groups": [{"lr": 1.1e-4, "betas": (0.9, 0.99), "params": [0, 1]}]},
        "scheduler": {"last_epoch": 12, "_step_count": 13},
        "warmup_scheduler": warmup,
        "model": prior,
        "version": version(1, 15, 6),
        "step": torch.tensor([12]),
        "ema": wrapper,
        "ema_model": averaged,
    }, "reference/prior.pth")
    (HERE / "reference/prior.json").write_text(json.dumps({"prior": dict(
        prior_config, clip={"make": "x-clip", "model": "", "base_model_kwargs": config["clip"]}),
        "train": {"epochs": 1}}))

    unet = smaller(below(decoder, "unets.0."))
    ema_unet = smaller(below(halved, "unets.0."))
    wrappers = collections.OrderedDict({"0.initted": torch.tensor([True]), "0.step": torch.tensor([7])})
    wrappers.update(prefixed(unet, "0.online_model."))
    wrappers.update(prefixed(ema_unet, "0.ema_model."))
    save({
        "model": collections.OrderedDict((k, unet.get(k[len("unets.0."):], v)) for k, v in decoder.items()),
        "version": "1.15.6",
        "steps": torch.tensor([7]),
        "optim0": {"state": {0: {"exp_avg": torch.zeros(4)}}, "param_groups": [{"lr": 1e-4, "params": [0]}]},
        "sched0": {"last_epoch": 7},
        "ema": wrappers,
        "config": {"decoder": decoder_config, "train": {"epochs": 1}},
        "epoch": 1,
    }, "reference/decoder.pth")
    save(prefixed({k: v for k, v in wrappers.items() if "online" not in k}, "module."), "reference/unets_ema.pth")


class JitAttention(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.in_proj_weight = torch.nn.Parameter(torch.randn(3 * width, width))
        self.in_proj_bias = torch.nn.Parameter(torch.zeros(3 * width))
        self.out_proj = torch.nn.Linear(width, width)

    def forward(self, x):
        return self.out_proj(x)


class JitBlock(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.attn = JitAttention(width)
        self.ln_1 = torch.nn.LayerNorm(width)
        self.mlp = torch.nn.Sequential(collections.OrderedDict(
            c_fc=torch.nn.Linear(width, 4 * width), c_proj=torch.nn.Linear(4 * width, width)))
        self.ln_2 = torch.nn.LayerNorm(width)

    def forward(self, x):
        return self.mlp(self.ln_2(self.attn(self.ln_1(x))))


class JitTransformer(torch.nn.Module):
    def __init__(self, width, layers):
        super().__init__()
        self.resblocks = torch.nn.Sequential(*[JitBlock(width) for _ in range(layers)])

    def forward(self, x):
        return self.resblocks(x)


class JitVision(torch.nn.Module):
    def __init__(self, width, patch, side, layers, embed):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, width, patch, patch, bias=False)
        self.class_embedding = torch.nn.Parameter(torch.randn(width))
        self.positional_embedding = torch.nn.Parameter(torch.randn(side * side + 1, width))
        self.ln_pre = torch.nn.LayerNorm(width)
        self.transformer = JitTransformer(width, layers)
        self.ln_post = torch.nn.LayerNorm(width)
        self.proj = torch.nn.Parameter(torch.randn(width, embed))

    def forward(self, x):
        return self.ln_post(self.transformer(self.ln_pre(x))) @ self.proj


class CLIP(torch.nn.Module):
    """OpenAI's names, at the sizes of the recorded prior; its arithmetic is of no interest here."""

    def __init__(self, embed=8, width=64, text_width=8, vocabulary=520, context=12):
        super().__init__()
        self.visual = JitVision(width, 8, 2, 1, embed)
        self.transformer = JitTransformer(text_width, 2)
        self.token_embedding = torch.nn.Embedding(vocabulary, text_width)
        self.positional_embedding = torch.nn.Parameter(torch.randn(context, text_width))
        self.ln_final = torch.nn.LayerNorm(text_width)
        self.text_projection = torch.nn.Parameter(torch.randn(text_width, embed))
        self.logit_scale = torch.nn.Parameter(torch.tensor(2.659))
        self.register_buffer("input_resolution", torch.tensor(16))
        self.register_buffer("context_length", torch.tensor(context))
        self.register_buffer("vocab_size", torch.tensor(vocabulary))

    def forward(self, x):
        return self.transformer(self.ln_final(x)) @ self.text_projection * torch.tensor([1.0, 2.0]).sum()


def openai_clip(**sizes):
    torch.manual_seed(2)
    return CLIP(**sizes).eval()


def to_hugging_face(state, layers, text_layers):
    """The same weights under Hugging Face's names."""
    out = {
        "logit_scale": state["logit_scale"],
        "text_projection.weight": state["text_projection"].t().contiguous(),
        "visual_projection.weight": state["visual.proj"].t().contiguous(),
        "text_model.embeddings.token_embedding.weight": state["token_embedding.weight"],
        "text_model.embeddings.position_embedding.weight": state["positional_embedding"],
        "text_model.embeddings.position_ids": torch.arange(12).expand((1, -1)),
        "vision_model.embeddings.class_embedding": state["visual.class_embedding"],
        "vision_model.embeddings.patch_embedding.weight": state["visual.conv1.weight"],
        "vision_model.embeddings.position_embedding.weight": state["visual.positional_embedding"],
        "vision_model.embeddings.position_ids": torch.arange(5).expand((1, -1)),
    }
    for ours, theirs in (("ln_final", "text_model.final_layer_norm"), ("visual.ln_pre", "vision_model.pre_layrnorm"),
                         ("visual.ln_post", "vision_model.post_layernorm")):
        for kind in ("weight", "bias"):
            out[f"{theirs}.{kind}"] = state[f"{ours}.{kind}"]
    for ours, theirs, count in (("transformer", "text_model", text_layers), ("visual.transformer", "vision_model", layers)):
        for i in range(count):
            block, layer = f"{ours}.resblocks.{i}", f"{theirs}.encoder.layers.{i}"
            for kind in ("weight", "bias"):
                for part, value in zip("qkv", state[f"{block}.attn.in_proj_{kind}"].chunk(3)):
                    out[f"{layer}.self_attn.{part}_proj.{kind}"] = value.contiguous()
                for a, b in (("attn.out_proj", "self_attn.out_proj"), ("ln_1", "layer_norm1"), ("ln_2", "layer_norm2"),
                             ("mlp.c_fc", "mlp.fc1"), ("mlp.c_proj", "mlp.fc2")):
                    out[f"{layer}.{b}.{kind}"] = state[f"{block}.{a}.{kind}"]
    return out


def write_safetensors(path, tensors):
    names = {torch.float32: "F32", torch.float16: "F16", torch.int64: "I64"}
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, tensor in tensors.items():
        raw = tensor.detach().contiguous().numpy().tobytes()
        header[name] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape),
                        "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def write_clips():
    model = openai_clip()
    state = {k: v for k, v in model.state_dict().items()
             if k not in ("input_resolution", "context_length", "vocab_size")}
    small = openai_clip(width=16)
    small_state = {k: v for k, v in small.state_dict().items() if k in state}
    (HERE / "clip").mkdir(exist_ok=True)
    torch.jit.script(model.half()).save(str(HERE / "clip/openai.pt"))

    open_clip, config = parity_case("open_clip_vit")
    (HERE / "open_clip").mkdir(exist_ok=True)
    save(below(smaller(open_clip), "clip."), "open_clip/open_clip_pytorch_model.bin")
    (HERE / "open_clip/open_clip_config.json").write_text(json.dumps({"model_cfg": config, "preprocess_cfg": {}}))

    hugging = to_hugging_face(small_state, 1, 2)
    names = sorted(hugging)
    shards = {"model-00001-of-00002.safetensors": names[:20], "model-00002-of-00002.safetensors": names[20:]}
    for shard, inside in shards.items():
        write_safetensors(HERE / "hf_clip" / shard, {name: hugging[name].half() if hugging[name].is_floating_point()
                                                     else hugging[name] for name in inside})
    (HERE / "hf_clip/model.safetensors.index.json").write_text(json.dumps(
        {"metadata": {}, "weight_map": {name: shard for shard, inside in shards.items() for name in inside}}))
    (HERE / "hf_clip/config.json").write_text(json.dumps({
        "model_type": "clip", "projection_dim": 8,
        "text_config": {"hidden_size": 8, "num_attention_heads": 2, "hidden_act": "quick_gelu"},
        "vision_config": {"hidden_size": 16, "num_attention_heads": 2, "hidden_act": "quick_gelu"}}))
    save({name: hugging[name] for name in names if "layers.1" in name or "projection" in name},
         "hf_clip/pytorch_model.bin")


def write_vocabularies():
    merges = ["i n", "t h", "a n", "r e</w>"]
    text = '"bpe_simple_vocab_16e6.txt#version: 0.2\n' + "\n".join(merges) + "\n"
    (HERE / "vocabulary").mkdir(exist_ok=True)
    (HERE / "vocabulary/merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    with open(HERE / "vocabulary/bpe_simple_vocab_16e6.txt.gz", "wb") as raw, \
            gzip.GzipFile("bpe_simple_vocab_16e6.txt", "wb", mtime=0, fileobj=raw) as out:
        out.write(text.encode())
    for name, listed in (("tokenizer.json", merges), ("tokenizer_pairs.json", [m.split() for m in merges])):
        (HERE / "vocabulary" / name).write_text(json.dumps({"version": "1.0", "model": {
            "type": "BPE", "vocab": {"in": 512, "th": 513, "an": 514, "re</w>": 515}, "merges": listed}}))


if __name__ == "__main__":
    random.seed(0)
    write_plain()
    write_reference()
    write_clips()
    write_vocabularies()
