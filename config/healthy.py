"""Whether this container may be sent questions: `python config/healthy.py` ends with 0 or 1, as the Dockerfile asks."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from urllib.error import URLError
from urllib.request import Request, urlopen


def ready(environment: Mapping[str, str]) -> bool:
    """Ask the server of this container as the front does: by a name that Django answers to, and as if by TLS."""
    port = environment.get("GUNICORN_BIND", "127.0.0.1:8000").rpartition(":")[2]
    name = environment.get("DJANGO_ALLOWED_HOSTS", "localhost").split(",")[0].strip().lstrip(".")
    headers = {"Host": "localhost" if name == "*" else name, "X-Forwarded-Proto": "https"}
    try:
        with urlopen(Request(f"http://127.0.0.1:{port}/api/v1/health/ready", headers=headers), timeout=5) as answer:
            return bool(answer.status == 200)
    except URLError:
        return False


if __name__ == "__main__":
    sys.exit(0 if ready(os.environ) else 1)
