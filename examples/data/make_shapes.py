"""Writes shapes.png, a square, a triangle and a cross on a shaded ground: python make_shapes.py"""
import math
import pathlib
import random
import struct
import zlib

SIZE, FINE = 160, 4  # each pixel is the mean of FINE * FINE points
corners = lambda n, x, y, r, turn: [(x + r * math.cos(turn + 2 * math.pi * k / n), y + r * math.sin(turn + 2 * math.pi * k / n)) for k in range(n)]
CROSS = [(100, 90), (116, 90), (116, 106), (132, 106), (132, 122), (116, 122), (116, 138), (100, 138), (100, 122), (84, 122), (84, 106), (100, 106)]
SHAPES = [(corners(4, 46, 44, 30, 0.3), 220), (corners(3, 112, 42, 28, 0.8), 40), (CROSS, 235)]


def inside(polygon, x, y):
    within = False
    for (ax, ay), (bx, by) in zip(polygon, polygon[1:] + polygon[:1]):
        if (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay):
            within = not within
    return within


def shade(x, y):
    for polygon, grey in SHAPES:
        if inside(polygon, x, y):
            return grey
    return 90 + 40 * x / SIZE + 20 * y / SIZE


r = random.Random(0)
rows = b""
for i in range(SIZE):
    points = [[shade(j + (b + 0.5) / FINE, i + (a + 0.5) / FINE) for a in range(FINE) for b in range(FINE)] for j in range(SIZE)]
    rows += b"\0" + bytes(round(sum(p) / len(p) + r.uniform(-4, 4)) for p in points)
chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
(pathlib.Path(__file__).parent / "shapes.png").write_bytes(
    b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", SIZE, SIZE, 8, 0, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))
