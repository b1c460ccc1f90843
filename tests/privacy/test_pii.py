"""Personal forms are found in many scripts and disguises, and ordinary shop queries are left alone."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visual_search.privacy.pii import find, scrub

PERSONAL = [
    ("email", "send to anna.schmidt+shop@mail.example please"),
    ("email", "anna (at) mail.example"),
    ("email", "anna[at]mail.example"),
    ("email", "anna dot schmidt at mail dot example"),
    ("email", "用户@例子.广告"),
    ("email", "ａｎｎａ＠mail.example"),
    ("email", "an\u200bna@ma\u200bil.example"),
    ("url", "https://social.example/anna?id=7"),
    ("url", "www.anna-schmidt.example"),
    ("url", "linked.example/in/anna"),
    ("ip", "203.0.113.77"),
    ("ip", "2001:db8::8a2e:370:7334"),
    ("handle", "@anna_schmidt"),
    ("card", "4111 1111 1111 1111"),
    ("card", "4111-1111-1111-1111"),
    ("card", "4111111111111111"),
    ("card", "４１１１１１１１１１１１１１１１"),
    ("card", "٤١١١١١١١١١١١١١١١"),
    ("card", "4111\u200b1111\u200b1111\u200b1111"),
    ("card", "my amex 3782 822463 10005"),
    ("iban", "DE89 3704 0044 0532 0130 00"),
    ("iban", "gb29nwbk60161331926819"),
    ("iban", "iban FR14 2004 1010 0505 0001 3M02 606 thanks"),
    ("id", "11010519491231002X"),
    ("id", "123-45-6789"),
    ("id", "529.982.247-25"),
    ("id", "52998224725"),
    ("id", "12345678Z"),
    ("id", "X1234567L"),
    ("id", "RSSMRA85T10A562S"),
    ("id", "255081416802538"),
    ("id", "9999 4105 7058"),
    ("id", "44051401359"),
    ("id", "850101-1234567"),
    ("id", "AB 12 34 56 C"),
    ("phone", "+49 30 901820"),
    ("phone", "+44 (0)20 7946 0958"),
    ("phone", "030 / 90 18 20"),
    ("phone", "(555) 123-4567"),
    ("phone", "555-123-4567"),
    ("phone", "06 12 34 56 78"),
    ("phone", "090-1234-5678"),
    ("phone", "+86 138 0013 8000"),
    ("number", "order 123456789"),
    ("number", "13800138000"),
    ("number", "987654321012345678901234567890"),
    ("date", "born 12.03.1984"),
    ("date", "1984-03-12"),
    ("date", "1984年3月12日"),
    ("address", "12 Main Street"),
    ("address", "deliver to 221b Baker Street, London"),
    ("address", "Hauptstraße 12"),
    ("address", "Lindenweg 7a"),
    ("address", "12 rue de la Paix"),
    ("address", "calle Mayor 5"),
    ("address", "via Roma 12"),
    ("address", "ул. Ленина, д. 5"),
    ("address", "朝阳区建国路88号"),
    ("address", "霞が関1丁目2番3号"),
    ("address", "세종대로 110"),
    ("address", "Atatürk Caddesi No: 12"),
]
ORDINARY = [
    "red dress size 42",
    "iphone 15 pro max 256gb",
    "4006381333931",  # EAN-13
    "036000291452",  # UPC-A
    "9783161484100",  # ISBN-13
    "96385074",  # EAN-8
    "702.758.14",
    "GRO-00123",
    "MB07-XL-Blue",
    "table 120x60x75 cm",
    "1920x1080 monitor",
    "levi's 501 32/34",
    "screw m6x40 din 912",
    "lego 75192",
    "usb 3.0 hub 7 port",
    "coca cola 0,33l 24er",
    "12 piece dinner set",
    "500 gb external drive",
    "wall street poster",
    "road bike 28 zoll",
    "sale at home",
    "8,99 €",
    "$1,299.00",
    "fan 1200 rpm 230 v",
    "10-20-30 mm washers",
    "h&m kleid",
    "c++ book",
    "rtx 4090",
    "b&w 802 d4",
    "lampe e27 4000k 806 lm",
    "24/7 watch",
    "mehl typ 405 1 kg",
    "赤いワンピース",
    "红色连衣裙 165",
    "كرسي خشبي 4 أرجل",
    "красные кроссовки 38",
    "ขาตั้ง 3 ขา",
    "size 38 39 40",
    "2 pack 3 m cable",
    "no. 5 perfume",
    "at&t phone case",
    "14:30 uhr wecker",
    "canon eos r5 24-105 f4",
    "",
    "   ",
]


@pytest.mark.parametrize(("kind", "text"), PERSONAL, ids=[text for _, text in PERSONAL])
def test_personal_forms_are_found(kind: str, text: str) -> None:
    assert kind in {finding.kind for finding in find(text)}


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_queries_are_left_alone(text: str) -> None:
    assert find(text) == ()
    assert scrub(text).text == text
    assert scrub(text).clean


def test_what_is_found_is_gone_and_the_rest_stays() -> None:
    done = scrub("red shoes to anna@mail.example or +49 30 901820 please")
    assert done.text == "red shoes to ⟨email⟩ or ⟨phone⟩ please"
    assert [finding.kind for finding in done.findings] == ["email", "phone"]
    assert not done.clean


def test_spans_are_places_in_the_text_as_it_was_given() -> None:
    text = (
        "ﬁne ４１１１\u200b１１１１１１１１１１１１ card"  # a ligature becomes two characters, a zero-width space none
    )
    [finding] = find(text)
    assert text[finding.start : finding.end] == "４１１１\u200b１１１１１１１１１１１１"
    assert scrub(text).text == "ﬁne ⟨card⟩ card"


def test_the_catalogues_own_codes_are_no_personal_numbers() -> None:
    assert find("123456789")
    assert find("123456789", known=lambda code: code == "123456789") == ()


@pytest.mark.parametrize("length", range(15, 35))
def test_account_numbers_of_every_length_are_found_whole(length: int) -> None:
    """ISO 13616 allows 34 characters; Norway's have 15."""
    account = ("7" * (length - 5)) + "X"
    check = 98 - int("".join(str(int(character, 36)) for character in account + "MT00")) % 97
    assert scrub(f"to MT{check:02}{account}.").text == "to ⟨iban⟩."


def test_a_word_after_an_iban_is_not_swallowed() -> None:
    assert scrub("DE89370400440532013000 shoes").text == "⟨iban⟩ shoes"


@given(st.text(max_size=120))
def test_any_text_gives_ordered_findings_that_do_not_overlap(text: str) -> None:
    findings = find(text)
    assert all(0 <= finding.start < finding.end <= len(text) for finding in findings)
    assert all(one.end <= two.start for one, two in pairwise(findings))


@given(
    st.sampled_from(["4111111111111111", "anna@mail.example", "+4930901820"]),
    st.text("abcäж红 ", max_size=15),
    st.text("abcäж红 ", max_size=15),
)
def test_a_form_is_found_between_any_words(secret: str, before: str, after: str) -> None:
    assert secret not in scrub(f"{before} {secret} {after}").text


def test_hostile_texts_cost_little() -> None:
    """Each rule has bounded steps: text of 20,000 characters passes (a rule with nested repeats would never end)."""
    for piece in ("a", "1 ", "a.", "1.", "a at a dot ", "+1(", "DE12 ", "::1", "路1"):
        find(piece * (20_000 // len(piece)))
