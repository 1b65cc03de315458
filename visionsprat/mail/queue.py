"""Letters sent in the background: nobody waits for the mail server, and a closed tab stops nothing.

By a thread of the server, not by the script run, which a click would end. It shows how far the letters have
come; a server that stops loses the rest.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from visionsprat.errors import VisionspratError
from visionsprat.mail.smtp import Failure, Letter, Trouble, send
from visionsprat.settings import Smtp

_log = logging.getLogger("visionsprat")


class Dispatch:
    """Many letters on their way."""

    def __init__(self, smtp: Smtp, letters: Sequence[Letter], begun_at: datetime) -> None:
        """Begin to send them."""
        self.begun_at = begun_at
        self.total = len(letters)
        self.done = 0
        self.failures: tuple[Failure, ...] = ()
        self._finished = threading.Event()
        threading.Thread(target=self._run, args=(smtp, list(letters)), daemon=True).start()

    @property
    def is_finished(self) -> bool:
        return self._finished.is_set()

    def wait(self, seconds: float) -> bool:
        """Whether it has finished, after as many seconds at most."""
        return self._finished.wait(seconds)

    def _run(self, smtp: Smtp, letters: list[Letter]) -> None:
        try:
            send(smtp, letters, self._note)
        except Exception:  # the rest is told as not sent rather than as on its way for ever
            _log.exception("Letters could not be sent.")
            rest = letters[self.done :]
            self.failures += tuple(Failure(each.email, Trouble.REFUSED) for each in rest)
            self.done = self.total
        finally:
            failed = len(self.failures)
            _log.info("Letters sent", extra={"sent": self.total - failed, "failed": failed})
            self._finished.set()

    def _note(self, failure: Failure | None) -> None:
        if failure is not None:
            self.failures += (failure,)
        self.done += 1


_Job = Callable[[], tuple[Failure, ...]]


class Errands:
    """Single letters, one after the other, that nobody hears back about."""

    def __init__(self, most: int = 1000) -> None:
        self._waiting: queue.Queue[_Job] = queue.Queue(most)
        self._begin = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, job: _Job) -> None:
        """Do it soon; when too many wait already, never, which the log tells."""
        with self._begin:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()
        try:
            self._waiting.put_nowait(job)
        except queue.Full:
            _log.error("A letter was not sent: too many are waiting.")

    def _run(self) -> None:
        while True:
            job = self._waiting.get()
            try:
                for failure in job():
                    _log.warning("A letter about an account was not sent: %s.", failure.trouble.value)
            except VisionspratError as error:
                _log.error("A letter was not sent: %s", error)
            except Exception:  # the thread must live on, or no later letter would be sent
                _log.exception("A letter was not sent.")
            finally:
                self._waiting.task_done()


errands = Errands()
