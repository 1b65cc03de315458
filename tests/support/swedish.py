"""Which words on a page are not the project's own: what Streamlit says in English shows among them."""

from __future__ import annotations

import ast
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path

from playwright.sync_api import Page

from visionsprat.settings import ROOT
from visionsprat.web import index_page

#: Words on the screen that stand in no text of ours: made up by the tests, or parts of addresses and files.
NAMED = {"pdf", "localhost", "http", "kod", "test", "example", "xlsx", "utf", "x"}
_NOTHING_BUT_TEXTS = ("formats.py", "messages.py")
_TAG = re.compile(r"<[^>]*>|{[{%#].*?[}%#]}", re.S)
_WORD = re.compile(r"[^\W\d_]+")
_LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`')
#: A comment in a script, or the name of something in an object: it is looked up, not shown.
_NOT_SHOWN = re.compile(r'^\s*//.*$|(?<=[{,])\s*"[^"\n]*"\s*:', re.M)
#: All that is read or read aloud. What people have written themselves is none of our words.
_SHOWN = """
    (attributes) => {
        const shown = (element) => element.checkVisibility() && !element.closest(".words, q, [translate=no]");
        const { title, documentElement: { lang } } = document;
        const found = lang === "sv" ? [title] : [title, `lang: ${lang}`];
        const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) {
            const { parentElement: parent, nodeValue: value } = texts.currentNode;
            const hidden = parent.closest("script, style, textarea");
            if (value.trim() && !hidden && shown(parent)) found.push(value);
        }
        for (const name of attributes)
            for (const each of document.querySelectorAll(`body [${name}]`))
                if (shown(each)) found.push(each.getAttribute(name));
        return found;
    }
"""
_ATTRIBUTES = [
    *("aria-label", "title", "placeholder", "alt"),
    *("aria-valuetext", "aria-roledescription", "aria-description"),
]


def foreign(page: Page, database: Path) -> list[str]:
    """What is shown or read aloud with a word in it that is neither ours nor a name in the database."""
    shown: list[str] = page.evaluate(_SHOWN, _ATTRIBUTES)
    strange = [text for text in dict.fromkeys(shown) if not words(text) <= our_words() | NAMED]
    known = our_words() | NAMED | (names(database) if strange else set())
    return [text for text in strange if not words(text) <= known]


def words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))


@cache
def our_words() -> frozenset[str]:
    """Every word of content/, the templates, and of what pages and scripts have between quotation marks."""
    package = ROOT / "visionsprat"
    templates = (package / "ui" / "templates").glob("*.html")
    scripts = (package / "ui" / "static").rglob("*.js")
    wording = [package / "wording" / name for name in _NOTHING_BUT_TEXTS]
    pages = [*(ROOT / "pages").glob("*.py"), *(package / "ui").rglob("*.py"), *wording]
    texts = [
        _TAG.sub(" ", index_page._NOT_FOUND),
        *(path.read_text(encoding="utf-8") for path in (ROOT / "content").rglob("*.md")),
        *(text for path in templates for text in _texts_of_template(path.read_text(encoding="utf-8"))),
        *(text for path in scripts for text in _literals_of_script(path)),
        *(text for path in pages for text in _texts_of_module(path)),
    ]
    return frozenset().union(*map(words, texts))


def names(database: Path) -> set[str]:
    """The words in names, addresses and groups of everybody with an account, and in the record about them."""
    with closing(sqlite3.connect(database)) as opened:
        found = opened.execute(
            "SELECT name || ' ' || email FROM accounts UNION SELECT name FROM groups"
            " UNION SELECT actor || ' ' || subject || ' ' || details FROM audit_log"
        ).fetchall()
    return set().union(*(words(text) for (text,) in found))


def _texts_of_template(template: str) -> Iterator[str]:
    """What stands between tags, in attributes that are read, and between quotation marks in braces."""
    yield _TAG.sub(" ", template)
    yield from re.findall(r'(?:aria-label|alt|title|data-[a-z]+)="([^"{]*)"', template)
    for braces in re.findall(r"{[{%].*?[}%]}", template, re.S):
        yield from filter(_is_shown, re.findall(r"'([^']*)'", braces))


def _literals_of_script(path: Path) -> Iterator[str]:
    script = _NOT_SHOWN.sub("", path.read_text(encoding="utf-8"))
    for quoted, template in _LITERAL.findall(script):
        text = _TAG.sub(" ", re.sub(r"\$\{.*?\}", " ", quoted or template))
        if _is_shown(text):
            yield text


def _texts_of_module(path: Path) -> Iterator[str]:
    """What a Python file has between quotation marks for the screen; those in wording/ have nothing else."""
    found = (_TAG.sub(" ", text) for text in _literals(ast.parse(path.read_text(encoding="utf-8"))))
    yield from found if path.name in _NOTHING_BUT_TEXTS else filter(_is_shown, found)


def _literals(tree: ast.AST) -> Iterator[str]:
    """All literals but for docstrings, what goes to the log and what is raised."""
    for node in ast.iter_child_nodes(tree):
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        logged = isinstance(node, ast.Call) and ast.unparse(node.func).startswith("_log.")
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif not (docstring or logged or isinstance(node, ast.Raise)):
            yield from _literals(node)


def _is_shown(text: str) -> bool:
    """Names of keys and classes are in lower case and have neither spaces nor letters like å."""
    return bool(re.search(r"[A-ZÅÄÖåäö]|\w \w|^ | $", text))
