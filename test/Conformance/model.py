"""ONNX models and tensors, read from protobuf's wire format: as much of it as the node tests use."""
import math
import struct

# What TensorProto.DataType means: TDS's element and, for the typed fields, how one is stored.
ELEMENTS = {1: "f32", 2: "u8", 3: "i8", 5: "i16", 6: "i32", 7: "i64", 9: "bool", 10: "f16", 11: "f64", 14: "c64", 15: "c128", 16: "bf16"}
OTHERS = {4: "u16", 8: "string", 12: "u32", 13: "u64"}
BYTES = {"f32": 4, "u8": 1, "i8": 1, "i16": 2, "i32": 4, "i64": 8, "bool": 1, "f16": 2, "f64": 8, "c64": 8, "c128": 16, "bf16": 2}


class Unsupported(Exception):
    """What TDS, or this runner, does not take; the text is the reason."""


def fields(data):
    """(number, wire type, value) of a message."""
    at = 0
    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
    while at < len(data):
        key = varint()
        kind = key & 7
        if kind == 0:
            value = varint()
        elif kind == 2:
            size = varint()
            value = data[at:at + size]
            at += size
        else:
            size = 8 if kind == 1 else 4
            value = data[at:at + size]
            at += size
        yield key >> 3, kind, value


def signed(value):
    return value - (1 << 64) if value >> 63 else value


def varints(kind, value):
    """A repeated integer field, packed or not."""
    if kind == 0:
        return [signed(value)]
    out, at = [], 0
    while at < len(value):
        number = shift = 0
        while True:
            byte = value[at]
            at += 1
            number |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        out.append(signed(number))
    return out


class Tensor:
    def __init__(self, element, shape, raw, name=""):
        self.element, self.shape, self.raw, self.name = element, tuple(shape), raw, name

    def values(self):
        return numbers(self.element, self.raw)


def numbers(element, raw):
    if element == "bf16":
        return [struct.unpack("<f", b"\0\0" + raw[i:i + 2])[0] for i in range(0, len(raw), 2)]
    code = {"f32": "f", "u8": "B", "i8": "b", "i16": "h", "i32": "i", "i64": "q", "bool": "?", "f16": "e", "f64": "d", "c64": "f", "c128": "d"}[element]
    out = list(struct.unpack(f"<{len(raw) // struct.calcsize(code)}{code}", raw))
    return [complex(a, b) for a, b in zip(out[::2], out[1::2])] if element[0] == "c" else out


def tensor(data):
    shape, kind, raw, name, ints, floats = [], 0, None, "", [], []
    for number, wire, value in fields(data):
        if number == 1:
            shape += varints(wire, value)
        elif number == 2:
            kind = value
        elif number == 8:
            name = value.decode()
        elif number == 9:
            raw = value
        elif number in (5, 7):
            ints += varints(wire, value)
        elif number == 4:
            floats += struct.unpack(f"<{len(value) // 4}f", value)
        elif number == 10:
            floats += struct.unpack(f"<{len(value) // 8}d", value)
    if kind not in ELEMENTS:
        raise Unsupported(f"elements of type {OTHERS.get(kind, kind)}")
    element = ELEMENTS[kind]
    if raw is None:
        if element in ("f16", "bf16"):
            raw = struct.pack(f"<{len(ints)}H", *ints)
        elif ints or element[0] in "iu" or element == "bool":
            code = {"u8": "B", "i8": "b", "i16": "h", "i32": "i", "i64": "q", "bool": "?"}[element]
            raw = struct.pack(f"<{len(ints)}{code}", *ints)
        else:
            raw = struct.pack(f"<{len(floats)}{'d' if element in ('f64', 'c128') else 'f'}", *floats)
    if len(raw) != BYTES[element] * math.prod(shape):
        raise Unsupported("a tensor of another form")
    return Tensor(element, shape, raw, name)


class Node:
    def __init__(self, data):
        self.inputs, self.outputs, self.op, self.attributes, self.domain = [], [], "", {}, ""
        for number, _, value in fields(data):
            if number == 1:
                self.inputs.append(value.decode())
            elif number == 2:
                self.outputs.append(value.decode())
            elif number == 4:
                self.op = value.decode()
            elif number == 7:
                self.domain = value.decode()
            elif number == 5:
                self.attribute(value)

    def attribute(self, data):
        name, single, many, kind = "", None, [], 0
        for number, wire, value in fields(data):
            if number == 1:
                name = value.decode()
            elif number == 20:
                kind = value
            elif number == 2:
                single = struct.unpack("<f", value)[0]
            elif number == 3:
                single = signed(value)
            elif number == 4:
                single = value.decode(errors="replace")
            elif number == 5:
                single = tensor(value)
            elif number == 6:
                raise Unsupported(f"{self.op}: a graph within")
            elif number == 7:
                many += struct.unpack(f"<{len(value) // 4}f", value)
            elif number == 8:
                many += varints(wire, value)
            elif number == 9:
                many.append(value.decode())
        self.attributes[name] = many if kind in (6, 7, 8) else single

    def get(self, name, default=None):
        return self.attributes.get(name, default)


class Graph:
    """Nodes, the names of inputs and outputs, constants by name."""

    def __init__(self, model):
        self.nodes, self.constants, self.inputs, self.outputs, self.version = [], {}, [], [], 0
        graph = next(value for number, _, value in fields(model) if number == 7)
        for number, _, value in fields(model):
            if number == 8:
                opset = {n: v for n, _, v in fields(value)}
                if not opset.get(1):
                    self.version = opset.get(2, 0)
        for number, _, value in fields(graph):
            if number == 1:
                self.nodes.append(Node(value))
            elif number == 5:
                constant = tensor(value)
                self.constants[constant.name] = constant
            elif number in (11, 12):
                facts = {n: v for n, _, v in fields(value)}
                if 1 not in {n for n, _, _ in fields(facts.get(2, b""))}:
                    raise Unsupported("a sequence or an optional value")
                (self.inputs if number == 11 else self.outputs).append(facts[1].decode())
