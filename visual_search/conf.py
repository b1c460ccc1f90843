"""Every number and name that a shop may set, with unit, default and reason. Set them in `VISUAL_SEARCH = {...}`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed

from visual_search.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Setting:
    default: Any
    unit: str
    reason: str


SETTINGS: dict[str, Setting] = {
    # Which parts are used
    "ENGINE": Setting(
        {"BACKEND": "visual_search.engines.embedded.EmbeddedEngine", "OPTIONS": {"folder": Path("var/search")}},
        "dotted path and options",
        "The embedded engine needs no server.",
    ),
    "ENCODER": Setting(
        {"BACKEND": "visual_search.encoders.offline.OfflineEncoder", "OPTIONS": {"cache": Path("var/encoders")}},
        "dotted path and options",
        "The offline encoder needs no network.",
    ),
    "READER": Setting(
        {"BACKEND": "visual_search.imaging.reading.LabelReader"},
        "dotted path and options, or None",
        "Label text more than doubles exact hits on packages; None, or without the extra `reading`: looked at, not read.",
    ),
    "DETECTOR": Setting(
        {"BACKEND": "visual_search.imaging.nanodet.NanoDet", "OPTIONS": {}},
        "dotted path and options, or None",
        "Finds the things in a photo, so that each can be searched by itself; None searches whole photos only.",
    ),
    "BASE_TEMPLATE": Setting(
        "visual_search/base.html", "template name", "What the results page extends; a shop names its own."
    ),
    "BELOW_RESULTS": Setting(
        "",
        "template name",
        "What the results page shows below its hits, such as shelves of the shop's own; none by default.",
    ),
    "API_THROTTLES": Setting(
        [],
        "list of dotted paths",
        "Throttle classes of the REST API; those of REST_FRAMEWORK count for the shop's own API alone. None by default.",
    ),
    # The door
    "API_KEYS_REQUIRED": Setting(
        False,
        "True or False",
        "Whether the REST API is closed to whoever has no key. The shop's own pages go on without one.",
    ),
    "LIMITS": Setting(
        {
            "search": "600/min",
            "suggest": "1200/min",
            "write": "300/min",
            "erase": "20/h",
            "key": "6000/min",
            "login": "20/15min",
        },
        "dictionary: name -> rate, or None",
        "How often one address may ask; a photo counts 10. Many shoppers may share one. None, whole or for a name: no limit.",
    ),
    "LIMITS_CACHE": Setting(
        None,
        "name of a cache, or None",
        "Where limits are counted: a cache on Redis or Memcached; None: in the database, which all processes share.",
    ),
    "LIMITS_KEY_FOLDER": Setting(
        None,
        "folder on tmpfs, or None",
        "Keys of days by which counted addresses are hashed, destroyed after their day. None: keys made of SECRET_KEY.",
    ),
    "PROXIES": Setting(
        None,
        "proxies, or None",
        "How many proxies of the shop's own append to X-Forwarded-For. None: not said, so what may be a proxy isn't limited.",
    ),
    # Pictures
    "PICTURE_MAX_BYTES": Setting(
        10 * 1024 * 1024, "bytes", "Phone photos are 2-8 MB; larger files only cost memory and time."
    ),
    "PICTURE_MAX_PIXELS": Setting(
        50_000_000, "pixels", "Covers 48 MP phones; a decompression bomb is refused before it is unpacked."
    ),
    "PHOTO_LINKS": Setting(
        False, "", "True takes a link in place of a photo; then this server asks others for what strangers name."
    ),
    "PHOTO_LINKS_HTTP": Setting(
        False, "", "True follows http links, too; whoever stands between can change what they lead to."
    ),
    "PHOTO_LINK_SECONDS": Setting(5, "seconds", "For the whole way to a linked picture; each holds a thread so long."),
    # Searching
    "GRADE_WRONG_MAX": Setting(
        0.5,
        "share of the grades in a category",
        "Where calibration found a grade to be wrong more often than right, the next one is given.",
    ),
    "RANK_WINDOW": Setting(200, "objects a leg", "Deep enough for fusion and facets, small enough to stay fast."),
    "BROWSE_WINDOW": Setting(
        5000, "objects", "How many objects a question without words and photo lists and counts; nobody pages further."
    ),
    "PAGE_SIZE": Setting(24, "hits", "Divides by 2, 3, 4 and 6 columns."),
    "PAGE_SIZE_MAX": Setting(100, "hits", "A larger page costs the database more than it helps a person."),
    "SPELLING": Setting(
        True,
        "",
        "Words that the shop doesn't have are taken for those that are meant; the answer says so, with a way back.",
    ),
    "UNDERSTANDING": Setting(
        True,
        "",
        'A range of prices in the words, such as "under 50 euro", becomes a filter; the answer says so, with a way back.',
    ),
    "ALSO_SEARCH": Setting(
        [],
        "list of collections",
        "Whose best hits the results page shows below the products, such as articles. Each is asked.",
    ),
    "QUERY_MAX_CHARS": Setting(500, "characters", "Longer texts are pasted by mistake and slow the analyzers."),
    "REWRITERS": Setting(
        [],
        "list of dotted paths and options",
        "What may change a question before it is asked: synonyms, filters, a page to go to instead. None by default.",
    ),
    "REWRITE_LIMIT_MS": Setting(
        20, "milliseconds a rewriter", "Every question waits for it before anything else is done."
    ),
    "RESCORERS": Setting(
        [],
        "list of dotted paths and options",
        "What may change the order of the best hits, one after the other. None by default.",
    ),
    "RESCORE_LIMIT_MS": Setting(
        50,
        "milliseconds a rescorer",
        "Ten times what a rescorer usually needs; a slow database then costs a shopper the rescored order only.",
    ),
    "CURATORS": Setting(
        [],
        "list of dotted paths and options",
        "What may place, add and drop hits last, such as a shop's own rules for its pages. None by default.",
    ),
    "CURATE_LIMIT_MS": Setting(
        50, "milliseconds a curator", "Twice for each question: to name what may be added, and to place it."
    ),
    "PHOTO_SLOTS": Setting(
        None,
        "photos a process, or None",
        "How many photos a process looks at at once. None: one for each two cores, because a photo keeps two busy.",
    ),
    "PHOTO_QUEUE": Setting(
        3,
        "photos a process",
        "How many more may wait; the others are answered 503 at once. A server needs more threads.",
    ),
    "PHOTO_WAIT_SECONDS": Setting(5, "seconds", "How long a photo waits in the queue; later its shopper has left."),
    "PHOTO_TOKEN_SECONDS": Setting(
        24 * 3600,
        "seconds",
        "How long after the upload filters, pages and links of a photo search work without a new one.",
    ),
    # Indexing
    "INDEX_BATCH": Setting(
        32, "objects", "One encoder call and one bulk call; larger batches gain nothing on two cores."
    ),
    "INDEX_LEASE_SECONDS": Setting(
        120, "seconds", "After this a claimed entry whose worker died may be claimed by another."
    ),
    "INDEX_RETRY_SECONDS": Setting(
        30, "seconds", "First wait after a failure; doubles with each attempt, up to an hour."
    ),
    "IN_PROCESS": Setting(None, "True, False or None", "None: index in this process unless CELERY_BROKER_URL is set."),
    "INDEX_IN_BACKGROUND": Setting(
        True,
        "True or False",
        "In-process indexing runs on one thread beside the saves; False: in the saving thread, right after the commit.",
    ),
    "INDEX_POLL_SECONDS": Setting(
        30, "seconds", "How often an idle process looks for what others left: retries, crashes, imports."
    ),
    "REBUILD_FAILURES_MAX": Setting(
        0.05,
        "share of the objects",
        "A new index in which more objects failed, or lost a picture, isn't swapped in; a few broken ones are usual.",
    ),
    "REBUILD_SHRINK_MAX": Setting(
        0.3,
        "share of the documents",
        "A new index that is smaller by more, though nobody deleted so much, isn't swapped in; a season's end takes less.",
    ),
    "UNUSED_DAYS": Setting(
        30,
        "days",
        "How long vectors, readings and grades of an encoder or reader stay that nobody uses; time to go back to it.",
    ),
    "QUERY_LANGUAGES": Setting(
        None, "list of ISO 639-1 codes or None", "Languages with their own text field; None: all with an analyzer."
    ),
}


def declare(settings_of_feature: Mapping[str, Setting]) -> None:
    """Add a feature's own settings. Its `AppConfig.ready` calls this, so they are known while the feature is installed."""
    for name, setting in settings_of_feature.items():
        if SETTINGS.setdefault(name, setting) is not setting:
            raise ConfigurationError(f"VISUAL_SEARCH['{name}'] is declared twice. Give one of the two another name.")


class Conf:
    """Reads `settings.VISUAL_SEARCH` over the defaults: `conf.PAGE_SIZE`. Unknown names are a ConfigurationError."""

    def __getattr__(self, name: str) -> Any:
        if name not in SETTINGS:
            raise ConfigurationError(f"VISUAL_SEARCH has no setting '{name}'. Known: {', '.join(sorted(SETTINGS))}.")
        value = getattr(settings, "VISUAL_SEARCH", {}).get(name, SETTINGS[name].default)
        # Kept on the instance, so that the next read is a plain attribute; `_forget` drops it when a test changes it.
        self.__dict__[name] = value
        return value

    def names(self, name: str) -> bool:
        """Whether the shop's settings say something of this one, be it the default."""
        return name in getattr(settings, "VISUAL_SEARCH", {})


conf = Conf()


def _forget(*, setting: str, **kwargs: Any) -> None:
    if setting == "VISUAL_SEARCH":
        conf.__dict__.clear()


setting_changed.connect(_forget)
