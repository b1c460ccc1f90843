// Links to the results of a photo. The sealed token stands behind the # of the address: browsers never send that part, so no
// server logs it and no Referer has it. The browser that opens the link sends the token by POST, as the results form does.
(() => {
  "use strict";
  // htmx runs a script in a page's body again when it puts an earlier page back; each listener is wanted once.
  const ran = (window.vsRan ??= new Set());
  if (ran.has("share")) return;
  ran.add("share");
  const MOST_CHARS = 8000; // Old messengers cut longer addresses, and a token that is cut opens nothing.
  // Only these fields are taken from a link: with "shows", a stranger's link would teach the shop in the name of its staff.
  const CARRIED = /^(q|q_not|unlike|unread|sort|page|f\..+)$/;
  const RESULTS = document.currentScript.dataset.vsResults;
  // Desktops have navigator.share, too, but there the clipboard is the shorter way.
  const handsOn = () => Boolean(navigator.share) && matchMedia("(pointer: coarse)").matches;

  // The values as the server wrote them: what was typed or ticked later doesn't belong to the results on the page.
  function written(item) {
    if (item.type === "checkbox") return item.defaultChecked ? [item.value] : [];
    // The first order is the one that a question has anyway.
    if (item.tagName === "SELECT") return [...item.options].filter((o) => o.defaultSelected && o.index).map((o) => o.value);
    return item.tagName === "INPUT" ? [item.defaultValue] : [];
  }

  // A token has the chosen part before its dot and the other things of the photo behind it. A link works without these.
  const tooLong = (form) => form.querySelector("[name=photo_token]").value.length > MOST_CHARS;

  function link(form, page) {
    const token = form.querySelector("[name=photo_token]").value;
    const told = new URLSearchParams({ photo: tooLong(form) ? token.split(".")[0] : token });
    for (const item of form.elements) {
      if (!CARRIED.test(item.name)) continue;
      for (const value of written(item)) if (value) told.append(item.name, value);
    }
    if (page > 1) told.append("page", page);
    const address = new URL(RESULTS, location.href);
    address.hash = told;
    return address.href;
  }

  async function pass(area) {
    const form = area.closest("form");
    const address = link(form, Number(area.dataset.vsPage));
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

  function open() {
    const told = new URLSearchParams(location.hash.slice(1));
    const token = told.get("photo");
    const csrf = document.querySelector("[name=csrfmiddlewaretoken]")?.value;
    if (!token || !csrf) return;
    history.replaceState(history.state, "", location.pathname + location.search);
    const form = document.createElement("form");
    Object.assign(form, { method: "post", action: RESULTS, hidden: true });
    const fields = [...told].filter(([name]) => CARRIED.test(name));
    for (const [name, value] of [["csrfmiddlewaretoken", csrf], ["photo_token", token], ...fields])
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    document.body.append(form);
    const opening = document.querySelector("[data-vs-opening]");
    if (opening) {
      document.querySelector("#vs-form").classList.add("vs-opening");
      opening.hidden = false;
    }
    form.submit();
  }

  // On the page which says that search is away, a reload keeps the part behind the # and sends an uploaded photo again.
  const away = document.querySelector("[data-vs-again]");
  away?.addEventListener("click", (event) => {
    event.preventDefault();
    location.reload();
  });

  document.addEventListener("click", (event) => {
    const area = event.target.closest?.("[data-vs-share-go]")?.closest("[data-vs-share]");
    if (area) pass(area);
  });
  document.addEventListener("htmx:afterSettle", offer);
  window.addEventListener("hashchange", open); // A link that is pasted over the address of this very page.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return; // A page from the back-forward cache must not look as if it still opened something.
    document.querySelector("#vs-form")?.classList.remove("vs-opening");
    const opening = document.querySelector("[data-vs-opening]");
    if (opening) opening.hidden = true;
  });
  offer();
  if (!away) open(); // The link stays in the address until there is a search that can take it.
})();
