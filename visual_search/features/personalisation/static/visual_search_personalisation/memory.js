// What this device remembers of the shopper: at most 100 events, each a product, what was done with it, and the day. It stays
// in this browser. A search sends it to the shop for that one answer, and the shop keeps nothing of it.
(() => {
  "use strict";
  const { results, shown, account, signedIn } = document.currentScript.dataset;
  const KEY = "vs-memory"; // in the browser's local storage
  const KINDS = ["view", "basket", "purchase"];
  const MOST_EVENTS = 100; // The shop ignores a memory of more events,
  const MOST_BYTES = 4096; // and one of more bytes.
  const DAY = 86_400_000; // ms
  const ORDER_MS = 1000; // Who waited that long for an order of their own sees the shop's, which then stays.
  const ORDERED = "vs-ordered"; // in the tab's session storage: which memory the results of an address stand in order by
  const MOST_ORDERED = 10;

  // Global Privacy Control or Do Not Track: off until the shopper switches it on here.
  const asksNotToBeTracked = () => navigator.globalPrivacyControl === true || navigator.doNotTrack === "1";
  const bytes = (text) => new TextEncoder().encode(text).length;
  const isEvent = (event) =>
    Array.isArray(event) && typeof event[0] === "string" && KINDS.includes(event[1]) && Number.isInteger(event[2]);

  function read() {
    try {
      const { on = null, events = [] } = JSON.parse(localStorage.getItem(KEY)) || {};
      return { on, events: events.filter(isEvent) };
    } catch {
      return { on: null, events: [] };
    }
  }
  function write(memory) {
    let events = memory.events.slice(-MOST_EVENTS);
    while (bytes(JSON.stringify(events)) > MOST_BYTES) events = events.slice(1);
    try {
      localStorage.setItem(KEY, JSON.stringify({ on: memory.on, events }));
    } catch {
      // A full or forbidden store: nothing is remembered, and nothing else breaks.
    }
  }
  const active = (memory) => memory.on ?? !asksNotToBeTracked();

  function remember(id, kind) {
    const memory = read();
    if (!active(memory) || !KINDS.includes(kind)) return;
    const today = Math.floor(Date.now() / DAY);
    const events = memory.events.filter((event) => !(event[0] === id && event[1] === kind && event[2] === today));
    write({ ...memory, events: [...events, [id, kind, today]] });
  }
  function taste() {
    const memory = read();
    return active(memory) && memory.events.length ? JSON.stringify(memory.events) : "";
  }

  // Whoever comes back finds the order that was there, not one by what was looked at meanwhile. What was forgotten isn't sent.
  function ordered() {
    try {
      return JSON.parse(sessionStorage.getItem(ORDERED)) ?? {};
    } catch {
      return {};
    }
  }
  function noteOrder(address, remembered) {
    const { [address]: _, ...others } = ordered();
    const kept = [...Object.entries(others), [address, remembered]].slice(-MOST_ORDERED);
    try {
      sessionStorage.setItem(ORDERED, JSON.stringify(Object.fromEntries(kept)));
    } catch {
      // Then whoever comes back may find another order.
    }
  }
  const cameBack = ["back_forward", "reload"].includes(performance.getEntriesByType("navigation")[0]?.type);
  function tasteHere() {
    const before = cameBack ? ordered()[location.pathname + location.search] : undefined;
    if (before === undefined) return taste();
    const memory = read();
    if (!active(memory)) return "";
    const still = JSON.parse(before || "[]").filter(([id, kind]) => memory.events.some((event) => event[0] === id && event[1] === kind));
    return still.length ? JSON.stringify(still) : "";
  }

  document.addEventListener("vs:act", ({ detail }) => {
    if (!detail.private) remember(detail.id, detail.kind);
  });

  // --- The memory goes along with a search: in the body, never in the address ---
  const isSearch = (address) => new URL(address, location.href).pathname === results;
  document.addEventListener("formdata", (event) => {
    const form = event.target;
    if (form.method !== "post" || !isSearch(form.action)) return;
    const remembered = taste();
    if (remembered) event.formData.set("taste", remembered);
  });
  // A search by words has an address that can be shared. With a memory it is sent by POST, and the address stays the same.
  let quiet = false; // True while the page itself asks again: nobody clicked, so focus and history must stay as they are.
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if (detail.verb !== "get" || !isSearch(detail.path) || detail.elt.id !== "vs-form") return;
    const remembered = quiet ? tasteHere() : taste();
    if (!remembered) return;
    if (quiet) {
      for (const name of [...detail.formData.keys()]) detail.formData.delete(name);
      for (const [name, value] of new URLSearchParams(location.search)) detail.formData.append(name, value);
    }
    const address = new URLSearchParams([...detail.formData].filter(([name]) => name !== "taste"));
    detail.vsAddress = `${results}?${address}`; // This stays on htmx's record of the request and isn't sent.
    detail.vsQuiet = quiet;
    noteOrder(detail.vsAddress, remembered);
    detail.headers["X-CSRFToken"] = document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
    detail.headers["Content-Type"] = "application/x-www-form-urlencoded";
    detail.verb = "post";
    detail.useUrlParams = false;
    detail.formData.set("taste", remembered);
  });
  document.addEventListener("htmx:beforeHistoryUpdate", ({ detail }) => {
    const { vsAddress, vsQuiet } = detail.requestConfig;
    if (!vsAddress) return;
    detail.history.path = vsAddress;
    if (vsQuiet) detail.history.type = "replace";
  });

  // The results of words come in the shop's order, for their address knows no shopper. They are shown in the order that they
  // keep: nothing moves under a finger. Where nothing was asked there is no order to improve.
  const mayOrder = () => isSearch(location.href) && new URLSearchParams(location.search).get("q") && !location.hash.includes("photo=");
  const ordering = (on) => document.documentElement.classList.toggle("vs-ordering", on) || offer();
  function personalise() {
    const form = document.querySelector("#vs-form[data-vs-query]");
    const remembered = tasteHere();
    if (mayOrder()) noteOrder(location.pathname + location.search, remembered);
    if (!form || form.method !== "get" || !window.htmx || !remembered || !mayOrder()) return ordering(false);
    setTimeout(() => {
      if (!document.documentElement.classList.contains("vs-ordering")) return;
      window.htmx.trigger(form, "htmx:abort");
      ordering(false);
    }, ORDER_MS);
    quiet = true;
    window.htmx.trigger(form, "submit");
    quiet = false;
  }
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.requestConfig.vsQuiet) detail.swapOverride = "outerHTML"; // The page isn't scrolled.
  });
  for (const name of ["htmx:afterSettle", "htmx:sendError", "htmx:responseError", "htmx:sendAbort"])
    document.addEventListener(name, ({ detail }) => {
      if (detail.requestConfig?.vsQuiet) ordering(false);
    });

  // Places of a page that other parts of the shop fill by what is remembered; the answer takes the place's place.
  function offer() {
    const values = { taste: taste() };
    for (const target of values.taste && window.htmx ? document.querySelectorAll("[data-vs-remembered]") : []) {
      const address = target.dataset.vsRemembered;
      delete target.dataset.vsRemembered; // It is asked once.
      htmx.ajax("POST", address, { source: "body", target, swap: "outerHTML", values });
    }
  }
  document.addEventListener("htmx:afterSettle", offer);

  // --- The account's copy, where the shopper asked for it ---
  const token = () => document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
  async function exchange(method, body) {
    const headers = { "X-CSRFToken": token(), "Content-Type": "application/json" };
    const answer = await fetch(account, { method, headers, body: body && JSON.stringify(body) });
    return { ok: answer.ok, ...(await answer.json()) };
  }
  async function copy({ replace = false } = {}) {
    const memory = read();
    const answer = await exchange("POST", { events: memory.events, replace });
    if (answer.ok) write({ ...memory, events: answer.events });
    return answer;
  }
  async function copyOnce() {
    if (signedIn !== "on" || !active(read()) || sessionStorage.getItem("vs-copied")) return;
    sessionStorage.setItem("vs-copied", "1");
    await copy().catch(() => sessionStorage.removeItem("vs-copied"));
  }

  // --- The page that shows it ---
  async function show(page) {
    const memory = read();
    const on = active(memory);
    page.querySelector("[data-vs-state]").textContent = on ? page.dataset.on : asksNotToBeTracked() ? page.dataset.wish : page.dataset.off;
    for (const [name, visible] of [["turn-off", on], ["turn-on", !on], ["forget-all", memory.events.length > 0]]) {
      page.querySelector(`[data-vs-${name}]`).hidden = !visible;
    }
    const list = page.querySelector("[data-vs-list]");
    if (!memory.events.length) {
      list.textContent = page.dataset.nothing;
      return;
    }
    const body = new URLSearchParams({ taste: JSON.stringify(memory.events), csrfmiddlewaretoken: token() });
    const answer = await fetch(shown, { method: "POST", body }).catch(() => null);
    if (answer?.ok) list.innerHTML = await answer.text();
    else list.textContent = page.dataset.failed;
  }
  function start() {
    const page = document.querySelector("[data-vs-memory]");
    copyOnce().then(() => page && show(page));
    setTimeout(personalise); // htmx takes up the form when the document is ready, too, and may come after this script.
    if (!page) return;
    page.hidden = false;
    const say = (text) => {
      page.querySelector("[data-vs-said]").textContent = text;
    };
    page.addEventListener("click", async (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      const memory = read();
      const copied = signedIn === "on";
      if (button.matches("[data-vs-turn-off]")) write({ on: false, events: [] });
      else if (button.matches("[data-vs-turn-on]")) write({ ...memory, on: true });
      else if (button.matches("[data-vs-forget-all]")) {
        write({ ...memory, events: [] });
        if (copied) await copy({ replace: true });
      } else if (button.matches("[data-vs-forget]")) {
        write({ ...memory, events: memory.events.filter((item) => item[0] !== button.dataset.vsForget) });
        if (copied) await copy({ replace: true });
      } else if (button.matches("[data-vs-account-on], [data-vs-account-off]")) {
        const answer = button.matches("[data-vs-account-on]") ? await copy() : await exchange("DELETE");
        if (!answer.ok) return say(answer.detail);
        sessionStorage.removeItem("vs-copied");
        return location.reload();
      } else return;
      say(page.dataset.done);
      await show(page);
      page.querySelector("h1").focus();
    });
  }
  if (mayOrder() && tasteHere()) ordering(true);
  document.documentElement.classList.toggle("vs-remembers", !!taste());
  document.addEventListener("DOMContentLoaded", start);
})();
