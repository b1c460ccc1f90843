"""The picture of how times grow holds every figure, as a line and as text."""

from xml.etree import ElementTree

from tests.growth import drawn

SVG = "{http://www.w3.org/2000/svg}"


def engine(name: str, factor: float) -> dict:
    sizes = [(10_000, 4.0), (100_000, 9.0), (1_000_000, 31.0)]
    kinds = ("photo", "words", "both")
    return {
        "engine": name,
        "sizes": [
            {"products": n, "questions": {kind: [place * factor * time, 1000.0] for place, kind in enumerate(kinds, 1)}}
            for n, time in sizes
        ],
    }


def test_each_kind_of_each_engine_is_a_line_that_rises() -> None:
    picture = ElementTree.fromstring(drawn([engine("embedded", 1.0), engine("elasticsearch", 2.0)]))  # noqa: S314 - It was made here.
    lines = picture.findall(f"{SVG}polyline")
    assert len(lines) == 6
    for line in lines:
        points = [tuple(map(float, point.split(","))) for point in line.get("points").split()]
        assert [x for x, _ in points] == sorted(x for x, _ in points)
        assert [y for _, y in points] == sorted((y for _, y in points), reverse=True)  # Down is greater in SVG.
    told = picture.find(f"{SVG}desc").text
    assert "photo, embedded: 10,000 4.0 ms, 100,000 9.0 ms, 1,000,000 31.0 ms" in told
    assert "both, elasticsearch: 10,000 24.0 ms" in told
    said = {text.text for text in picture.findall(f"{SVG}text")}
    assert {"10,000", "1,000,000", "products", "words, elasticsearch"} <= said
