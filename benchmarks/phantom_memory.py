"""Claim: making a phantom takes the same memory however many people it has.

Makes two cohorts, of 10 and of 60 people, each in a process of its own, and samples the memory of
that process and its workers: the resident set, and the proportional set, which counts pages that
processes share only once.

    python benchmarks/phantom_memory.py [n_workers]
"""

import subprocess
import sys
import tempfile
import time

import psutil

N_PEOPLE = (10, 60)
# A slide of six pieces takes more memory than one of a single piece: with this seed the largest
# slide of the sixty people is among those of the first ten.
SEED = 33
CODE = "import sys; from skinage.phantom import make_cohort\n"
CODE += f"make_cohort(sys.argv[1], int(sys.argv[2]), seed={SEED}, n_workers=int(sys.argv[3]))"


def main(n_workers: int) -> None:
    print(f"{n_workers} workers\n{'people':>7}{'resident, MB':>14}{'proportional, MB':>18}{'s':>7}")
    peaks = []
    for n_people in N_PEOPLE:
        with tempfile.TemporaryDirectory() as folder:
            start = time.monotonic()
            peaks.append(peak_mb(folder, n_people, n_workers))
            seconds = time.monotonic() - start
        print(f"{n_people:>7}{peaks[-1][0]:>14.0f}{peaks[-1][1]:>18.0f}{seconds:>7.0f}")
    few, many = peaks
    print(f"{'ratio':>7}{many[0] / few[0]:>14.2f}{many[1] / few[1]:>18.2f}")


def peak_mb(folder: str, n_people: int, n_workers: int) -> tuple[float, float]:
    """Peak over time of the sum over the process and its workers."""
    arguments = [folder, str(n_people), str(n_workers)]
    making = subprocess.Popen([sys.executable, "-c", CODE, *arguments], stderr=subprocess.DEVNULL)
    resident = proportional = 0.0
    while making.poll() is None:
        now = [memory_mb(member) for member in family(making.pid)]
        resident = max(resident, sum(rss for rss, _ in now))
        proportional = max(proportional, sum(pss for _, pss in now))
        time.sleep(0.1)
    if making.returncode:
        raise SystemExit(f"making a cohort of {n_people} failed with {making.returncode}")
    return resident, proportional


def family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def memory_mb(process: psutil.Process) -> tuple[float, float]:
    try:
        memory = process.memory_full_info()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return 0.0, 0.0  # it ended between listing and asking
    return memory.rss / 1e6, memory.pss / 1e6


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
