// The field in the page's head holds what is asked beside a photo, and belongs to the form of the results then.
// It runs before photos.js, so that an earlier page that is shown again has its height when it is scrolled to its place.
(() => {
  "use strict";
  // Once, as photos.js explains.
  const ran = (window.vsRan ??= new Set());
  if (ran.has("field")) return;
  ran.add("field");
  function fill() {
    const form = document.querySelector("#vs-form");
    const photo = form?.elements?.photo_token;
    for (const box of document.querySelectorAll("[data-vs-box]")) {
      const [chips, field, go] = ["chips", "field", "go"].map((name) => box.querySelector(`[data-vs-${name}]`));
      if (!chips || !field || !go) continue;
      const mine = photo && box.querySelector(".vs-words").action === form.action;
      for (const item of [field, go]) mine ? item.setAttribute("form", "vs-form") : item.removeAttribute("form");
      field.name = mine ? "more" : "q";
      field.placeholder = mine ? field.dataset.vsMore : field.dataset.vsBegin;
      if (mine) field.value = "";
      else if (form?.elements?.q && !photo && form.action === field.form.action) field.value = form.elements.q.value;
      chips.replaceChildren();
      if (!mine) continue;
      // Enter in the field presses the form's first submit button, which must not be one that removes.
      chips.append(Object.assign(document.createElement("button"), { type: "submit", hidden: true }));
      chips.append(...[...form.querySelectorAll("button.vs-in-field")].map((chip) => chip.cloneNode(true)));
      for (const chip of chips.children) chip.setAttribute("form", "vs-form");
    }
  }
  for (const name of ["htmx:afterSettle", "vs:shown"]) document.addEventListener(name, fill);
})();
