// The service worker: without a network a page is the one that is kept here, which has nothing of anybody in it; figures
// come into it from the phone's own store. It keeps that page and the files that it needs, in a cache of its version.
//
// TOLD stands above: version, files, page, parts, language, aside. With another version the browser sees another worker,
// which takes over at once. Nothing gets stuck: pages always come from the network when there is one, and name their
// files with a hash.
"use strict";

importScripts(...TOLD.parts);

const OURS = "uchet-";
const CACHE = OURS + TOLD.version;

self.addEventListener("install", (event) => {
  const fill = async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll([...TOLD.files, new Request(TOLD.page, { cache: "reload" })]);
    await self.skipWaiting();
  };
  event.waitUntil(fill());
});

self.addEventListener("activate", (event) => {
  const takeOver = async () => {
    for (const name of await caches.keys()) if (name.startsWith(OURS) && name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  };
  event.waitUntil(takeOver());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname, search } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (TOLD.files.includes(pathname + search)) event.respondWith(file(request));
});

const page = async (request) => {
  try {
    return await fetch(request);
  } catch (reason) {
    const cache = await caches.open(CACHE);
    const found = await cache.match(TOLD.page);
    if (!found) throw reason;
    return found;
  }
};

const file = async (request) => {
  const cache = await caches.open(CACHE);
  return (await cache.match(request)) || fetch(request);
};

// The network is back, and the browser knows it before any page does.
self.addEventListener("sync", (event) => {
  if (event.tag === kept.TAG) event.waitUntil(kept.send());
});
