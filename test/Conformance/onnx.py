#!/usr/bin/env python3
"""ONNX's node tests through tdslc: each operator as a TDS program, its results compared with the recorded ones.

  onnx.py FOLDER                 the folder of the tests (Debian: libonnx-testdata, /usr/share/libonnx-testdata/data/node)
  onnx.py FOLDER --only conv     those whose name contains it, with what went wrong
  onnx.py FOLDER --report FILE   also writes the table of operators

The programs come from operators.py, from a model's attributes and the types of its inputs, never from the expected results.
Passed: every result is within ONNX's own bound (relative 1e-3, absolute 1e-7; 1e-2 for 16 bits). Refused: no entry, or elements that TDS
lacks, or tdslc says that it is not there. Wrong is everything else, crashes too, and fails."""
import argparse
import collections
import concurrent.futures
import glob
import json
import math
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from model import BYTES, Graph, Tensor, Unsupported, numbers, tensor  # noqa: E402
from operators import REFUSED, TABLE, V, folded, literal  # noqa: E402

NAMES = {"bool": "BOOL", "i8": "I8", "u8": "U8", "i16": "I16", "i32": "I32", "i64": "I64", "f16": "F16", "bf16": "BF16", "f32": "F32", "f64": "F64", "c64": "C64"}

# Results that do not follow from the model that they are recorded for.
RECORDED = {"test_adam_multiple": "recorded with an epsilon of 0.01, which the model does not hold"}


def type_text(v):
    return v.element + (f"[{', '.join(map(str, v.shape))}]" if v.shape else "")


def program(graph, inputs):
    """The def and the results' types; small inputs are known by their numbers as well."""
    values, lines = {}, []
    for name, constant in graph.constants.items():
        values[name] = literal(constant)
    parameters = []
    for k, (name, given) in enumerate(zip([n for n in graph.inputs if n not in graph.constants], inputs)):
        small = given.values() if math.prod(given.shape) <= 64 and given.element[0] != "c" else None
        values[name] = V(f"x{k}", given.element, given.shape, small)
        parameters.append(f"x{k}: {type_text(values[name])}")
    for node in graph.nodes:
        if node.op not in TABLE or node.domain not in ("", "ai.onnx", "ai.onnx.preview.training"):
            raise Unsupported(REFUSED.get(node.op, f"no entry for {node.op}"))
        node.version = graph.version
        args = [values[n] if n else None for n in node.inputs]
        made = TABLE[node.op](node, *args)
        made = made if isinstance(made, list) else [made]
        for name, value in zip(node.outputs, made):
            if name:
                lines.append(f"  v{len(lines)} = {value.text}")
                values[name] = V(f"v{len(lines) - 1}", value.element, value.shape, folded(node, args, value))
        if any(n and n not in values for n in node.outputs):
            raise Unsupported("a result that the entry does not have")
    results = [values[n] for n in graph.outputs]
    body = "\n".join(lines)
    returned = results[0].text if len(results) == 1 else f"({', '.join(r.text for r in results)})"
    return f"def model({', '.join(parameters)}) {{\n{body}\n  {returned}\n}}\n", results


def safetensors(tensors):
    header, at = {}, 0
    for name, t in tensors.items():
        if t.element not in NAMES:
            raise Unsupported(f"a file of {t.element}")
        header[name] = {"dtype": NAMES[t.element], "shape": list(t.shape), "data_offsets": [at, at + len(t.raw)]}
        at += len(t.raw)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + b"".join(t.raw for t in tensors.values())


def read_safetensors(path):
    data = pathlib.Path(path).read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    elements = {v: k for k, v in NAMES.items()}
    return {name: Tensor(elements[facts["dtype"]], facts["shape"], data[8 + size:][slice(*facts["data_offsets"])])
            for name, facts in json.loads(data[8:8 + size]).items()}


def differs(got, want):
    if got.element != want.element or got.shape != want.shape:
        return f"is {type_text(got)}, expected {type_text(want)}"
    relative, absolute = (1e-2, 1e-2) if want.element in ("f16", "bf16") else (1e-3, 1e-7)
    for i, (a, b) in enumerate(zip(got.values(), want.values())):
        if a == b or (a != a and b != b):
            continue
        if isinstance(b, (bool, int)) or not abs(a - b) <= absolute + relative * abs(b):
            return f"element {i} is {a}, expected {b}"
    return None


def run(folder):
    """(operator, passed | refused | wrong, why)"""
    operator = "(unread)"
    try:
        graph = Graph((folder / "model.onnx").read_bytes())
        operator = graph.nodes[0].op if len(graph.nodes) == 1 else "(graphs of several)"
        if folder.name in RECORDED:
            raise Unsupported(RECORDED[folder.name])
        load = lambda kind: [tensor(pathlib.Path(p).read_bytes()) for p in sorted(glob.glob(str(folder / "test_data_set_0" / f"{kind}_*.pb")), key=lambda p: int(p.split("_")[-1][:-3]))]
        inputs, expected = load("input"), load("output")
        text, results = program(graph, inputs)
        data = safetensors({f"x{k}": t for k, t in enumerate(inputs)})
    except Unsupported as why:
        return operator, "refused", str(why)
    calls = ", ".join(f"y{k}" for k in range(len(results)))
    args = ", ".join(f"d.x{k}" for k in range(len(inputs)))
    saved = ", ".join(f"y{k}=y{k}" for k in range(len(results)))
    with tempfile.TemporaryDirectory() as work:
        script = text + ('d = load("in.safetensors")\n' if inputs else "") + f'{calls} = model({args})\nsave("out.safetensors", ({saved}))\n'
        (pathlib.Path(work) / "case.tds").write_text(script)
        (pathlib.Path(work) / "in.safetensors").write_bytes(data)
        try:
            done = subprocess.run([os.environ["TDSLC"], "run", "--no-cache", "--threads", "1", "case.tds"], cwd=work, capture_output=True, text=True, errors="replace", timeout=120)
        except subprocess.TimeoutExpired:
            return operator, "wrong", "it does not end\n" + script
        if done.returncode:
            said = done.stderr.strip()
            if done.returncode == 1 and ("is not there yet" in said or "not defined" in said):
                return operator, "refused", said.split("\n")[0]
            return operator, "wrong", f"exit status {done.returncode}\n{said[:1500]}\n{script}"
        got = read_safetensors(os.path.join(work, "out.safetensors"))
    for k, want in enumerate(expected):
        if f"y{k}" in got and (what := differs(got[f"y{k}"], want)):
            return operator, "wrong", f"result {k} {what}\n{script}"
    return operator, "passed", ""


def report(rows, path, when):
    table = collections.defaultdict(lambda: collections.Counter())
    reasons = collections.defaultdict(set)
    for _, (operator, outcome, why) in rows:
        table[operator][outcome] += 1
        if outcome == "refused":
            reasons[operator].add(why)
    counts = collections.Counter(outcome for _, (_, outcome, _) in rows)
    lines = ["# Conformance: ONNX's node tests", "",
             "Made by `test/Conformance/onnx.py` from the node tests of ONNX 1.12 (Debian's libonnx-testdata). Each operator is written as a TDS program by a",
             "table, from its attributes and the types of its inputs; the results are compared with the recorded ones within ONNX's own bound.", "",
             f"Of {len(rows)} cases {counts['passed']} pass ({100 * counts['passed'] / len(rows):.0f} %), {counts['refused']} are refused, {counts['wrong']} are wrong{when}.", "",
             "| operator | passed | refused | wrong | why refused |", "| --- | --- | --- | --- | --- |"]
    for operator in sorted(table):
        c = table[operator]
        lines.append(f"| {operator} | {c['passed']} | {c['refused']} | {c['wrong']} | {'; '.join(sorted(reasons[operator]))[:160]} |")
    pathlib.Path(path).write_text("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--report")
    parser.add_argument("--when", default="", help="date and commit, for the report")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    folders = [f for f in sorted(options.folder.iterdir()) if options.only in f.name and (f / "model.onnx").exists()]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        rows = list(zip(folders, pool.map(run, folders)))
    for folder, (_, outcome, why) in rows:
        if outcome == "wrong" or options.only:
            print(f"{outcome} {folder.name}: {why}", flush=True)
    counts = collections.Counter(outcome for _, (_, outcome, _) in rows)
    print(f"{len(rows)} cases: {counts['passed']} passed, {counts['refused']} refused, {counts['wrong']} wrong")
    if options.report:
        report(rows, options.report, f" ({options.when})" if options.when else "")
    return 1 if counts["wrong"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
