"""What a manager has asked to see: a group, and those of its people who have come so or so far.

A large tree of groups (more than 40) is open only along the way to the chosen one: the page then costs
about as much for a manager of everybody as for one of a team.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from visionsprat.content.module import Module
from visionsprat.domain.progress import (
    GroupNode,
    MemberCompletion,
    State,
    count_states,
    group_tree,
    member_completion,
)
from visionsprat.domain.records import ManagedGroup, Member

#: More people than this are not listed on the page.
MOST = 200
#: A tree of more groups than this is shown level by level.
MOST_GROUPS = 40
FILTERS = {"alla": None, "inte-borjat": State.NOT_BEGUN, "pa-vag": State.BEGUN, "klara": State.COMPLETE}
#: What mail programs take of an address, in characters.
_LONGEST_MAILTO = 1900
SUBJECT = "Visionsprat före vårt möte"
REMINDER = (
    "Hej!\n\nSnart pratar vi om visionen Helsingborg 2035 tillsammans. Ta gärna en stund med Visionsprat "
    "innan dess. Det tar ungefär 25 minuter, du kan pausa när du vill och det du skriver kan bara du läsa."
    "\n\nDu hittar det på {site}. Har du inget lösenord än? Använd länken i din inbjudan.\n\n"
    "Hör av dig till mig om du har frågor.\n"
)


@dataclass(frozen=True)
class GroupView:
    nodes: tuple[GroupNode, ...]
    #: The group that is shown with all below it; None for all that the manager sees.
    chosen: GroupNode | None
    visible: str
    #: How far the people in what is chosen have come, each counted once.
    counts: Mapping[State, int]

    @property
    def tree(self) -> tuple[tuple[GroupNode, int], ...]:
        """The groups that are listed, each with how many right below it are not.

        A large tree is open only along the way to the chosen group.
        """
        by_id = {node.id: node for node in self.nodes}
        opened: set[int | None] = {None, *by_id} if len(self.nodes) <= MOST_GROUPS else {None}
        node = self.chosen
        while node is not None:
            opened.add(node.id)
            node = by_id.get(node.parent_id) if node.parent_id is not None else None
        below = Counter(node.parent_id for node in self.nodes)
        return tuple(
            (node, 0 if node.id in opened else below[node.id])
            for node in self.nodes
            if node.parent_id in opened
        )

    @property
    def chosen_id(self) -> int | None:
        return self.chosen.id if self.chosen else None

    @property
    def numbers(self) -> Mapping[str, int]:
        """How many people each filter shows."""
        return {
            slug: sum(self.counts.values()) if state is None else self.counts[state]
            for slug, state in FILTERS.items()
        }


def asked_for(module: Module, groups: Sequence[ManagedGroup], group: str, visible: str) -> GroupView:
    """What `?grupp=` and `?visa=` ask for, of the groups that a manager sees. Any other group is as none."""
    nodes = group_tree(module, groups)
    top = [node for node in nodes if node.parent_id is None]
    chosen = next((node for node in nodes if str(node.id) == group), top[0] if len(top) == 1 else None)
    everybody = {id: count for each in groups for id, count in each.answered.items()}
    return GroupView(
        nodes,
        chosen,
        visible if visible in FILTERS else "alla",
        chosen.counts if chosen else count_states(module, everybody),
    )


def shown(module: Module, members: Iterable[Member], view: GroupView) -> tuple[MemberCompletion, ...]:
    """Those of the people in what is chosen that the view shows."""
    found = (member_completion(module, member) for member in members)
    state = FILTERS[view.visible]
    return tuple(each for each in found if state is None or each.state is state)


def namesakes(members: Sequence[MemberCompletion], several: bool) -> set[str]:
    """The addresses of those whom a name does not tell, nor the groups beside it where there are several."""
    shown = {each.email: (each.name.casefold(), each.groups if several else ()) for each in members}
    alike = Counter(shown.values())
    return {email for email, words in shown.items() if alike[words] > 1}


def query(group: GroupNode | int | None, visible: str) -> str:
    id = group.id if isinstance(group, GroupNode) else group
    return urlencode({"grupp": "" if id is None else id, "visa": visible})


def reminder(site: str) -> str:
    """What a manager writes to those who are not done; `site` is where they go."""
    return REMINDER.format(site=site)


def mailto(addresses: list[str], text: str) -> str:
    """A letter to many, none of whom sees the others; empty when mail programs would cut it off."""
    letter = f"subject={quote(SUBJECT)}&body={quote(text.replace(chr(10), chr(13) + chr(10)))}"
    found = f"mailto:?bcc={quote(','.join(addresses), safe='@,')}&{letter}"
    return found if len(found) <= _LONGEST_MAILTO else ""
