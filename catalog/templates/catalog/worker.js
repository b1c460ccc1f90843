{% load static %}// The shop without a network: a page that says so. No answer, no page of the shop and no photo is ever kept.
"use strict";
const OFFLINE = "{% url 'catalog:offline' %}"; // in the language of the page that registered this
const FILES = [OFFLINE, "{% static 'catalog/shop.css' %}", "{% static 'catalog/offline.js' %}"];
const KEPT = FILES.map((file) => new URL(file, location.href).href);

self.addEventListener("install", (event) => {
  const keep = async () => {
    const cache = await caches.open("offline");
    await cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" })));
    for (const old of await cache.keys()) if (!KEPT.includes(old.url)) await cache.delete(old);
  };
  event.waitUntil(keep().then(() => self.skipWaiting()));
  // What a page reports while it closes is lost in Chromium if it goes through a worker, so nothing that is sent does.
  event.addRoutes?.([{ condition: { requestMethod: "POST" }, source: "network" }]);
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  if (method !== "GET" || (mode !== "navigate" && !KEPT.includes(url))) return;
  const kept = async () => (await caches.match(mode === "navigate" ? OFFLINE : url)) ?? Response.error();
  event.respondWith(fetch(event.request).catch(kept));
});
