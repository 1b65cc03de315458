"""The browser's modules one by one, where they need no page; and how they are joined into one script."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.support.blank import BLANK, WRITTEN
from visionsprat.domain.text_rules import UnstorableCharacter, clean, is_blank
from visionsprat.web.bundle import joined_script
from visionsprat.web.static_files import ASSETS

SCRIPTS = ASSETS / "scripts"
#: Nothing is asked for there: all is answered from the folder.
ADDRESS = "http://localhost:9"
UNSTORABLE = ("\ud83d", "a\0b", "ö\ude42ö")
TEXTS = (*BLANK, *WRITTEN, *UNSTORABLE)

Call = Callable[..., Any]


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    page.route(f"{ADDRESS}/**", _answer)
    page.goto(f"{ADDRESS}/")
    yield page
    context.close()


def _answer(route: Route) -> None:
    file = SCRIPTS / route.request.url.removeprefix(f"{ADDRESS}/")
    if file.is_file():
        route.fulfill(body=file.read_bytes(), content_type="text/javascript")
    else:
        route.fulfill(body="<!doctype html>", content_type="text/html")


@pytest.fixture
def call(page: Page) -> Call:
    """What a function of a module answers, or a function with the module as its first argument."""

    def called(module: str, function: str, *arguments: Any) -> Any:
        asked = f"""async (given) => {{
            const module = await import("/{module}.js");
            const {{ {function if function.isidentifier() else "_"}: named }} = module;
            const call = named ?? (({function})(module));
            return call(...JSON.parse(given));
        }}"""
        return page.evaluate(asked, json.dumps(arguments))

    return called


# What a text is


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_a_text_is_to_the_browser_what_it_is_to_the_server(call: Call, text: str) -> None:
    assert call("text/rules", "isBlank", text) is is_blank(text)
    storable = call("text/rules", "storable", text)
    try:
        stored = clean(text)
    except UnstorableCharacter:
        assert storable != text
        stored = clean(storable)
    assert storable == text or len(storable) < len(text)
    assert call("text/rules", "nfc", storable) == stored
    assert call("text/rules", "length", storable) == len(stored)
    assert call("text/rules", "same", storable, stored)


def test_what_is_much_too_long_is_not_counted_letter_by_letter(call: Call) -> None:
    assert call("text/rules", "length", "🙂" * 20_001) == 20_001
    assert call("text/rules", "length", "🙂" * 100_000) == 200_000


@pytest.mark.parametrize(
    ("text", "before", "is_left"),
    [
        ("", "abc", True),
        ("ac", "abc", True),
        ("ab", "abc", True),
        ("bc", "abc", True),
        ("abc", "abc", True),
        ("aa", "aaa", True),
        ("abcd", "abc", False),
        ("ca", "abc", False),
        ("axc", "abc", False),
    ],
)
def test_what_is_left_of_a_text_lacks_one_passage_of_it(
    call: Call, text: str, before: str, is_left: bool
) -> None:
    assert call("text/rules", "isLeftOf", text, before) is is_left
    assert call("text/rules", "contains", before, text) is is_left


# What differs


def marked(pieces: list[tuple[str, bool]]) -> str:
    return "".join(f"[{text}]" if differs else text for text, differs in pieces)


@pytest.mark.parametrize(
    ("one", "other", "first", "second"),
    [
        ("", "", "", ""),
        ("Samma text.", "Samma text.", "Samma text.", "Samma text."),
        ("", "Ny.", "", "[Ny.]"),
        ("Vi ses i morgon.", "Vi ses på måndag.", "Vi ses [i] [morgon].", "Vi ses [på] [måndag]."),
        ("ett två tre", "ett tre", "ett [två ]tre", "ett tre"),
        ("a b a b", "b a b", "[a ]b a b", "b a b"),
        ("Cafe\u0301", "Caf\u00e9", "Caf\u00e9", "Caf\u00e9"),
        ("slut!", "slut?", "slut[!]", "slut[?]"),
    ],
)
def test_words_that_differ_are_marked(call: Call, one: str, other: str, first: str, second: str) -> None:
    assert [marked(pieces) for pieces in call("text/difference", "compare", one, other)] == [first, second]


def test_of_two_long_texts_all_between_their_ends_differs(call: Call) -> None:
    """Word by word the comparison would take the browser too long."""
    one, other = (f"Först {' '.join(word for _ in range(1500))} sist" for word in ("ett", "två"))
    middle = [text.removeprefix("Först ").removesuffix(" sist") for text in (one, other)]
    expected = [[["Först ", False], [text, True], [" sist", False]] for text in middle]
    assert call("text/difference", "compare", one, other) == expected


# Drafts


def test_drafts_are_sent_in_the_order_they_were_written(call: Call) -> None:
    """One of an earlier version does not say when: it is older."""
    times = ["2026-03-02T08:00:00.000Z", None, "2026-03-01T23:59:59.999Z", "2026-03-01T08:00:00.000Z"]
    found = [{"content": {"written_at": time}} for time in times]
    assert [each["content"]["written_at"] for each in call("saving/drafts", "oldestFirst", found)] == [
        *(None, "2026-03-01T08:00:00.000Z", "2026-03-01T23:59:59.999Z", "2026-03-02T08:00:00.000Z"),
    ]


def test_what_leaves_with_a_page_takes_along_what_there_is_room_for(call: Call) -> None:
    """Browsers send 64 KiB, in UTF-8: first the text, then of those sent before the likeliest ones."""
    before = ["ä" * 10_000, "ö" * 10_000]
    for text, there_is_room_for in (("kort", before), ("å" * 20_000, before[:1]), ("🙂" * 20_000, [])):
        sent = {"text": text, "unanswered": before}
        fitted = json.loads(call("saving/post", "fitted", sent))
        assert fitted == {"text": text, "unanswered": there_is_room_for}


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_the_browser_reckons_the_same_sum_of_a_text_as_the_server(call: Call, text: str) -> None:
    assert call("saving/answers", "crc32", text) == zlib.crc32(text.encode("utf-16-le", "surrogatepass"))


# Joined


def joined(folder: Path, **modules: str) -> str:
    for name, code in modules.items():
        (folder / f"{name}.js").write_text(code, encoding="utf-8")
    return joined_script(folder / "main.js")


def test_joined_modules_run_as_they_would_alone(page: Page, tmp_path: Path) -> None:
    """Each once, before the first that needs it; what one doesn't export is nobody else's."""
    script = joined(
        tmp_path,
        main=(
            'import "./first.js";\nimport { double as twice, list } from "./list.js";\n'
            'import * as all from "./all.js";\nlist.push(twice(2), all.double(3), typeof secret);\n'
            "window.seen = list;\n"
        ),
        first='import { list } from "./list.js";\n\nconst secret = "first";\nlist.push(secret);\n',
        list=(
            'const secret = "list";\nexport const list = [secret];\n'
            "export function double(number) {\n  return 2 * number;\n}\n"
            "export class Unused {}\nexport async function later() {}\n"
        ),
        all='export { double } from "./list.js";\n',
    )
    seen = page.evaluate(f"() => {{ {script}\n return window.seen; }}")
    assert seen == ["list", "first", 4, 6, "undefined"]


@pytest.mark.parametrize(
    "code",
    [
        *("export default 1;", "export let changing = 1;", "export { main };"),
        *('import main from "./other.js";', 'import { main } from "elsewhere";'),
    ],
)
def test_what_can_not_be_joined_is_told(tmp_path: Path, code: str) -> None:
    with pytest.raises(ValueError, match="not joined"):
        joined(tmp_path, main=f"{code}\n")


def test_modules_that_import_each_other_are_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is imported by what it imports"):
        joined(tmp_path, main='import "./other.js";\n', other='import "./main.js";\n')


def test_every_module_is_in_the_one_script() -> None:
    script = joined_script(SCRIPTS / "main.js")
    for file in SCRIPTS.rglob("*.js"):
        assert f"const ${file.relative_to(SCRIPTS).with_suffix('').as_posix().replace('/', '_')} = " in script
