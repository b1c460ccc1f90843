"""What was ordered. What an order says of its buyer is emptied after a while, and the rest stays for the books."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalog.prices import price_text, sum_text


class Order(models.Model):
    """One order. Its page has an address that nobody can guess, and says nothing of the buyer."""

    token = models.CharField(_("token"), max_length=64, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=120, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    created_at = models.DateTimeField(_("ordered"), auto_now_add=True, db_index=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("order")
        verbose_name_plural = _("orders")

    def __str__(self) -> str:
        return f"#{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("catalog:order", args=[self.token])

    @property
    def sum_text(self) -> str:
        """It reads what was prefetched."""
        return sum_text((line.amount, line.currency) for line in self.lines.all())


class OrderLine(models.Model):
    """So many of one product, with what it was called and cost that day: products change and go, orders don't."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines", verbose_name=_("order"))
    product = models.ForeignKey(
        "catalog.Product", models.SET_NULL, null=True, related_name="+", verbose_name=_("product")
    )
    sku = models.CharField(_("sku"), max_length=64)
    title = models.CharField(_("title"), max_length=300)
    price = models.DecimalField(_("price"), max_digits=12, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    quantity = models.PositiveIntegerField(_("quantity"))

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.title} ({self.sku})"

    @property
    def amount(self) -> Decimal:
        return self.price * self.quantity

    @property
    def price_text(self) -> str:
        return price_text(self.price, self.currency)

    @property
    def amount_text(self) -> str:
        return price_text(self.amount, self.currency)
