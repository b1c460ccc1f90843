"""ASGI entry point."""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

shop: Any = get_asgi_application()


async def application(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    """The shop, which reads no body of more than FILE_UPLOAD_MAX_MEMORY_SIZE: under ASGI Django puts such a one on the disk
    before any view, middleware or upload handler is asked.
    """
    if scope["type"] != "http":
        await shop(scope, receive, send)
        return
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > settings.FILE_UPLOAD_MAX_MEMORY_SIZE:
            await _refuse(send)
            return
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": bytes(body), "more_body": False}

    await shop(scope, replay, send)


async def _refuse(send: Send) -> None:
    said = b"What was sent is larger than the shop takes in."
    headers = [
        (b"content-type", b"text/plain"),
        (b"content-length", str(len(said)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": said})
