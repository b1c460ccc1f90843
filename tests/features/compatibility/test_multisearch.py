"""InstantSearch's multi-search: results in order, counts, and every parameter honoured, named or refused."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qs, urlencode

import pytest

from tests.features.compatibility.conftest import skus
from visual_search.features.compatibility.multisearch import ANSWERED, MOST_REQUESTS, REFUSED
from visual_search.signals import search_served

# The parameters of a search in Algolia's own reference.
PARAMETERS = re.findall(
    r"\w+",
    """
query similarQuery filters facetFilters optionalFilters numericFilters tagFilters sumOrFiltersScores
restrictSearchableAttributes facets facetingAfterDistinct page offset length aroundLatLng aroundLatLngViaIP aroundRadius
aroundPrecision minimumAroundRadius insideBoundingBox insidePolygon naturalLanguages ruleContexts personalizationImpact
userToken getRankingInfo synonyms clickAnalytics analytics analyticsTags percentileComputation enableABTest
attributesToRetrieve ranking relevancyStrictness attributesToHighlight attributesToSnippet highlightPreTag
highlightPostTag snippetEllipsisText restrictHighlightAndSnippetArrays hitsPerPage minWordSizefor1Typo
minWordSizefor2Typos typoTolerance allowTyposOnNumericTokens disableTypoToleranceOnAttributes ignorePlurals
removeStopWords queryLanguages decompoundQuery enableRules enablePersonalization queryType removeWordsIfNoResults mode
semanticSearch advancedSyntax optionalWords disableExactOnAttributes exactOnSingleWordQuery alternativesAsExact
advancedSyntaxFeatures distinct replaceSynonymsInHighlight minProximity responseFields maxValuesPerFacet
sortFacetValuesBy attributeCriteriaComputedByMinProximity attributeCriteriaComputedBy renderingContent enableReRanking
reRankingApplyFilter
""",
)


def test_words_find_products_with_the_attributes_of_their_tiles(result, shop) -> None:
    found = result(query="red chair", hitsPerPage=2)
    best = found["hits"][0]
    id = shop.id("CHR-RED-01")
    assert best == {
        "objectID": id,
        "sku": "CHR-RED-01",
        "title": "Red chair",
        "url": "/p/CHR-RED-01/",
        "image": best["image"],
        "price": "€49.00",
        "in_stock": True,
        "brand": "Nordic",
        "colour": "red",
        "grade": best["grade"],
        "_highlightResult": {
            "title": {"value": "<em>Red</em> <em>chair</em>", "matchLevel": "full", "matchedWords": ["red", "chair"]},
        },
    }
    assert best["image"].endswith(".png")
    assert (found["query"], found["index"], found["page"], found["hitsPerPage"]) == ("red chair", "products", 0, 2)
    assert found["nbHits"] >= 2
    assert found["nbPages"] == -(-found["nbHits"] // 2)
    assert found["exhaustiveNbHits"] is True
    assert type(found["processingTimeMS"]) is int
    assert parse_qs(found["params"]) == {"query": ["red chair"], "hitsPerPage": ["2"]}
    assert "unsupported" not in found
    assert "message" not in found


def test_results_stand_in_the_order_of_the_requests(queries) -> None:
    response = queries(
        {"indexName": "products", "query": "mug", "hitsPerPage": 1},
        {"indexName": "products_price_asc", "params": {"hitsPerPage": 3}},
        {"indexName": "products_price_desc", "params": "query=&hitsPerPage=2&facets=%5B%22brand%22%5D"},
        {"indexName": "products", "params": {"query": "sofa", "hitsPerPage": 0}},
    )
    assert response["Cache-Control"] == "private, no-store"
    first, rising, falling, counts = response.json()["results"]
    assert skus(first) == ["MUG-BLK-05"]
    assert skus(rising) == ["MUG-BLK-05", "GFT-CRD-07", "CHR-RED-01"]
    assert skus(falling) == ["SOF-GRN-03", "TAB-BRN-06"]
    assert falling["facets"]["brand"] == {"Plain": 5, "Nordic": 2}
    assert [one["index"] for one in (rising, falling)] == ["products_price_asc", "products_price_desc"]
    assert (counts["hits"], counts["nbPages"], counts["hitsPerPage"]) == ([], 0, 0)
    assert counts["nbHits"] > 0


def test_a_bare_list_and_one_index_are_answered_too(shop, client) -> None:
    body = json.dumps([{"indexName": "products", "params": {"query": "mug"}}])
    assert skus(client.post("/1/indexes/*/queries", body, "application/json").json()["results"][0])[0] == "MUG-BLK-05"
    for body in ({"query": "mug", "hitsPerPage": 1}, {"params": "query=mug&hitsPerPage=1"}):
        response = client.post("/1/indexes/products/query", json.dumps(body), "application/json")
        assert skus(response.json()) == ["MUG-BLK-05"]


def test_pages_begin_at_zero(result) -> None:
    first, second, beyond = (skus(result(hitsPerPage=4, page=page)) for page in (0, 1, 9))
    assert (len(first), len(second), beyond) == (4, 3, [])
    assert len({*first, *second}) == 7
    assert skus(result(offset=4, length=4)) == second
    assert result(hitsPerPage=4)["nbPages"] == 2


def test_facets_are_counted_and_numbers_have_ends(result) -> None:
    found = result(facets=["brand", "in_stock", "price"])
    assert found["facets"] == {
        "brand": {"Plain": 5, "Nordic": 2}, "in_stock": {"true": 6, "false": 1}, "price": {},
    }  # fmt: skip
    assert found["facets_stats"] == {"price": {"min": 9.0, "max": 499.0}}
    assert result()["facets"] == {}
    assert set(result(facets="*")["facets"]) == {"category", "brand", "colour", "price", "in_stock"}
    assert set(result(facets="brand,colour")["facets"]) == {"brand", "colour"}
    assert set(result(facets='["brand"]')["facets"]) == {"brand"}
    assert result(facets="colour", maxValuesPerFacet=2, sortFacetValuesBy="alpha")["facets"]["colour"] == {
        "black": 1, "blue": 1,
    }  # fmt: skip


def test_values_come_by_their_counts_or_by_the_alphabet(result) -> None:
    assert list(result(facets="brand")["facets"]["brand"]) == ["Plain", "Nordic"]
    assert list(result(facets="brand", sortFacetValuesBy="alpha")["facets"]["brand"]) == ["Nordic", "Plain"]


def test_each_level_of_a_path_is_an_attribute(result) -> None:
    found = result(facets=["category.lvl0", "category.lvl1", "category.lvl2"])
    assert found["facets"] == {
        "category.lvl0": {"Home": 5, "Gifts": 1, "Kitchen": 1},
        "category.lvl1": {"Home > Seating": 3, "Home > Light": 1, "Home > Tables": 1},
        "category.lvl2": {"Home > Seating > Chairs": 2, "Home > Seating > Sofas": 1},
    }
    assert set(skus(result(facetFilters=[["category.lvl1:Home > Seating"]]))) == {
        "CHR-RED-01", "CHR-BLU-02", "SOF-GRN-03",
    }  # fmt: skip


CHAIRS = {"CHR-RED-01", "CHR-BLU-02"}
EVERYTHING = CHAIRS | {"SOF-GRN-03", "LMP-BRS-04", "MUG-BLK-05", "TAB-BRN-06", "GFT-CRD-07"}


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"facetFilters": ["brand:Nordic"]}, CHAIRS),
        ({"facetFilters": "brand:Nordic,colour:red"}, {"CHR-RED-01"}),
        ({"facetFilters": [["colour:red", "colour:black"]]}, {"CHR-RED-01", "MUG-BLK-05"}),
        ({"facetFilters": [["colour:red", "colour:black"], "brand:Plain"]}, {"MUG-BLK-05"}),
        ({"facetFilters": ["brand:-Plain"]}, CHAIRS),
        ({"facetFilters": ["in_stock:false"]}, {"LMP-BRS-04"}),
        ({"facetFilters": [[], []]}, EVERYTHING),
        ({"numericFilters": ["price>=49", "price<=59"]}, CHAIRS),
        ({"numericFilters": ["price>49", "price<89"]}, {"CHR-BLU-02"}),
        ({"numericFilters": "price=9"}, {"MUG-BLK-05"}),
        ({"numericFilters": [["price=9", "price=25"]]}, {"MUG-BLK-05", "GFT-CRD-07"}),
        ({"numericFilters": ["price:40 TO 60"]}, CHAIRS),
        ({"numericFilters": ["price != 9", "price<26"]}, {"GFT-CRD-07"}),
        ({"filters": "brand:Nordic AND price < 50"}, {"CHR-RED-01"}),
        ({"filters": "(colour:red OR colour:'black') AND NOT brand:Plain"}, {"CHR-RED-01"}),
        ({"filters": 'category:"Home > Seating" AND NOT (brand:Nordic)'}, {"SOF-GRN-03"}),
        ({"filters": "price:40 TO 60 AND in_stock:true"}, CHAIRS),
        ({"filters": "", "tagFilters": "", "facetFilters": "", "numericFilters": []}, EVERYTHING),
        ({"filters": "brand:Nordic", "facetFilters": ["colour:black"]}, set()),
    ],
)
def test_filters_hold(result, params, found) -> None:
    assert set(skus(result(**params))) == found


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"facetFilters": [["colour:red", "brand:Plain"]]}, "isn't between values of one facet"),
        ({"facetFilters": [["colour:-red", "colour:blue"]]}, "isn't between values of one facet"),
        ({"numericFilters": [["price<10", "price>100"]]}, "isn't between values of one facet"),
        ({"facetFilters": ["size:XL"]}, "There is no facet 'size'"),
        ({"facetFilters": ["size"]}, "write facet:value"),
        ({"facetFilters": [["brand:a", ["b"]]]}, "must be a text"),
        ({"facetFilters": 5}, "must be a list"),
        ({"facetFilters": ["brand:" + "x" * 800]}, "comparison of 806 characters"),
        ({"numericFilters": ["brand>5"]}, "needs a number"),
        ({"filters": "a:b OR c:d AND e:f"}, "brackets around each OR"),
        ({"filters": "colour:red OR (brand:Plain AND price>5)"}, "an AND inside an OR"),
        ({"filters": "NOT (colour:red OR colour:blue)"}, "before each comparison"),
        ({"filters": "colour:red (brand:Plain)"}, "lacks AND or OR"),
        ({"filters": ["brand:Plain"]}, "must be a text"),
        ({"query": 5}, "query is 5"),
        ({"page": -1}, "page is '-1'"),
        ({"hitsPerPage": "many"}, "hitsPerPage is 'many'"),
        ({"offset": 3, "length": 2}, "multiple of length"),
        ({"facets": [1]}, "facets is [1]"),
        ({"highlightPreTag": 1}, "highlightPreTag is 1"),
        ({"queryLanguages": {}}, "queryLanguages is {}"),
        ("&".join(f"a{number}=1" for number in range(201)), "params can't be read"),
    ],
)
def test_what_cant_be_answered_is_refused_by_name(queries, params, said) -> None:
    response = queries({"indexName": "products"}, {"indexName": "products", "params": params})
    assert response.status_code == 400
    problem = response.json()
    assert set(problem) == {"message", "status"}
    assert problem["status"] == 400
    assert said in problem["message"]


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_leave_hits_out_is_refused(queries, name) -> None:
    response = queries({"indexName": "products", "params": {name: "50.1,8.6"}})
    assert response.status_code == 400
    assert response.json()["message"].startswith(f"{name} isn't offered here")


def test_every_parameter_is_honoured_or_named(queries) -> None:
    wrong = {}
    for name in [*PARAMETERS, "typoTolerence"]:
        response = queries({"indexName": "products", "params": {name: "1"}})
        found = response.json().get("results", [{}])[0]
        named = found.get("unsupported", [])
        if name in REFUSED:
            right = response.status_code == 400
        elif name in ANSWERED:
            # "1" is no filter and no attribute: where it can't be read, that is said.
            right = response.status_code == 400 or all(one == f"{name}=1" for one in named)
        else:
            right = named == [name] and name in found["message"] and found["nbHits"] == 7
        if not right:
            wrong[name] = response.content
    assert wrong == {}
    assert len(PARAMETERS) > 70


def test_what_is_answered_in_part_is_named(result, shop) -> None:
    found = result(
        hitsPerPage=1000,
        facets=["brand", "size"],
        attributesToRetrieve=["title", "material", "-sku"],
        queryLanguages=["tlh", "de"],
        query="Stuhl",
    )
    assert found["unsupported"] == [
        "queryLanguages=tlh", "hitsPerPage=1000", "facets=size", "attributesToRetrieve=material",
    ]  # fmt: skip
    assert found["hitsPerPage"] == 100
    assert found["hits"][0]["title"] in ("Roter Stuhl", "Blauer Stuhl")
    assert set(found["hits"][0]) == {"objectID", "title", "_highlightResult"}


def test_attributes_are_those_that_are_asked_for(result) -> None:
    (hit,) = result(hitsPerPage=1, attributesToRetrieve=["*", "-url"], attributesToHighlight=[])["hits"]
    assert set(hit) == {"objectID", "sku", "title", "image", "price", "in_stock", "brand", "colour", "grade"}
    (hit,) = result(query="mug", hitsPerPage=1, attributesToRetrieve=[], attributesToHighlight=["title"],
                    highlightPreTag="__ais-highlight__", highlightPostTag="__/ais-highlight__")["hits"]  # fmt: skip
    assert hit["_highlightResult"] == {
        "title": {
            "value": "Black __ais-highlight__mug__/ais-highlight__", "matchLevel": "full", "matchedWords": ["mug"],
        }
    }  # fmt: skip


@pytest.mark.parametrize(
    ("extra", "said"),
    [({"strategy": "stopIfEnoughMatches"}, ["strategy"]), ({"cluster": 1}, ["cluster"]), ({"strategy": "none"}, None)],
)
def test_what_stands_beside_the_requests_is_named_too(queries, extra, said) -> None:
    assert queries({"indexName": "products"}, **extra).json().get("unsupported") == said


def test_values_of_a_facet_are_looked_up(queries) -> None:
    response = queries(
        {"indexName": "products", "type": "facet", "facet": "colour", "facetQuery": "bl", "maxFacetHits": 5},
        {"indexName": "products", "params": {"facetName": "category", "facetQuery": "sofas", "maxFacetHits": 1}},
    )
    colours, categories = response.json()["results"]
    assert colours["facetHits"] == [
        {"value": "black", "highlighted": "<em>black</em>", "count": 1},
        {"value": "blue", "highlighted": "<em>blue</em>", "count": 1},
    ]
    assert categories["facetHits"] == [
        {"value": "Home > Seating > Sofas", "highlighted": "Home > Seating > <em>Sofas</em>", "count": 1}
    ]


def test_a_value_is_like_what_is_typed_in_any_order_and_form(queries) -> None:
    asked = {"indexName": "products", "type": "facet", "facet": "category"}
    said = [{**asked, "facetQuery": typed} for typed in ("chairs home", "chair homes", "airs", "lamp", "")]
    found = [[hit["value"] for hit in one["facetHits"]] for one in queries(*said).json()["results"]]
    chairs = "Home > Seating > Chairs"
    assert found[:4] == [[chairs], [chairs], [chairs], []]
    assert len(found[4]) == 8


def test_values_of_no_facet_are_refused_or_named(queries) -> None:
    response = queries({"indexName": "products", "type": "facet"})
    assert (response.status_code, "facet is missing" in response.json()["message"]) == (400, True)
    (found,) = queries({"indexName": "products", "type": "facet", "facet": "size"}).json()["results"]
    assert (found["facetHits"], found["unsupported"]) == ([], ["facets=size"])


def test_a_page_to_go_to_instead_is_named_as_algolia_does(result, shop) -> None:
    shop.use(REWRITERS=[{"BACKEND": "tests.hooks.doubles.Synonyms", "OPTIONS": {"pages": {"sale": "/sale/"}}}])
    assert result(query="sale")["renderingContent"] == {"redirect": {"url": "/sale/"}}
    assert "renderingContent" not in result(query="chair")


@pytest.mark.parametrize("index", ["gadgets", "products_colour_asc", "products_price_up", "", "products_"])
def test_an_index_that_isnt_there_is_named(queries, index) -> None:
    response = queries({"indexName": index, "query": "chair"})
    assert response.status_code == (400 if "colour" in index else 404)
    assert response.json()["status"] == response.status_code


def test_names_of_indexes_are_the_shops_own(queries, shop) -> None:
    shop.use(COMPATIBILITY_INDEXES={"prod_SHOP": "products"})
    first, second = queries({"indexName": "prod_SHOP"}, {"indexName": "prod_SHOP_price_asc", "hitsPerPage": 1}).json()[
        "results"
    ]
    assert first["nbHits"] == 7
    assert skus(second) == ["MUG-BLK-05"]
    assert queries({"indexName": "products"}).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{}x",
        "5",
        '{"requests": 5}',
        '{"requests": [5]}',
        '[{"params": 5}]',
        '[{"indexName": "products", "type": "answers"}]',
        '[{"indexName": "products", "params": {"query": NaN}}]',
        "[" * 400 + "]" * 400,
    ],
)
def test_a_body_that_isnt_as_documented_is_refused(shop, client, body) -> None:
    response = client.post("/1/indexes/*/queries", body, "text/plain")
    assert response.status_code in (400, 404)
    assert response.json()["message"]


def test_there_are_limits(queries, client) -> None:
    assert queries(*[{"indexName": "products", "hitsPerPage": 0}] * MOST_REQUESTS).status_code == 200
    response = queries(*[{"indexName": "products"}] * (MOST_REQUESTS + 1))
    assert (response.status_code, "at most 20" in response.json()["message"]) == (400, True)
    response = client.post("/1/indexes/*/queries", "x" * 300_000, "text/plain")
    assert (response.status_code, response.json()["status"]) == (413, 413)
    response = client.post("/1/indexes/*/queries", "[]", "text/plain; charset=latin-1")
    assert response.status_code == 400


def test_words_pass_the_limits_of_any_search(result) -> None:
    found = result(query="chair " * 200)
    assert "words_cut" in found["warnings"]
    assert "CHR-BLU-02" not in skus(result(query="chair -blue"))


def test_questions_are_announced_and_those_that_only_count_say_so(queries) -> None:
    heard = []

    def listen(query, page, context, **kwargs) -> None:
        heard.append((query.words, page.query_id, context["log"]))

    search_served.connect(listen)
    try:
        first, second = queries(
            {"indexName": "products", "query": "red chair", "clickAnalytics": True},
            {
                "indexName": "products",
                "query": "red chair",
                "hitsPerPage": 0,
                "analytics": False,
                "clickAnalytics": False,
            },
            {"indexName": "products", "type": "facet", "facet": "colour", "facetQuery": "bl"},
        ).json()["results"][:2]
    finally:
        search_served.disconnect(listen)
    assert [(words, log) for words, _, log in heard] == [("red chair", True), ("red chair", False), ("", False)]
    assert first["queryID"] == heard[0][1]
    assert "queryID" not in second


def test_an_answer_without_counts_says_so(result, shop) -> None:
    shop.use(engine="tests.search.shop.FacetlessEngine")
    found = result(facets=["brand"])
    assert (found["facets"], found["degraded"]) == ({}, ["facets"])
    assert found["nbHits"] == 7


def test_throttles_of_the_api_count_here_too(queries, shop) -> None:
    shop.use(API_THROTTLES=["tests.features.compatibility.halves.Never"])
    response = queries({"indexName": "products"})
    assert (response.status_code, response.json()["status"]) == (429, 429)


@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
@pytest.mark.parametrize("path", ["indexes/products/batch", "indexes/products/settings", "keys"])
def test_what_would_write_is_refused_and_says_what_to_do(client, db, method, path) -> None:
    response = getattr(client, method)(f"/1/{path}")
    assert response.status_code == 404
    assert path in response.json()["message"]
    assert "save the object in the shop" in response.json()["message"]


def test_parameters_may_come_as_an_address(shop, client) -> None:
    params = urlencode(
        {"query": "", "facetFilters": json.dumps([["colour:red", "colour:blue"]]), "page": "0", "analytics": "false"}
    )
    body = json.dumps({"requests": [{"indexName": "products", "params": params}]})
    (found,) = client.post(
        "/1/indexes/*/queries?x-algolia-api-key=x&x-algolia-application-id=y", body, "text/plain"
    ).json()["results"]
    assert set(skus(found)) == CHAIRS
    assert "queryID" not in found
    body = json.dumps(
        {"requests": [{"indexName": "products", "params": "clickAnalytics=true&attributesToHighlight=%5B%22*%22%5D"}]}
    )
    (found,) = client.post("/1/indexes/*/queries", body, "text/plain").json()["results"]
    assert found["queryID"]
    assert set(found["hits"][0]["_highlightResult"]) == {"title"}


def test_parameters_are_repeated_as_an_address(result) -> None:
    params = parse_qs(result(facets=["größe"], page=0, query="Stühle")["params"])
    assert params == {"facets": ['["größe"]'], "page": ["0"], "query": ["Stühle"]}
