"""A web server of a shop, and those who use it over HTTP: one that saves and one that asks."""

from __future__ import annotations

import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from contextlib import closing, suppress
from uuid import uuid4

from tests.live.shop import ROOT

PAUSE = 0.03  # seconds between two requests of one client


class Web:
    """gunicorn with one process, killed with -9 together with its parent."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "config.wsgi:application", "--bind", f"127.0.0.1:{self.port}",
             "--workers", "1", "--threads", "4", "--no-control-socket"],
            cwd=ROOT, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(20)

    def ask(self, method: str, path: str) -> tuple[int, dict[str, str]] | None:
        """Status and headers; None where no answer came."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            try:
                connection.request(method, path)
                reply = connection.getresponse()
                reply.read()
            except (OSError, http.client.HTTPException):
                return None
            return reply.status, dict(reply.headers)


class _Client(threading.Thread):
    def __init__(self, web: Web) -> None:
        super().__init__(daemon=True)
        self.web = web
        self._end = threading.Event()

    def run(self) -> None:
        while not self._end.wait(PAUSE):
            self.turn()

    def turn(self) -> None:
        raise NotImplementedError

    def end(self) -> None:
        self._end.set()
        self.join(60)


class Saver(_Client):
    """New, changed and deleted products. What is `acknowledged` was answered; what wasn't may be so or so."""

    def __init__(self, web: Web) -> None:
        super().__init__(web)
        self.acknowledged = 0
        self.unanswered = 0
        self.there: list[str] = []
        self.gone: set[str] = set()
        self._random = random.Random(0)

    def turn(self) -> None:
        draw = self._random.random()
        if not self.there or draw < 0.6:
            sku = f"C-{uuid4().hex[:12]}"
            if self._save("PUT", sku):
                self.there.append(sku)
        elif draw < 0.9:
            self._save("POST", self._random.choice(self.there))
        else:
            # Forgotten before it is asked for: killed after the commit, it would be gone without an answer.
            sku = self.there.pop(self._random.randrange(len(self.there)))
            if self._save("DELETE", sku):
                self.gone.add(sku)

    def _save(self, method: str, sku: str) -> bool:
        reply = self.web.ask(method, f"/test/products/{sku}")
        done = reply is not None and reply[0] == 204
        self.acknowledged += done
        self.unanswered += not done
        return done


class Searcher(_Client):
    """Asks for words again and again. Answers other than 200 and 503 with Retry-After are `failed`."""

    def __init__(self, web: Web) -> None:
        super().__init__(web)
        self.answered = 0
        self.unavailable = 0
        self.unanswered = 0  # the server had been killed
        self.failed: list[object] = []

    def turn(self) -> None:
        reply = self.web.ask("GET", "/api/v1/search?q=chaos+lamp")
        if reply is None:
            self.unanswered += 1
        elif reply[0] == 200:
            self.answered += 1
        elif reply[0] == 503 and int(reply[1].get("Retry-After", 0)) > 0:
            self.unavailable += 1
        else:
            self.failed.append(reply)
