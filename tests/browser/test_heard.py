"""What a screen reader is told, from the tree that Chromium hands to it: not the page's own HTML."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.support.people import SAVED, Person, answered_saves, editor, signed_in, until


class Ear:
    """Hears a live region that has got other words, what focus came to, and a changed description of that."""

    def __init__(self, page: Page) -> None:
        self._tree = page.context.new_cdp_session(page)
        self._tree.send("Accessibility.enable")
        self.said: list[str] = []
        self._regions, self._focus = self._now()

    def listen(self) -> list[str]:
        """All that has been said until now."""
        regions, focus = self._now()
        self.said += [words for each, words in regions.items() if words and words != self._regions.get(each)]
        self.said += [
            words for words, before in zip(focus, self._focus, strict=True) if words not in ("", before)
        ]
        self._regions, self._focus = regions, focus
        return self.said

    def _now(self) -> tuple[dict[str, str], tuple[str, str]]:
        nodes = {node["nodeId"]: node for node in self._tree.send("Accessibility.getFullAXTree")["nodes"]}
        live = [node for node in nodes.values() if _property(node, "live") in ("polite", "assertive")]
        focused = [node for node in nodes.values() if _property(node, "focused")]
        # The window itself comes first and is focused whatever is.
        name, description = (_value(focused[-1], each) for each in ("name", "description"))
        return {node["nodeId"]: _words(nodes, node) for node in live}, (name, description)


def _property(node: dict[str, Any], name: str) -> Any:
    found = [each["value"].get("value") for each in node.get("properties", []) if each["name"] == name]
    return found[0] if found else None


def _value(node: dict[str, Any], name: str) -> str:
    return str(node.get(name, {}).get("value", ""))


def _words(nodes: dict[str, Any], node: dict[str, Any]) -> str:
    if _value(node, "role") == "StaticText":
        return _value(node, "name")
    children = [nodes[child] for child in node.get("childIds", []) if child in nodes]
    return " ".join(words for child in children if (words := _words(nodes, child)))


def test_who_writes_is_let_write_and_told_of_the_saving_afterwards(page: Page, person: Person) -> None:
    person.write("skapande/innebar", "Redan besvarad.")
    signed_in(page, person, "/skapande")
    editor(page).press("End")
    saves = answered_saves(page)
    ear = Ear(page)
    while len(saves) < 2:  # saved and saved again, in the midst of it
        page.keyboard.type(" ord", delay=30)
        assert ear.listen() == []
    until(page, lambda: bool(ear.listen()), "the saving to be said")
    (said,) = ear.said
    assert SAVED.match(said)


def test_trouble_is_said_once_and_a_new_page_by_its_name(page: Page, person: Person) -> None:
    signed_in(page, person, "/skapande")
    editor(page).focus()
    page.route("**/api/reflections", lambda route: route.abort())
    ear = Ear(page)
    page.keyboard.type("Ett svar")
    until(page, lambda: bool(ear.listen()), "the trouble to be said")
    page.keyboard.type(", och mer")
    (said,) = ear.listen()
    assert said.startswith("Inte sparat")
    page.unroute("**/api/reflections")
    until(page, lambda: len(ear.listen()) > 1, "the saving to be said")
    assert SAVED.match(ear.said.pop())
    page.get_by_role("link", name="Vidare: Den pulserande staden ›").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.get_by_role("heading", level=1)).to_have_text("Den pulserande staden")
    until(page, lambda: "Den pulserande staden – Visionsprat" in ear.listen(), "the page to be said")
    assert ear.said.count("Den pulserande staden – Visionsprat") == 1


def test_the_path_stands_beside_what_a_page_holds(page: Page, person: Person) -> None:
    """Who goes to the main part meets the page's own words first."""
    signed_in(page, person, "/skapande")
    tree = page.context.new_cdp_session(page)
    tree.send("Accessibility.enable")

    def landmarks() -> list[list[str]]:
        nodes = {node["nodeId"]: node for node in tree.send("Accessibility.getFullAXTree")["nodes"]}
        path = next(node for node in nodes.values() if _value(node, "name") == "Din väg genom visionen")
        heading = next(node for node in nodes.values() if _value(node, "role") == "heading")
        return [_roles_above(nodes, each) for each in (path, heading)]

    until(page, lambda: "main" not in landmarks()[0], "the path to be beside the main part")
    assert "main" in landmarks()[1]


def _roles_above(nodes: dict[str, dict[str, Any]], node: dict[str, Any]) -> list[str]:
    above = []
    while parent := nodes.get(node.get("parentId", "")):
        above.append(_value(parent, "role"))
        node = parent
    return above
