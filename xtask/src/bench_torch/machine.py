"""Prints what a measurement is made on, on one line: processor, memory, how busy it is, day, versions."""

import datetime
import os
import platform
import re
from pathlib import Path

import torch

model = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
processor = model[1] if model else platform.machine()
memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
print(
    f"{processor}, {len(os.sched_getaffinity(0))} logical cores, {memory:.0f} GiB, load average {os.getloadavg()[0]:.1f}",
    f"at the start; {datetime.date.today()};",
    f"Linux {platform.release()}, Python {platform.python_version()}, PyTorch {torch.__version__}",
)
