// For staff: a button on each tile of the results leads to the workbench, with the page's question and a rule that pins the tile.
(() => {
  "use strict";
  const { address, label } = document.currentScript.dataset;
  const LEFT_OUT = ["page", "image", "taste", "csrfmiddlewaretoken", "unlike", "shows"];

  function asked(form, id) {
    const sent = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && value && !LEFT_OUT.includes(name));
    return [...sent, ["lang", document.documentElement.lang.slice(0, 2)], ["pin", id], ["at", "1"]];
  }
  function go(form, id) {
    const fields = asked(form, id);
    const token = form.elements.csrfmiddlewaretoken?.value;
    if (!fields.some(([name]) => name === "photo_token")) {
      location.href = `${address}?${new URLSearchParams(fields)}`;
      return;
    }
    // What a photo's token holds is too long for an address, and belongs into none.
    const post = Object.assign(document.createElement("form"), { method: "post", action: address, hidden: true });
    for (const [name, value] of [...fields, ["csrfmiddlewaretoken", token]]) {
      post.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    }
    document.body.append(post);
    post.submit();
  }
  function offer() {
    for (const tile of document.querySelectorAll("#vs-form .vs-tile[data-vs-id]")) {
      const place = tile.querySelector(".vs-turns");
      if (!place || place.querySelector(".vs-pin")) continue;
      const button = Object.assign(document.createElement("button"), { type: "button", className: "vs-less vs-pin", textContent: label });
      const title = tile.querySelector(".vs-tile-title")?.textContent ?? "";
      button.setAttribute("aria-label", `${label} ${title}`);
      button.addEventListener("click", () => go(tile.closest("form"), tile.dataset.vsId));
      place.append(button);
    }
  }
  document.addEventListener("DOMContentLoaded", offer);
  document.addEventListener("htmx:afterSettle", offer);
  if (document.readyState !== "loading") offer();
})();
