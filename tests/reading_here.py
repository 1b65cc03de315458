"""Ways to read staff lists that cost a test less: without a process for each, or with less time for one."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

import pytest

from visionsprat import staff_file, staff_reader


@contextmanager
def texts_read_here() -> Iterator[None]:
    """Text files are read in this process, for tests of what is made of many small ones. Workbooks never:
    a library in Rust that meets its bounds would end the tests."""
    output = staff_file._output

    def here(data: bytes, known: Collection[str], how: str) -> bytes | None:
        if data.startswith((staff_reader._ZIP, staff_reader._OLE)):
            return output(data, known, how)
        return b"".join(staff_reader.written(data, how, known))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staff_file, "_output", here)
        yield


@contextmanager
def hurried() -> Iterator[None]:
    """A reader has one second of the processor's time, for files that take all there is."""
    begin = staff_file._START.replace(
        "import main; main(", "import SECONDS, main; SECONDS |= dict.fromkeys(SECONDS, 1); main("
    )
    assert begin != staff_file._START
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staff_file, "_START", begin)
        yield
