// For staff: a button on each tile leads to the workbench, with the page's question and a rule that pins the tile.
(() => {
  const { address, label } = document.currentScript.dataset;
  function go(form, id) {
    const sent = new FormData(form);
    for (const name of ["page", "image", "taste", "unlike", "shows"]) sent.delete(name);
    sent.set("lang", document.documentElement.lang.slice(0, 2));
    sent.set("pin", id);
    // What a photo's token holds is too long for an address, and belongs into none.
    const method = sent.get("photo_token") ? "post" : "get";
    if (method === "get") sent.delete("csrfmiddlewaretoken");
    const next = Object.assign(document.createElement("form"), { method, action: address, hidden: true });
    for (const [name, value] of sent) {
      if (value) next.append(Object.assign(document.createElement("input"), { name, value }));
    }
    document.body.append(next);
    next.submit();
  }
  function offer() {
    for (const turns of document.querySelectorAll("#vs-form [data-vs-id] .vs-turns:not(:has(.vs-pin))")) {
      const tile = turns.closest("[data-vs-id]");
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "vs-less vs-pin", textContent: label });
      button.ariaLabel = `${label} ${tile.querySelector(".vs-tile-title").textContent}`;
      button.onclick = () => go(tile.closest("form"), tile.dataset.vsId);
      turns.append(button);
    }
  }
  // Results are put into the page by htmx, and those of a photo by photos.js.
  new MutationObserver(offer).observe(document.documentElement, { childList: true, subtree: true });
  offer();
})();
