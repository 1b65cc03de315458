"""The domain of Visionsprat: everything but the pages."""

import sys

# sqlite-utils loads pandas, which Streamlit brings along, to know the types of its columns. No table here has
# any: without it a process starts in two thirds of the time and has 65 MB more to spare.
if "pandas" not in sys.modules:
    sys.modules["pandas"] = None  # type: ignore[assignment]
    import sqlite_utils  # noqa: F401

    del sys.modules["pandas"]
