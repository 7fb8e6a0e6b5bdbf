"""Compiles CUDA sources with the NVRTC that pip installed beside this Python; Linux.

    venv/bin/python nvrtc.py MAJOR < jobs.json > results.json

MAJOR is NVRTC's major version. A job is {"name", "source", "options"}: the name is what NVRTC calls the
source in its messages and in symbols. Each result, in the same order, is {"log", "ptx"}; without "ptx" the
compilation failed. For real architectures (sm_XX) NVRTC makes the cubin too, so assembling is tried as well.
"""

import ctypes
import json
import os
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def library(major: str) -> ctypes.CDLL:
    packages = Path(sysconfig.get_path("purelib")) / "nvidia"
    files = sorted(packages.glob(f"*/lib/libnvrtc.so.{major}"))
    if len(files) != 1:
        sys.exit(f"expected one libnvrtc.so.{major} below {packages}, found {len(files)}")
    return ctypes.CDLL(str(files[0]))


class Program:
    """One translation unit."""

    def __init__(self, nvrtc: ctypes.CDLL, job: dict) -> None:
        self.nvrtc = nvrtc
        self.handle = ctypes.c_void_p()
        source, name = job["source"].encode(), job["name"].encode()
        self.call("nvrtcCreateProgram", source, name, 0, None, None, made=True)

    def call(self, function: str, *arguments: object, made: bool = False) -> None:
        handle = ctypes.byref(self.handle) if made else self.handle
        status = getattr(self.nvrtc, function)(handle, *arguments)
        if status != 0:
            self.nvrtc.nvrtcGetErrorString.restype = ctypes.c_char_p
            raise RuntimeError(f"{function}: {self.nvrtc.nvrtcGetErrorString(status).decode()}")

    def text(self, what: str) -> str:
        """What nvrtcGet<what> gives: "ProgramLog" or "PTX"."""
        size = ctypes.c_size_t()
        self.call(f"nvrtcGet{what}Size", ctypes.byref(size))
        buffer = ctypes.create_string_buffer(size.value)
        self.call(f"nvrtcGet{what}", buffer)
        return buffer.value.decode()

    def compile(self, options: list[str]) -> dict[str, str]:
        encoded = (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
        try:
            self.call("nvrtcCompileProgram", len(options), encoded)
        except RuntimeError as error:
            return {"log": self.text("ProgramLog") or str(error)}
        return {"log": self.text("ProgramLog"), "ptx": self.text("PTX")}


def main() -> None:
    nvrtc = library(sys.argv[1])
    # ctypes lets other threads run during a call.
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads:
        jobs = json.load(sys.stdin)
        results = list(threads.map(lambda job: Program(nvrtc, job).compile(job["options"]), jobs))
    json.dump(results, sys.stdout)


main()
