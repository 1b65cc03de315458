"""Bundling: the browser's ES modules are joined into one script, and the stylesheet's parts into one sheet.

Each file would cost every first visit a request. Browsers run the modules of ui/static/scripts as they are,
too, and tests import single ones. Joined, a module is a function: its names are its own, and it returns what
it exports. Hence no two modules may import each other, and nothing exported is assigned to a second time.
"""

from __future__ import annotations

import re
from pathlib import Path

#: In the order of the cascade.
STYLES = (
    *("tokens", "streamlit", "first_words", "words", "controls", "marks"),
    *("path", "sign_in", "start", "editor", "reflections", "forms", "group", "administration"),
    *("narrow", "preferences", "print"),
)

_FROM = re.compile(
    r'^(?:import|export) (?:(?:\* as (?P<whole>\w+)|\{(?P<names>[^}]*)\}) from )?"(?P<path>\.[^"]+)";\n', re.M
)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const) (\w+))", re.M)
_INDENTATION = re.compile(r"^\s+", re.M)
_NOT_JOINED = re.compile(r"^(?:import|export)\b.*", re.M)


def joined_styles(folder: Path) -> str:
    """Without indentation: it stands in every page."""
    sheet = "\n".join((folder / f"{name}.css").read_text(encoding="utf-8") for name in STYLES)
    return _INDENTATION.sub("", sheet)


def joined_script(entry: Path) -> str:
    """The module `entry` and all that it imports, in the order in which a browser would run them."""
    joined: dict[Path, str] = {}
    _join(entry.resolve(), entry.resolve().parent, joined, ())
    return "\n".join(joined.values())


def _join(file: Path, root: Path, joined: dict[Path, str], importers: tuple[Path, ...]) -> None:
    if file in joined:
        return
    if file in importers:
        raise ValueError(f"{file} is imported by what it imports, {importers[-1]}.")
    code = file.read_text(encoding="utf-8")
    for found in _FROM.finditer(code):
        _join((file.parent / found["path"]).resolve(), root, joined, (*importers, file))
    joined[file] = _as_function(code, file, root)


def _as_function(code: str, file: Path, root: Path) -> str:
    exported = _EXPORT.findall(code)

    def assigned(found: re.Match[str]) -> str:
        source = _variable((file.parent / found["path"]).resolve(), root)
        if found[0].startswith("export"):
            exported.extend(f"{name.strip()}: {source}.{name.strip()}" for name in found["names"].split(","))
            return ""
        taken = found["whole"] or (found["names"] and f"{{{found['names'].replace(' as ', ': ')}}}")
        return f"const {taken} = {source};\n" if taken else ""

    body = _EXPORT.sub("", _FROM.sub(assigned, code))
    if other := _NOT_JOINED.search(body):
        raise ValueError(f"{file} imports or exports in a way that is not joined: {other[0]}")
    return f"const {_variable(file, root)} = (() => {{\n{body}return {{ {', '.join(exported)} }};\n}})();"


def _variable(file: Path, root: Path) -> str:
    return "$" + re.sub(r"\W", "_", file.relative_to(root).with_suffix("").as_posix())
