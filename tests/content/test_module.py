"""content/ holds the deck's words, all of them and no others; a fault in it is told with file and line."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from visionsprat.content.module import ContentError, Module, Theme, load_module
from visionsprat.errors import VisionspratError
from visionsprat.settings import ROOT

CONTENT = ROOT / "content"
DECK = ROOT / "tests" / "fixtures" / "deck.txt"
THEME_IDS = ["skapande", "pulserande", "gemensamma", "globala", "balanserade"]


@pytest.fixture(scope="module")
def module() -> Module:
    return load_module(CONTENT)


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """A copy of content/ to break."""
    return Path(shutil.copytree(CONTENT, tmp_path / "content"))


# The deck, word for word


def mended(text: str) -> str:
    """The deck's words without the traces of its layout.

    A hyphen at the very end of a line was put there by the layout ("uppmärk-\\nsammad") and goes; one
    with spaces after it is the author's ("miljö-  \\noch energisatsningar") and stays. Line breaks and
    runs of spaces become one space, and none is left before a comma.
    """
    whole = re.sub(r"(?<=\w)-\n(?=\w)", "", text)
    return " ".join(whole.split()).replace(" ,", ",")


def deck_slides() -> list[str]:
    return DECK.read_text(encoding="utf-8").strip("\n").split("\n\n\n\n")


def paragraphs(slide: str) -> list[str]:
    return [mended(paragraph) for paragraph in slide.strip("\n").split("\n\n")]


def theme_slides(theme: Theme) -> tuple[str, str]:
    """The theme's two slides: the one with its text and the one with its questions."""
    first = 4 + 2 * (theme.order - 1)
    text, questions = deck_slides()[first : first + 2]
    return text, questions


def lock_up(theme: Theme) -> str:
    """DEN skapande STADEN, as the deck sets the title in large letters."""
    first, word, last = theme.title.split()
    return f"{first.upper()} {word} {last.upper()}"


def test_the_deck_has_four_slides_before_the_themes_and_two_for_each_theme(module: Module) -> None:
    assert len(deck_slides()) == 4 + 2 * len(module.themes)


def test_the_first_slide_is_the_name_that_the_welcome_carries(module: Module) -> None:
    assert mended(deck_slides()[0]) == "Visionsprat" == module.welcome.title.split()[-1]


def test_the_welcome_is_the_decks_word_for_word(module: Module) -> None:
    title, text = deck_slides()[1].split("\n", 1)
    assert module.welcome.title == mended(title)
    assert module.welcome.body.split("\n\n") == paragraphs(text)
    assert len(paragraphs(text)) == 3


def test_the_vision_is_the_decks_word_for_word(module: Module) -> None:
    title, text = deck_slides()[3].split("\n", 1)
    assert module.vision.sentence == mended(deck_slides()[2])
    assert module.vision.title == mended(title)
    assert module.vision.body.split("\n\n") == paragraphs(text)
    assert len(paragraphs(text)) == 4


def test_the_themes_come_in_the_decks_order(module: Module) -> None:
    assert [theme.id for theme in module.themes] == THEME_IDS
    assert [theme.order for theme in module.themes] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("theme_id", THEME_IDS)
def test_a_themes_text_is_the_decks_word_for_word(module: Module, theme_id: str) -> None:
    theme = module.theme(theme_id)
    slide, _ = theme_slides(theme)
    body = " ".join(theme.body.split())
    # The first theme has its title above the text, the others have it below.
    assert mended(slide) in (f"{lock_up(theme)} {body}", f"{body} {lock_up(theme)}")


@pytest.mark.parametrize("theme_id", THEME_IDS)
def test_a_theme_has_the_decks_three_paragraphs(module: Module, theme_id: str) -> None:
    theme = module.theme(theme_id)
    slide, _ = theme_slides(theme)
    without_title = re.sub(r"DEN \n\w+ \nSTADEN\n?", "", slide)
    assert theme.body.split("\n\n") == paragraphs(without_title)
    assert len(paragraphs(without_title)) == 3


@pytest.mark.parametrize("theme_id", THEME_IDS)
def test_a_themes_title_and_questions_are_the_decks_word_for_word(module: Module, theme_id: str) -> None:
    theme = module.theme(theme_id)
    _, slide = theme_slides(theme)
    assert mended(slide) == " • ".join([theme.title, *(question.text for question in theme.questions)])
    assert [question.id for question in theme.questions] == [f"{theme_id}/innebar", f"{theme_id}/gora"]


def test_the_author_s_hyphens_stay_and_the_layouts_go(module: Module) -> None:
    assert "idrotts- och föreningsliv" in module.theme("pulserande").body
    assert "miljö- och energisatsningar" in module.theme("balanserade").body
    assert "uppmärksammad arkitektur" in module.theme("gemensamma").body


def test_no_words_of_ours_are_added_to_the_decks(module: Module) -> None:
    assert [theme.reading_hint for theme in module.themes] == [None] * 5
    files = sorted(path.relative_to(CONTENT).as_posix() for path in CONTENT.rglob("*.md"))
    deck = {"welcome.md", "vision.md", *(f"themes/{theme_id}.md" for theme_id in THEME_IDS)}
    assert files == sorted(deck | {"tillganglighet.md", "personuppgifter.md"})


# The module


def test_questions_are_found_by_their_id_and_listed_in_order(module: Module) -> None:
    assert [question.id for question in module.questions] == [
        f"{theme_id}/{name}" for theme_id in THEME_IDS for name in ("innebar", "gora")
    ]
    for question in module.questions:
        assert module.question(question.id) is question


@pytest.mark.parametrize("unknown", ["", "innebar", "skapande/", "skapande/annat"])
def test_an_unknown_theme_or_question_is_a_key_error(module: Module, unknown: str) -> None:
    with pytest.raises(KeyError):
        module.question(unknown)
    with pytest.raises(KeyError):
        module.theme(unknown)


def test_a_sixth_theme_is_a_file_and_nothing_more(content: Path) -> None:
    (content / "themes" / "a-last-theme.md").write_text(
        "---\nid: lekfulla\norder: 6\ntitle: Den lekfulla staden\nreading_hint: Läs högt\n"
        'questions:\n- id: innebar\n  text: Vad?\n- {id: gora, text: "Hur?"}\n- id: nar\n  text: När?\n'
        "---\nLek.\n",
        encoding="utf-8",
    )
    module = load_module(content)
    assert [theme.id for theme in module.themes] == [*THEME_IDS, "lekfulla"]
    sixth = module.theme("lekfulla")
    assert (sixth.title, sixth.body, sixth.accent, sixth.reading_hint) == (
        "Den lekfulla staden",
        "Lek.",
        None,
        "Läs högt",
    )
    assert module.question("lekfulla/nar").text == "När?"
    assert len(module.questions) == 13


def test_themes_stand_in_the_order_that_they_say_and_not_by_file_name(content: Path) -> None:
    for name, order in (("skapande", 50), ("balanserade", -1)):
        path = content / "themes" / f"{name}.md"
        path.write_text(re.sub(r"order: \d", f"order: {order}", path.read_text("utf-8")), encoding="utf-8")
    ids = [theme.id for theme in load_module(content).themes]
    assert ids == ["balanserade", "pulserande", "gemensamma", "globala", "skapande"]


def test_other_editors_and_systems_make_no_difference(content: Path, module: Module) -> None:
    """A byte order mark, Windows' line ends, and letters in two parts as a Mac may write them."""
    path = content / "themes" / "skapande.md"
    text = path.read_text("utf-8").replace("ä", "a\u0308").replace("ö", "o\u0308").replace("å", "a\u030a")
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert load_module(content) == module


def test_hidden_files_and_other_files_are_no_themes(content: Path, module: Module) -> None:
    for name in (".#skapande.md", "._pulserande.md", "skapande.md~", "notes.txt", "old/extra.md"):
        path = content / "themes" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"\x00\xff")
    assert load_module(content) == module


def test_a_value_is_the_words_that_were_typed(content: Path) -> None:
    path = content / "welcome.md"
    for title in ("2035", "Nej", "2035-13-45", "1:30"):
        path.write_text(f"---\ntitle: {title}\n---\nHej\n\n---\n\ndå\n", encoding="utf-8")
        assert load_module(content).welcome.title == title
    assert load_module(content).welcome.body == "Hej\n\n---\n\ndå"


# Faults: in a file, a text is replaced with another; the message then begins with the last text.

SKAPANDE = "themes/skapande.md"
GORA = "text: Vad kan vi göra för att gå i riktning mot att bli ”Den skapande staden”?"
QUESTION_KEYS = "Use only id, text."
THEME_KEYS = "Use only accent, id, order, questions, reading_hint, title."

ACCENT = '{light: "#b3470a", dark: "#ffb27a"}'

FAULTS = {
    "unknown key": (SKAPANDE, "title:", "titel:", "line 4: unknown key 'titel'. " + THEME_KEYS),
    "unknown key in vision": (
        "vision.md",
        "sentence:",
        "order: 1\nsentence:",
        "line 3: unknown key 'order'. Use only sentence, title.",
    ),
    "unknown key in question": (
        SKAPANDE,
        GORA,
        f"{GORA}\n    hint: x",
        "line 11: unknown key 'hint'. " + QUESTION_KEYS,
    ),
    "unknown key in accent": (
        SKAPANDE,
        "dark:",
        "drak:",
        "line 5: unknown key 'drak'. Use only dark, light.",
    ),
    "body as a key": (SKAPANDE, "order: 1", "order: 1\nbody: x", "line 4: unknown key 'body'. " + THEME_KEYS),
    "missing title": (
        "welcome.md",
        "title: Välkommen till Visionsprat",
        "",
        "line 1: key 'title' is missing. Write text.",
    ),
    "missing sentence": ("vision.md", "sentence: ", "# ", "line 2: key 'sentence' is missing. Write text."),
    "missing id": (SKAPANDE, "id: skapande\n", "", "line 2: key 'id' is missing. Write small"),
    "missing order": (SKAPANDE, "order: 1\n", "", "line 2: key 'order' is missing. Write a whole"),
    "missing question text": (SKAPANDE, GORA, "", "line 9: key 'text' is missing. Write text."),
    "missing question id": (SKAPANDE, "id: gora\n    ", "", "line 9: key 'id' is missing."),
    "missing dark": (SKAPANDE, ', dark: "#ffb27a"', "", "line 5: key 'dark' is missing. Write a colour"),
    "doubled key": (
        SKAPANDE,
        "order: 1",
        "order: 1\nid: annat",
        "line 4: key 'id' is on line 2 already. Keep",
    ),
    "doubled key in question": (
        SKAPANDE,
        GORA,
        f"{GORA}\n    id: x",
        "line 11: key 'id' is on line 9 already.",
    ),
    "order not a number": (
        SKAPANDE,
        "order: 1",
        "order: första",
        "line 3: 'order' cannot be 'första'. Write a",
    ),
    "order not whole": (SKAPANDE, "order: 1", "order: 1.5", "line 3: 'order' cannot be '1.5'."),
    "title a list": (SKAPANDE, "title: Den", "title: [Den]\n# ", "line 4: 'title' is not right. Write text."),
    "a question without its dash": (
        SKAPANDE,
        "  - id: gora",
        "    id: gora",
        "line 9: key 'id' is on line 7 already.",
    ),
    "question a text": (
        SKAPANDE,
        "- id: gora\n    text: Vad",
        "- Vad",
        "line 9: 'questions' cannot be 'Vad kan",
    ),
    "accent a text": (SKAPANDE, ACCENT, "orange", "line 5: 'accent' cannot be 'orange'. Write two"),
    "accent not hex": (SKAPANDE, "#ffb27a", "#ffb27", "line 5: 'dark' cannot be '#ffb27'. Write a colour"),
    "accent unquoted": (
        SKAPANDE,
        ACCENT,
        "\n  light: #b3470a\n  dark: #ffb27a",
        "line 6: 'light' is empty. Write a colour",
    ),
    "empty id": (SKAPANDE, "id: skapande", "id:", "line 2: 'id' is empty."),
    "empty title": (
        SKAPANDE,
        "title: Den skapande staden",
        "title: '  '",
        "line 4: 'title' is empty. Write text.",
    ),
    "empty question": (SKAPANDE, GORA, "text:", "line 10: 'text' is empty."),
    "empty reading hint": (
        SKAPANDE,
        "order: 1",
        "order: 1\nreading_hint: ''",
        "line 4: 'reading_hint' is empty.",
    ),
    "malformed id": (
        SKAPANDE,
        "id: skapande",
        "id: Skåpande",
        "line 2: 'id' cannot be 'Skåpande'. Write small",
    ),
    "malformed question id": (
        SKAPANDE,
        "id: gora",
        "id: skapande/gora",
        "line 9: 'id' cannot be 'skapande/gora'.",
    ),
    "doubled theme id": (
        SKAPANDE,
        "id: skapande",
        "id: globala",
        "line 2: id 'globala' is that of another theme too.",
    ),
    "doubled order": (SKAPANDE, "order: 1", "order: 3", "line 3: order 3 is that of another theme too. Give"),
    "doubled question id": (
        SKAPANDE,
        "id: gora",
        "id: innebar",
        "line 9: question id 'innebar' is there twice.",
    ),
    "not YAML": (
        SKAPANDE,
        "title: Den",
        "title: Den: ",
        "line 4: not valid YAML (mapping values are not allowed",
    ),
    "quote left open": ("vision.md", "title: Hels", 'title: "Hels', "line 2: not valid YAML"),
    "a tab": (SKAPANDE, "  - id: gora", "\t- id: gora", "line 9: not valid YAML"),
    "an endless alias": (SKAPANDE, "title: Den", "title: &a [*a]\n# ", "line 4: not valid YAML"),
    "a bell": (SKAPANDE, "title: Den", "title: \x07Den", "line 4: unprintable character U+0007. Remove it."),
    "not keys": ("welcome.md", "title: Välkommen", "Välkommen", "line 2: this is not a key with a value."),
    "no front matter": (SKAPANDE, "---\nid", "id", "line 1: the front matter is missing. Begin with ---"),
    "endless front matter": (SKAPANDE, "\n---\n", "\n", "line 1: the front matter does not end."),
}


def fault_in(content: Path) -> ContentError:
    with pytest.raises(ContentError) as caught:
        load_module(content)
    return caught.value


@pytest.mark.parametrize(("name", "before", "after", "message"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_with_its_file_its_line_and_what_to_do(
    content: Path, name: str, before: str, after: str, message: str
) -> None:
    path = content / name
    whole = path.read_text("utf-8")
    assert before in whole, "the case no longer fits the file"
    path.write_text(whole.replace(before, after, 1), encoding="utf-8")
    fault = fault_in(content)
    assert str(fault).startswith(f"{path.as_posix()}, {message}")
    assert str(fault) == f"{path.as_posix()}, line {fault.line}: {fault.problem}"
    assert fault.path == path
    assert str(fault).endswith((".", "`."))
    assert "pydantic" not in str(fault).lower()


@pytest.mark.parametrize(
    "address",
    [
        *("visionen", "mina-reflektioner", "min-grupp", "administration", "mitt-konto", "tillganglighet"),
        *("personuppgifter", "kom-igang", "bjud-in", "inbjudan", "glomt-losenord"),
        *("static", "media", "component", "api", "assets", "healthz"),
    ],
)
def test_a_theme_cannot_take_the_address_of_something_else(content: Path, address: str) -> None:
    path = content / SKAPANDE
    path.write_text(path.read_text("utf-8").replace("id: skapande", f"id: {address}"), encoding="utf-8")
    assert f"skapande.md, line 2: id {address!r} is the address of something else." in str(fault_in(content))


@pytest.mark.parametrize(
    ("questions", "problem"),
    [
        ("", "is empty"),
        (" []", "is empty"),
        (" två", "cannot be 'två'"),
        ("\n  id: innebar\n  text: Vad?", "is not right"),
    ],
)
def test_a_theme_without_a_list_of_questions_is_a_fault(content: Path, questions: str, problem: str) -> None:
    front = f"id: skapande\norder: 1\ntitle: T\nquestions:{questions}"
    (content / SKAPANDE).write_text(f"---\n{front}\n---\nText\n", encoding="utf-8")
    assert f"skapande.md, line 5: 'questions' {problem}. Write a list of questions" in str(fault_in(content))


def test_a_file_without_text_is_a_fault_on_the_line_where_the_text_should_begin(content: Path) -> None:
    (content / "welcome.md").write_text("---\ntitle: Hej\n---\n \n\n", encoding="utf-8")
    assert "welcome.md, line 3: no text follows the front matter." in str(fault_in(content))


@pytest.mark.parametrize(("name", "line"), [("welcome.md", 4), ("vision.md", 4), (SKAPANDE, 4)])
def test_a_file_that_is_not_utf_8_is_a_fault_with_its_byte(content: Path, name: str, line: int) -> None:
    before = b"---\n# ok\n# ok\n"
    (content / name).write_bytes(before + "title: På".encode("latin-1") + b"\n---\nText\n")
    fault = fault_in(content)
    place = f"{(content / name).as_posix()}, line {line}"
    assert str(fault).startswith(f"{place}: byte {len(before) + 9} of the file (0xe5) is not UTF-8.")


@pytest.mark.parametrize("name", ["welcome.md", "vision.md"])
def test_a_missing_file_is_a_fault(content: Path, name: str) -> None:
    (content / name).unlink()
    remedy = "Put it back, or copy it from Visionsprat's own content/."
    assert str(fault_in(content)) == f"{(content / name).as_posix()}: the file is missing. {remedy}"


def test_a_file_that_cannot_be_read_is_a_fault(content: Path) -> None:
    (content / "themes" / "folder.md").mkdir()
    fault = fault_in(content)
    assert (fault.path.name, fault.line) == ("folder.md", None)
    assert "cannot be read" in fault.problem


def test_a_missing_folder_is_a_fault(tmp_path: Path) -> None:
    assert "nowhere: no such folder. Put it back" in str(fault_in(tmp_path / "nowhere"))


@pytest.mark.parametrize("folder_stays", [True, False])
def test_no_themes_at_all_is_a_fault(content: Path, folder_stays: bool) -> None:
    shutil.rmtree(content / "themes")
    if folder_stays:
        (content / "themes").mkdir()
    assert "content/themes: there are no themes. Put at least one .md file there." in str(fault_in(content))


def test_a_content_error_is_one_of_visionsprats_own() -> None:
    assert issubclass(ContentError, VisionspratError)


@pytest.mark.parametrize(
    ("front", "line"),
    [
        ("title: &a [*a]", 2),
        (
            "a: &a [ha]\n"
            + "".join(f"{n}: &{n} [{f'*{p}, ' * 9}]\n" for p, n in zip("abcdefgh", "bcdefghi", strict=True)),
            3,
        ),
        ("title: " + "[" * 100_000, 2),
    ],
    ids=["itself", "laughs", "deep"],
)
def test_a_front_matter_that_grows_without_end_is_refused(content: Path, front: str, line: int) -> None:
    (content / "welcome.md").write_text(f"---\n{front}\n---\nHej.\n", encoding="utf-8")
    with pytest.raises(ContentError, match=f"welcome.md.*{line}"):
        load_module(content)
