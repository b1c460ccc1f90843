"""Words whose other forms no stemmer relates: irregular plurals, and British beside American spelling."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Any form -> the one that is stemmed in its place.
_FORMS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "mens": "man", "womens": "woman", "childrens": "child",
        "mice": "mouse", "women": "woman", "men": "man", "children": "child", "feet": "foot", "teeth": "tooth",
        "geese": "goose", "oxen": "ox", "dice": "die", "lice": "louse",
        "knives": "knife", "wives": "wife", "lives": "life", "scarves": "scarf", "shelves": "shelf", "leaves": "leaf",
        "wolves": "wolf", "halves": "half", "loaves": "loaf", "calves": "calf", "hooves": "hoof", "thieves": "thief",
        "elves": "elf", "wharves": "wharf",
        "grey": "gray", "tyre": "tire", "tyres": "tires", "jewellery": "jewelry", "aluminium": "aluminum", "moulding": "molding",
        "mould": "mold", "moulds": "molds", "pyjama": "pajama", "pyjamas": "pajamas", "cosy": "cozy", "plough": "plow",
        "sulphur": "sulfur", "doughnut": "donut", "doughnuts": "donuts", "moustache": "mustache", "cheque": "check",
        "cheques": "checks", "kerb": "curb", "kerbs": "curbs", "storey": "story", "storeys": "stories", "programme": "program",
        "programmes": "programs", "tonne": "ton", "tonnes": "tons", "people": "person",
    },
    "de": {"männer": "mann", "gläser": "glas", "häuser": "haus", "bücher": "buch", "tücher": "tuch"},
    "pt": {"mãos": "mão"},
    "nl": {
        "kinderen": "kind", "eieren": "ei", "bladeren": "blad", "bladen": "blad", "glazen": "glas", "vaten": "vat",
        "daken": "dak", "baden": "bad", "dagen": "dag", "wegen": "weg", "schepen": "schip", "steden": "stad", "leden": "lid",
        "sloten": "slot", "gaten": "gat",
    },
    "sv": {
        "böcker": "bok", "händer": "hand", "fötter": "fot", "tänder": "tand", "nätter": "natt", "städer": "stad", "män": "man",
    },
    "da": {
        "bøger": "bog", "hænder": "hånd", "fødder": "fod", "tænder": "tand", "nætter": "nat", "mænd": "mand", "børn": "barn",
    },
    "nb": {
        "bøker": "bok", "hender": "hånd", "føtter": "fot", "tenner": "tann", "netter": "natt", "menn": "mann",
    },
}  # fmt: skip
# Regular plurals that a stemmer doesn't take back, and spellings before and after a reform.
_RULES: Mapping[str, tuple[tuple[re.Pattern[str], str], ...]] = {
    "en": (
        (re.compile(r"(?<=[a-z]{3})our(?=(?:s|ed|ing|ful|less|y|ite|ites)?$)"), "or"),  # colour -> color
        (re.compile(r"(?<=[a-z]{4})is(?=(?:e|es|ed|er|ers|ing|ation|ations)$)"), "iz"),  # organiser -> organizer
        (re.compile(r"(?<=[a-z][aeiout][bt])re(?=s?$)"), "er"),  # centre -> center, fibre -> fiber
        (re.compile(r"(?<=[a-z]{2}n[bt])re(?=s?$)"), "er"),
        (re.compile(r"(?<=[a-z]{3})ogue(?=s?$)"), "og"),  # catalogue -> catalog
        (re.compile(r"(?<=[a-z]{2}en)ce(?=s?$)"), "se"),  # licence -> license
        (re.compile(r"(?<=[aeiou][a-z][ae])ll(?=(?:ed|ing|er|ers)$)"), "l"),  # travelling -> traveling
        (re.compile(r"(?<=[aeiou][a-z]{2}[ae])ll(?=(?:ed|ing|er|ers)$)"), "l"),
        (re.compile(r"(?<=[ph])ae(?=[dm])|(?<=an)ae(?=[ms])"), "e"),  # paediatric -> pediatric
    ),
    "de": ((re.compile(r"(?<=[^aeiou][oy])s$"), ""),),  # Autos -> Auto, Hobbys -> Hobby
    "es": ((re.compile(r"(?<=[aeiouáéíóú])ces$"), "z"), (re.compile(r"(?<=á)s$"), "")),  # luces -> luz, sofás -> sofá
    "pt": (
        (re.compile(r"(?:ões|ães)$"), "ão"),  # botões -> botão
        (re.compile(r"éis$"), "el"),  # papéis -> papel
        (re.compile(r"óis$"), "ol"),  # lençóis -> lençol
        (re.compile(r"(?<=u)is$"), "l"),  # azuis -> azul
        (re.compile(r"^([a-z]{2,}[bcdfghjklmnprstvz])is$"), r"\1il"),  # funis -> funil; lápis has a mark
        (re.compile(r"(?<=[ao])is$"), "l"),  # jornais -> jornal
        (re.compile(r"(?<=[aeiouáéíóú])[cp](?=[tç])"), ""),  # eléctrico -> elétrico, óptimo -> ótimo
    ),
    "ca": ((re.compile(r"(?<=[a-z]{2})ins$"), "í"), (re.compile(r"(?<=[a-z]{2})ons$"), "ó")),  # coixins -> coixí
    "ar": ((re.compile(r"(?<=.{3})ات$"), "ة"), (re.compile(r"ى$"), "ي")),  # شاشات -> شاشة
    "ur": ((re.compile(r"یاں$"), "ی"),),
}


def regular(word: str, language: str) -> str:
    """The form that is stemmed for this word: 'mice' -> 'mouse' in "en"; the word itself where there is none."""
    forms = _FORMS.get(language)
    if forms and word in forms:
        return forms[word]
    for pattern, other in _RULES.get(language, ()):
        word = pattern.sub(other, word)
    return word
