// Shows of each condition and action the fields that its kind needs. Without this script all of them show.
const NEEDED = {
  filter: ["field", "op", "value"], hours: ["value"], days: ["value"], nothing_close: [],
  pin: ["item", "position"], hide: ["item"], boost: ["item", "strength", "field", "op", "value"],
  bury: ["item", "strength", "field", "op", "value"], replace: ["value"], redirect: ["url"], banner: ["value", "url"],
  sort: ["value"],
};
const NAMES = ["item", "position", "strength", "field", "op", "value", "url"];

function show(select) {
  const row = select.closest(".inline-related, .desk-row");
  if (!row) return;
  const needed = NEEDED[select.value] ?? (select.value ? ["value"] : NAMES);
  for (const name of NAMES) {
    const field = row.querySelector(`[name$="-${name}"]`);
    const box = field?.closest(`.field-${name}`);
    if (box) box.hidden = !needed.includes(name);
  }
}

function showAll() {
  document.querySelectorAll('select[name$="-kind"]').forEach(show);
}

document.addEventListener("change", ({ target }) => target.matches?.('select[name$="-kind"]') && show(target));
document.addEventListener("formset:added", showAll);
document.addEventListener("DOMContentLoaded", showAll);
if (document.readyState !== "loading") showAll();
