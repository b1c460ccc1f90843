"""What staff send from the desk."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from catalog.models import Product
from catalog.receiving.confirming import MOST_AT_ONCE
from catalog.receiving.kinds import PurchaseState
from catalog.receiving.models import LONGEST_LOT, DeliveryLine, PurchaseOrder, Supplier

MOST_FILES = 20


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files, as a list."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> Any:
        given = data if isinstance(data, list | tuple) else [data] if data else []
        if len(given) > MOST_FILES:
            raise forms.ValidationError(
                _("You chose %(count)d files; send at most %(most)d at once.")
                % {"count": len(given), "most": MOST_FILES}
            )
        return [super(FilesField, self).clean(one, initial) for one in given]


class OpenForm(forms.Form):
    """A new delivery: of an order, of a supplier, or of nobody known."""

    order = forms.ModelChoiceField(
        PurchaseOrder.objects.filter(state=PurchaseState.ORDERED),
        required=False,
        label=pgettext_lazy("shop", "Order"),
        empty_label=_("not ordered"),
    )
    supplier = forms.ModelChoiceField(
        Supplier.objects.all(), required=False, label=_("Supplier"), empty_label=_("unknown")
    )


class AddForm(forms.Form):
    """What came in."""

    photos = FilesField(required=False, label=_("Photos of goods"))
    code = forms.CharField(required=False, max_length=640, label=_("Code, article number or words"), strip=False)
    slip = FilesField(required=False, label=_("Packing slips (PDF or photo)"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["photos"].widget.attrs["accept"] = "image/jpeg,image/png,image/webp"
        self.fields["slip"].widget.attrs["accept"] = "application/pdf,image/jpeg,image/png,image/webp"
        self.fields["code"].widget.attrs.update({"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"})


class ConfirmForm(forms.Form):
    """What a line is. `product`: one of the candidates; `other`: another article number, which goes before it."""

    product = forms.IntegerField(required=False)
    other = forms.CharField(required=False, max_length=64, label=_("Another article number"))
    quantity = forms.IntegerField(min_value=1, max_value=MOST_AT_ONCE, label=_("Quantity"))
    pack = forms.IntegerField(min_value=1, max_value=MOST_AT_ONCE, label=_("Pieces in each"), initial=1)
    lot = forms.CharField(required=False, max_length=LONGEST_LOT, label=_("Lot"))
    expiry = forms.DateField(
        required=False, label=_("Expiry"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    keep_photo = forms.BooleanField(required=False, label=_("Recognise it by this photo from now on"))

    def __init__(self, data: Any = None, *, line: DeliveryLine) -> None:
        first = line.candidates[0] if line.candidates else {"product": None, "pack": 1}
        initial = {
            "product": first["product"],
            "quantity": line.proposed,
            "pack": first["pack"],
            "lot": line.lot,
            "expiry": line.expiry,
        }
        super().__init__(data, initial=initial, prefix=f"line{line.pk}")

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if other := (given.get("other") or "").strip():
            given["product"] = Product.objects.filter(sku__iexact=other).first()
            if given["product"] is None:
                self.add_error("other", _("There is no article number '%(sku)s'.") % {"sku": other})
        elif given.get("product") is not None:
            given["product"] = Product.objects.filter(pk=given["product"]).first()
        if not self.errors and given.get("product") is None:
            self.add_error("other", _("Choose a product, or type its article number."))
        if not self.errors and given["quantity"] * given["pack"] > MOST_AT_ONCE:
            self.add_error("quantity", _("Book at most %(most)d pieces at once.") % {"most": MOST_AT_ONCE})
        return given
