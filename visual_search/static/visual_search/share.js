// Links to the results of a photo. The sealed token stands behind the # of the address: browsers never send that part, so no
// server logs it and no Referer has it. The browser that opens the link sends the token by POST (photos.js).
(() => {
  "use strict";
  // Once, as photos.js explains.
  const ran = (window.vsRan ??= new Set());
  if (ran.has("share")) return;
  ran.add("share");
  const MOST_CHARS = 8000; // Old messengers cut longer addresses, and a token that is cut opens nothing.
  // Desktops have navigator.share, too, but there the clipboard is the shorter way.
  const handsOn = () => Boolean(navigator.share) && matchMedia("(pointer: coarse)").matches;

  // A token has the chosen part before its dot and the other things of the photo behind it. A link works without these.
  const tooLong = (form) => form.querySelector("[name=photo_token]").value.length > MOST_CHARS;

  // The address of the results has all but the token, for which it has a name that this tab alone knows.
  function link(form) {
    const token = form.querySelector("[name=photo_token]").value;
    const address = new URL(location.href);
    const told = new URLSearchParams(address.hash.slice(1));
    told.set("photo", tooLong(form) ? token.split(".")[0] : token);
    address.hash = told;
    return address.href;
  }

  async function pass(area) {
    const form = area.closest("form");
    const address = link(form);
    const said = area.querySelector("[data-vs-share-said]");
    said.textContent = "";
    const left = tooLong(form) ? area.dataset.vsShortened : "";
    if (handsOn()) {
      try {
        await navigator.share({ url: address });
        said.textContent = left;
        return;
      } catch (problem) {
        if (problem.name === "AbortError") return; // The shopper closed the sheet.
      }
    }
    try {
      await navigator.clipboard.writeText(address);
      said.textContent = `${area.dataset.vsCopied} ${left}`.trim();
    } catch {
      // Browsers allow the clipboard only to pages over HTTPS, and only if the shopper allows it.
      const field = area.querySelector("[data-vs-share-address]");
      field.value = address;
      field.hidden = false;
      field.select();
      said.textContent = `${area.dataset.vsByHand} ${left}`.trim();
    }
  }

  function offer() {
    const area = document.querySelector("[data-vs-share]");
    if (!area) return;
    area.hidden = false;
    const button = area.querySelector("[data-vs-share-go]");
    if (handsOn()) button.textContent = button.dataset.vsShareLabel;
  }

  document.addEventListener("click", (event) => {
    const area = event.target.closest?.("[data-vs-share-go]")?.closest("[data-vs-share]");
    if (area) pass(area);
  });
  document.addEventListener("vs:shown", offer);
  offer();
})();
