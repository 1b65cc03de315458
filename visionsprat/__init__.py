"""Visionsprat: everything but the scripts of its pages. ARCHITECTURE.md shows the rooms."""

import sys

#: The oldest Python that it runs with. The packages need it, and so do names that we use.
PYTHON = (3, 11)
if sys.version_info < PYTHON:
    wanted, here = (".".join(map(str, each)) for each in (PYTHON, sys.version_info[:2]))
    sys.exit(f"Visionsprat needs Python {wanted} or later; this is {here}. Make .venv anew with a newer one.")

# sqlite-utils loads pandas, which Streamlit brings along, to know the types of its columns. No table here has
# any: without it a process starts in two thirds of the time and has 65 MB more to spare.
if "pandas" not in sys.modules:
    sys.modules["pandas"] = None  # type: ignore[assignment]
    import sqlite_utils  # noqa: F401

    del sys.modules["pandas"]
