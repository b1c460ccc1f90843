"""What the things in a photo are called in the language of the page. A detector names them in English."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext, pgettext_lazy
from django.utils.translation import gettext as _

from visual_search.imaging.regions import PERSON
from visual_search.types import Region

CONTEXT = "a thing in a photo"
# Those of imaging/data/coco_names.txt, so that translators see them. A shop that has another detector translates its names with
# the same context.
THINGS: dict[str, str | Promise] = {
    "person": pgettext_lazy("a thing in a photo", "person"),
    "bicycle": pgettext_lazy("a thing in a photo", "bicycle"),
    "car": pgettext_lazy("a thing in a photo", "car"),
    "motorcycle": pgettext_lazy("a thing in a photo", "motorcycle"),
    "airplane": pgettext_lazy("a thing in a photo", "airplane"),
    "bus": pgettext_lazy("a thing in a photo", "bus"),
    "train": pgettext_lazy("a thing in a photo", "train"),
    "truck": pgettext_lazy("a thing in a photo", "truck"),
    "boat": pgettext_lazy("a thing in a photo", "boat"),
    "traffic light": pgettext_lazy("a thing in a photo", "traffic light"),
    "fire hydrant": pgettext_lazy("a thing in a photo", "fire hydrant"),
    "stop sign": pgettext_lazy("a thing in a photo", "stop sign"),
    "parking meter": pgettext_lazy("a thing in a photo", "parking meter"),
    "bench": pgettext_lazy("a thing in a photo", "bench"),
    "bird": pgettext_lazy("a thing in a photo", "bird"),
    "cat": pgettext_lazy("a thing in a photo", "cat"),
    "dog": pgettext_lazy("a thing in a photo", "dog"),
    "horse": pgettext_lazy("a thing in a photo", "horse"),
    "sheep": pgettext_lazy("a thing in a photo", "sheep"),
    "cow": pgettext_lazy("a thing in a photo", "cow"),
    "elephant": pgettext_lazy("a thing in a photo", "elephant"),
    "bear": pgettext_lazy("a thing in a photo", "bear"),
    "zebra": pgettext_lazy("a thing in a photo", "zebra"),
    "giraffe": pgettext_lazy("a thing in a photo", "giraffe"),
    "backpack": pgettext_lazy("a thing in a photo", "backpack"),
    "umbrella": pgettext_lazy("a thing in a photo", "umbrella"),
    "handbag": pgettext_lazy("a thing in a photo", "handbag"),
    "tie": pgettext_lazy("a thing in a photo", "tie"),
    "suitcase": pgettext_lazy("a thing in a photo", "suitcase"),
    "frisbee": pgettext_lazy("a thing in a photo", "frisbee"),
    "skis": pgettext_lazy("a thing in a photo", "skis"),
    "snowboard": pgettext_lazy("a thing in a photo", "snowboard"),
    "sports ball": pgettext_lazy("a thing in a photo", "sports ball"),
    "kite": pgettext_lazy("a thing in a photo", "kite"),
    "baseball bat": pgettext_lazy("a thing in a photo", "baseball bat"),
    "baseball glove": pgettext_lazy("a thing in a photo", "baseball glove"),
    "skateboard": pgettext_lazy("a thing in a photo", "skateboard"),
    "surfboard": pgettext_lazy("a thing in a photo", "surfboard"),
    "tennis racket": pgettext_lazy("a thing in a photo", "tennis racket"),
    "bottle": pgettext_lazy("a thing in a photo", "bottle"),
    "wine glass": pgettext_lazy("a thing in a photo", "wine glass"),
    "cup": pgettext_lazy("a thing in a photo", "cup"),
    "fork": pgettext_lazy("a thing in a photo", "fork"),
    "knife": pgettext_lazy("a thing in a photo", "knife"),
    "spoon": pgettext_lazy("a thing in a photo", "spoon"),
    "bowl": pgettext_lazy("a thing in a photo", "bowl"),
    "banana": pgettext_lazy("a thing in a photo", "banana"),
    "apple": pgettext_lazy("a thing in a photo", "apple"),
    "sandwich": pgettext_lazy("a thing in a photo", "sandwich"),
    "orange": pgettext_lazy("a thing in a photo", "orange"),
    "broccoli": pgettext_lazy("a thing in a photo", "broccoli"),
    "carrot": pgettext_lazy("a thing in a photo", "carrot"),
    "hot dog": pgettext_lazy("a thing in a photo", "hot dog"),
    "pizza": pgettext_lazy("a thing in a photo", "pizza"),
    "donut": pgettext_lazy("a thing in a photo", "donut"),
    "cake": pgettext_lazy("a thing in a photo", "cake"),
    "chair": pgettext_lazy("a thing in a photo", "chair"),
    "couch": pgettext_lazy("a thing in a photo", "couch"),
    "potted plant": pgettext_lazy("a thing in a photo", "potted plant"),
    "bed": pgettext_lazy("a thing in a photo", "bed"),
    "dining table": pgettext_lazy("a thing in a photo", "dining table"),
    "toilet": pgettext_lazy("a thing in a photo", "toilet"),
    "tv": pgettext_lazy("a thing in a photo", "tv"),
    "laptop": pgettext_lazy("a thing in a photo", "laptop"),
    "mouse": pgettext_lazy("a thing in a photo", "mouse"),
    "remote": pgettext_lazy("a thing in a photo", "remote"),
    "keyboard": pgettext_lazy("a thing in a photo", "keyboard"),
    "cell phone": pgettext_lazy("a thing in a photo", "cell phone"),
    "microwave": pgettext_lazy("a thing in a photo", "microwave"),
    "oven": pgettext_lazy("a thing in a photo", "oven"),
    "toaster": pgettext_lazy("a thing in a photo", "toaster"),
    "sink": pgettext_lazy("a thing in a photo", "sink"),
    "refrigerator": pgettext_lazy("a thing in a photo", "refrigerator"),
    "book": pgettext_lazy("a thing in a photo", "book"),
    "clock": pgettext_lazy("a thing in a photo", "clock"),
    "vase": pgettext_lazy("a thing in a photo", "vase"),
    "scissors": pgettext_lazy("a thing in a photo", "scissors"),
    "teddy bear": pgettext_lazy("a thing in a photo", "teddy bear"),
    "hair drier": pgettext_lazy("a thing in a photo", "hair drier"),
    "toothbrush": pgettext_lazy("a thing in a photo", "toothbrush"),
}


# From this score of a detector on its name for a thing is said. Of 384 boxes that NanoDet-g searched unasked in 75 crowded photos
# (scene_coco), those from .45 on bear the right name in .81 (of those on something that people marked, .93, .88 to .98), those
# from .35 to .45 in .54. A wrong name in a heading is worse than none.
SURE = 0.45


def is_sure(region: Region) -> bool:
    """Whether the name of this thing is sure, and it isn't a person, who is not for sale but wears something."""
    return bool(region.label) and region.label != PERSON and region.score >= SURE


def sure_name(region: Region) -> str:
    """The name of a thing whose name is sure, in the language of the page; else ""."""
    called = name(region.label) if is_sure(region) else ""
    return "" if called == _("Something") else called


def called(region: Region) -> str:
    """What a button calls a thing in a photo that shows it: its name where that is sure, else "this"."""
    return sure_name(region) or pgettext("a thing in a photo", "this")


def name(label: str) -> str:
    """The name of such a thing; "Something" where the detector can't tell, or nobody has translated what it tells."""
    called = pgettext(CONTEXT, label) if label else ""
    is_english = (get_language() or "en").partition("-")[0] == "en"
    return called if called and (called != label or is_english or label in THINGS) else _("Something")
