"""What staff may write of brands, listings and notices, said in words where it may not stand."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from visual_search import registry
from visual_search.errors import BadInput, ConfigurationError
from visual_search.features.brand_protection import notices, storing
from visual_search.features.brand_protection.models import Brand, GenuinePicture
from visual_search.features.brand_protection.options import options
from visual_search.features.brand_protection.signs import lines
from visual_search.imaging.decode import content_hash
from visual_search.translating import in_words

MOST_BYTES = 16 * 1024 * 1024  # of a file that staff upload; larger feeds come by the command `import_listings`


class BrandForm(forms.ModelForm):
    class Meta:
        model = Brand
        fields = "__all__"  # noqa: DJ007 - all of them are for staff
        widgets = {name: forms.Textarea(attrs={"rows": 3}) for name in ("words", "sellers", "recipients")}

    def clean_recipients(self) -> str:
        for mail in lines(self.cleaned_data["recipients"]):
            try:
                validate_email(mail)
            except ValidationError as problem:
                raise ValidationError(_("“%(mail)s” is no mail address.") % {"mail": mail}) from problem
        return str(self.cleaned_data["recipients"])

    def clean_webhook_url(self) -> str:
        url = str(self.cleaned_data["webhook_url"])
        if url and urlsplit(url).scheme != "https" and not options().insecure_webhooks:
            raise ValidationError(_("The webhook must begin with https://."))
        return url

    def clean_collection(self) -> str:
        name = str(self.cleaned_data["collection"])
        if name:
            try:
                registry.source(name)
            except ConfigurationError as problem:
                raise ValidationError(str(problem)) from problem
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("price_floor") is not None and not cleaned.get("currency"):
            self.add_error("currency", _("A price floor needs a currency, such as EUR."))
        cleaned["currency"] = str(cleaned.get("currency") or "").upper()
        return cleaned


class GenuineForm(forms.ModelForm):
    """A new picture is opened and described before it is stored, so that nothing is kept that can't be compared."""

    class Meta:
        model = GenuinePicture
        fields = ("kind", "item", "file")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        file = cleaned.get("file")
        self._data = b""
        if not file and not self.instance.object_id:
            self.add_error("file", _("Choose a file."))
        elif file and "file" in self.changed_data:
            self._data = file.read()
            file.seek(0)
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # a hook of Django's own, after which the instance has what was typed
        # A brand that is only just being written has no pictures yet, so nothing can be there twice.
        if self.errors or not self._data:
            return
        try:
            if self.instance.brand_id:
                storing.describe(self.instance, self._data)
            else:
                self.instance.content_hash = content_hash(self._data)
                storing.fill(self.instance, self._data)
        except BadInput as problem:
            self.add_error("file", in_words(problem))


class ListingsForm(forms.Form):
    """A ZIP file of many listings, or one listing with its picture."""

    archive = forms.FileField(
        label=gettext_lazy("ZIP file"),
        required=False,
        help_text=gettext_lazy(
            "listings.csv with the columns url, seller, title, price, currency, picture; and the pictures."
        ),
    )
    picture = forms.FileField(label=gettext_lazy("or one picture"), required=False)
    url = forms.URLField(label=gettext_lazy("Address"), required=False, max_length=1000, assume_scheme="https")
    seller = forms.CharField(label=gettext_lazy("Seller"), required=False, max_length=200)
    title = forms.CharField(label=gettext_lazy("Title"), required=False, max_length=500)
    price = forms.DecimalField(
        label=gettext_lazy("Price"), required=False, min_value=0, max_digits=12, decimal_places=2
    )
    currency = forms.RegexField(
        "^[A-Za-z]{3}$", label=gettext_lazy("Currency"), required=False, help_text=gettext_lazy("Such as EUR.")
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        given = [name for name in ("archive", "picture") if cleaned.get(name)]
        if len(given) != 1 and not self.errors:
            raise ValidationError(_("Choose a ZIP file, or a picture."))
        for name in given:
            if cleaned[name].size > MOST_BYTES:
                self.add_error(name, _("The file is too large; at most %(most)s MB.") % {"most": MOST_BYTES // 2**20})
        return cleaned


class NoticeForm(forms.Form):
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=notices.languages)
    recipient = forms.EmailField(label=gettext_lazy("To"))
    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=200)
    body = forms.CharField(label=gettext_lazy("Text"), widget=forms.Textarea(attrs={"rows": 18}), max_length=20_000)
