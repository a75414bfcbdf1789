#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes hostile/: files that would run something, claim too much or never end in a careless reader. Each only
describes; nothing is run in writing them, and nothing must be in reading them. Needs Python alone."""
import pathlib
import pickle
import struct
import zipfile

HERE = pathlib.Path(__file__).parent / "hostile"


class Call:
    """Pickles as a call of a function."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


def text(value):
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def integer(value):
    raw = value.to_bytes((value.bit_length() + 8) // 8, "little", signed=True)
    return b"\x8a" + bytes([len(raw)]) + raw


def storage(key="0", count=4, kind="torch FloatStorage"):
    return (b"(" + text("storage") + b"c" + kind.replace(" ", "\n").encode() + b"\n" + text(key) + text("cpu")
            + integer(count) + b"tQ")


def tensor(place=None, offset=0, sizes=(2,), strides=(1,)):
    """torch._utils._rebuild_tensor_v2(storage, offset, sizes, strides, requires_grad, hooks)"""
    return (b"ctorch._utils\n_rebuild_tensor_v2\n(" + (place or storage()) + integer(offset)
            + b"(" + b"".join(map(integer, sizes)) + b"t(" + b"".join(map(integer, strides)) + b"t\x89NtR")


def dictionary(**entries):
    return b"\x80\x02}(" + b"".join(text(key) + value for key, value in entries.items()) + b"u."


def add(out, name, content, method=zipfile.ZIP_STORED):
    out.writestr(zipfile.ZipInfo(name), content, method)  # without the time, so that the same call gives the same file


def archive(name, data, storages={"0": struct.pack("<4f", 1, 2, 3, 4)}, method=zipfile.ZIP_STORED, top="archive"):
    with zipfile.ZipFile(HERE / name, "w") as out:
        add(out, f"{top}/data.pkl", data, method)
        for key, value in storages.items():
            add(out, f"{top}/data/{key}", value, method)
        add(out, f"{top}/version", b"3\n", method)


def calls():
    good = dictionary(weight=tensor())[2:-1]
    system = b"cposix\nsystem\n(" + text("touch PWNED") + b"tR"
    archive("system.pt", dictionary(weight=tensor(), run=system))
    archive("system_only.pt", b"\x80\x02" + system + b".")
    archive("eval.pt", dictionary(weight=tensor(), run=b"cbuiltins\neval\n(" + text(
        "__import__('os').system('touch PWNED')") + b"tR"))
    getattr_chain = (b"cbuiltins\ngetattr\n(cbuiltins\n__import__\n(" + text("os") + b"tR" + text("system") + b"tR("
                     + text("touch PWNED") + b"tR")
    archive("getattr.pt", dictionary(weight=tensor(), run=getattr_chain))
    archive("build.pt", dictionary(weight=tensor(), run=b"ccollections\nOrderedDict\n)R}(" + text("__setstate__")
                                   + system + b"ub"))
    archive("inst.pt", dictionary(weight=tensor(), run=b"(" + text("touch PWNED") + b"iposix\nsystem\n"))
    archive("newobj.pt", dictionary(weight=tensor(), run=b"csubprocess\nPopen\n(" + text("touch PWNED")
                                    + b"t\x81"))
    archive("stack_global.pt", dictionary(weight=tensor(), run=b"\x8c\x05posix\x8c\x06system\x93("
                                          + text("touch PWNED") + b"tR"))
    archive("extension.pt", dictionary(weight=tensor(), run=b"\x82\x01(tR"))
    (HERE / "stream.pt").write_bytes(pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2)
                                     + pickle.dumps({"little_endian": True}, 2)
                                     + b"\x80\x02" + good + text("run") + system + b"s." + pickle.dumps(["0"], 2)
                                     + struct.pack("<q4f", 4, 1, 2, 3, 4))
    archive("foreign_id.pt", dictionary(weight=tensor(), other=b"(" + text("file") + text("/etc/passwd") + b"tQ"))
    archive("foreign_storage.pt", dictionary(weight=tensor(), other=tensor(
        b"(" + text("file") + text("/etc/passwd") + b"tQ")))


def sizes():
    archive("outside.pt", dictionary(weight=tensor(sizes=(5,))))
    archive("offset.pt", dictionary(weight=tensor(offset=3)))
    archive("huge.pt", dictionary(weight=tensor(sizes=(2 ** 60,))))
    archive("overflow.pt", dictionary(weight=tensor(sizes=(2 ** 33, 2 ** 33), strides=(0, 0))))
    archive("wide_stride.pt", dictionary(weight=tensor(sizes=(3,), strides=(2 ** 62,))))
    archive("negative.pt", dictionary(weight=tensor(sizes=(-1,))))
    archive("negative_offset.pt", dictionary(weight=tensor(offset=-4)))
    archive("expanded.pt", dictionary(weight=tensor(sizes=(2 ** 40,), strides=(0,))))
    archive("empty_huge.pt", dictionary(weight=tensor(sizes=(0, 2 ** 62, 2 ** 62), strides=(1, 1, 1))))
    archive("no_storage.pt", dictionary(weight=tensor(storage("7"))))
    archive("path.pt", dictionary(weight=tensor(storage("../../../../etc/passwd"))))
    archive("text_2_60.pt", b"\x80\x02\x8d" + struct.pack("<Q", 2 ** 60) + b"abc.")
    archive("long_2_31.pt", b"\x80\x02\x8b" + struct.pack("<I", 2 ** 31) + b"abc.")
    archive("frame.pt", b"\x80\x04\x95" + struct.pack("<Q", 2 ** 63) + b"}.")


def loops():
    archive("memo_loop.pt", b"\x80\x02]q\x00h\x00a.")
    archive("dict_loop.pt", b"\x80\x02}q\x00" + text("me") + b"h\x00s.")
    archive("object_loop.pt", b"\x80\x02ccollections\nOrderedDict\n)Rq\x00" + text("me") + b"h\x00s.")
    archive("deep.pt", b"\x80\x02" + b"]" * 5_000 + b"a" * 4_999 + b".")
    archive("deep_calls.pt", b"\x80\x02cos\nsystem\n" + b")R" * 5_000 + b".")
    laughs = b"\x80\x02]q\x00"
    for i in range(40):
        laughs += b"]" + b"(h" + bytes([i]) + b"h" + bytes([i]) + b"eq" + bytes([i + 1])
    archive("laughs.pt", laughs + b".")
    long_name = text("x" * 200)
    archive("names.pt", b"\x80\x02" + b"".join(b"}" + long_name for _ in range(30)) + tensor() + b"s" * 30 + b".")
    archive("memo_missing.pt", b"\x80\x02h\x05.")
    archive("memo_far.pt", b"\x80\x02Nr\xff\xff\xff\xff.")
    archive("marks.pt", b"\x80\x02" + b"(" * 1000 + b"t.")
    archive("underflow.pt", b"\x80\x02ta.")
    archive("unknown.pt", b"\x80\x02\xff.")
    archive("no_stop.pt", b"\x80\x02}")
    archive("nothing.pt", b"")
    archive("set_on_text.pt", b"\x80\x02" + text("a") + text("b") + text("c") + b"s.")


def untyped():
    """Sound: the form in which PyTorch 2 writes dtypes that have no storage class of their own."""
    place = storage(count=8, kind="torch.storage UntypedStorage")
    archive("../untyped.pt", b"\x80\x02}" + text("weight") + b"ctorch._utils\n_rebuild_tensor_v3\n(" + place + integer(1)
            + b"(" + integer(3) + b"t(" + integer(1) + b"t\x89ccollections\nOrderedDict\n)Rctorch\nuint16\n}tRs.",
            {"0": struct.pack("<4H", 1, 2, 3, 65535)})


def zips():
    good = dictionary(weight=tensor())
    archive("bomb.pt", b"\x80\x02" + bytes(20_000_000), {}, zipfile.ZIP_DEFLATED)
    archive("traversal.pt", good, top="../../tmp/archive")
    archive("absolute.pt", good, top="/tmp/archive")
    archive("good.pt", good)
    sound = (HERE / "good.pt").read_bytes()
    (HERE / "good.pt").unlink()
    (HERE / "cut.pt").write_bytes(sound[:-30])
    (HERE / "cut_half.pt").write_bytes(sound[:len(sound) // 2])
    (HERE / "head_only.pt").write_bytes(b"PK\x03\x04")

    def patched(name, at, value, signature=b"PK\x01\x02", which=0):
        data = bytearray(sound)
        where = -1
        for _ in range(which + 1):
            where = data.index(signature, where + 1)
        data[where + at:where + at + len(value)] = value
        (HERE / name).write_bytes(data)

    patched("claims_2_31.pt", 24, struct.pack("<I", 2 ** 31), which=1)
    patched("far_header.pt", 42, struct.pack("<I", 0x7fffffff), which=1)
    patched("shared_bytes.pt", 42, struct.pack("<I", 0), which=1)
    patched("encrypted.pt", 8, b"\x01\x00", which=1)
    patched("method_99.pt", 10, b"\x63\x00", which=1)
    patched("count.pt", 10, b"\xff\xfe", b"PK\x05\x06")
    patched("directory_far.pt", 16, struct.pack("<I", 0xfffffff0), b"PK\x05\x06")
    with zipfile.ZipFile(HERE / "no_data.pt", "w") as out:
        add(out, "readme.txt", "nothing")
    flipped = bytearray(sound)
    flipped[sound.index(struct.pack("<f", 2))] ^= 1
    (HERE / "flipped_number.pt").write_bytes(flipped)
    (HERE / "tar.pt").write_bytes(b"storages/0000000".ljust(512, b"\0"))
    (HERE / "pickle_only.pkl").write_bytes(pickle.dumps({"a": 1}, 4))


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    calls()
    sizes()
    loops()
    zips()
    untyped()
