// Shows of each condition and action the fields that its kind needs. Without this script all of them show.
const NEEDED = {
  filter: "field op value", nothing_close: "", pin: "item position", hide: "item", redirect: "url", banner: "value url",
  boost: "item strength field op value", bury: "item strength field op value", "": "item position strength field op value url",
};
function show() {
  for (const kind of document.querySelectorAll('select[name$="-kind"]')) {
    const needed = (NEEDED[kind.value] ?? "value").split(" ");
    for (const name of NEEDED[""].split(" ")) {
      const box = kind.closest(".inline-related, .desk-row")?.querySelector(`.field-${name}:has([name$="-${name}"]):not(.form-row)`);
      if (box) box.hidden = !needed.includes(name);
    }
  }
}
document.addEventListener("DOMContentLoaded", show);
document.addEventListener("change", show);
document.addEventListener("formset:added", show);
show();
