"""Keys of the REST API: who holds one, what it is good for, and when it was last used. No key itself is kept."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

USE_NOTED = timedelta(minutes=1)  # Else each search would be a write.
_ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:\d{1,5})?")


class Scope(models.TextChoices):
    """What a key is good for."""

    SEARCH = "search", _("search and suggestions")
    EVENTS = "events", _("noting what was done with answers")
    ADMIN = "admin", _("the state of the index, and whatever writes")


IN_A_BROWSER = {Scope.SEARCH, Scope.EVENTS}  # Everybody can read a key that a page holds.


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def issue(self, name: str, scopes: Iterable[str], **more: object) -> tuple[ApiKey, str]:
        """A new key and its secret, which nobody can read again. Raises ValidationError."""
        key = ApiKey(name=name, scopes=list(scopes), **more)
        secret = key.give_secret()
        key.full_clean()
        key.save(using=self.db, force_insert=True)
        return key, secret

    def of(self, secret: str) -> ApiKey | None:
        """The key with this secret, or with one that was rotated and is still good; also if it has expired or was revoked."""
        digest = digest_of(secret)
        rotated = models.Q(previous_digest=digest, previous_until__gt=timezone.now())
        return self.filter(models.Q(digest=digest) | rotated).first()

    def living(self) -> ApiKeyQuerySet:
        """Those that open the door now."""
        not_over = models.Q(expires_at=None) | models.Q(expires_at__gt=timezone.now())
        return self.filter(not_over, revoked_at=None)


class ApiKey(models.Model):
    """A key. `prefix` stands in it, so that it is recognised in lists; `digest` is all that is kept of its secret."""

    name = models.CharField(_("name"), max_length=100, help_text=_("Who holds it, and what for."))
    prefix = models.CharField(_("prefix"), max_length=16, unique=True, editable=False)
    digest = models.CharField(_("digest"), max_length=64, unique=True, editable=False)
    previous_digest = models.CharField(_("previous digest"), max_length=64, blank=True, db_index=True, editable=False)
    previous_until = models.DateTimeField(_("previous until"), null=True, editable=False)
    scopes = models.JSONField(_("scopes"), default=list)
    origins = models.JSONField(
        _("origins"),
        default=list,
        blank=True,
        help_text=_("Pages that may use it in a browser: https://www.example.com"),
    )
    per_minute = models.PositiveIntegerField(
        _("per minute"),
        null=True,
        blank=True,
        help_text=_("How much may be asked with it in a minute. Empty: as much as the limit `key` says."),
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"

    def clean(self) -> None:
        """Raise ValidationError for what can't be a key."""
        scopes, origins = self.scopes, self.origins
        if not isinstance(scopes, list) or not scopes or not set(scopes) <= set(Scope.values):
            raise ValidationError(
                {"scopes": _("Name what the key is good for: %(scopes)s.") % {"scopes": ", ".join(Scope.values)}}
            )
        if not isinstance(origins, list):
            raise ValidationError({"origins": _("Name pages, such as https://www.example.com, or none.")})
        for origin in origins:
            if not isinstance(origin, str) or not _ORIGIN.fullmatch(origin):
                raise ValidationError(
                    {
                        "origins": _(
                            "%(origin)s is no origin. Write it as browsers do: https://www.example.com, without a path."
                        )
                        % {"origin": repr(origin)}
                    }
                )
        if origins and not set(scopes) <= IN_A_BROWSER:
            raise ValidationError(
                {"scopes": _("Everybody can read a key in a page, so it may search and note events alone.")}
            )
        if self.per_minute == 0:
            raise ValidationError(
                {"per_minute": _("A key with which nothing may be asked opens nothing; revoke it instead.")}
            )

    def give_secret(self) -> str:
        """Make a new secret for this key, which isn't saved yet. Nobody can read it again."""
        self.prefix = self.prefix or f"vs_{secrets.token_hex(4)}"
        secret = f"{self.prefix}_{secrets.token_urlsafe(32)}"
        self.digest = digest_of(secret)
        return secret

    def rotate(self, grace: timedelta) -> str:
        """Give the key another secret; the one before is good for so long still. Nobody can read the new one again."""
        self.previous_digest, self.previous_until = self.digest, timezone.now() + grace
        secret = self.give_secret()
        self.save(update_fields=["digest", "previous_digest", "previous_until"])
        return secret

    def revoke(self) -> None:
        """From now on it opens nothing, nor does a secret from before."""
        self.revoked_at = self.revoked_at or timezone.now()
        self.save(update_fields=["revoked_at"])

    def note_use(self) -> None:
        """Remember when it was used, to the minute."""
        now = timezone.now()
        if self.last_used_at is None or now - self.last_used_at >= USE_NOTED:
            ApiKey.objects.filter(pk=self.pk).update(last_used_at=now)

    @property
    def state(self) -> str:
        """In a word: active, expired or revoked."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= timezone.now() else "active"


def digest_of(secret: str) -> str:
    """SHA-256 of a secret. It is 256 bits of chance, which nobody finds by trying: the slow hashes of passwords are for what
    people make up, and would cost each question a tenth of a second.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
