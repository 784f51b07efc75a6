"""How much memory do the processes of a gateway take, at the most?"""

from pathlib import Path


def family(pid: int) -> list[int]:
    """The process, and those that it started."""
    found = [pid]
    for one in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = one.read_text().rpartition(") ")[2].split()
        except OSError:  # it has just ended
            continue
        if int(after_name[1]) == pid:
            found.append(int(one.parent.name))
    return found


def peak_megabytes(pid: int) -> float:
    """The most it ever had; 0 if it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    held = next((line for line in lines if line.startswith("VmHWM:")), "VmHWM: 0 kB")
    return int(held.split()[1]) / 1024
