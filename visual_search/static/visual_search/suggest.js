// Makes the field for words a combobox: while the shopper types, it lists what to search for, categories and products, and a
// choice leads there.
// Without JavaScript, or while search is away, it stays a plain field.
(() => {
  "use strict";
  const PAUSE_MS = 150; // between a key and the question, so that fast typing asks only for the longer word

  const form = document.querySelector("[data-vs-suggest]");
  const field = form?.querySelector("input[type='search']");
  if (!field) return;

  // An earlier page that htmx puts back comes with the list of its day.
  document.getElementById("vs-suggestions")?.remove();
  const list = document.createElement("ul");
  list.id = "vs-suggestions";
  list.className = "vs-suggestions";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", form.dataset.vsSuggestName);
  form.append(list);
  field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", list.id);
  field.setAttribute("aria-expanded", "false");

  let timer = 0;
  let asking = null; // the question that is on its way
  let active = -1; // the line that Enter would choose

  function mark(place) {
    const lines = [...list.children];
    active = place;
    lines.forEach((line, number) => line.setAttribute("aria-selected", String(number === place)));
    if (place < 0) field.removeAttribute("aria-activedescendant");
    else {
      field.setAttribute("aria-activedescendant", lines[place].id);
      lines[place].scrollIntoView({ block: "nearest" });
    }
  }

  function close() {
    clearTimeout(timer);
    asking?.abort();
    asking = null;
    list.hidden = true;
    field.setAttribute("aria-expanded", "false");
    mark(-1);
  }

  // The title with what completes the typed part in bold.
  function completed({ title, parts }) {
    if (!parts.some(({ typed }) => typed)) return [title];
    return parts.map(({ text, typed }) => {
      if (typed) return text;
      const rest = document.createElement("b");
      rest.textContent = text;
      return rest;
    });
  }

  function told(suggestion) {
    const text = document.createElement("span");
    if (suggestion.kind !== "category") {
      text.append(...completed(suggestion));
      return [text];
    }
    // "in {category}", as the page's language says it; a shop's own template may not say it.
    const [before, after = ""] = (form.dataset.vsSuggestIn ?? "in {category}").split("{category}");
    text.append(before, ...completed(suggestion), after);
    const above = document.createElement("small");
    above.textContent = suggestion.within.join(" › ");
    return above.textContent ? [text, " ", above] : [text];
  }

  function show(suggestions) {
    list.replaceChildren(
      ...suggestions.map((suggestion, number) => {
        const line = document.createElement("li");
        line.append(...told(suggestion));
        line.dataset.kind = suggestion.kind;
        line.id = `vs-suggestion-${number}`;
        line.dataset.url = suggestion.url;
        line.setAttribute("role", "option");
        return line;
      }),
    );
    list.hidden = suggestions.length === 0;
    field.setAttribute("aria-expanded", String(!list.hidden));
    mark(-1);
  }

  async function ask() {
    clearTimeout(timer);
    asking?.abort();
    const typed = field.value.trim();
    if (!typed) {
      close();
      return;
    }
    const mine = (asking = new AbortController());
    const address = new URL(form.dataset.vsSuggest, location.href);
    address.searchParams.set("q", typed);
    let suggestions = [];
    try {
      const response = await fetch(address, { signal: mine.signal, headers: { Accept: "application/json" } });
      if (response.ok) suggestions = (await response.json()).suggestions;
    } catch {
      // The field works without suggestions, too.
    }
    if (asking !== mine) return; // Meanwhile another question was asked, or the list was closed.
    asking = null;
    show(suggestions);
  }

  function go(line) {
    close();
    const words = new URL(line.dataset.url, location.href).searchParams.get("q");
    // Beside a photo the words join it.
    if (field.form === form || line.dataset.kind !== "query" || !words) return location.assign(line.dataset.url);
    field.value = words;
    field.form.requestSubmit();
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE_MS);
  }

  field.addEventListener("input", (event) => {
    mark(-1); // The lines are still those of the shorter word: Enter means what was typed.
    // A syllable that is still being composed (Chinese, Japanese, Korean) isn't a word yet.
    if (!event.isComposing) later();
  });
  field.addEventListener("compositionend", later);
  field.addEventListener("blur", close);
  document.addEventListener("submit", close);
  window.addEventListener("pageshow", close);
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // The focus stays in the field.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const line = event.target.closest("[role=option]");
    if (line) go(line);
  });
  field.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden || event.altKey) {
        if (event.key === "ArrowDown") ask();
        else close();
        return;
      }
      // One place more than there are lines: after the last and before the first line comes the field itself.
      const places = list.children.length + 1;
      mark(((active + 1 + (event.key === "ArrowDown" ? 1 : places - 1)) % places) - 1);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault(); // The first Escape closes the list; the words stay.
      close();
    } else if (event.key === "Enter" && active >= 0) {
      event.preventDefault();
      go(list.children[active]);
    }
  });
})();
