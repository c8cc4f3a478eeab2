#!/usr/bin/env python3
"""Scripts at a terminal (TDSLC): a pseudo-terminal shows what a person sees. Loops run for as long as they have to, by `time()`."""
import concurrent.futures
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import time

TDSLC = os.environ["TDSLC"]


class Run:
    """A script in a folder of its own, its standard error, or all it prints, at a terminal."""

    def __init__(self, folder, text, terminal="err", **options):
        self.folder = pathlib.Path(folder)
        (self.folder / "s.tds").write_text(text)
        # Whoever runs the tests in the background may have SIGINT ignored.
        options.setdefault("preexec_fn", lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        self.master, slave = pty.openpty()
        os.set_blocking(self.master, False)
        self.process = subprocess.Popen([TDSLC, "run", "s.tds"], cwd=folder, stdin=subprocess.DEVNULL,
                                        stdout=slave if terminal == "both" else subprocess.PIPE, stderr=slave, env={**os.environ, "TERM": "xterm", "XDG_CACHE_HOME": str(folder)}, **options)
        os.close(slave)
        self.seen = b""

    def read(self):
        ready, _, _ = select.select([self.master], [], [], 0.05)
        if ready:
            try:
                self.seen += os.read(self.master, 1 << 16)
            except OSError:  # the other end is closed
                pass

    def until(self, condition, seconds=60):
        end = time.monotonic() + seconds
        while not condition(self):
            self.read()
            if time.monotonic() > end:
                self.process.kill()
                raise AssertionError(f"waited in vain; the terminal shows {self.seen!r}")

    def finish(self):
        """Exit status, and what standard output got if it is no terminal."""
        self.until(lambda r: r.process.poll() is not None)
        for _ in range(3):
            self.read()
        os.close(self.master)
        return self.process.returncode, self.process.stdout.read().decode() if self.process.stdout else ""


def screen(data):
    """The lines that stay on a screen after what was written to it."""
    lines, column = [""], 0
    for part in re.findall(r"\r|\n|\x1b\[K|[^\r\n\x1b]+", data.decode()):
        if part == "\r":
            column = 0
        elif part == "\n":
            lines.append("")
            column = 0
        elif part == "\x1b[K":
            lines[-1] = lines[-1][:column]
        else:
            lines[-1] = lines[-1][:column].ljust(column) + part + lines[-1][column + len(part):]
            column += len(part)
    return [line for line in lines if line]


def check(condition, what):
    if not condition:
        raise AssertionError(what)


# The loop runs a given number of rounds, so that how much is left is known; each takes a while.
COUNTED = """
for i in 0..40 {
  start = time()
  while time() < start + 0.05 { x = 1 }
  if i % 13 == 0 { print("round {i}") }
}
"""


def progress(folder):
    run = Run(folder, COUNTED, terminal="both")
    status, _ = run.finish()
    shown = run.seen.decode()
    check(status == 0, f"ends with {status}: {shown}")
    check(re.search(r"\rline 2: round \d+/40, \d+  [\d.e+]+/s  \d s left\x1b\[K", shown), f"no progress: {shown!r}")
    check(screen(run.seen) == [f"round {i}" for i in (0, 13, 26, 39)], f"the screen is left with {screen(run.seen)}")


def silent(folder):
    (pathlib.Path(folder) / "s.tds").write_text(COUNTED)
    done = subprocess.run([TDSLC, "run", "s.tds"], cwd=folder, capture_output=True, text=True)
    check((done.returncode, done.stderr) == (0, ""), f"says {done.stderr!r} where nobody looks")
    check(done.stdout.splitlines() == [f"round {i}" for i in (0, 13, 26, 39)], done.stdout)


def brief(folder):
    run = Run(folder, "for i in 0..3 { print(i) }\n")
    status, printed = run.finish()
    check((status, printed, run.seen) == (0, "0\n1\n2\n", b""), f"{status} {printed!r} {run.seen!r}")


def interrupted(folder, text, place):
    """Ctrl-C once the script has printed; it ends with 130 and says where it was."""
    run = Run(folder, text)
    os.set_blocking(run.process.stdout.fileno(), False)
    run.until(lambda r: select.select([r.process.stdout], [], [], 0)[0])
    time.sleep(0.2)
    run.process.send_signal(signal.SIGINT)
    run.until(lambda r: r.process.poll() is not None, 20)
    status, _ = run.finish()
    check(status == 130, f"ends with {status}: {run.seen!r}")
    last = screen(run.seen)[-1]
    check(re.fullmatch(place, last), f"says {last!r}, expected {place}")


def in_a_loop(folder):
    interrupted(folder, "print(0)\nfor i in 0..1_000_000_000 {\n  x = i\n}\n", r"interrupted at s\.tds:[23], in round \d+ of 1000000000 of the loop in line 2")


def in_nested_loops(folder):
    text = "print(0)\nfor x in [1, 2] {\n  while true {\n    y = x\n  }\n}\n"
    interrupted(folder, text, r"interrupted at s\.tds:[345], in round 1 of 2 of the loop in line 2, round \d+ of the loop in line 3")


def in_a_def(folder):
    text = "def f(x: f32) {\n  while x < 1 { x = x * 0.5 }\n  x\n}\nprint(0)\nfor i in 0..3 {\n  print(f(0.5))\n}\n"
    interrupted(folder, text, r"interrupted at s\.tds:7, in round 1 of 3 of the loop in line 6")


def in_a_kernel(folder):
    text = "x = ones((4000, 4000))\nprint(0)\ny = sum[i, j, k](if x[i, j] < x[j, k] then 1 else 0)\nprint(y)\nwhile true { x = x * 2 }\n"
    interrupted(folder, text, r"interrupted at s\.tds:[345].*")


def ignored(folder):
    """Where Ctrl-C is ignored, as under nohup, it stays so."""
    run = Run(folder, "print(0)\nstart = time()\nwhile time() < start + 0.6 { x = 1 }\nprint(1)\n", preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    run.until(lambda r: select.select([r.process.stdout], [], [], 0)[0])
    run.process.send_signal(signal.SIGINT)
    check(run.finish() == (0, "0\n1\n"), f"{run.process.returncode} {run.seen!r}")


SAVE = """
x = zeros(1_000_000)
print(0)
for i in 0..1_000_000 {
  x = x + 1
  save("x.npy", x)
}
"""


def whole(path):
    """The number that all elements are."""
    data = path.read_bytes()
    length = struct.unpack("<H", data[8:10])[0]
    values = memoryview(data[10 + length:]).cast("f")
    check(len(values) == 1_000_000, f"{len(values)} elements")
    check(values[0] == values[-1] == values[500_000] and len(set(values[::997])) == 1, "a file of two rounds")
    return values[0]


def saved(folder, sign):
    run = Run(folder, SAVE)
    file = run.folder / "x.npy"
    run.until(lambda r: file.exists())
    for i in range(10):  # what a reader sees meanwhile is whole too
        whole(file)
        time.sleep(0.01 + 0.007 * i)
    run.process.send_signal(sign)
    run.until(lambda r: r.process.poll() is not None, 20)
    check(whole(file) > 0, "nothing was saved")
    if sign == signal.SIGINT:
        check(run.process.returncode == 130, f"ends with {run.process.returncode}")
        left = [p.name for p in run.folder.iterdir() if ".tmp" in p.name]
        check(not left, f"leaves {left}")
    run.finish()


def saved_interrupted(folder):
    saved(folder, signal.SIGINT)


def saved_killed(folder):
    saved(folder, signal.SIGKILL)


def main():
    tests = [progress, silent, brief, in_a_loop, in_nested_loops, in_a_def, in_a_kernel, ignored, saved_interrupted, saved_killed]

    def run(test):
        with tempfile.TemporaryDirectory() as folder:
            try:
                test(folder)
            except AssertionError as error:
                return f"{test.__name__}: {error}"

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        failures = [f for f in pool.map(run, [t for t in tests if not sys.argv[1:] or t.__name__ in sys.argv[1:]]) if f]
    print("\n".join(failures))
    return 1 if failures else 0


sys.exit(main())
