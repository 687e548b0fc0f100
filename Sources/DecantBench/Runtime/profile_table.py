#!/usr/bin/env python3
"""The three costliest operators of each model of the suite, as the table of Decant.docc/Measuring.md.

  python profile_table.py --decant BINARY [--threads 1] [--only PATTERN ...]
"""
import argparse
import json
import os
import subprocess
import sys

import suite


def rate(entry):
    """What it gets done in a second: operations where they are counted, bytes besides."""
    per_second = 1e-6 / entry["ms"]
    moved = f"{entry['bytes'] * per_second:.1f} GB/s"
    return f"{entry['operations'] * per_second:.0f} GOP/s, {moved}" if entry["operations"] else moved


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--decant", default=os.environ.get("DECANT", ".build/release/decant"))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=[""])
    options = parser.parse_args()
    print("| model | ms | operator | share | does | of the ceiling |\n|---|---|---|---|---|---|")
    for case in suite.cases(options.decant):
        if not any(pattern in case.name for pattern in options.only):
            continue
        words = [options.decant, "bench", case.model, "--input", case.data, "--batch", case.batch, "--threads", options.threads,
                 "--profile", "--json", "--quiet", "--seconds", 1]
        done = subprocess.run(list(map(str, words)), capture_output=True, text=True)
        if done.returncode:
            print(f"| {case.name} | | {done.stderr.strip()[-80:]} | | | |", flush=True)
            continue
        found = json.loads(done.stdout)
        total = found["profiled_ms"]
        for index, entry in enumerate(found["operators"][:3]):
            name = (case.name, f"{total:.2f}") if index == 0 else ("", "")
            print(f"| {name[0]} | {name[1]} | {entry['operators']} ×{entry['calls']} | {entry['ms'] / total:.0%} | {rate(entry)} | "
                  f"{entry['share_of_ceiling']:.0%} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
