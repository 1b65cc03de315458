"""How well a colour stands out from another, and how well it must."""

from __future__ import annotations

SCHEMES = ("light", "dark")
#: WCAG 2.2: text (1.4.3), and what one must see to use it (1.4.11).
TEXT, CONTROL = 4.5, 3.0


def parts(colour: str) -> list[int]:
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]


def contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        shares = [part / 255 for part in parts(colour)]
        linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)
