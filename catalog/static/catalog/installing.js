// Registers the service worker, which shows a page of its own where the shop can't be reached, and keeps nothing else.
const { worker, scope } = document.querySelector("link[rel=manifest]").dataset;
navigator.serviceWorker?.register(worker, { scope }).catch(() => {}); // A private window may refuse it.
