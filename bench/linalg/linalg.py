"""Linear algebra and Fourier transforms beside NumPy: a row a case, milliseconds a call, the least of many.

TDSLC and THREADS in the environment; NumPy's OpenBLAS gets as many threads (its transforms have one)."""
import os
import subprocess
import tempfile
import time

THREADS = os.environ.get("THREADS", "1")
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = THREADS
import numpy  # noqa: E402

# name, shapes, TDS, NumPy; a is diagonally dominant and symmetric where it is given to cholesky
CASES = [(f"solve, {m} of {n} x {n}, {k} right side{'s' if k > 1 else ''}, f64", "f64", {"a": (m, n, n), "b": (m, n, k)}, "solve(a, b)", numpy.linalg.solve)
         for m, n, k in ((10000, 4, 1), (500, 32, 1), (100, 100, 1), (1, 1000, 1), (1, 1000, 1000))]
CASES += [(f"cholesky, {m} of {n} x {n}, f64", "f64", {"a": (m, n, n)}, "cholesky(a)", numpy.linalg.cholesky)
          for m, n in ((10000, 4), (100, 100), (1, 1000))]
CASES += [(f"{name}, {m} of {n}, {element}", element, {"x": (m, n)}, f"{name}(x)", getattr(numpy.fft, name))
          for name, element, m, n in (("fft", "f32", 1000, 64), ("fft", "f32", 1000, 1000), ("rfft", "f64", 1000, 1024), ("fft", "f64", 1, 1000003), ("rfft", "f32", 1, 1 << 20))]


def least(call):
    call()
    begin, best = time.perf_counter(), float("inf")
    while time.perf_counter() - begin < 1:
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best * 1000


def tds(element, arrays, text, rounds):
    with tempfile.TemporaryDirectory() as work:
        for name, array in arrays.items():
            numpy.save(os.path.join(work, name), array)
        parameters = ", ".join(f"{name}: {element}{list(array.shape)}" for name, array in arrays.items())
        names = ", ".join(arrays)
        script = f"def f({parameters}) = {text}\n" + "".join(f'{name} = load("{name}.npy")\n' for name in arrays)
        script += f"y = f({names})\nbest = f64(1e9)\nfor i in 0..{rounds} {{\n  begin = time()\n  y = f({names})\n  best = minimum(best, time() - begin)\n}}\nprint(best * 1000)\n"
        with open(os.path.join(work, "case.tds"), "w") as file:
            file.write(script)
        done = subprocess.run([os.environ["TDSLC"], "run", "--threads", THREADS, "case.tds"], cwd=work, capture_output=True, text=True, check=True)
        return float(done.stdout)


print(f"| case, {THREADS} thread(s) | tds, ms | NumPy {numpy.__version__}, ms | ratio |\n| --- | --- | --- | --- |")
for name, element, shapes, text, call in CASES:
    rng = numpy.random.default_rng(0)
    arrays = {key: rng.standard_normal(shape).astype({"f32": "f4", "f64": "f8"}[element]) for key, shape in shapes.items()}
    if "a" in arrays:
        a = arrays["a"]
        arrays["a"] = (a + a.swapaxes(1, 2)) / 2 + 2 * a.shape[1] * numpy.eye(a.shape[1])
    theirs = least(lambda: call(*arrays.values()))
    ours = tds(element, arrays, text, max(5, int(1000 / theirs)))
    print(f"| {name} | {ours:.3g} | {theirs:.3g} | {ours / theirs:.2f} |", flush=True)
