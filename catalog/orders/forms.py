"""What shoppers send: what goes into the basket, and who orders."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from catalog.models import Product
from catalog.orders.basket import MOST_OF_ONE
from catalog.orders.models import Order


class QuantityForm(forms.Form):
    product = forms.ModelChoiceField(
        Product.objects.for_sale(), error_messages={"invalid_choice": _("This product isn't for sale any more.")}
    )
    quantity = forms.IntegerField(min_value=0, max_value=MOST_OF_ONE, label=_("Quantity"))


class CheckoutForm(forms.ModelForm):
    class Meta:
        model = Order
        fields = ["name", "email"]

    # What the page said. Another total by now is shown before anything is ordered.
    total = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for name, autocomplete in (("name", "name"), ("email", "email")):
            self.fields[name].required = True
            self.fields[name].widget.attrs["autocomplete"] = autocomplete
