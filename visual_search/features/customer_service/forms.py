"""What shoppers and staff may write, said in words where it may not stand."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from visual_search import registry
from visual_search.errors import BadInput, EngineUnavailable, PictureRefused
from visual_search.features.customer_service import articles, photos
from visual_search.features.customer_service.cases import HandedOver
from visual_search.features.customer_service.models import MOST_WORDS, HelpArticle, HelpPicture
from visual_search.querying import uploads
from visual_search.translating import in_words
from visual_search.types.shop import path_prefixes

_MOST_SHOWN = 20  # articles that a form may say were shown


class HandOverForm(forms.Form):
    """What goes to a person: what is known already, and where to answer."""

    words = forms.CharField(
        label=gettext_lazy("What is wrong"), max_length=MOST_WORDS, widget=forms.Textarea(attrs={"rows": 5})
    )
    email = forms.EmailField(
        label=gettext_lazy("Your mail address, for the answer"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    product = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)
    shown = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)
    kept = forms.CharField(required=False, widget=forms.HiddenInput)  # the photo of the question, in base64
    photo = forms.FileField(required=False, widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}))
    send_photo = forms.BooleanField(required=False)

    def clean_shown(self) -> list[int]:
        given = [part for part in self.cleaned_data["shown"].split(",") if part]
        if len(given) > _MOST_SHOWN or not all(part.isascii() and part.isdigit() and len(part) <= 18 for part in given):
            raise ValidationError(_("The form was changed on its way. Please ask again."))
        return [int(part) for part in given]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned["jpeg"] = None
        if not cleaned.get("send_photo"):
            return cleaned  # Without the tick no photo is kept, whatever came along.
        try:
            if cleaned.get("photo"):
                picture = uploads.uploaded(cleaned["photo"])
            elif cleaned.get("kept"):
                picture = uploads.photo_from_base64(cleaned["kept"])
            else:
                raise ValidationError({"photo": _("Choose a photo, or take out the tick at the photo.")})
        except BadInput as problem:
            raise ValidationError({"photo": in_words(problem)}) from problem
        if picture.image is not None:
            cleaned["jpeg"] = photos.kept(picture.image)
        return cleaned

    def handed_over(self) -> HandedOver:
        """What was read. To be asked for after `is_valid`."""
        given = self.cleaned_data
        return HandedOver(given["words"], given["email"], given["product"], given["shown"], given["jpeg"])


class HelpArticleForm(forms.ModelForm):
    class Meta:
        model = HelpArticle
        fields = ("kind", "item", "category", "codes", "to_a_person")
        widgets = {"codes": forms.Textarea(attrs={"rows": 3})}

    def clean_category(self) -> str:
        """Written as facets have it: "Home > Kitchen"."""
        paths = path_prefixes(self.cleaned_data["category"])
        return paths[-1] if paths else ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("item") and cleaned.get("category"):
            self.add_error("category", _("An article holds for a product or for a category. Empty one of them."))
        if cleaned.get("codes") and not cleaned.get("item"):
            self.add_error("codes", _("Display codes belong to one product. Name it."))
        self.instance.item = cleaned.get("item") or ""
        try:
            articles.resolve(self.instance, registry.default())
        except (BadInput, EngineUnavailable) as problem:
            self.add_error("item", in_words(problem))
        return cleaned


class HelpPictureForm(forms.ModelForm):
    class Meta:
        model = HelpPicture
        fields = ("file", "alt", "position")

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file and "file" in self.changed_data:
            try:
                uploads.uploaded(file)
            except PictureRefused as problem:
                raise ValidationError(in_words(problem)) from problem
            file.seek(0)
        return file
