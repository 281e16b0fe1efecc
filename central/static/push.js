// The service worker's part of the notices on a phone: a message is shown, a tap on it opens its page. TOLD of the worker
// has the words for a message that cannot be read, and their language.
"use strict";

(() => {
  const ASIDE = { ...TOLD.aside, path: "/notices", tag: "uchet" };

  const read = (data) => {
    try {
      return { ...ASIDE, ...data.json() };
    } catch {
      return ASIDE; // a browser must show something for each message
    }
  };

  self.addEventListener("push", (event) => {
    const { title, body, path, tag } = read(event.data);
    event.waitUntil(self.registration.showNotification(title, { body, tag, data: { path }, lang: TOLD.language }));
  });

  // A page of ours that is open goes there; else one is opened. A path leads nowhere but to this site.
  const open = async (path) => {
    let address = new URL(path, self.location.origin);
    if (address.origin !== self.location.origin) address = new URL(ASIDE.path, self.location.origin);
    for (const page of await self.clients.matchAll({ type: "window" })) {
      const there = await page.navigate(address.href).catch(() => null);
      if (there) return there.focus();
    }
    return self.clients.openWindow(address.href);
  };
  self.addEventListener("notificationclick", (event) => {
    event.notification.close();
    event.waitUntil(open(event.notification.data?.path || ASIDE.path));
  });
})();
