"""Under which address a page counts, and what it is called in the other languages."""

from __future__ import annotations

from urllib.parse import quote

from django.http import HttpRequest

from visual_search.features.seo.sites import Site

PAGE = "page"  # the parameter of a list's pages
LONGEST = 1_000  # characters of an address that is repeated; an answer repeats no long text of a stranger
_AS_REVERSED = "/~:@!$&'()*+,;="  # what `reverse` leaves as it is: one page mustn't have two addresses


def canonical(request: HttpRequest, site: Site, number: int | None = None) -> str:
    """The path under which this page counts, in the language that it is in.

    Each page of a list counts for itself. A filtered or sorted one counts as the whole list, and so does every parameter that
    the page doesn't know, such as those of campaigns. `number`: which page of a list this is, where the page has a list.
    """
    path = quote(request.path, safe=_AS_REVERSED)
    language = getattr(request, "LANGUAGE_CODE", "")
    if language in site.languages:
        path = site.address(path, language)
    # The page may be another one than was asked for: page 999 shows the last one.
    return f"{path}?{PAGE}={number}" if (number or 1) > 1 and list(request.GET) == [PAGE] else path


def alternates(path: str, site: Site) -> list[tuple[str, str]]:
    """(language, path) of this page in each language and for visitors of none ("x-default"); [] where it has one address."""
    if len(path) > LONGEST or not site.languages:
        return []
    found = [(code, site.address(path, code)) for code in site.languages]
    if len({address for _code, address in found}) < len(found):
        return []  # The address is the same in several languages, such as of a page outside of `i18n_patterns`.
    return [*found, ("x-default", site.plain(path))]
