"""Says a message of an error in the language of the page or of the request. Who raises it needs no Django."""

from __future__ import annotations

from django.utils.translation import gettext

from visual_search.errors import Said


def in_words(error: Exception) -> str:
    """What the error says, in the language that is active; in English where nobody translated it."""
    message = error.args[0] if error.args else None
    return _say(message) if isinstance(message, Said) else str(error)


def _say(message: Said) -> str:
    template = gettext(message.template)
    if not message.values:
        return template
    # A value may be a message itself, such as "The picture".
    return template % {
        name: _say(value) if isinstance(value, Said) else value for name, value in message.values.items()
    }
