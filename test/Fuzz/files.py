"""Small files of each format that the fuzz targets of the readers start from: `files.py FOLDER`."""
import io
import json
import pathlib
import struct
import sys
import zipfile
import zlib

SIZES = {"|b1": 1, "|i1": 1, "|u1": 1, "<i2": 2, "<i4": 4, "<i8": 8, "<f2": 2, "<f4": 4, "<f8": 8, "<c8": 8, "<c16": 16}


def npy(descr, shape, fortran=False, version=1):
    count = 1
    for d in shape:
        count *= d
    text = f"{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}".encode()
    lead = 10 if version == 1 else 12
    text += b" " * (-(lead + len(text) + 1) % 64) + b"\n"
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + bytes(i % 2 for i in range(count * SIZES[descr]))


def npz(method, arrays):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in arrays.items():
            archive.writestr(zipfile.ZipInfo(name + ".npy"), data, method)
    return out.getvalue()


def safetensors(tensors):
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for name, (dtype, shape, size) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(at)


def png(width, height, depth, color, interlace=0, extra=()):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
    row = b"\0" + bytes((i * 37) % (4 if color == 3 else 256) for i in range((width * channels * depth + 7) // 8))
    rows = row * (height if not interlace else 2 * height)
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlace)
    palette = chunk(b"PLTE", bytes(range(12))) if color == 3 else b""
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + palette + b"".join(chunk(*e) for e in extra)
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def main(folder):
    files = {
        "Npy": [npy(d, s, f, v) for d in SIZES for s, f, v in [((2, 3), False, 1)]] + [npy("<f4", (), False, 1), npy("<f4", (3,), True, 2), npy("<i4", (2, 2, 2), True, 3), npy("<f8", (0, 4))],
        "Npz": [npz(m, {"a": npy("<f4", (2, 3)), "b.c": npy("|b1", (4,))}) for m in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)],
        "Safetensors": [safetensors({"a": ("F32", [2, 3], 24), "b.w": ("BOOL", [4], 4), "z": ("F64", [0], 0)}), safetensors({"x": ("BF16", [], 2)})],
        "Png": [png(3, 2, d, c) for d, c in [(8, 0), (1, 0), (16, 0), (8, 2), (16, 2), (8, 3), (2, 3), (8, 4), (8, 6), (16, 6)]]
               + [png(3, 3, 8, 2, 1), png(2, 2, 8, 2, 0, [(b"gAMA", struct.pack(">I", 45455)), (b"tRNS", bytes(6)), (b"tEXt", b"a\0b")])],
        "Csv": [b"a,b\n1,2.5\n-3e4,nan\n", b"1\n2\n3", b"\xef\xbb\xbf1, 2 ,3\r\n\r\n4,5,inf\r\n", b"1e400,-1e-400,+5\n"],
    }
    for name, contents in files.items():
        (pathlib.Path(folder) / name).mkdir(parents=True)
        for i, data in enumerate(contents):
            (pathlib.Path(folder) / name / str(i)).write_bytes(data)


if __name__ == "__main__":
    main(sys.argv[1])
