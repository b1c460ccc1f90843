// Reports what was done with an answer to POST /api/v1/events: no cookie, no id of the browser, nothing where the browser
// asks not to be tracked. That a product page was reached from an answer is kept for this tab alone.
(() => {
  "use strict";
  const address = document.currentScript.dataset.address;
  const MOST = 50; // events a request
  const WAIT = 4000; // ms
  const CAME = "vs-came-from";
  if (navigator.globalPrivacyControl === true || navigator.doNotTrack === "1") return;

  let waiting = [];
  let timer = 0;

  function came() {
    try {
      return JSON.parse(sessionStorage.getItem(CAME)) || {};
    } catch {
      return {};
    }
  }
  function note(id, found) {
    const kept = Object.entries({ ...came(), [id]: found }).slice(-MOST);
    try {
      sessionStorage.setItem(CAME, JSON.stringify(Object.fromEntries(kept)));
    } catch {
      // A browser that keeps nothing is a wish, too.
    }
  }

  function send() {
    clearTimeout(timer);
    timer = 0;
    while (waiting.length) {
      const body = JSON.stringify({ events: waiting.splice(0, MOST) });
      const sent = navigator.sendBeacon?.(address, new Blob([body], { type: "application/json" }));
      if (!sent) {
        const request = { method: "POST", body, keepalive: true, headers: { "Content-Type": "application/json" } };
        fetch(address, request).catch(() => {});
      }
    }
  }

  document.addEventListener("vs:act", ({ detail }) => {
    const from = detail.query ? detail : came()[detail.id];
    if (!from?.query) return; // not from an answer, so there is nothing to learn for search
    if (detail.kind === "click") note(detail.id, { query: from.query, position: from.position });
    waiting.push({
      query_id: from.query, action_name: detail.kind, object_id: detail.id, position: from.position ?? null,
    });
    if (waiting.length >= MOST) send();
    else timer ||= setTimeout(send, WAIT);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") send();
  });
  window.addEventListener("pagehide", send);
})();
