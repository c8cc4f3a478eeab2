#!/usr/bin/env python3
"""Small seeded files for the programs of this folder: python3 make_data.py FOLDER. Plain Python, no NumPy."""
import json
import math
import pathlib
import random
import struct
import sys
import zipfile
import zlib

CODES = {"<f4": "f", "<f8": "d", "<i4": "i", "|u1": "B"}


def npy(kind, shape, values):
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {tuple(shape)!r}, }}"
    header += " " * (63 - (len(header) + 10) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + struct.pack(f"<{len(values)}{CODES[kind]}", *values)


def npz(path, **arrays):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (kind, shape, values) in arrays.items():
            archive.writestr(zipfile.ZipInfo(name + ".npy"), npy(kind, shape, values))


def safetensors(path, tensors):
    header, data = {}, b""
    for name, (shape, values) in tensors.items():
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + 4 * len(values)]}
        data += struct.pack(f"<{len(values)}f", *values)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def gpt(r, vocabulary, longest, d, layers):
    """A GPT-2 by the names of the published checkpoint, with weights large enough to matter."""
    shapes = {"wte.weight": [vocabulary, d], "wpe.weight": [longest, d], "ln_f.weight": [d], "ln_f.bias": [d]}
    for k in range(layers):
        for name, shape in {"ln_1": [d], "ln_2": [d], "attn.c_attn": [d, 3 * d], "attn.c_proj": [d, d], "mlp.c_fc": [d, 4 * d], "mlp.c_proj": [4 * d, d]}.items():
            shapes |= {f"h.{k}.{name}.weight": shape, f"h.{k}.{name}.bias": shape[-1:]}
    return {name: (shape, [r.gauss(float(len(shape) == 1 and "weight" in name), 0.2) for _ in range(math.prod(shape))]) for name, shape in shapes.items()}


def png(path, width, height, pixels):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes(pixels[y * width * 3:(y + 1) * width * 3]) for y in range(height))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
                     + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def main():
    folder = pathlib.Path(sys.argv[1])
    r = random.Random(0)
    uniform = lambda n: [r.random() for _ in range(n)]
    bytes_ = lambda n, low=0, high=256: [r.randrange(low, high) for _ in range(n)]
    png(folder / "photo.png", 48, 64, bytes_(64 * 48 * 3))
    (folder / "shakespeare.npy").write_bytes(npy("|u1", (2, 65, 64), bytes_(2 * 65 * 64, 32, 120)))
    npz(folder / "mnist.npz", x=("|u1", (300, 784), bytes_(300 * 784)))
    npz(folder / "cifar10.npz", x=("|u1", (128, 3, 32, 32), bytes_(128 * 3 * 32 * 32)), y=("<i4", (128,), bytes_(128, 0, 10)))
    blob = lambda cx, cy: [math.exp(-((i - cx) ** 2 + (j - cy) ** 2) / 60) for i in range(64) for j in range(64)]
    npz(folder / "smoke.npz", start=("<f4", (64, 64), blob(20, 20)), goal=("<f4", (64, 64), blob(40, 44)))
    npz(folder / "track.npz", a=("<f8", (2, 2), [1, 1, 0, 1]), c=("<f8", (1, 2), [1, 0]), y=("<f8", (30, 1), uniform(30)))
    safetensors(folder / "gpt2.safetensors", gpt(r, 96, 80, 48, 2))
    (folder / "prompt.npy").write_bytes(npy("<i4", (8,), bytes_(8, 0, 96)))
    (folder / "tokens.npy").write_bytes(npy("<i4", (16, 33), bytes_(16 * 33, 0, 96)))


main()
