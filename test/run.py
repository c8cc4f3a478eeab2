#!/usr/bin/env python3
"""Runs the unit tests, the lit tests and the checks of a finished build; `./dev test` is the way to call it.

Prints each failure with its output, and last, alone on its line, `N passed, N failed`. Exits with 1 if one failed or
none ran. Everything runs with TDSLC and TDS_BUILD in its environment, and TDS_LONG=1 under --long.
"""
import argparse
import concurrent.futures
import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import threading

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SUFFIXES = (".mlir", ".tds", ".test")  # of lit's tests, as in lit.cfg.py


class Results:
    """Counts passes and failures of all kinds, from several threads."""

    def __init__(self):
        self.lock = threading.Lock()
        self.passed = 0
        self.failed = []

    def succeed(self):
        with self.lock:
            self.passed += 1

    def fail(self, name, output=""):
        with self.lock:
            self.failed.append(name)
            print(f"FAILED {name}\n{output.rstrip()}\n", flush=True)


def execute(command, env, seconds):
    """Exit status and output of a command; 124 when it ran out of time."""
    try:
        done = subprocess.run(command, env=env, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", timeout=seconds)
        return done.returncode, done.stdout
    except subprocess.TimeoutExpired as expired:
        output = expired.stdout or b""
        return 124, output.decode(errors="replace") + f"\nstopped after {seconds} s"
    except OSError as error:
        return 127, str(error)


def run_unit(binary, name, env, seconds, results):
    """Runs a GoogleTest binary and counts its cases."""
    label = "Unit/" + os.path.basename(binary)
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.json")
        command = [binary, f"--gtest_output=json:{report}"]
        if name and name.lower() not in label.lower():
            command.append(f"--gtest_filter=*{name}*")
        status, output = execute(command, env, seconds)
        try:
            with open(report) as file:
                suites = json.load(file)["testsuites"]
        except (OSError, ValueError, KeyError):  # it crashed, and took its report along
            results.fail(label, f"{output}\nexit status {status}")
            return
    failed = 0
    for suite in suites:
        for case in suite["testsuite"]:
            if case["status"] != "RUN" or case["result"] == "SKIPPED":
                continue
            if "failures" in case:
                failed += 1
                messages = "\n".join(failure["failure"] for failure in case["failures"])
                results.fail(f"{label} {case['classname']}.{case['name']}", messages)
            else:
                results.succeed()
    if status != 0 and not failed:  # a sanitizer's report at exit
        results.fail(label, f"{output}\nexit status {status}")


def run_lit(build, name, env, seconds, results):
    """Runs every lit test under test/ and counts it."""
    if not any(glob.glob(os.path.join(ROOT, "test", "**", "*" + suffix), recursive=True) for suffix in SUFFIXES):
        return  # lit takes an empty suite for a mistake
    prefix = subprocess.run(["llvm-config-22", "--prefix"], capture_output=True, text=True, check=True).stdout.strip()
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.json")
        command = [os.path.join(prefix, "bin", "lit"), "-q", "--allow-empty-runs", "-j", str(os.cpu_count()), "-o", report]
        if name:
            command += ["--filter", re.escape(name)]
        status, output = execute(command + [os.path.join(build, "test")], env, seconds)
        try:
            with open(report) as file:
                tests = json.load(file)["tests"]
        except (OSError, ValueError, KeyError):
            if status != 0:
                results.fail("lit", f"{output}\nexit status {status}")
            return
    failed = 0
    for test in tests:
        if test["code"] in ("PASS", "XFAIL", "FLAKYPASS"):
            results.succeed()
        elif test["code"] not in ("UNSUPPORTED", "SKIPPED", "EXCLUDED"):
            failed += 1
            results.fail(f"{test['name']} ({test['code']})", test["output"])
    if status != 0 and not failed:
        results.fail("lit", f"{output}\nexit status {status}")


def run_check(script, env, seconds, results):
    """Runs a shell script under test/Checks, one test."""
    status, output = execute(["bash", script], env, seconds)
    if status == 0:
        results.succeed()
    else:
        results.fail(os.path.relpath(script, ROOT), f"{output}\nexit status {status}")


def main():
    parser = argparse.ArgumentParser(prog="./dev test", description="run the tests")
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--long", action="store_true", help="also the tests that take minutes")
    parser.add_argument("name", nargs="?", help="only tests whose name contains this")
    options = parser.parse_args()

    env = dict(os.environ, TDS_BUILD=options.build, TDSLC=os.path.join(options.build, "bin", "tdslc"))
    seconds = 600
    if options.long:
        env["TDS_LONG"] = "1"
        seconds = 7200
    matches = lambda text: not options.name or options.name.lower() in text.lower()

    results = Results()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(run_unit, binary, options.name, env, seconds, results)
                for binary in sorted(glob.glob(os.path.join(options.build, "bin", "unit", "*")))]
        jobs += [pool.submit(run_check, script, env, seconds, results)
                 for script in sorted(glob.glob(os.path.join(ROOT, "test", "Checks", "*.sh"))) if matches(script)]
        for job in jobs:
            job.result()
    run_lit(options.build, options.name, env, 2 * seconds, results)

    if not results.passed and not results.failed:
        print(f"no test matches {options.name}" if options.name else "there are no tests")
    elif results.failed:
        print("failed:", *results.failed, sep="\n  ")
    print(f"{results.passed} passed, {len(results.failed)} failed")
    return 0 if results.passed and not results.failed else 1


if __name__ == "__main__":
    sys.exit(main())
