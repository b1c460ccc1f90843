"""Synonyms leave as CSV and come back, and each mistake of a file is told by its line."""

from __future__ import annotations

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from visual_search.features.merchandising import tables
from visual_search.features.merchandising.kinds import Like
from visual_search.features.merchandising.models import SynonymSet

HEAD = "kind,language,words,others\n"


def faults(text: str) -> tuple[str, ...]:
    return tables.read(text.encode()).faults


def told(sets) -> list[tuple]:
    return [(one.kind, one.language, one.words, one.others, one.enabled) for one in sets]


@pytest.mark.django_db
def test_what_is_exported_comes_back(admin_client) -> None:
    made = [
        SynonymSet(kind=Like.TWO_WAY, language="en", words='couch, "best" sofa'),
        SynonymSet(kind=Like.REPLACE, language="de", words="Sessel; groß", others="Stuhl", enabled=False),
        SynonymSet(kind=Like.KEEP_APART, language="ar", words="كرسي", others="طاولة"),
    ]
    SynonymSet.objects.bulk_create(made)
    response = admin_client.get(reverse("admin:visual_search_merchandising_synonymset_export"))
    assert response["Content-Type"].startswith("text/csv")
    SynonymSet.objects.all().delete()
    address = reverse("admin:visual_search_merchandising_synonymset_import")
    answer = admin_client.post(address, {"file": SimpleUploadedFile("s.csv", response.content)}, follow=True)
    assert "3 synonyms are new or changed" in answer.content.decode()
    assert sorted(told(SynonymSet.objects.all())) == sorted(told(made))
    again = admin_client.post(address, {"file": SimpleUploadedFile("s.csv", response.content)}, follow=True)
    assert "0 synonyms are new or changed" in again.content.decode()
    one = SimpleUploadedFile("s.csv", (HEAD + 'two_way,en,"a1, b1",\n').encode())
    admin_client.post(address, {"file": one, "instead": "on"})
    assert [each.words for each in SynonymSet.objects.all()] == ["a1, b1"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("kind,language,words,colour\n", "it must name kind,language,words,others,enabled"),
        (HEAD + "same,en,a,b\n", "Line 2: The kind is “same”; it must be one of two_way"),
        (HEAD + 'two_way,xx,"a, b",\n', "Line 2: The language is “xx”"),
        (HEAD + "two_way,en,a,\n", "Line 2: Write two words or more"),
        (HEAD + '\ntwo_way,en,"a, b",c\n', "Line 3: Write two words or more"),
        (HEAD + "one_way,en,a,\n", "Line 2: Write the words, and the others"),
        (HEAD + 'replace,en,a,"b, c"\n', "Line 2: Words can be replaced by one other only."),
        (HEAD + "keep_apart,en,chair,chairs\n", "“chair” and “chairs” have the same stem"),
        (HEAD + 'two_way,en,"a, !?",\n', "Line 2: “!?” has no word."),
        (HEAD + f'two_way,en,"a, {"b" * 600}",\n', "has more than 500 characters"),
        ('kind,language,words,others,enabled\ntwo_way,en,"a, b",,maybe\n', "“maybe” is neither 1 nor 0."),
    ],
)
def test_each_mistake_is_told_by_its_line(text, says) -> None:
    assert any(says in fault for fault in faults(text)), faults(text)


def test_a_large_file_is_refused_unread() -> None:
    assert "more than 5 MB" in tables.read(b"x" * (tables.MOST_BYTES + 1)).faults[0]


def test_spreadsheets_write_a_mark_and_semicolons() -> None:
    found = tables.read("\ufeffkind;language;words;others\ntwo_way;en;a1, b1;\n".encode())
    assert told(found.sets) == [("two_way", "en", "a1, b1", "", True)]


@pytest.mark.django_db
def test_a_file_with_a_mistake_changes_nothing(admin_client) -> None:
    address = reverse("admin:visual_search_merchandising_synonymset_import")
    file = SimpleUploadedFile("s.csv", (HEAD + 'two_way,en,"a1, b1",\nnone,en,a,b\n').encode())
    answer = admin_client.post(address, {"file": file, "instead": "on"})
    assert answer.status_code == 422
    assert "Line 3" in answer.content.decode()
    assert not SynonymSet.objects.exists()


WORD = st.text(min_size=1, max_size=12).map(lambda text: text.replace(",", " ").replace("\0", " ").strip()).filter(bool)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_wild_bytes_are_read_or_refused_in_words(data) -> None:
    found = tables.read(data)
    assert not (found.sets and found.faults)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(st.text(max_size=15), max_size=6), max_size=8))
def test_wild_tables_are_read_or_refused_in_words(rows) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["kind", "language", "words", "others", "enabled"], *rows])
    tables.read(out.getvalue().encode("utf-8", "replace"))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(WORD, WORD), max_size=5))
def test_whatever_is_written_is_read_as_it_was(pairs) -> None:
    made = [SynonymSet(kind=Like.ONE_WAY, language="en", words=one, others=two) for one, two in pairs]
    made = [one for one in made if not list(tables.problems_of(one))]
    unique = {(one.words, one.others): one for one in made}.values()
    assert sorted(told(tables.read(tables.written(unique).encode()).sets)) == sorted(told(unique))
