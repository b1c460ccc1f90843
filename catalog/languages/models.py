"""What is kept of languages: the choice of an account, and names of categories."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class AccountLanguage(models.Model):
    """In which language an account reads the shop."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", primary_key=True, verbose_name=_("user")
    )
    language = models.CharField(_("language"), max_length=35)

    class Meta:
        verbose_name = _("language of an account")
        verbose_name_plural = _("languages of accounts")

    def __str__(self) -> str:
        return self.language


class CategoryText(models.Model):
    """What a category is called in one language. Without a text, pages show the last level of its path."""

    path = models.CharField(
        _("category"), max_length=300, help_text=_("Levels joined by ' > ', such as Home > Office.")
    )
    language = models.CharField(
        _("language"),
        max_length=35,
        validators=[RegexValidator(r"^[a-z]{2,3}(-[a-z0-9]{1,8})*\Z", _("Write a code such as de or pt-br."))],
    )
    name = models.CharField(_("name"), max_length=120)

    class Meta:
        verbose_name = _("name of a category")
        verbose_name_plural = _("names of categories")
        ordering = ["path", "language"]
        constraints = [models.UniqueConstraint(fields=["path", "language"], name="catalog_category_once_a_language")]

    def __str__(self) -> str:
        return f"{self.name} [{self.language}]"
