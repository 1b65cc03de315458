"""Ways to read staff lists that cost a test less: without a process for each, or with less time for one."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

import pytest

from visionsprat.staff import reader, table


@contextmanager
def texts_read_here() -> Iterator[None]:
    """Text files are read in this process, for tests of what is made of many small ones. Workbooks never:
    a library in Rust that meets its bounds would end the tests."""
    output = table._output

    def here(data: bytes, known: Collection[str], how: str) -> bytes | None:
        if data.startswith((reader._ZIP, reader._OLE)):
            return output(data, known, how)
        return b"".join(reader.written(data, how, known))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "_output", here)
        yield


@contextmanager
def hurried() -> Iterator[None]:
    """A reader has one second of the processor's time, for files that take all there is."""
    begin = table._START.replace(
        "import main; main(", "import SECONDS, main; SECONDS |= dict.fromkeys(SECONDS, 1); main("
    )
    assert begin != table._START
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "_START", begin)
        yield
