"""The server as one process reaches it: its options, one client, and what its nodes can do."""

from __future__ import annotations

import inspect
import os
import threading
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch

from visual_search.engines.elasticsearch.errors import readable
from visual_search.engines.elasticsearch.probe import probe
from visual_search.engines.elasticsearch.query import Abilities
from visual_search.errors import ConfigurationError


class Server:
    """One client a process, made at the first use (so after a fork). Thread-safe.

    `options` go to the client as they are; those that are None are left out. `prefix` begins the names of all indexes.
    """

    def __init__(self, options: dict[str, Any], *, prefix: str, bulk_timeout: float, bulk_backoff: float) -> None:
        self.options = {**options, "retry_on_status": (429, 502, 503, 504), "max_retries": 3, **_backoff()}
        self.prefix = prefix
        self.bulk_timeout = bulk_timeout
        self.bulk_backoff = bulk_backoff
        self._lock = threading.RLock()
        self._client: Elasticsearch | None = None
        self._process = 0
        self._abilities: Abilities | None = None

    @property
    def client(self) -> Elasticsearch:
        """This process's client. Raises ConfigurationError where none can be made with these options."""
        if self._client is None or self._process != os.getpid():
            with self._lock:
                if self._client is None or self._process != os.getpid():
                    options = {name: value for name, value in self.options.items() if value is not None}
                    try:
                        if "ca_certs" in options:
                            Path(options["ca_certs"]).stat()  # Else the first request says "can't be reached".
                        self._client = Elasticsearch(**options)
                    except (OSError, TypeError, ValueError) as error:
                        # Its text names the option, never its value.
                        raise ConfigurationError(
                            f"The options of the Elasticsearch engine can't be used: {error} "
                            "Check ELASTICSEARCH_URL, ELASTICSEARCH_API_KEY and ELASTICSEARCH_CA_CERTS."
                        ) from error
                    self._process = os.getpid()
        return self._client

    @property
    def patient(self) -> Elasticsearch:
        """The same client for requests that may take as long as a bulk request, longer than a shopper would wait."""
        return self.client.options(request_timeout=self.bulk_timeout)

    @property
    def abilities(self) -> Abilities:
        """What the node can do, found out at the first use."""
        if self._abilities is None:
            with self._lock:
                if self._abilities is None:
                    with readable():
                        self._abilities = probe(self.client, self.prefix)
        return self._abilities

    def close(self) -> None:
        """Give this process's connections back; the next use makes new ones."""
        with self._lock:
            if self._client is not None and self._process == os.getpid():
                self._client.close()
            self._client = None


def _backoff() -> dict[str, float]:
    """Seconds between the client's tries, with jitter: many processes mustn't come back at the same moment."""
    known = inspect.signature(Elasticsearch.__init__).parameters  # Clients before 9.2 don't wait at all.
    return {"retry_backoff_base": 0.1, "retry_backoff_cap": 1.0} if "retry_backoff_base" in known else {}
