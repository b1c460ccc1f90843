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
        "colour": "color", "colours": "colors", "coloured": "colored", "colouring": "coloring", "grey": "gray",
        "tyre": "tire", "tyres": "tires", "jewellery": "jewelry", "aluminium": "aluminum", "fibre": "fiber",
        "fibres": "fibers", "centre": "center", "metre": "meter", "metres": "meters", "litre": "liter", "litres": "liters",
        "moulding": "molding", "mould": "mold", "moulds": "molds", "pyjama": "pajama", "pyjamas": "pajamas", "cosy": "cozy",
        "armour": "armor", "favourite": "favorite", "harbour": "harbor", "flavour": "flavor", "flavours": "flavors",
        "neighbour": "neighbor", "odour": "odor", "catalogue": "catalog", "dialogue": "dialog", "plough": "plow",
        "sulphur": "sulfur", "doughnut": "donut", "doughnuts": "donuts", "moustache": "mustache", "cheque": "check",
        "theatre": "theater", "kerb": "curb", "storey": "story", "programme": "program", "tonne": "ton",
    },
    "de": {"männer": "mann", "gläser": "glas", "häuser": "haus", "bücher": "buch", "tücher": "tuch"},
    "pt": {"papéis": "papel", "anéis": "anel", "pincéis": "pincel", "lençóis": "lençol", "faróis": "farol", "mãos": "mão"},
}  # fmt: skip
# Regular plurals that a stemmer doesn't take back, and spellings before and after a reform.
_RULES: Mapping[str, tuple[tuple[re.Pattern[str], str], ...]] = {
    "es": ((re.compile(r"(?<=[aeiouáéíóú])ces$"), "z"),),  # luces -> luz
    "pt": (
        (re.compile(r"(?<=[ao])is$"), "l"),  # jornais -> jornal
        (re.compile(r"(?<=[aeiouáéíóú])[cp](?=[tç])"), ""),  # eléctrico -> elétrico, óptimo -> ótimo
    ),
    # The possessive of the third person after a vowel, which ends every compound: yemek masası -> yemek masa.
    "tr": ((re.compile(r"(?<=[a-zçğıöşü]{2}[aeıioöuü])s[ıiuü]$"), ""),),
}


def regular(word: str, language: str) -> str:
    """The form that is stemmed for this word: 'mice' -> 'mouse' in "en"; the word itself where there is none."""
    forms = _FORMS.get(language)
    if forms and word in forms:
        return forms[word]
    for pattern, other in _RULES.get(language, ()):
        word = pattern.sub(other, word)
    return word
