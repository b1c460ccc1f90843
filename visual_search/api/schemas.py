"""The shapes of requests and answers, for the OpenAPI document. Requests are read by api/requests.py."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from visual_search.api import shapes, tiles
from visual_search.api.requests import GROUPED, SHAREABLE, SHAREABLE_GROUPED, SIMILAR
from visual_search.conf import conf
from visual_search.querying.likes import MOST_LIKED
from visual_search.querying.negatives import MOST_NEGATIVES
from visual_search.querying.parsing import MOST_WEIGHT, PICTURES
from visual_search.ranking.taste import MAX_BYTES, MAX_EVENTS
from visual_search.suggesting import LIMIT, MOST_LINES, Kind
from visual_search.types import Grade

_Fields = dict[str, serializers.Field[Any, Any, Any, Any]]


_COLLECTION = "Which of the shop's collections to ask; default its products."
_LATEST_PAGE = 999_999
_MOST_OBJECT = 999


class SearchRequest(serializers.Serializer[Any]):
    """A question in a form or in an address: there all that isn't a file is text."""

    in_json: ClassVar[bool] = False
    closed: ClassVar[bool] = True  # Another parameter is refused.

    # What the settings and the shop's collections say is put in place below, when the document is made.
    collection = shapes.text()
    q = shapes.text()
    filters = shapes.text()
    lang = shapes.text()
    page = serializers.IntegerField(required=False, min_value=1, max_value=_LATEST_PAGE, default=1, help_text="From 1.")
    page_size = serializers.IntegerField(required=False)
    sort = shapes.text()
    q_weight = serializers.FloatField(
        required=False,
        min_value=0,
        max_value=MOST_WEIGHT,
        default=1,
        help_text=f"What the words count beside the other parts: 0 to {MOST_WEIGHT:g}.",
    )
    q_not = shapes.text()
    like = shapes.text()
    unlike = shapes.text()
    pictures = shapes.text()
    photo_token = shapes.text("From an earlier answer: searches with that photo without sending it again.")
    taste = shapes.text()
    box = shapes.text()
    object = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=_MOST_OBJECT,
        help_text="The part to search by, as the id of one of the answer's `objects`.",
    )
    point = shapes.text()
    proposals = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Lists what may be more things in the photo, which takes a closer look.",
    )
    facets = shapes.text()
    disjunctive = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Counts each facet without its own filter, so that more of its values can be ticked, and close hits alone.",
    )
    explain = serializers.BooleanField(required=False, default=False, help_text="Adds each leg's part of the score.")
    spell = serializers.BooleanField(
        required=False,
        default=True,
        help_text="Whether words that the shop doesn't have are taken for those that are meant.",
    )
    understand = serializers.BooleanField(
        required=False,
        default=True,
        help_text="Whether a range of prices in `q`, such as `under 50 euro`, becomes a filter.",
    )
    read = serializers.BooleanField(
        required=False, default=True, help_text="Whether words, barcodes and QR codes in the photo count."
    )

    def get_fields(self) -> _Fields:
        in_json = self.in_json
        # Put in place of those above, so that the order stays.
        known: _Fields = {
            **super().get_fields(),
            "collection": shapes.collection(_COLLECTION),
            "q": shapes.text(f"Words in any language. {_cut()}"),
            "filters": shapes.filters(_FILTERS) if in_json else shapes.text(f"JSON: {_FILTERS}"),
            "lang": shapes.language("The page's language, such as `de`; helps with short words.", in_json=in_json),
            "page_size": serializers.IntegerField(
                required=False,
                min_value=1,
                max_value=conf.PAGE_SIZE_MAX,
                default=conf.PAGE_SIZE,
                help_text=f"1 to {conf.PAGE_SIZE_MAX}.",
            ),
            "sort": shapes.sort("`relevance`, or a number facet: `price`, `-price`."),
            "q_not": shapes.phrases(_NOT, most=MOST_NEGATIVES, in_json=in_json),
            "like": shapes.ids(_LIKE, most=MOST_LIKED, in_json=in_json),
            "unlike": shapes.ids(_UNLIKE, most=MOST_NEGATIVES, in_json=in_json),
            "pictures": shapes.pictures(_PICTURES, _base64()) if in_json else shapes.text(f"JSON. {_PICTURES}"),
            "taste": serializers.JSONField(required=False, help_text=_TASTE) if in_json else shapes.text(_TASTE),
            "box": shapes.numbers(_BOX, count=4, in_json=in_json),
            "point": shapes.numbers(_POINT, count=2, in_json=in_json),
            "image_url": shapes.text(_linked()),
            "facets": shapes.facets("Which facets to count; default all.", in_json=in_json),
        }
        if not conf.PHOTO_LINKS:
            known.pop("image_url")
        return known


_FILTERS = '`{"category": ["Home > Office"], "price": {"gte": 10, "lte": 90}, "not": {"brand": ["Acme"]}}`'
_NOT = (
    f"What the products mustn't say, separated by commas, at most {MOST_NEGATIVES} phrases. "
    "`sofa -leather` in `q` means the same."
)
_LIKE = (
    f"Ids of products to resemble, separated by commas, at most {MOST_LIKED}; in JSON also "
    f'`[{{"id": "12", "weight": 2}}]` with a weight from 0 to {MOST_WEIGHT:g}.'
)
_UNLIKE = f"Ids of products that the hits should resemble less, at most {MOST_NEGATIVES}, written as in `like`."
_PICTURES = (
    f"Up to {PICTURES} photos in place of one: "
    '`[{"image": "<base64>", "weight": 2, "box": [0, 0, 0.5, 1]}, {"photo_token": "...", "object": 1}]`. '
    f"A weight lies between {-MOST_WEIGHT:g} and {MOST_WEIGHT:g}; a negative one asks for less like this photo."
)
_TASTE = (
    'What the shopper\'s device remembers, for this answer alone: `[["<product id>", "view", <day>], ...]`, '
    f"at most {MAX_EVENTS} entries and {MAX_BYTES / 1024:g} KiB; also `click`, `basket`, `purchase`, `dislike`; days "
    "count from 1970 in UTC."
)
_BOX = "The part of the photo to search by: `x1,y1,x2,y2` as shares of its width and height from the top left."
_POINT = "Where the shopper tapped, `x,y` as shares from the top left: the thing there is the part to search by."


class SearchAddress(SearchRequest):
    """What may stand in the address of a search."""

    def get_fields(self) -> _Fields:
        known = super().get_fields()
        return {name: known[name] for name in SHAREABLE}


class SimilarAddress(SearchRequest):
    """What may stand in the address of what resembles a product."""

    def get_fields(self) -> _Fields:
        known = super().get_fields()
        return {name: known[name] for name in SIMILAR}


class SuggestAddress(serializers.Serializer[Any]):
    """What may stand in the address of a suggestion."""

    def get_fields(self) -> _Fields:
        return {
            "collection": shapes.collection(_COLLECTION),
            "q": shapes.text(f"What stands in the box. {_cut()}"),
            "lang": shapes.language("The page's language; default that of the request."),
            "limit": serializers.IntegerField(
                required=False,
                min_value=1,
                max_value=MOST_LINES,
                default=LIMIT,
                help_text=f"1 to {MOST_LINES}, default {LIMIT}.",
            ),
        }


def _cut() -> str:
    return f"Cut after {conf.QUERY_MAX_CHARS} characters."


def _largest() -> str:
    return f"of at most {conf.PICTURE_MAX_BYTES:,} bytes"


def _linked() -> str:
    return f"A link to a JPEG, PNG or WebP {_largest()} that anybody may see, in place of `image`."


def _base64() -> str:
    return f"The bytes of a JPEG, PNG or WebP {_largest()}, as base64."


def _image() -> shapes.Shaped:
    # An empty one is refused: a client that lost its photo on the way mustn't take the whole shop for its answer.
    return shapes.Shaped({"type": "string", "format": "byte", "minLength": 1}, _base64())


class FormSearchRequest(SearchRequest):
    fewest: ClassVar[int] = 1  # An empty form is refused, too.

    def get_fields(self) -> _Fields:
        return {**super().get_fields(), "image": _image()}


class MultipartSearchRequest(FormSearchRequest):
    def get_fields(self) -> _Fields:
        image = serializers.FileField(required=False, help_text=f"A JPEG, PNG or WebP {_largest()}.")
        return {**super().get_fields(), "image": image}


class JsonSearchRequest(SearchRequest):
    """A question in JSON: lists are lists, and null is the same as nothing."""

    in_json = True

    def get_fields(self) -> _Fields:
        known = super().get_fields()
        for one in known.values():
            one.allow_null = not isinstance(one, shapes.Shaped)  # Those say it themselves.
        return {**known, "image": _image()}


class _OfSeveral(SearchRequest):
    """A question to several collections has some parts of the question to one."""

    def get_fields(self) -> _Fields:
        help = "Which of the shop's collections to ask, separated by commas; default all."
        known = {"collections": shapes.collections(help, in_json=self.in_json), **super().get_fields()}
        return {name: known[name] for name in GROUPED if name in known}


class FormGroupedRequest(_OfSeveral, FormSearchRequest):
    pass


class MultipartGroupedRequest(_OfSeveral, MultipartSearchRequest):
    pass


class JsonGroupedRequest(_OfSeveral, JsonSearchRequest):
    pass


class GroupedAddress(_OfSeveral):
    """What may stand in the address of a question to several collections."""

    def get_fields(self) -> _Fields:
        known = super().get_fields()
        return {name: known[name] for name in SHAREABLE_GROUPED}


class Total(serializers.Serializer[Any]):
    value = serializers.IntegerField()
    relation = serializers.ChoiceField(["eq", "gte"], help_text="`gte`: there may be more.")


class Because(serializers.Serializer[Any]):
    id = serializers.CharField()
    title = serializers.CharField()
    url = serializers.CharField()


class SeenVariant(serializers.Serializer[Any]):
    id = serializers.CharField()
    title = serializers.CharField()
    url = serializers.CharField()
    image = serializers.CharField(help_text="Empty for none.")
    price = serializers.CharField()
    in_stock = serializers.BooleanField()
    values = serializers.DictField(
        child=serializers.ListField(child=serializers.JSONField()),
        help_text="The facets in which the sizes and colours differ, with the values of this one; of a path its last level.",
    )


class SearchHit(serializers.Serializer[Any]):
    # What its tile shows comes first: see get_fields. Then why it was found.
    score = serializers.FloatField(help_text="Comparable within one answer only.")
    grade = serializers.ChoiceField(
        [grade.value for grade in Grade],
        allow_null=True,
        help_text="For a photo: same item, very similar, similar style or nothing close.",
    )
    picture = serializers.CharField(help_text="Id of the product's picture that matched best.")
    reason = serializers.CharField(
        help_text="Why it stands where it stands: `exact code`, `same picture`, `label`, `viewed`, `bought`, "
        "`viewed_before`, `bought_before`, `promoted` (the shop placed it there; it has no grade), or empty."
    )
    label_words = serializers.CharField(help_text="Words on the photo's label that the product's own words share.")
    family = serializers.CharField(help_text="What its sizes and colours share; empty in a shop without families.")
    variants = SeenVariant(
        many=True,
        help_text="All its sizes and colours that pass the filters, itself among them. Empty where it is the only one.",
    )
    more_variants = serializers.IntegerField(help_text="How many there are beside these.")
    because = Because(allow_null=True, help_text="The product that the reason is about.")
    explain = serializers.DictField(child=serializers.FloatField(), required=False)

    def get_fields(self) -> _Fields:
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
    objects = serializers.IntegerField(help_text="How many products were counted, with a value or without.")


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


class HitsOfObject(serializers.Serializer[Any]):
    object = serializers.IntegerField(help_text="Its `id` among `objects`; send it as `object` to search by it alone.")
    label = serializers.CharField(  # type: ignore[assignment] # The metaclass takes fields out of the class's own names.
        help_text="What it is, in the language of the request; empty where that isn't sure."
    )
    box = serializers.ListField(child=serializers.FloatField(), min_length=4, max_length=4)
    hits = serializers.ListField(child=serializers.CharField(), help_text="Ids of hits, the nearest first.")


class SeenPicture(serializers.Serializer[Any]):
    photo_token = serializers.CharField()
    weight = serializers.FloatField()
    seen = Seen(help_text="What stands in the photo.")
    box = serializers.ListField(child=serializers.FloatField(), allow_null=True)
    objects = SeenObject(many=True)
    proposals = Proposal(many=True)


class Spelt(serializers.Serializer[Any]):
    typed = serializers.CharField(help_text="Send it again with `spell=false` to search it as it is.")
    searched = serializers.CharField()
    changes = serializers.DictField(child=serializers.CharField(), help_text="Word typed -> word searched.")


class Understood(serializers.Serializer[Any]):
    facet = serializers.CharField()
    text = serializers.CharField(help_text="The part of `q` that says so. Without it, `q` asks for no such range.")
    gte = serializers.FloatField(allow_null=True)
    lte = serializers.FloatField(allow_null=True)


class Narrower(serializers.Serializer[Any]):
    facet = serializers.CharField()
    value = serializers.CharField(help_text="As it is written in `filters`.")
    label = serializers.CharField(  # type: ignore[assignment] # The metaclass takes fields out of the class's own names.
        help_text="Its last level, for a chip such as “in Lamps”."
    )
    count = serializers.IntegerField(help_text="How many of the close hits it keeps.")


class Meant(serializers.Serializer[Any]):
    q = serializers.CharField(help_text="Words to ask instead, if the shopper says so.")
    changes = serializers.DictField(child=serializers.CharField(), help_text="Word asked -> word that may be meant.")


class ShownBanner(serializers.Serializer[Any]):
    text = serializers.CharField()
    url = serializers.CharField(help_text="Where it leads; empty for nowhere.")


class SearchAnswer(serializers.Serializer[Any]):
    collection = serializers.CharField(help_text="The one that was asked.")
    query_id = serializers.UUIDField()
    took_ms = serializers.FloatField()
    total = Total()
    distant = serializers.IntegerField(help_text="How many of `total` are `nothing close` and only fill the page.")
    page = serializers.IntegerField()
    page_size = serializers.IntegerField()
    language = serializers.CharField(allow_null=True)
    hits = SearchHit(many=True)
    groups = HitsOfObject(
        many=True,
        help_text="The hits of this page by the things that a photo of several shows, the most prominent first. Empty for "
        "other questions. A hit that is close to nothing, or for the whole photo, is in none.",
    )
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
    q = serializers.CharField(help_text="The words as they were read, without what was kept out or became a filter.")
    q_not = serializers.ListField(child=serializers.CharField(), help_text="What was kept out.")
    spelt = Spelt(allow_null=True, help_text="Where words were taken for others: what was typed and what was searched.")
    narrower = Narrower(
        allow_null=True,
        help_text="The category that the words seem to be about, to offer as a filter; nothing is filtered by it. Mostly null.",
    )
    understood = Understood(
        many=True,
        help_text="Ranges in the words that became filters. `understand=false` with the same `q` searches them as words.",
    )
    did_you_mean = Meant(
        allow_null=True,
        help_text="What may have been meant: a word typed on another keyboard layout, or a rare word beside a far commoner one. "
        "The hits are for `q`.",
    )
    warnings = serializers.ListField(child=serializers.CharField())
    degraded = serializers.ListField(child=serializers.CharField(), help_text="What was left out because it failed.")
    notes = serializers.ListField(
        child=serializers.CharField(),
        help_text="What each hook did, or why nothing, such as `synonyms:replaced`.",
    )
    redirect = serializers.CharField(help_text="The address of a page that answers better than the hits; mostly empty.")
    banners = ShownBanner(many=True, help_text="What the shop says above the hits; mostly empty.")
    timings_ms = serializers.DictField(child=serializers.FloatField())


class Group(SearchAnswer):
    def get_fields(self) -> _Fields:
        label = serializers.CharField(help_text="What the shop calls these objects: `Articles`.")
        return {"label": label, **super().get_fields()}


class GroupedAnswer(serializers.Serializer[Any]):
    groups = Group(many=True, help_text="One of each collection, in the order of the question.")
    took_ms = serializers.FloatField()
    degraded = serializers.ListField(
        child=serializers.CharField(), help_text="Collections that could not answer, such as `collection:articles`."
    )


class SuggestedPart(serializers.Serializer[Any]):
    text = serializers.CharField(trim_whitespace=False)
    typed = serializers.BooleanField(help_text="Whether the shopper typed this part; the others complete it.")


class Suggestion(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(
        [kind.value for kind in Kind],
        help_text="`query`: words to search for. `category`: where to look. `product`: one to show.",
    )
    id = serializers.CharField(help_text="A product's; empty for the others.")
    title = serializers.CharField(
        help_text="Of a category the last level of its path, as the shop calls it in this language."
    )
    within = serializers.ListField(
        child=serializers.CharField(), help_text="Of a category the levels above it, likewise."
    )
    parts = SuggestedPart(many=True, help_text="The title in pieces, to mark what was typed or what completes it.")
    q = serializers.CharField(help_text="Of a query what to send as `q`; empty for the others.")
    filters = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text='Of a category what to send as `filters`: `{"category": ["Home > Lamps"]}`; empty for the others.',
    )
    url = serializers.CharField(help_text="The page that it leads to; empty where the shop has no page of results.")


class SuggestAnswer(serializers.Serializer[Any]):
    suggestions = Suggestion(
        many=True,
        help_text="Queries, then categories, then products; each best first and once; empty for less than two letters.",
    )
    took_ms = serializers.FloatField()
    warnings = serializers.ListField(child=serializers.CharField())
    degraded = serializers.ListField(child=serializers.CharField(), help_text="What was left out because it failed.")


class RunningAnswer(serializers.Serializer[Any]):
    collection = serializers.CharField()
    started_at = serializers.DateTimeField()
    seen_at = serializers.DateTimeField(help_text="When it last said how far it is; of a killed one this is long ago.")
    done = serializers.IntegerField(help_text="Objects read for the new index.")
    total = serializers.IntegerField(help_text="Objects at its begin.")


class RebuildAnswer(serializers.Serializer[Any]):
    collection = serializers.CharField()
    ended_at = serializers.DateTimeField()
    taken = serializers.BooleanField(help_text="Whether the new index is in use; else the earlier one stayed.")
    objects = serializers.IntegerField()
    pictures = serializers.IntegerField(help_text="Those that can be compared.")
    warnings = serializers.IntegerField(help_text="Objects with something left out, such as a broken picture.")
    failures = serializers.IntegerField(help_text="Objects that couldn't be read or stored in full.")
    problem = serializers.CharField(
        help_text="Why the new index was not taken; only while DEBUG is on, else in the admin."
    )
    reasons = serializers.ListField(
        child=serializers.CharField(), help_text="The first failures; only while DEBUG is on, else in the admin."
    )


class HealthAnswer(serializers.Serializer[Any]):
    ok = serializers.BooleanField()
    engine = serializers.CharField()
    encoder = serializers.CharField()
    detail = serializers.CharField()
    documents = serializers.DictField(child=serializers.IntegerField())
    pending = serializers.IntegerField(allow_null=True, help_text="Saved objects that aren't in the index yet.")
    failed = serializers.IntegerField(allow_null=True)
    running = RunningAnswer(many=True, help_text="Rebuilds that go on now; the earlier index answers meanwhile.")
    rebuilds = RebuildAnswer(many=True, help_text="The last rebuild of each collection.")
    advice = serializers.ListField(child=serializers.CharField())


class StateAnswer(serializers.Serializer[Any]):
    ok = serializers.BooleanField()
    detail = serializers.CharField(help_text="What isn't well; empty if nothing.")


class Problem(serializers.Serializer[Any]):
    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    field = serializers.CharField(required=False)
