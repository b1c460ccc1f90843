// What a shopper does on a page made with InstantSearch, without a browser: widgets without a face, and the real clients.
// Usage: node shopper.mjs algolia|searchkit http://127.0.0.1:8000. Prints one JSON object.
import { createRequire } from "node:module";
import { createFetchRequester } from "@algolia/requester-fetch";
import createSearchkit from "@searchkit/instantsearch-client";
import { liteClient } from "algoliasearch/lite";

// What InstantSearch has for bundlers Node can't import; what it has for Node is required.
const require = createRequire(import.meta.url);
const { default: instantsearch } = require("instantsearch.js");
const connectors = require("instantsearch.js/cjs/connectors");

const [which, address] = process.argv.slice(2);
const host = { url: new URL(address).host, accept: "readWrite", protocol: "http" };
// Under Node the client would send chunks, which the server of the tests can't read; in browsers it sends a length, as fetch does.
const algolia = liteClient("shop", "any", { hosts: [host], requester: createFetchRequester() });
const client =
  which === "algolia" ? algolia : createSearchkit({ url: `${address}/1/indexes/*/queries` });

const sent = []; // how many requests each call of the client held
const answers = [];
const searchClient = {
  ...client,
  async search(requests) {
    sent.push(requests.length);
    const answer = await client.search(requests);
    answers.push(answer);
    return answer;
  },
};
if (which === "algolia") {
  searchClient.searchForFacets = (requests) => algolia.searchForFacets({ requests });
}

const shown = {}; // what each widget would show
const widget = (name, connector, params) =>
  connector((state) => {
    shown[name] = state;
  })(params);

const search = instantsearch({ indexName: "products", searchClient, future: { preserveSharedStateOnUnmount: true } });
search.addWidgets([
  widget("box", connectors.connectSearchBox, {}),
  widget("hits", connectors.connectHits, {}),
  widget("brands", connectors.connectRefinementList, { attribute: "brand", operator: "or" }),
  widget("colours", connectors.connectRefinementList, { attribute: "colour", operator: "or" }),
  widget("categories", connectors.connectHierarchicalMenu, {
    attributes: ["category.lvl0", "category.lvl1", "category.lvl2"],
  }),
  widget("prices", connectors.connectRange, { attribute: "price" }),
  widget("stock", connectors.connectToggleRefinement, { attribute: "in_stock" }),
  widget("pages", connectors.connectPagination, {}),
  widget("sizes", connectors.connectHitsPerPage, {
    items: [{ value: 4, label: "4", default: true }, { value: 20, label: "20" }],
  }),
  widget("order", connectors.connectSortBy, {
    items: ["products", "products_price_asc", "products_price_desc"].map((value) => ({ value, label: value })),
  }),
  widget("stats", connectors.connectStats, {}),
]);

const settled = async () => {
  do await new Promise((resolve) => setTimeout(resolve, 20));
  while (search.status !== "idle");
};
const skus = () => (shown.hits.items ?? shown.hits.hits).map((hit) => hit.sku);
const counts = (widget) => Object.fromEntries(shown[widget].items.map((item) => [item.label, item.count]));
const said = {};
const step = async (name, act) => {
  sent.length = 0;
  await act();
  await settled();
  said[name] = { sent: [...sent], skus: skus(), total: shown.stats.nbHits, pages: shown.pages.nbPages };
};

await step("start", () => search.start());
said.start.brands = counts("brands");
said.start.categories = counts("categories");
said.start.prices = shown.prices.range;
said.start.unsupported = answers[0].results.flatMap((result) => result.unsupported ?? []);
await step("second page", () => shown.pages.refine(1));
await step("words", () => shown.box.refine("chair"));
said.words.marked = (shown.hits.items ?? shown.hits.hits)[0]._highlightResult.title.value;
await step("no words", () => shown.box.refine(""));
await step("brand", () => shown.brands.refine("Nordic"));
said.brand.brands = counts("brands");
said.brand.colours = counts("colours");
await step("brand and colour", () => shown.colours.refine("red"));
said["brand and colour"].brands = counts("brands");
said["brand and colour"].colours = counts("colours");
await step("neither", () => {
  shown.brands.refine("Nordic");
  shown.colours.refine("red");
});
await step("category", () => shown.categories.refine("Home > Seating"));
const home = shown.categories.items.find((item) => item.label === "Home");
said.category.inside = Object.fromEntries(home.data.map((item) => [item.label, [item.count, item.isRefined]]));
said.category.beside = counts("categories");
await step("no category", () => shown.categories.refine("Home"));
await step("price", () => shown.prices.refine([40, 60]));
await step("any price", () => shown.prices.refine([undefined, undefined]));
await step("in stock", () => shown.stock.refine({ isRefined: false }));
await step("or not", () => shown.stock.refine({ isRefined: true }));
await step("cheapest", () => shown.order.refine("products_price_asc"));
await step("dearest", () => shown.order.refine("products_price_desc"));

if (which === "algolia") {
  const [values] = await algolia.searchForFacets({
    requests: [{ indexName: "products", type: "facet", facet: "colour", facetQuery: "bl" }],
  }).then((answer) => answer.results);
  said.values = values.facetHits;
  const several = await algolia.search({
    requests: [
      { indexName: "products", query: "mug", hitsPerPage: 1, typoTolerance: false },
      { indexName: "products_price_asc", query: "", hitsPerPage: 1, filters: "NOT brand:Plain" },
    ],
  });
  said.several = several.results.map((result) => [result.hits[0].sku, result.unsupported ?? []]);
  said.refused = await algolia
    .search({ requests: [{ indexName: "nothing" }] })
    .catch((error) => [error.name, error.status, error.message]);
}
process.stdout.write(JSON.stringify(said), () => process.exit(0));
