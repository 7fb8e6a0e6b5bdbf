"""Runs a program to its end and prints the most memory it held, in bytes, as Linux's kernel counted it.

A process of its own, without PyTorch: a child begins its count with what its parent held.
"""

import resource
import subprocess
import sys

status = subprocess.run(sys.argv[1:], check=False, stdout=subprocess.DEVNULL).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
sys.exit(status if status >= 0 else 128 - status)
