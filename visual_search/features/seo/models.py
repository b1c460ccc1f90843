"""Texts in place of pictures, and what the last look through the pages found."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class PictureText(models.Model):
    """What a picture shows, in one language. The shop's pages say it once somebody has confirmed it."""

    collection = models.CharField(_("collection"), max_length=64)
    object_id = models.CharField(_("object"), max_length=200)
    picture_id = models.CharField(_("picture"), max_length=200)
    language = models.CharField(_("language"), max_length=35)
    text = models.CharField(
        _("text in place of the picture"),
        max_length=300,
        help_text=_("What the picture shows, for those who don't see it."),
    )
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, editable=False)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("confirmed by"),
    )

    class Meta:
        verbose_name = _("text in place of a picture")
        verbose_name_plural = _("texts in place of pictures")
        ordering = ["collection", "object_id", "picture_id", "language"]
        constraints = [
            models.UniqueConstraint(
                fields=["collection", "object_id", "picture_id", "language"], name="visual_search_seo_text_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.text} [{self.language}]"


class PagesCheck(models.Model):
    """What the last look through a collection's pages found."""

    collection = models.CharField(max_length=64, primary_key=True)
    made_at = models.DateTimeField(auto_now=True)
    objects_read = models.PositiveIntegerField(default=0)
    findings = models.JSONField(default=dict)  # what is wrong -> {"count": how many, "ids": the first of them}

    class Meta:
        verbose_name = _("look through the pages")
        verbose_name_plural = _("what search engines find")

    def __str__(self) -> str:
        return self.collection
