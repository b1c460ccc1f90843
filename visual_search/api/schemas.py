"""The shapes of requests and answers, for the OpenAPI document. Requests are read by api/requests.py."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class SearchRequest(serializers.Serializer[Any]):
    q = serializers.CharField(required=False, help_text="Words in any language.")
    filters = serializers.JSONField(
        required=False,
        help_text='`{"category": ["Home > Office"], "price": {"gte": 10, "lte": 90}, "not": {"brand": ["Acme"]}}`',
    )
    lang = serializers.CharField(required=False, help_text="The page's language, such as `de`; helps with short words.")
    page = serializers.IntegerField(required=False, min_value=1, default=1)
    page_size = serializers.IntegerField(required=False, min_value=1, max_value=100, default=24)
    sort = serializers.CharField(required=False, help_text="`relevance`, or a number facet: `price`, `-price`.")
    like = serializers.CharField(required=False, help_text="Ids of products to resemble, separated by commas.")
    photo_token = serializers.CharField(
        required=False, help_text="From an earlier answer: searches with that photo without sending it again."
    )
    taste = serializers.JSONField(
        required=False,
        help_text='What the shopper\'s device remembers, for this answer alone: `[["<product id>", "view", <day>], ...]`, '
        "at most 100 entries and 4 KiB; also `click`, `basket`, `purchase`, `dislike`; days count from 1970 in UTC.",
    )
    facets = serializers.CharField(required=False, help_text="Which facets to count; default all.")
    explain = serializers.BooleanField(required=False, default=False, help_text="Adds each leg's part of the score.")
    read = serializers.BooleanField(
        required=False, default=True, help_text="Whether words, barcodes and QR codes in the photo count."
    )


class MultipartSearchRequest(SearchRequest):
    image = serializers.FileField(required=False, help_text="A JPEG, PNG or WebP.")


class JsonSearchRequest(SearchRequest):
    image = serializers.CharField(required=False, help_text="The file's bytes as base64.")


class Total(serializers.Serializer[Any]):
    value = serializers.IntegerField()
    relation = serializers.ChoiceField(["eq", "gte"], help_text="`gte`: there may be more.")


class Because(serializers.Serializer[Any]):
    id = serializers.CharField()
    title = serializers.CharField()
    url = serializers.CharField()


class SearchHit(serializers.Serializer[Any]):
    id = serializers.CharField()
    sku = serializers.CharField()
    title = serializers.CharField()
    url = serializers.CharField()
    image = serializers.CharField()
    price = serializers.CharField()
    in_stock = serializers.BooleanField()
    score = serializers.FloatField(help_text="Comparable within one answer only.")
    grade = serializers.CharField(
        allow_null=True, help_text="For a photo: same item, very similar, similar style or nothing close."
    )
    picture = serializers.CharField(help_text="Id of the product's picture that matched best.")
    reason = serializers.CharField(
        help_text="Why it stands where it stands: `exact code`, `same picture`, `label`, `viewed`, `bought`, "
        "`viewed_before`, `bought_before`, or empty."
    )
    label_words = serializers.CharField(help_text="Words on the photo's label that the product's own words share.")
    because = Because(allow_null=True, help_text="The product that the reason is about.")
    explain = serializers.DictField(child=serializers.FloatField(), required=False)


class FacetItem(serializers.Serializer[Any]):
    value = serializers.JSONField()
    count = serializers.IntegerField()


class FacetRange(serializers.Serializer[Any]):
    min = serializers.FloatField()
    max = serializers.FloatField()


class Facet(serializers.Serializer[Any]):
    key = serializers.CharField()
    items = FacetItem(many=True)
    range = FacetRange(allow_null=True)


class Seen(serializers.Serializer[Any]):
    text = serializers.CharField(help_text="Label text, without prices, weights and scraps.")
    codes = serializers.ListField(child=serializers.CharField(), help_text="Barcodes and QR codes.")


class SearchAnswer(serializers.Serializer[Any]):
    query_id = serializers.UUIDField()
    took_ms = serializers.FloatField()
    total = Total()
    page = serializers.IntegerField()
    page_size = serializers.IntegerField()
    language = serializers.CharField(allow_null=True)
    hits = SearchHit(many=True)
    facets = Facet(many=True)
    photo_token = serializers.CharField(help_text="Empty where there was no photo. Keep it to filter and page.")
    seen = Seen(help_text="What stands in the photo.")
    warnings = serializers.ListField(child=serializers.CharField())
    degraded = serializers.ListField(child=serializers.CharField(), help_text="What was left out because it failed.")
    notes = serializers.ListField(
        child=serializers.CharField(),
        help_text="What each rescorer did, or why nothing, such as `personal:personalised` or `personal:exact`.",
    )
    timings_ms = serializers.DictField(child=serializers.FloatField())


class HealthAnswer(serializers.Serializer[Any]):
    ok = serializers.BooleanField()
    engine = serializers.CharField()
    encoder = serializers.CharField()
    detail = serializers.CharField()
    documents = serializers.DictField(child=serializers.IntegerField())
    pending = serializers.IntegerField(allow_null=True, help_text="Saved objects that aren't in the index yet.")
    failed = serializers.IntegerField(allow_null=True)
    advice = serializers.ListField(child=serializers.CharField())


class Problem(serializers.Serializer[Any]):
    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    field = serializers.CharField(required=False)
