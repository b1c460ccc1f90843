// Tells other scripts what a shopper does, by the event `vs:act` on the document. It keeps nothing itself.
//
// `detail` is {kind, id, query, position, private}: kind is impression, click, view, basket or purchase; query and position
// are there if it was done on an answer. A shop's own pages say what their product is by attributes,
//   <article data-vs-view="17">, <button data-vs-basket="17">, <button data-vs-purchase="17">,
// or by sending the event: document.dispatchEvent(new CustomEvent("vs:act", {detail: {kind: "basket", id: "17"}})).
(() => {
  "use strict";
  // Once, as photos.js explains.
  const ran = (window.vsRan ??= new Set());
  if (ran.has("acts")) return;
  ran.add("acts");
  const SEEN_SHARE = 0.5; // A tile counts as seen when half of it is in view.

  const act = (kind, id, more = {}) =>
    document.dispatchEvent(new CustomEvent("vs:act", { detail: { kind, id: String(id), ...more } }));

  // Which answer a tile belongs to, and its place in the whole result set, from 1.
  function place(tile) {
    const answer = tile.closest("[data-vs-query]");
    if (!answer) return null;
    const tiles = [...answer.querySelectorAll("[data-vs-id]")];
    return { query: answer.dataset.vsQuery, position: Number(answer.dataset.vsFirst || 1) + tiles.indexOf(tile) };
  }

  const observer = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        const seen = isIntersecting && target.isConnected ? place(target) : null;
        if (!seen) continue;
        observer.unobserve(target);
        act("impression", target.dataset.vsId, seen);
      }
    },
    { threshold: SEEN_SHARE },
  );
  const watched = new WeakSet();
  function watch() {
    for (const tile of document.querySelectorAll("[data-vs-query] [data-vs-id]")) {
      if (watched.has(tile)) continue;
      watched.add(tile);
      observer.observe(tile);
    }
  }

  function start() {
    for (const item of document.querySelectorAll("[data-vs-view]")) {
      act("view", item.dataset.vsView, { private: item.hasAttribute("data-vs-private") });
    }
    watch();
  }
  // A deferred script may still run before the others that listen, so it waits for the document.
  if (document.readyState === "complete") start();
  else document.addEventListener("DOMContentLoaded", start);
  for (const name of ["htmx:afterSettle", "vs:shown"]) document.addEventListener(name, watch);

  document.addEventListener("click", (event) => {
    const tile = event.target.closest?.("[data-vs-query] [data-vs-id]");
    if (tile && event.target.closest(".vs-tile-link")) act("click", tile.dataset.vsId, place(tile));
    for (const kind of ["basket", "purchase"]) {
      const item = event.target.closest?.(`[data-vs-${kind}]`);
      if (item) act(kind, item.getAttribute(`data-vs-${kind}`), { private: item.hasAttribute("data-vs-private") });
    }
  });
})();
