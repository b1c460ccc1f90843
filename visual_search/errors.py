"""What can go wrong, in the caller's words. Each message names the offending value and the next step."""

from __future__ import annotations

from collections.abc import Mapping

LONGEST_MESSAGE, LONGEST_FIELD = 2_000, 100  # characters


class Said(str):
    """A message that can be said in another language: it keeps the English template and the values of its places."""

    template: str
    values: Mapping[str, object]


def said(template: str, **values: object) -> Said:
    """The message in English. Whoever shows it to people says it in their language (translating.py).

    >>> said("page is %(page)s; pages start at 1.", page=0)
    'page is 0; pages start at 1.'
    """
    # Without values a percent sign is a percent sign.
    message = Said(template % values if values else template)
    message.template, message.values = template, values
    return message


class VisualSearchError(Exception):
    """The root of all errors that this package raises on purpose."""

    code = "error"


class BadInput(VisualSearchError):
    """What the caller sent can't be used. `field` names the part; the edges answer with `status` (a 4xx)."""

    code = "bad_input"
    status = 400

    def __init__(self, message: str, *, field: str = "", code: str = "", status: int = 0) -> None:
        # A message names what was sent, and that may be a book.
        super().__init__(message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]} …")
        self.field = field[:LONGEST_FIELD]
        self.code = code or type(self).code
        self.status = status or type(self).status


class PictureRefused(BadInput):
    """A picture that can't or mustn't be opened; `code` says why (see imaging/decode.py)."""

    code = "picture_refused"


class ConfigurationError(VisualSearchError):
    """A setting is wrong; the message names it and the mend."""

    code = "configuration"


class EngineUnavailable(VisualSearchError):
    """The engine can't answer now. `retry_after` is in seconds."""

    code = "engine_unavailable"

    def __init__(self, message: str, *, retry_after: int = 5) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class IndexMissing(EngineUnavailable):
    """The collection has no index yet: run `manage.py visual_search rebuild`."""

    code = "index_missing"


class Busy(VisualSearchError):
    """More photos are being searched than the shop can look at. `retry_after` is in seconds."""

    code = "busy"

    def __init__(self, *, retry_after: int = 5) -> None:
        super().__init__(
            said("Many photos are being searched at the moment. Please try again in %(wait)s s.", wait=retry_after)
        )
        self.retry_after = retry_after


class CallerGone(Busy):
    """Whoever sent the photo waits for the answer no more, so nobody will read this one."""

    code = "caller_gone"


class TooOften(VisualSearchError):
    """Somebody asks more often than a limit allows: `most` in `seconds`. `retry_after` is in seconds."""

    code = "throttled"

    def __init__(self, *, most: int, seconds: int, retry_after: int) -> None:
        super().__init__(
            said(
                "That is more often than this shop answers: at most %(most)s in %(seconds)s s. "
                "Please try again in %(wait)s s.",
                most=most,
                seconds=seconds,
                wait=retry_after,
            )
        )
        self.most = most
        self.retry_after = retry_after


class SchemaMismatch(VisualSearchError):
    """The index was made for other encoders or fields and can't do what is asked: run `manage.py visual_search rebuild`."""

    code = "schema_mismatch"


class EncoderUnavailable(VisualSearchError):
    """The encoder can't be loaded or failed; the message says what to install or set."""

    code = "encoder_unavailable"


class CanaryFailed(EncoderUnavailable):
    """The loaded weights don't give the vectors that their card promises."""

    code = "canary_failed"


class ReaderUnavailable(VisualSearchError):
    """Label text and codes can't be read; the message says what to install or set. A search goes on without them."""

    code = "reader_unavailable"
