"""Members of the staff, as ledgers name them."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest


def who(request: HttpRequest) -> str:
    """The member of the staff who asks: key and name, since either may be another one's later."""
    user = cast(AbstractUser, request.user)
    return f"user {user.pk} {user.get_username()}"
