// On the page that follows an order: tells the scripts of search what was bought, each product once. Whether anything of it is
// noted or remembered, they decide, as for every act.
(() => {
  "use strict";
  for (const line of document.querySelectorAll("[data-bought]")) {
    const detail = { kind: "purchase", id: line.dataset.bought, private: line.hasAttribute("data-vs-private") };
    line.removeAttribute("data-bought"); // so that a page which htmx puts back tells nothing again
    document.dispatchEvent(new CustomEvent("vs:act", { detail }));
  }
})();
