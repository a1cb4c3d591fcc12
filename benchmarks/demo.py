"""Time and peak memory of the main job on the default cohort, and what the clock reaches.

Run from a checkout after installation: ``python benchmarks/demo.py``. Memory is the largest sum of
the resident sets (proportional, so that shared pages count once) of the command and its children.
"""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil


def proportional_gb(process: psutil.Process) -> float:
    total = 0
    for member in [process, *process.children(recursive=True)]:
        try:
            total += member.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue  # it ended between listing and asking
    return total / 1e9


def main() -> None:
    out = Path("results/benchmark")
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-m", "skinage", "run", "--out", str(out), *sys.argv[1:]]
    start, peak = time.monotonic(), 0.0
    child = subprocess.Popen(command)
    while child.poll() is None:
        peak = max(peak, proportional_gb(psutil.Process(child.pid)))
        time.sleep(1)
    seconds = time.monotonic() - start
    metrics = json.loads((out / "metrics.json").read_text())
    importing = []
    for _ in range(5):
        start = time.monotonic()
        subprocess.run([sys.executable, "-c", "import skinage"], check=True)
        importing.append(time.monotonic() - start)
    start = time.monotonic()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    bare = time.monotonic() - start
    print(f"| main job | {seconds / 60:.1f} min | {peak:.1f} GB |")
    print(f"| import skinage, beyond a bare Python | {min(importing) - bare:.3f} s | |")
    for name in sorted(metrics):
        print(f"| {name} | {metrics[name]} | |")


if __name__ == "__main__":
    main()
