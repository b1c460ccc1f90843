// Sends what was done with an answer to POST /api/v1/events: without a cookie and an id of the browser, and nothing if the
// browser asks not to be tracked. From which answer a product page was reached is kept in this tab alone.
(() => {
  "use strict";
  const address = document.currentScript.dataset.address;
  const MOST_EVENTS = 50; // in a request: the shop refuses more
  const WAIT_MS = 4000; // so that the hits of one page go into one request
  const ORIGINS_KEY = "vs-came-from"; // in the tab's session storage
  if (navigator.globalPrivacyControl === true || navigator.doNotTrack === "1") return;

  let waiting = [];
  let timer = 0;

  function origins() {
    try {
      return JSON.parse(sessionStorage.getItem(ORIGINS_KEY)) || {};
    } catch {
      return {};
    }
  }
  function note(id, origin) {
    const kept = Object.entries({ ...origins(), [id]: origin }).slice(-MOST_EVENTS);
    try {
      sessionStorage.setItem(ORIGINS_KEY, JSON.stringify(Object.fromEntries(kept)));
    } catch {
      // A browser that lets nothing be kept doesn't want it: the event on the product page is then not sent.
    }
  }

  function send() {
    clearTimeout(timer);
    timer = 0;
    while (waiting.length) {
      const body = JSON.stringify({ events: waiting.splice(0, MOST_EVENTS) });
      const sent = navigator.sendBeacon?.(address, new Blob([body], { type: "application/json" }));
      if (!sent) {
        const request = { method: "POST", body, keepalive: true, headers: { "Content-Type": "application/json" } };
        fetch(address, request).catch(() => {});
      }
    }
  }

  document.addEventListener("vs:act", ({ detail }) => {
    const from = detail.query ? detail : origins()[detail.id];
    if (!from?.query) return; // The product wasn't reached from an answer, so search can't learn from it.
    if (detail.kind === "click") note(detail.id, { query: from.query, position: from.position });
    waiting.push({
      query_id: from.query, action_name: detail.kind, object_id: detail.id, position: from.position ?? null,
    });
    if (waiting.length >= MOST_EVENTS) send();
    else timer ||= setTimeout(send, WAIT_MS);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") send();
  });
  window.addEventListener("pagehide", send);
})();
