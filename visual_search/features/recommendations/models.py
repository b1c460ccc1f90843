"""The lists that pages read, and what the owner links by hand. Objects stand here by their ids as texts.

Nothing of a client is kept, and no count: a list that shows or keeps counts tells of single baskets by how it changes.
"""

from __future__ import annotations

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

LONGEST_ID = 200  # characters, as the core keeps ids
LONGEST_CATEGORY = 300
MOST_PLACES = 1000


class Part(models.TextChoices):
    """What one build makes. Each is built, made live and taken back by itself."""

    TOGETHER = "together", _("bought together")
    BORROWED = "borrowed", _("borrowed by new products")
    CATEGORIES = "categories", _("categories that go together")
    GOES_WITH = "goes_with", _("goes with")
    SIMILAR = "similar", _("similar")
    POPULAR = "popular", _("best sellers")


class Kind(models.TextChoices):
    """What a list says of its products."""

    TOGETHER = "together", _("often bought with it")
    GOES_WITH = "goes_with", _("goes with it")
    SIMILAR = "similar", _("like it")


class Origin(models.TextChoices):
    """Why a product stands in a list."""

    ORDERS = "orders", _("bought together by several shoppers")
    BORROWED = "borrowed", _("bought with products that look or read alike")
    CATEGORY = "category", _("of a category that goes with it")
    CONTENT = "content", _("looks or reads alike")


class Build(models.Model):
    """One making of one part. Pages read what is live; what was live before is kept for a while, to go back to."""

    collection = models.CharField(_("collection"), max_length=64)
    part = models.CharField(_("part"), max_length=20, choices=Part.choices)
    model = models.CharField(_("model"), max_length=40)
    started = models.DateTimeField(_("started"), auto_now_add=True)
    finished = models.DateTimeField(_("finished"), null=True)  # None while it is being made, and where making it failed
    live = models.BooleanField(_("live"), default=False)
    figures = models.JSONField(
        _("figures"), default=dict
    )  # of its making: seconds, rows, the share of objects with a list

    class Meta:
        verbose_name = _("build of recommendations")
        verbose_name_plural = _("builds of recommendations")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["collection", "part"],
                condition=models.Q(live=True),
                name="visual_search_recommendations_one_live",
            )
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {self.collection}, {self.get_part_display()}"


class Neighbour(models.Model):
    """`other` stands in a list of `item`, at this rank from 0 on. Scores compare within one list, and are shown to nobody.

    `of_several` is added up in place of `score` where a slot starts from several products; null: it is the same.
    """

    build = models.ForeignKey(Build, models.CASCADE, related_name="neighbours")
    item = models.CharField(max_length=LONGEST_ID)
    other = models.CharField(max_length=LONGEST_ID)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    rank = models.PositiveSmallIntegerField()
    score = models.FloatField()
    of_several = models.FloatField(null=True)
    source = models.CharField(max_length=20, choices=Origin.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["build", "kind", "item", "rank"], name="visual_search_recommendations_neighbour_rank"
            )
        ]

    def __str__(self) -> str:
        return f"{self.item} {self.kind} {self.other}"


class CategoryPair(models.Model):
    """Who buys of `category` buys of `other`, too: at this rank from 0 on."""

    build = models.ForeignKey(Build, models.CASCADE, related_name="category_pairs")
    category = models.CharField(max_length=LONGEST_CATEGORY)
    other = models.CharField(max_length=LONGEST_CATEGORY)
    rank = models.PositiveSmallIntegerField()
    score = models.FloatField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["build", "category", "rank"], name="visual_search_recommendations_category_pair"
            )
        ]

    def __str__(self) -> str:
        return f"{self.category}, {self.other}"


class Popular(models.Model):
    """What sold best lately, in a category with all below it, or in the whole shop (category "")."""

    build = models.ForeignKey(Build, models.CASCADE, related_name="popular")
    category = models.CharField(max_length=LONGEST_CATEGORY, blank=True)
    item = models.CharField(max_length=LONGEST_ID)
    rank = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["build", "category", "rank"], name="visual_search_recommendations_popular_rank"
            )
        ]

    def __str__(self) -> str:
        return f"{self.category} {self.rank}: {self.item}"


class CuratedLink(models.Model):
    """A link that the owner makes by hand. It holds until the owner takes it away, whatever is learned."""

    collection = models.CharField(_("collection"), max_length=64, default="products")
    item = models.CharField(_("product"), max_length=LONGEST_ID)
    other = models.CharField(_("shown with it"), max_length=LONGEST_ID)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices, default=Kind.GOES_WITH)
    position = models.PositiveSmallIntegerField(
        _("place"), default=0, validators=[MaxValueValidator(MOST_PLACES)], help_text=_("Smaller numbers come first.")
    )
    pinned = models.BooleanField(
        _("pinned"), default=False, help_text=_("It comes before everything that isn't pinned.")
    )

    class Meta:
        verbose_name = _("link between products")
        verbose_name_plural = _("links between products")
        ordering = ["collection", "item", "kind", "-pinned", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["collection", "item", "kind", "other"], name="visual_search_recommendations_link"
            )
        ]

    def __str__(self) -> str:
        return f"{self.item} → {self.other}"
