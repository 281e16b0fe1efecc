// What this browser keeps for the time without a network: the last figures, and readings that wait to be sent. Pages and
// the service worker share it. All is of one account, known by a word that says nothing about it, and goes when another
// looks, or nobody.
"use strict";

const kept = (() => {
  const MINUTE = 60 * 1000; // ms
  const EVERY = 15 * MINUTE; // so often figures are asked for, at most
  const OLDEST = 7 * 24 * 60 * MINUTE; // figures beyond that are shown no more
  const NAME = "uchet";
  const TAG = "readings";
  const NOBODY = "nobody";

  const opened = () =>
    new Promise((done, fail) => {
      const asked = indexedDB.open(NAME, 1);
      asked.onupgradeneeded = () => {
        asked.result.createObjectStore("figures", { keyPath: "who" });
        asked.result.createObjectStore("readings", { keyPath: "once" });
      };
      asked.onsuccess = () => done(asked.result);
      asked.onerror = () => fail(asked.error);
    });
  // Whoever wipes closes what others hold open: what they asked the server before is written nowhere then.
  const holding = async (work) => {
    const base = await opened();
    base.onversionchange = () => base.close();
    try {
      return await work(base);
    } finally {
      base.close();
    }
  };
  const step = (base, store, mode, work) =>
    new Promise((done, fail) => {
      const begun = base.transaction(store, mode);
      const asked = work(begun.objectStore(store));
      begun.oncomplete = () => done(asked.result);
      begun.onabort = () => fail(begun.error);
    });
  const within = (store, mode, work) => holding((base) => step(base, store, mode, work));
  const all = (store) => within(store, "readonly", (there) => there.getAll());

  const figures = async () => (await all("figures"))[0] || null;
  const readings = async () => (await all("readings")).sort((one, other) => one.at - other.at);
  const add = (reading) => within("readings", "readwrite", (there) => there.put(reading));
  // What the server said of it; nothing, where it is kept no more.
  const answered = (once, told) =>
    within("readings", "readwrite", (there) => {
      const asked = there.get(once);
      asked.onsuccess = () => asked.result && there.put({ ...asked.result, ...told });
      return asked;
    });
  const drop = (once) => within("readings", "readwrite", (there) => there.delete(once));

  const wipe = () =>
    new Promise((done, fail) => {
      const asked = indexedDB.deleteDatabase(NAME);
      asked.onsuccess = () => done();
      asked.onerror = () => fail(asked.error);
    });
  const belongs = async (who) => {
    const others = async () => [...(await all("figures")), ...(await all("readings"))].some((one) => one.who !== who);
    const wiped = who === NOBODY || (await others());
    if (wiped) await wipe();
    return !wiped;
  };

  // Of a phone whose clock was put back nobody knows how old they are.
  const ageOf = (found) => {
    const age = Date.now() - found.at;
    return age < -MINUTE ? Infinity : Math.max(age, 0);
  };
  const fresh = (found) => found !== null && ageOf(found) <= OLDEST;

  // What the server says now; null: it says that nobody has logged in here. Throws: it does not answer, or all was wiped
  // meanwhile. `keeps`: whether figures of this account are to be kept.
  const contact = (keeps) =>
    holding(async (base) => {
      const answer = await fetch("/phone/figures", { redirect: "manual", headers: { Accept: "application/json" } });
      if (answer.type === "opaqueredirect" || answer.status === 403) {
        await wipe();
        return null;
      }
      if (!answer.ok) throw new Error(`${answer.status}`);
      const told = await answer.json();
      if ((await belongs(told.who)) && keeps(told.who)) {
        const { token, ...rest } = told;
        await step(base, "figures", "readwrite", (there) => there.put({ ...rest, at: Date.now() }));
      }
      return told;
    });
  const renew = async (who, language) => {
    const found = await figures();
    if (found && found.who === who && found.language === language && ageOf(found) < EVERY) return false;
    return (await contact((told) => told === who)) !== null;
  };

  // Each goes once: sent again it carries the same token, and the server knows it. The moment when it was read is told by
  // the server's clock and by how long ago it was on this one's. What is refused waits for its person. What waits is
  // looked at again once the server has said who is logged in now: another's goes to nobody.
  const unsent = async () => (await readings()).filter((one) => !one.said && !one.number);
  const send = async () => {
    if (!(await unsent()).length) return false;
    const found = await figures();
    const told = await contact((who) => found !== null && found.who === who);
    if (told === null) return false;
    for (const one of await unsent()) {
      if (one.who !== told.who) continue;
      const body = new URLSearchParams(one.fields);
      body.set("csrf_token", told.token);
      body.set("noted_at", Math.min(told.made_at, told.made_at - Math.round((Date.now() - one.at) / 1000)));
      const answer = await fetch(one.action, {
        method: "POST",
        body,
        redirect: "manual",
        headers: { Accept: "application/json" },
      });
      if (answer.ok || answer.status === 422) await answered(one.once, await answer.json());
      else if (answer.status === 404) await answered(one.once, { said: [] });
    }
    return true;
  };
  const alone = (work) => (navigator.locks ? navigator.locks.request(NAME, work) : work());

  return {
    NOBODY,
    TAG,
    figures,
    fresh,
    ageOf,
    readings,
    add,
    drop,
    wipe,
    belongs,
    renew,
    send: () => alone(send),
  };
})();
