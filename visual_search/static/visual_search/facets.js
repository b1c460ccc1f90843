// Filters: the slider of a number, which writes into its number fields, and long lists that stay unfolded.
(() => {
  "use strict";
  const ran = (window.vsRan ??= new Set());
  if (ran.has("facets")) return;
  ran.add("facets");
  const PAUSE = 400; // ms. Whoever holds an arrow key asks once, where they stop.

  const fieldOf = (thumb) => thumb.closest("[data-vs-range]").querySelector(`[name$=".${thumb.dataset.vsEnd}"]`);
  const thumbsOf = (slider) => slider.querySelectorAll("[data-vs-end]");

  function paint(slider) {
    const [least, most] = thumbsOf(slider);
    const share = (thumb) => ((thumb.value - thumb.min) / (thumb.max - thumb.min)) * 100;
    slider.style.setProperty("--from", `${share(least)}%`);
    slider.style.setProperty("--to", `${share(most)}%`);
    // Where both meet at the upper end, the lower thumb is the only one that can still be moved.
    least.classList.toggle("vs-above", share(least) > 50);
  }

  function prepare() {
    for (const slider of document.querySelectorAll("[data-vs-slider][hidden]")) {
      slider.hidden = false;
      paint(slider);
    }
    for (const list of document.querySelectorAll("[data-vs-all]")) list.open = unfolded.has(list.dataset.vsAll);
  }

  const unfolded = new Set();
  // "toggle" doesn't bubble. It comes late, so a list that was replaced meanwhile says nothing.
  document.addEventListener(
    "toggle",
    ({ target }) => {
      if (!target.dataset?.vsAll || !target.isConnected) return;
      unfolded[target.open ? "add" : "delete"](target.dataset.vsAll);
    },
    true,
  );

  // On a phone the filters are a sheet over the results.
  const sheet = () => document.querySelector(".vs-facets");
  function close() {
    sheet().open = false;
    sheet().querySelector("summary").focus();
  }
  document.addEventListener("click", ({ target }) => "vsDone" in (target.dataset ?? {}) && close());
  document.addEventListener("keydown", ({ key, target }) => key === "Escape" && target.closest?.(".vs-facets[open]") && close());

  document.addEventListener("input", ({ target }) => {
    if (target.matches("[data-vs-end]")) {
      const slider = target.closest("[data-vs-slider]");
      const [least, most] = thumbsOf(slider);
      if (+least.value > +most.value) target.value = (target === least ? most : least).value;
      const atEnd = +target.value === +(target === least ? target.min : target.max);
      fieldOf(target).value = atEnd ? "" : target.value;
      paint(slider);
    } else if (target.matches("[data-vs-range] input[type=number]")) {
      const slider = target.closest("[data-vs-range]").querySelector("[data-vs-slider]");
      if (!slider) return;
      for (const thumb of thumbsOf(slider)) {
        if (fieldOf(thumb) === target) thumb.value = target.value || (thumb === thumbsOf(slider)[0] ? thumb.min : thumb.max);
      }
      paint(slider);
    }
  });

  let waiting = 0;
  document.addEventListener(
    "change",
    (event) => {
      const thumb = event.target;
      if (!thumb.matches?.("[data-vs-end]")) return;
      event.stopPropagation();
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        if (thumb.isConnected) fieldOf(thumb).dispatchEvent(new Event("change", { bubbles: true }));
      }, PAUSE);
    },
    true,
  );

  document.addEventListener("DOMContentLoaded", prepare);
  document.addEventListener("htmx:load", prepare);
  document.addEventListener("vs:shown", prepare);
  if (document.readyState !== "loading") prepare();
})();
