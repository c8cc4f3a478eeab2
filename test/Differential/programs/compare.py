#!/usr/bin/env python3
"""compare.py FOLDER PROGRAM...: holds what programs printed (FOLDER/PROGRAM.out) and drew to the twins' numbers in expected.json."""
import json
import pathlib
import re
import struct
import sys
import zlib

PICTURES = {"06_vae": ["samples.png"], "19_mandelbrot": ["mandelbrot.png"], "20_harris": ["blur.png", "corners.png"]}
NUMBER = r"(?<![\w.])[-+]?(?:nan|inf|\d+(?:\.\d+)?(?:e[-+]?\d+)?)(?!\w)"


def decode(file):
    """Width, height, channels and bytes of a png of 8 bits without interlace."""
    assert file[:8] == b"\x89PNG\r\n\x1a\n"
    at, data = 8, b""
    while at < len(file):
        length, kind = struct.unpack(">I4s", file[at:at + 8])
        body = file[at + 8:at + 8 + length]
        assert struct.unpack(">I", file[at + 8 + length:at + 12 + length])[0] == zlib.crc32(kind + body)
        if kind == b"IHDR":
            width, height, depth, color, _, _, interlace = struct.unpack(">IIBBBBB", body)
            assert depth == 8 and interlace == 0
        data += body if kind == b"IDAT" else b""
        at += 12 + length
    n = {0: 1, 2: 3, 4: 2, 6: 4}[color]
    rows, stride, out, above = zlib.decompress(data), width * n, [], bytes(width * n)
    for y in range(height):
        kind, row = rows[y * (stride + 1)], bytearray(rows[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for x in range(stride if kind else 0):
            a, b, c = row[x - n] if x >= n else 0, above[x], above[x - n] if x >= n else 0
            p = a + b - c
            paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            row[x] = (row[x] + [0, a, b, (a + b) // 2, paeth][kind]) & 255
        out += row
        above = row
    return width, height, n, out


def numbers_differ(printed, expected):
    numbers = [float(n) for n in re.findall(NUMBER, printed)]
    if len(numbers) < len(expected["numbers"]):
        return f"prints {len(numbers)} numbers, expected {len(expected['numbers'])}"
    for i, (a, b) in enumerate(zip(numbers, expected["numbers"])):
        if b is not None and not abs(a - b) <= expected["relative"] * abs(b) + expected["absolute"]:
            return f"number {i} is {a}, expected {b}"
    return None


def picture_differs(file, expected):
    width, height, channels, data = decode(file)
    if [height, width] != expected["shape"] or channels != 1:
        return f"is {height} by {width} by {channels}, expected {expected['shape']}"
    for i, j, value in expected["pixels"]:
        if abs(data[i * width + j] - value) > 1:
            return f"[{i}, {j}] is {data[i * width + j]}, expected {value}"
    return None


def main():
    expected = json.loads((pathlib.Path(__file__).parent / "expected.json").read_text())
    folder = pathlib.Path(sys.argv[1])
    wrong = []
    for program in sys.argv[2:]:
        if program in expected["printed"]:
            wrong.append((program, numbers_differ((folder / f"{program}.out").read_text(), expected["printed"][program])))
        for name in PICTURES.get(program, []):
            wrong.append((name, picture_differs((folder / name).read_bytes(), expected["pictures"][name])))
    for name, what in wrong:
        if what:
            print(f"{name}: {what}")
    return 1 if any(what for _, what in wrong) or not wrong else 0


if __name__ == "__main__":
    sys.exit(main())
