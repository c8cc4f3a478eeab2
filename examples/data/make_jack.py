"""Writes jack.npy, the rhyme of the house that Jack built (1755) as bytes: python make_jack.py"""
import pathlib
import struct

LINES = """the house that Jack built
the malt that lay in
the rat that ate
the cat that killed
the dog that worried
the cow with the crumpled horn that tossed
the maiden all forlorn that milked
the man all tattered and torn that kissed
the priest all shaven and shorn that married
the cock that crowed in the morn that woke
the farmer sowing his corn that kept
the horse and the hound and the horn that belonged to""".split("\n")
text = "\n\n".join("This is " + "\n".join(reversed(LINES[:k + 1])) + "." for k in range(len(LINES))).encode()
header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({len(text)},), }}"
header += " " * (63 - (len(header) + 10) % 64) + "\n"
data = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + text
(pathlib.Path(__file__).parent / "jack.npy").write_bytes(data)
