"""Texts that are blank and texts that are not: the rule stands in Python, in the browser and in SQL."""

from __future__ import annotations

BLANK = (
    *(
        "",
        " ",
        " \n\t",
        "\n\r\n\t",
        "\u200b\u2060",
        "\u00a0\u2028",
        "\u0007",
        "\x01",
        "\ufeff",
        "\u2003",
        "\u00ad",
    ),
    *("\u00a0\u2003\u3000", "\u200b\ufeff\u2060"),
)
WRITTEN = (
    *("a", " a ", "e\u0301", "\u00e9", "Å\u030a", "!", "~", "À", "ɏ", "-", "1", "\u0301"),
    *("🙂", "👩‍👩‍👧", "עברית", "x" * 1000, "\u200bx", "ß", "中文", ".", " å ", "\u200b-\u200b", "0", "?\n"),
)
