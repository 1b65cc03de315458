"""Several browsers of one person write at once, answers get lost, servers restart: what is found afterwards.

What holds, whatever the order. Every text that the store has taken in, accepted or refused, is the
current one or among the earlier ones. Except for one that is written over (a) by a save that was based
on it, so by somebody who had it before their eyes as saved, (b) within a sitting, (c) taking away or
writing over no more than a large deletion, or what is left in the midst of one, (d) with a new text, not
an earlier one that is brought back, and (e) when no other text has been refused since: so one's own text
as it grows. However slowly much of a text goes within a sitting: the fullest one is found again. And the
current text is the one that was accepted last.

INTERLEAVINGS=2000 in the environment tries as many, of up to 30 steps each.
"""

from __future__ import annotations

import itertools
import os
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from visionsprat.domain.records import Conflict, Draft, NewAccount, Reflection
from visionsprat.domain.text_rules import is_blank
from visionsprat.store import Store
from visionsprat.store.reflections import LARGE_DELETION, ONE_DELETION, SITTING

QUESTION = "skapande/innebar"
UNANSWERED = 4  # as in saving/saver.js
LONG = "Vi prövar något nytt varje vecka. " * 10
OTHER = "Alla ska våga berätta vad de ser. " * 11
BEGINNING = datetime(2026, 11, 12, 8, 0, tzinfo=timezone.utc)
NOTHING = Reflection("", 0, BEGINNING)

browsers = st.integers(0, 2)
texts = st.sampled_from(["", "a", "ab", "abc", "b", "bc", "c", LONG, LONG + "a", OTHER])
_numbers = itertools.count()


@dataclass(frozen=True)
class Request:
    text: str
    based_on: int
    unanswered: tuple[str, ...]


@dataclass
class Browser:
    """What saving/saver.js keeps of one text, and does with the answers; its draft outlives a reload."""

    base: Reflection
    text: str = ""
    unanswered: tuple[str, ...] = ()
    based_on: int | None = None
    other: Reflection | None = None
    #: The newest request, which the network may deliver once more.
    request: Request | None = field(default=None)

    def send(self) -> Request:
        based_on = self.base.revision if self.based_on is None else self.based_on
        self.request = Request(self.text, based_on, self.unanswered)
        self.unanswered = (*(sent for sent in self.unanswered if sent != self.text), self.text)[-UNANSWERED:]
        return self.request

    def take(self, answer: Reflection | Conflict) -> None:
        if isinstance(answer, Reflection):
            if answer.revision >= self.base.revision:
                self.base, self.based_on, self.unanswered = answer, None, ()
            return
        ours = self.unanswered if self.based_on is not None else (self.base.text, *self.unanswered)
        if answer.current.text in ours:
            self.base, self.based_on = answer.current, None
        else:
            self.other = answer.current

    def choose(self, text: str) -> None:
        assert self.other is not None
        self.base, self.other, self.based_on, self.unanswered = self.other, None, None, ()
        self.text = text

    def reload(self, stored: Reflection) -> None:
        drafted = self.text != self.base.text or self.unanswered or self.other
        based_on = self.base.revision if self.based_on is None else self.based_on
        self.base, self.other = stored, None
        if drafted and self.text != stored.text:
            self.based_on = based_on
        else:
            self.text, self.based_on, self.unanswered = stored.text, None, ()


def much_goes(before: str, after: str) -> bool:
    return len(before) - len(after) > min(LARGE_DELETION, len(before) / 2)


def written_over(before: str, after: str) -> bool:
    """Whether a large passage of a text is not there any more."""
    room = len(before) - LARGE_DELETION
    ends = ((before[:start], before[start + LARGE_DELETION :]) for start in range(max(0, room) + 1))
    return room > 0 and not any(
        after.startswith(first) and after[len(first) :].endswith(last) for first, last in ends
    )


def left_of(text: str, whole: str) -> bool:
    """Whether a text is another without one passage, or all of it."""
    gone = len(whole) - len(text)
    return any(text == whole[:place] + whole[place + gone :] for place in range(len(text) + 1))


class Interleavings(RuleBasedStateMachine):
    # In memory where that can be had: thousands of saves would wait for the disk.
    folder = tempfile.TemporaryDirectory(
        prefix="visionsprat-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None
    )

    @initialize()
    def begin(self) -> None:
        self.now = BEGINNING
        self.open_store()
        email = f"{next(_numbers)}@test.example"
        self.account = self.store.add_account(NewAccount(email, "Amina Testsson", None))
        self.browsers = [Browser(NOTHING) for _ in range(3)]
        self.accepted_last = NOTHING
        self.owed: set[str] = set()
        self.refused_since = False
        self.fullest = ""

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()

    def open_store(self) -> None:
        self.store = Store(Path(self.folder.name) / "visionsprat.db", lambda: self.now)

    def stored(self) -> Reflection:
        """The current text, read past the store."""
        with closing(sqlite3.connect(self.store.path)) as db:
            row = db.execute(
                "SELECT text, revision, updated_at FROM reflections WHERE account_id = ?", [self.account]
            ).fetchone()
        return Reflection(row[0], row[1], datetime.fromisoformat(row[2])) if row else NOTHING

    def kept(self) -> int:
        with closing(sqlite3.connect(self.store.path)) as db:
            counted = db.execute(
                "SELECT count(*) FROM reflection_revisions WHERE account_id = ? AND NOT is_provisional",
                [self.account],
            )
            return int(counted.fetchone()[0])

    def earlier(self) -> set[str]:
        return {each.text for each in self.store.earlier_texts(self.account, QUESTION)}

    def deliver(self, request: Request) -> Reflection | Conflict:
        before, earlier, kept = self.stored(), self.earlier(), self.kept()
        answer = self.store.save_reflection(
            self.account, Draft(QUESTION, request.text, request.based_on, request.unanswered)
        )
        if isinstance(answer, Reflection):
            goes_on = self.now - before.saved_at <= ONE_DELETION
            only_left = goes_on and any(left_of(before.text, each) for each in earlier | self.earlier())
            let_go = (
                request.based_on >= before.revision
                and self.now - before.saved_at <= SITTING
                and (
                    only_left
                    or not (much_goes(before.text, answer.text) or written_over(before.text, answer.text))
                )
                and request.text not in earlier
                and not self.refused_since
            )
            if let_go and before.text not in earlier:
                self.owed.discard(before.text)
            if answer != before:
                self.refused_since = False
                self.see_to_the_fullest(answer.text, before, kept)
            self.accepted_last = answer if answer.revision else NOTHING
        else:
            self.refused_since = True
            if self.kept() > kept:
                self.fullest = before.text
        if not is_blank(request.text):
            self.owed.add(request.text)
        return answer

    def see_to_the_fullest(self, text: str, before: Reflection, kept: int) -> None:
        """The longest text since something was kept, within this sitting."""
        found = {text, *self.earlier()}
        if self.now - before.saved_at > SITTING:
            self.fullest = text
        elif much_goes(self.fullest, text) and not is_blank(self.fullest):
            assert any(left_of(self.fullest, each) for each in found)
        if self.kept() > kept or len(text) >= len(self.fullest):
            self.fullest = text

    @rule(number=browsers, text=texts)
    def write(self, number: int, text: str) -> None:
        self.browsers[number].text = text

    @rule(number=browsers, text=texts, answered=st.booleans())
    def write_and_save(self, number: int, text: str, answered: bool) -> None:
        self.write(number, text)
        self.send(number, arrives=True, answered=answered)

    @rule(number=browsers, characters=st.sampled_from([1, 45, 100]))
    def take_away(self, number: int, characters: int) -> None:
        self.write_and_save(number, self.browsers[number].text[:-characters], answered=True)

    @rule(number=browsers, arrives=st.booleans(), answered=st.booleans())
    def send(self, number: int, arrives: bool, answered: bool) -> None:
        browser = self.browsers[number]
        if browser.other:
            return  # a conflict waits for a choice
        request = browser.send()
        if arrives:
            answer = self.deliver(request)
            if answered:
                browser.take(answer)

    @rule(number=browsers)
    def repeat(self, number: int) -> None:
        """The network delivers the newest request once more, and nobody hears the answer."""
        request = self.browsers[number].request
        if request:
            self.deliver(request)

    @precondition(lambda self: any(browser.other for browser in self.browsers))
    @rule(choice=st.sampled_from(["mine", "the other", "both"]))
    def choose(self, choice: str) -> None:
        number, browser = next((n, each) for n, each in enumerate(self.browsers) if each.other)
        assert browser.other is not None
        mine, other = browser.text, browser.other.text
        browser.choose(
            {"mine": mine, "the other": other, "both": f"{mine}\n\n———\n\n{other}"[:15_000]}[choice]
        )
        if browser.text != browser.base.text:
            self.send(number, arrives=True, answered=True)

    @rule(number=browsers)
    def bring_back(self, number: int) -> None:
        for version in sorted(self.earlier())[:1]:
            self.write_and_save(number, version, answered=True)

    @rule(number=browsers)
    def reload(self, number: int) -> None:
        self.browsers[number].reload(self.stored())

    @rule(minutes=st.sampled_from([1, 11]))
    def rest(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.open_store()

    @invariant()
    def all_is_as_it_should_be(self) -> None:
        stored = self.stored()
        assert self.owed <= {*self.earlier(), stored.text}
        assert stored == self.accepted_last
        for browser in self.browsers:
            if browser.base.revision == stored.revision:
                assert browser.base.text == stored.text  # who is told that the newest is saved sees it


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(
    max_examples=int(os.environ.get("INTERLEAVINGS", "250")), stateful_step_count=30
)
