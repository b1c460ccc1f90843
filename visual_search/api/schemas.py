"""The shapes of requests and answers, for the OpenAPI document. Requests are read by api/requests.py."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from visual_search.api import tiles


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
    q_weight = serializers.FloatField(
        required=False, min_value=0, max_value=10, default=1, help_text="What the words count beside the other parts."
    )
    q_not = serializers.CharField(
        required=False,
        help_text="What the products mustn't say, separated by commas. `sofa -leather` in `q` means the same.",
    )
    like = serializers.CharField(
        required=False,
        help_text='Ids of products to resemble, separated by commas; in JSON also `[{"id": "12", "weight": 2}]`.',
    )
    unlike = serializers.CharField(
        required=False, help_text="Ids of products that the hits should resemble less, written as in `like`."
    )
    pictures = serializers.JSONField(
        required=False,
        help_text="Up to 4 photos in place of one: "
        '`[{"image": "<base64>", "weight": 2, "box": [0, 0, 0.5, 1]}, {"photo_token": "...", "object": 1}]`. '
        "A negative weight asks for less like this photo.",
    )
    photo_token = serializers.CharField(
        required=False, help_text="From an earlier answer: searches with that photo without sending it again."
    )
    taste = serializers.JSONField(
        required=False,
        help_text='What the shopper\'s device remembers, for this answer alone: `[["<product id>", "view", <day>], ...]`, '
        "at most 100 entries and 4 KiB; also `click`, `basket`, `purchase`, `dislike`; days count from 1970 in UTC.",
    )
    box = serializers.CharField(
        required=False,
        help_text="The part of the photo to search by: `x1,y1,x2,y2` as shares of its width and height from the top left.",
    )
    object = serializers.IntegerField(
        required=False, min_value=0, help_text="The part to search by, as the id of one of the answer's `objects`."
    )
    point = serializers.CharField(
        required=False,
        help_text="Where the shopper tapped, `x,y` as shares from the top left: the thing there is the part to search by.",
    )
    proposals = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Lists what may be more things in the photo, which takes a closer look.",
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
    # What its tile shows comes first: see get_fields. Then why it was found.
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

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {**tiles.fields(), **super().get_fields()}


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


class Proposal(serializers.Serializer[Any]):
    label = serializers.CharField(  # type: ignore[assignment] # The metaclass takes fields out of the class's own names.
        help_text="What the detector takes it for; empty where it can't tell."
    )
    score = serializers.FloatField(help_text="How sure the detector is, 0 to 1.")
    box = serializers.ListField(
        child=serializers.FloatField(),
        min_length=4,
        max_length=4,
        help_text="x1, y1, x2, y2 as shares, from the top left.",
    )


class SeenObject(Proposal):
    id = serializers.IntegerField()
    selected = serializers.BooleanField(help_text="Whether this is the part that was searched.")


class SeenPicture(serializers.Serializer[Any]):
    photo_token = serializers.CharField()
    weight = serializers.FloatField()
    seen = Seen(help_text="What stands in the photo.")
    box = serializers.ListField(child=serializers.FloatField(), allow_null=True)
    objects = SeenObject(many=True)
    proposals = Proposal(many=True)


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
    box = serializers.ListField(
        child=serializers.FloatField(), allow_null=True, help_text="The part of the photo that was searched."
    )
    objects = SeenObject(many=True, help_text="Things in the photo; send one's id as `object` to search by it alone.")
    proposals = Proposal(
        many=True,
        help_text="What may be more things, where `proposals` was asked: send `image` again with such a `box`, or with the "
        "`point` of a tap.",
    )
    pictures = SeenPicture(many=True, help_text="Of several photos: what was seen in each. Empty for one.")
    q = serializers.CharField(help_text="The words as they were read, without what was kept out.")
    q_not = serializers.ListField(child=serializers.CharField(), help_text="What was kept out.")
    warnings = serializers.ListField(child=serializers.CharField())
    degraded = serializers.ListField(child=serializers.CharField(), help_text="What was left out because it failed.")
    notes = serializers.ListField(
        child=serializers.CharField(),
        help_text="What each hook did, or why nothing, such as `personal:personalised` or `personal:exact`.",
    )
    redirect = serializers.CharField(help_text="The address of a page that answers better than the hits; mostly empty.")
    timings_ms = serializers.DictField(child=serializers.FloatField())


class Suggestion(serializers.Serializer[Any]):
    id = serializers.CharField()
    title = serializers.CharField()
    url = serializers.CharField()


class SuggestAnswer(serializers.Serializer[Any]):
    suggestions = Suggestion(many=True, help_text="Best first, each title once; empty for less than two letters.")
    took_ms = serializers.FloatField()
    warnings = serializers.ListField(child=serializers.CharField())
    degraded = serializers.ListField(child=serializers.CharField(), help_text="What was left out because it failed.")


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
