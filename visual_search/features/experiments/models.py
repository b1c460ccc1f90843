"""Experiments and what was counted of them, day by day. No row says anything of a client, a question or a product."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from visual_search.features.experiments.deciding import MOST_DAYS, SHARE, Guard, Outcome
from visual_search.features.experiments.options import LONGEST_NAME

OUTCOMES = {
    Outcome.A: _("A is liked more"),
    Outcome.B: _("B is liked more"),
    Outcome.GUARD: _("Stopped by a guard-rail"),
    Outcome.UNDECIDED: _("Undecided when its days were over"),
    Outcome.BY_HAND: _("Stopped by hand"),
}
GUARDS = {
    Guard.ZERO: _("more answers found nothing close"),
    Guard.SLOW: _("more than 5 % of the answers were slow"),
    Guard.BASKETS: _("fewer answers led to a basket"),
}


class Kind(models.TextChoices):
    """How two rankings are compared."""

    INTERLEAVE = "interleave", _("team-draft interleaving")
    ARMS = "arms", _("arms by question and day")


class Status(models.TextChoices):
    """Whether shoppers see it."""

    RUNNING = "running", _("running")
    STOPPED = "stopped", _("stopped")


class Experiment(models.Model):
    """Two rankings that are tried against each other. An empty name is the shop's own ranking. Of arms, B is the name of the
    variant whose rules hold there.
    """

    kind = models.CharField(max_length=20, choices=Kind, default=Kind.INTERLEAVE)
    a = models.CharField(_("ranking A"), max_length=LONGEST_NAME, blank=True)
    b = models.CharField(_("ranking B"), max_length=LONGEST_NAME)
    share = models.FloatField(_("share of the answers"), default=SHARE)
    guards = models.JSONField(default=dict)  # "slow_ms": from which time on an answer is slow
    most_days = models.PositiveSmallIntegerField(_("days at most"), default=MOST_DAYS)
    status = models.CharField(max_length=10, choices=Status, default=Status.RUNNING)
    outcome = models.CharField(max_length=20, blank=True, choices=OUTCOMES.items())
    broken = models.CharField(_("guard-rail"), max_length=20, blank=True, choices=GUARDS.items())
    first_day = models.IntegerField()  # UTC days since 1970
    last_day = models.IntegerField(null=True)
    author = models.CharField(_("started by"), max_length=150, blank=True)

    class Meta:
        constraints = [
            # Two at once would change each other's lists.
            models.UniqueConstraint(
                fields=["status"], condition=models.Q(status="running"), name="visual_search_experiments_one"
            ),
        ]
        ordering = ("-first_day", "-pk")
        verbose_name = _("experiment")
        verbose_name_plural = _("experiments")

    def __str__(self) -> str:
        return f"{self.pk}: {self.a or _('the shop’s own')} / {self.b}"


class ExperimentDay(models.Model):
    """What a sealed day said. Votes are decisive or ties; the others are counts of answers, for the guard-rails."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="days")
    day = models.IntegerField()
    wins_a = models.PositiveIntegerField(default=0)
    wins_b = models.PositiveIntegerField(default=0)
    ties = models.PositiveIntegerField(default=0)
    answers = models.PositiveIntegerField(default=0)
    zero = models.PositiveIntegerField(default=0)
    slow = models.PositiveIntegerField(default=0)
    baskets = models.PositiveIntegerField(default=0)
    # The same of the answers that were kept out of it by chance.
    control_answers = models.PositiveIntegerField(default=0)
    control_zero = models.PositiveIntegerField(default=0)
    control_slow = models.PositiveIntegerField(default=0)
    control_baskets = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["experiment", "day"], name="visual_search_experiments_day")]
        ordering = ("day",)

    def __str__(self) -> str:
        return f"{self.experiment_id} {self.day}"


class UsualDay(models.Model):
    """The same counts of answers while nothing was tried: what an experiment without a control is compared with."""

    day = models.IntegerField(primary_key=True)
    answers = models.PositiveIntegerField(default=0)
    zero = models.PositiveIntegerField(default=0)
    slow = models.PositiveIntegerField(default=0)
    baskets = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.day)
