"""What page runs, saves and whole walks cost the server in CPU."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from pathlib import Path

import httpx

from tests.bench.report import Figure, heading, median, remark, show
from tests.support.measured_server import TIMED, Learner, Server, serve, sign_in
from tests.support.streamlit_client import Editor, Tab
from tests.support.walk import ANSWER, THEMES, WALK

#: Between visits that are made in a row: one tab may ask for twenty runs a second.
PACE = 1 / 20
#: After a run's last message its thread still ends and the queue is flushed: that is part of its cost.
SETTLE = 0.02


async def page_runs(ours: Server, empty: Server, rounds: int) -> None:
    """b. CPU of a page run against the empty page's.

    One tab on each server walks the eight pages by turns; the clock is read before and after each run.
    The learner has answered everything, so that the pages hold what they hold at the end of a walk.
    """
    heading("b", "server CPU of a page run, against an empty page")
    (learner,) = sign_in(ours, 1, "runs")
    await _answer_everything(ours, learner)
    spent: dict[tuple[str, str], list[float]] = defaultdict(list)
    async with Tab(ours.url, learner) as tab, Tab(empty.url, None) as empty_tab:
        for count in range(rounds + 1):  # the first round warms up
            for address in WALK:
                for name, server, each in (("ours", ours, tab), ("empty", empty, empty_tab)):
                    used = await _cpu_of_visit(server, each, address)
                    if count:
                        spent[name, address].append(used)
    nothing = median([used for address in WALK for used in spent["empty", address]])
    show(Figure("the empty page", nothing, "ms"))
    for address in WALK:
        value = median(spent["ours", address])
        show(Figure(f"/{address}", value / nothing, "×", 3, f"{value:.2f} ms"))
    whole = median([used for address in WALK for used in spent["ours", address]])
    show(Figure("all eight", whole / nothing, "×", 3, f"{whole:.2f} ms"))


async def parts(folder: Path, rounds: int) -> None:
    """What a page run of ours is made of, by stopwatches in a server of its own."""
    remark("its parts, from a server with stopwatches in it (mean of the walk):")
    with serve(folder, TIMED) as server:
        (learner,) = sign_in(server, 1, "parts")
        await _answer_everything(server, learner)
        async with httpx.AsyncClient() as connection, Tab(server.url, learner) as tab:
            for address in WALK:
                await tab.visit(address)
            before, cpu = (await connection.get(f"{server.url}/api/bench-parts")).json(), server.cpu()
            for _ in range(rounds):
                for address in WALK:
                    await tab.visit(address)
                    await asyncio.sleep(PACE)
            await asyncio.sleep(SETTLE)
            whole = (server.cpu() - cpu) / (rounds * len(WALK))
            after = (await connection.get(f"{server.url}/api/bench-parts")).json()
    spent = {name: (after[name] - before.get(name, 0)) / (rounds * len(WALK)) for name in after}
    for name, value in sorted(spent.items(), key=lambda part: -part[1]):
        show(Figure(f"  {name}", value, "ms"))
    show(Figure("  outside the script's thread (messages, websocket)", whole - sum(spent.values()), "ms"))


async def saves(ours: Server, rounds: int) -> None:
    """c. CPU of one autosave over a kept-alive connection, against a page run.

    Both in blocks without a pause, by turns: a run on its own after a pause costs more than one in a row
    (cold caches), so a run measured as in b beside saves measured in a row would flatter the saves.
    """
    heading("c", "server CPU of one autosave, against a page run")
    learners = sign_in(ours, rounds + 1, "saves")  # one of its own a round: one account saves only so often
    for learner in learners:
        await _answer_everything(ours, learner)
    question = THEMES[WALK[2]][0]
    spent, runs = [], []
    async with httpx.AsyncClient() as connection, Tab(ours.url, learners[0]) as tab:
        for count, learner in enumerate(learners):  # the first round warms up
            editor = Editor(ours.url, learner, connection, based_on={question: 1})
            before = ours.cpu()
            await _typed(editor, question, 20)
            await asyncio.sleep(SETTLE)
            between = ours.cpu()
            for address in WALK:
                await tab.visit(address)
            await asyncio.sleep(SETTLE)
            if count:
                spent.append((between - before) / 20)
                runs.append((ours.cpu() - between) / len(WALK))
    save, run = median(spent), median(runs)
    show(Figure("an autosave", save / run, "×", 0.2, f"{save:.2f} ms of {run:.2f} ms"))


async def walks(ours: Server, empty: Server, rounds: int) -> None:
    """e. CPU of a whole walk: connecting, eight pages, ten answers, by somebody who has written nothing yet.

    A first answer changes the progress, for which the editor asks for a run of its page: these ten runs
    belong to the walk. The empty rerun is the same empty page asked for again and again, without a pause as
    the walk is.
    """
    heading("e", "server CPU of a whole walk: eight pages, ten answers saved")
    spent, without, reruns = list[float](), list[float](), list[float]()
    async with httpx.AsyncClient() as connection, Tab(empty.url, None) as empty_tab:
        await empty_tab.visit("")
        for learner in sign_in(ours, 2 * rounds + 1, "walks"):
            before = ours.cpu()
            rerun = len(spent) <= len(without)
            await _walk(ours, learner, connection, rerun)
            await asyncio.sleep(SETTLE)
            (spent if rerun else without).append(ours.cpu() - before)
            reruns.append(await _cpu_of_reruns(empty, empty_tab, 20))
    whole, nothing = median(spent[1:]), median(reruns)  # the first walk of all warms up
    show(Figure("a walk (oTree 6.0: 136-172, Kolibri 0.19: 250-290)", whole, "ms", 136))
    show(Figure("as empty reruns", whole / nothing, "×", None, f"of {nothing:.2f} ms each"))
    show(Figure("without the ten runs that first answers ask for", median(without), "ms"))


async def _walk(server: Server, learner: Learner, connection: httpx.AsyncClient, rerun: bool) -> None:
    (await connection.get(server.url, headers={"Cookie": learner.cookie})).raise_for_status()
    editor = Editor(server.url, learner, connection)
    async with Tab(server.url, learner) as tab:
        for address in WALK:
            await tab.visit(address)
            for question in THEMES.get(address, ()):
                await editor.save(question, ANSWER)
                if rerun:
                    await tab.visit(address)


async def _cpu_of_visit(server: Server, tab: Tab, address: str) -> float:
    before = server.cpu()
    await tab.visit(address)
    await asyncio.sleep(SETTLE)
    return server.cpu() - before


async def _cpu_of_reruns(server: Server, tab: Tab, times: int) -> float:
    before = server.cpu()
    for _ in range(times):
        await tab.visit("")
    await asyncio.sleep(SETTLE)
    return (server.cpu() - before) / times


async def _answer_everything(server: Server, learner: Learner) -> None:
    async with httpx.AsyncClient() as connection:
        editor = Editor(server.url, learner, connection)
        for questions in THEMES.values():
            for question in questions:
                await editor.save(question, ANSWER)


async def _typed(editor: Editor, question: str, times: int) -> None:
    text = ""
    for _ in range(times):
        text = f"{text[-2000:]} ord"
        await editor.save(question, text)
