"""Lapwing, with its records on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import urllib.request
from pathlib import Path

from .processes import Process, free_port
from .proxy import Proxy

#: Set from the command line's --lapwing.
binary: str | None = None


def find_lapwing() -> str | None:
    """The binary that --lapwing or `LAPWING_BIN` names, that this repository's release build made, or on the path."""
    if binary or os.environ.get("LAPWING_BIN"):
        return binary or os.environ["LAPWING_BIN"]
    built = Path(__file__).resolve().parents[3] / ".build" / "release" / "lapwing"
    return str(built) if built.exists() else shutil.which("lapwing")


class Lapwing(Proxy):
    name = "lapwing"

    @classmethod
    def missing(cls) -> str | None:
        return None if find_lapwing() else "there is no lapwing binary; build one, or name it with --lapwing"
