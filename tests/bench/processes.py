"""What a tree of processes has used, from /proc: processor time and resident memory."""
import os
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def fields(pid):
    """The fields of /proc/PID/stat behind the name; the first is the state."""
    text = Path(f"/proc/{pid}/stat").read_text()
    return text[text.rindex(")") + 2:].split()


def family(root):
    """A process and all below it: {pid: fields}."""
    children, known = {}, {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                known[int(name)] = fields(name)
            except OSError:             # it ended meanwhile
                continue
            children.setdefault(int(known[int(name)][1]), []).append(int(name))
    found, waiting = {}, [root]
    while waiting:
        pid = waiting.pop()
        if pid in known:
            found[pid] = known[pid]
            waiting += children.get(pid, [])
    return found


def cpu_seconds(root):
    """User and system time of the whole family, with that of children that are gone."""
    return sum(sum(map(int, values[11:15])) for values in family(root).values()) / TICK


def resident(root):
    """Bytes of resident memory of each process below the root (or of the root that has none)."""
    pids = [pid for pid in family(root) if pid != root] or [root]
    return [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE for pid in pids]


def ticks(cpu):
    """(in use or taken by the host, all) ticks of a processor since the machine started."""
    for line in Path("/proc/stat").read_text().splitlines():
        words = line.split()
        if words[0] == f"cpu{cpu}":
            spent = [int(word) for word in words[1:9]]
            return sum(spent) - spent[3] - spent[4], sum(spent)
    return 0, 0
