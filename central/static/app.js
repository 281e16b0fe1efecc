// Conveniences only: every page reads and every form works without this file.
"use strict";

const shown = []; // what is done to a part of the page each time it is shown
const whenShown = (prepare) => {
  shown.push(prepare);
  prepare(document);
};
const say = (text) => {
  document.getElementById("said").textContent = text;
};

// Links and forms of a picker change the part of the page that they are about; the address goes with them, so «back»
// goes back. What takes longer is seen to be under way; what fails leaves what stood there, with its age.
const SLOW = 300; // ms
const OURS = { swap: true }; // a step of the history that was made here
let going = null;

const go = async (address, { push = OURS } = {}) => {
  if (going) going.abort();
  const mine = (going = new AbortController());
  const main = document.querySelector("main");
  const timer = setTimeout(() => {
    main.setAttribute("aria-busy", "true");
    say(document.body.dataset.loading);
  }, SLOW);
  let answer, text;
  try {
    answer = await fetch(address, { signal: mine.signal });
    text = await answer.text();
  } catch (reason) {
    if (reason.name !== "AbortError") offline(true);
    return;
  } finally {
    clearTimeout(timer);
    if (going === mine) {
      going = null;
      main.removeAttribute("aria-busy");
    }
  }
  const page = new DOMParser().parseFromString(text, "text/html");
  const next = page.querySelector("main");
  if (!answer.ok || !next || next.dataset.page !== main.dataset.page) {
    location.assign(address); // a refusal, a login, an error: pages of their own
    return;
  }
  if (push) {
    history.replaceState({ ...history.state, ...OURS }, ""); // also a page that was opened whole is come back to in place
    history.pushState(push, "", answer.url);
  }
  offline(false);
  show(main, next, page);
};

const show = (main, next, page) => {
  const focused = document.activeElement;
  const wanted = main.contains(focused) && alike(focused);
  main.replaceChildren(...next.childNodes);
  main.dataset.made = next.dataset.made;
  for (const part of ["title", "footer"]) document.querySelector(part).replaceWith(page.querySelector(part));
  for (const prepare of shown) prepare(main);
  if (!focused.isConnected) focus(main, wanted);
  const period = main.querySelector(".caption-of-period");
  say(period ? period.textContent.trim() : document.title);
};

// The keys go on from what was pressed, or from what it is folded into now; where it is gone, from the top of what has
// changed.
const called = (one) => one.getAttribute("aria-label") || (one.labels?.[0] || one).textContent.trim();
const alike = (focused) => {
  if ("chart" in focused.dataset) return (one) => "chart" in one.dataset;
  const name = called(focused);
  return (one) => one.localName === focused.localName && called(one) === name;
};
const focus = (main, wanted) => {
  const same = wanted && [...main.querySelectorAll("a, summary, button, input, [data-chart]")].find(wanted);
  const folded = same && same.localName !== "summary" && same.closest("details:not([open])");
  (folded ? folded.querySelector("summary") : same || main).focus({ preventScroll: true });
  if (main.contains(document.activeElement)) return;
  main.tabIndex = -1;
  main.focus({ preventScroll: true });
};

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-swap] a[href]");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const address = new URL(link.href);
  if (address.origin !== location.origin || address.pathname !== location.pathname || link.hasAttribute("download")) return;
  event.preventDefault();
  go(address);
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "get" || !form.closest("[data-swap]")) return;
  event.preventDefault();
  go(`${form.action.split("?")[0]}?${new URLSearchParams(new FormData(form, event.submitter))}`);
});
addEventListener("popstate", (event) => {
  if (event.state && event.state.swap) go(location.href, { push: null }); // a place in the page is not ours
});

// Without a network the page stays, says how old it is, and brings itself up to date when there is one. A page in which
// something may have been typed, or that answered a form, does not: it would lose it, and promises nothing.
const AGAIN = 10_000; // ms until a server that did not answer is asked again: no event tells that it is back
let asking = null;

const renews = () => {
  const main = document.querySelector("main");
  return "renews" in main.dataset && !main.querySelector("form[method=post]");
};
const renew = () => {
  if (!going) go(location.href, { push: null });
};
const offline = (away) => {
  const told = document.getElementById("offline");
  told.querySelector("time").textContent = document.querySelector("main").dataset.made;
  told.querySelector("[data-renewed]").hidden = !renews();
  told.hidden = !away;
  clearTimeout(asking);
  if (away && navigator.onLine && renews()) asking = setTimeout(renew, AGAIN);
};
if (document.getElementById("offline")) {
  addEventListener("offline", () => offline(true));
  addEventListener("online", () => (renews() ? renew() : offline(false)));
  if (!navigator.onLine) offline(true);
}

// The address of what is shown can be sent to another who may see it; what is shown once can be taken along.
whenShown((root) => {
  for (const button of root.querySelectorAll("[data-copy]")) {
    if (!navigator.share && !navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const shown = button.dataset.of && document.querySelector(button.dataset.of).textContent;
      if (!shown && navigator.share && matchMedia("(pointer: coarse)").matches) {
        await navigator.share({ url: location.href }).catch(() => null);
        return;
      }
      await navigator.clipboard.writeText(shown || location.href);
      button.querySelector("span").textContent = button.dataset.copy;
      button.dataset.copied = "";
      say(button.dataset.copy);
    });
  }
});

// A long list is narrowed as one types: by what stands in it, and what its items are known by also.
whenShown((root) => {
  for (const field of root.querySelectorAll("[data-filter]")) {
    field.addEventListener("input", () => {
      const wanted = field.value.trim().toLowerCase();
      for (const item of (field.form ?? field.closest("details")).querySelectorAll("li")) {
        item.hidden = !`${item.textContent} ${item.dataset.also ?? ""}`.toLowerCase().includes(wanted);
      }
    });
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
  }
});

// A password can be looked at.
whenShown((root) => {
  for (const button of root.querySelectorAll("[data-show]")) {
    const field = document.getElementById(button.dataset.show);
    button.hidden = false;
    button.addEventListener("click", () => {
      const shown = field.type === "password";
      field.type = shown ? "text" : "password";
      button.setAttribute("aria-pressed", String(shown));
    });
  }
});

// An open picker closes by Escape or by a click elsewhere.
const open = () => document.querySelectorAll("details.picker[open], details.menu[open]");
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const picker of open()) {
    picker.open = false;
    picker.querySelector("summary").focus();
  }
});
document.addEventListener("click", (event) => {
  for (const picker of open()) if (!picker.contains(event.target)) picker.open = false;
});

// One key leads to the search of the console.
document.addEventListener("keydown", (event) => {
  const search = document.querySelector("[data-key]");
  if (!search || event.key !== search.dataset.key || event.target.closest("input, textarea, select")) return;
  event.preventDefault();
  search.focus();
});

// A form that is filled in standing before a meter, in a cellar perhaps: what is begun is kept on the device for an hour;
// what could not be sent waits there, and goes by itself when the network is back. Sent again it carries the same token,
// so what did arrive is not written twice.
const storage = () => {
  try {
    return localStorage;
  } catch {
    return null; // a browser may refuse it
  }
};
const HOUR = 3600 * 1000; // ms
const fieldsOf = (form) => [...form.querySelectorAll("input.read")];
const keep = (form) => {
  const typed = Object.fromEntries(fieldsOf(form).map((one) => [one.name, one.value.trim()]).filter(([, text]) => text));
  const begun = { at: Date.now(), once: form.elements.once.value, typed };
  if (Object.keys(typed).length) storage()?.setItem(form.dataset.kept, JSON.stringify(begun));
  else storage()?.removeItem(form.dataset.kept);
};
const fill = (form, once, typed) => {
  for (const one of fieldsOf(form)) one.value = typed[one.name] || "";
  form.elements.once.value = once;
  form.dispatchEvent(new Event("filled"));
};
const fillAgain = (form) => {
  const begun = JSON.parse(storage()?.getItem(form.dataset.kept) || "null");
  if (!begun || Date.now() - begun.at > HOUR || fieldsOf(form).some((one) => one.value)) return;
  if (fieldsOf(form).some((one) => begun.typed[one.name])) fill(form, begun.once, begun.typed);
};
// One that was refused is looked at again in the form, as of when it was read.
const fillRefused = async (form) => {
  const one = (await kept.readings()).find((reading) => location.hash === `#${reading.once}`);
  if (!one) return;
  const noted = document.createElement("input");
  Object.assign(noted, { type: "hidden", name: "noted_at" });
  noted.value = form.dataset.seconds - Math.round((Date.now() - one.at) / 1000);
  form.append(noted);
  fill(form, one.once, one.fields);
};
const hold = async (form) => {
  const { csrf_token, confirmed, noted_at: noted, ...fields } = Object.fromEntries(new FormData(form));
  const filled = [...form.querySelectorAll(".face")].filter((face) => fieldsOf(face).some((one) => one.value));
  await kept.add({
    once: fields.once,
    who: form.dataset.kept.slice(DRAFT.length),
    at: noted ? Date.now() - (form.dataset.seconds - noted) * 1000 : Date.now(),
    action: form.getAttribute("action"),
    fields,
    about: filled.map((face) => `№ ${face.dataset.serial}`).join(", "),
  });
  storage()?.removeItem(form.dataset.kept);
  await tellKept();
  document.getElementById("kept").scrollIntoView({ block: "nearest" });
  const worker = await navigator.serviceWorker?.getRegistration();
  await worker?.sync?.register(kept.TAG).catch(() => null); // where the browser has it, it sends without a page
};
const sendForm = async (form) => {
  const main = document.querySelector("main");
  keep(form);
  main.setAttribute("aria-busy", "true");
  let answer, text;
  try {
    answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
    text = await answer.text();
  } catch {
    offline(true);
    await hold(form);
    return;
  } finally {
    main.removeAttribute("aria-busy");
  }
  const page = new DOMParser().parseFromString(text, "text/html");
  const next = page.querySelector("main");
  if (next && next.dataset.page === main.dataset.page) {
    keep(form);
    show(main, next, page);
    main.querySelector("[role=alert]")?.focus();
  } else if (next && next.querySelector("[data-taken]")) {
    storage()?.removeItem(form.dataset.kept);
    await kept.drop(form.elements.once.value).catch(() => null);
    location.assign(answer.url);
  } else {
    form.submit(); // a login, an error: pages of their own; what was typed is kept
  }
};
whenShown((root) => {
  for (const form of root.querySelectorAll("form[data-kept]")) {
    fillAgain(form);
    if (location.hash.length > 20) fillRefused(form).catch(() => null);
    form.addEventListener("input", () => keep(form));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      sendForm(form);
    });
  }
});

// What waits is told on every page, and what became of it, until its person has seen it.
const DRAFT = "entry-";
const when = new Intl.DateTimeFormat(document.documentElement.lang, {
  day: "2-digit",
  month: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
});
const tellKept = async () => {
  const place = document.getElementById("kept");
  if (!place) return;
  const readings = await kept.readings().catch(() => []);
  place.replaceChildren(...readings.map(toldOf));
  place.hidden = !readings.length;
};
const toldOf = (reading) => {
  const state = reading.number ? "taken" : reading.said ? "refused" : "waits";
  const told = document.getElementById(`kept-${state}`).content.cloneNode(true);
  told.querySelector("[data-about]").textContent = reading.about;
  told.querySelector("time").textContent = when.format(reading.at).replace(",", "");
  const drop = async () => {
    await kept.drop(reading.once);
    await tellKept();
  };
  told.querySelector("[data-drop]").addEventListener("click", drop);
  if (state === "taken") {
    const link = told.querySelector("[data-receipt]");
    link.href = reading.address;
    link.addEventListener("click", drop);
    told.querySelector("[data-number]").textContent = reading.number;
  }
  if (state === "refused") {
    for (const sentence of reading.said) {
      const line = document.createElement("li");
      line.textContent = sentence;
      told.querySelector("[data-said]").append(line);
    }
    told.querySelector("[data-gone]").hidden = Boolean(reading.said.length);
    told.querySelector("[data-open]").href = `${reading.action}#${reading.once}`;
    told.querySelector("[data-open]").hidden = !reading.said.length;
  }
  return told;
};
const sendKept = async () => {
  const sent = await kept.send().catch(() => false); // no network, or the server is away: they wait on
  const form = document.querySelector("form[data-kept]");
  const mine = form && (await kept.readings().catch(() => [])).find((one) => one.once === form.elements.once.value);
  if (mine && mine.number) {
    await kept.drop(mine.once);
    location.assign(mine.address);
  }
  await tellKept();
  if (sent) document.getElementById("kept")?.scrollIntoView({ block: "nearest" });
};

// What is kept is of who looks: it goes when that is another, or nobody, and at once by the button «Выход».
const { who, keeps } = document.body.dataset;
const forgetDrafts = (but) => {
  for (const name of Object.keys(storage() || {})) {
    if (name.startsWith(DRAFT) && name !== DRAFT + but) storage().removeItem(name);
  }
};
const begin = async () => {
  forgetDrafts(who);
  await kept.belongs(who);
  if (who === kept.NOBODY) return;
  navigator.serviceWorker?.register("/sw.js").catch(() => null); // without https there is none
  await sendKept();
  if (keeps !== undefined) await kept.renew(who, document.documentElement.lang);
};
if (who) {
  addEventListener("load", () => begin().catch(() => null));
  addEventListener("online", sendKept);
  document.addEventListener("visibilitychange", () => document.hidden || sendKept());
}
document.querySelector("form.out")?.addEventListener("submit", async (event) => {
  const form = event.target;
  event.preventDefault();
  const unsent = (await kept.readings().catch(() => [])).some((one) => !one.number);
  if (unsent && !confirm(form.dataset.unsent)) return;
  forgetDrafts(kept.NOBODY);
  await kept.wipe().catch(() => null);
  form.submit();
});

// What was used since the last reading is seen while one types.
whenShown((root) => {
  for (const register of root.querySelectorAll(".register[data-last]")) {
    const field = register.querySelector("input");
    const told = register.querySelector(".used");
    const { last, daily, days } = register.dataset;
    const number = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 0 });
    const tell = () => {
      const plain = field.value.replace(/\s/g, "");
      const typed = /^\d+([.,]\d+)?$/.test(plain) ? Number(plain.replace(",", ".")) : NaN;
      const used = typed - Math.floor(last / 1e6);
      told.hidden = !field.value.trim() || Number.isNaN(typed) || used < 0;
      if (told.hidden) return;
      const usual = !((daily / 1e6) * days >= 1) ? "" : `, ${told.dataset.usual} ${number.format((daily / 1e6) * days)}`;
      told.textContent = `${told.dataset.used} ${number.format(used)} ${told.dataset.unit}${usual}`;
    };
    field.addEventListener("input", tell);
    field.form.addEventListener("filled", tell);
    tell();
  }
});

// What is typed outlives the switches of the theme and the language; a password and a file are given anew.
const TYPED = "typed";
const given = () =>
  [...document.querySelectorAll("main form :is(input, textarea, select)")].filter(
    (one) => one.name && !["hidden", "password", "file"].includes(one.type)
  );
const held = (one) => (["checkbox", "radio"].includes(one.type) ? "checked" : "value");
const session = () => {
  try {
    return sessionStorage;
  } catch {
    return null; // a browser may refuse it
  }
};
document.addEventListener("submit", (event) => {
  if (!event.target.closest("footer.bottom")) return;
  const values = given().map((one) => [one.name, one[held(one)]]);
  session()?.setItem(TYPED, JSON.stringify({ page: document.querySelector("main").dataset.page, values }));
});
const typed = JSON.parse(session()?.getItem(TYPED) || "null");
session()?.removeItem(TYPED);
if (typed?.page === document.querySelector("main").dataset.page) {
  for (const [place, one] of given().entries()) {
    const [name, value] = typed.values[place] || [];
    if (name !== one.name || value === one[held(one)]) continue;
    one[held(one)] = value;
    one.dispatchEvent(new Event("input", { bubbles: true }));
    if (one.closest("details")) one.closest("details").open = true;
  }
}

// A page can be printed.
whenShown((root) => {
  for (const button of root.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
});

// A page about work that goes on brings itself up to date, and opens anew when it is done.
const goingOn = (page) => page.querySelector("[data-going]");
if (goingOn(document)) {
  const timer = setInterval(async () => {
    const answer = await fetch(location.href).catch(() => null);
    if (!answer || !answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const [work, now] = [goingOn(document), goingOn(page)];
    if (work && now) {
      if (now.textContent !== work.textContent) work.replaceChildren(...now.childNodes);
    } else {
      clearInterval(timer);
      location.reload();
    }
  }, 2000);
}

// A phone brings the code that stands behind the «#»: no server, no log and no history has it. Where somebody has logged
// in already it is his to press the button: a link that somebody sent would put him into another's cabinet.
const joins = document.querySelector("form[data-code]");
if (joins && location.hash.length > 20) {
  joins.elements.code.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  if (joins.dataset.code === "goes") joins.submit();
}
document.querySelector("form[data-now]")?.submit();

// A photo is made small and turned upright before it is sent; what the camera wrote into it stays on the phone.
const SIDE = 1600; // px of the longer one
for (const form of document.querySelectorAll("form[data-photo]")) {
  form.addEventListener("submit", async (event) => {
    const field = form.elements.photo;
    if (!field.files[0] || !self.createImageBitmap) return;
    event.preventDefault();
    try {
      const picture = await createImageBitmap(field.files[0], { imageOrientation: "from-image" });
      const by = Math.min(1, SIDE / Math.max(picture.width, picture.height));
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [Math.round(picture.width * by), Math.round(picture.height * by)];
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      const small = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
      const files = new DataTransfer();
      files.items.add(new File([small], "photo.jpg", { type: "image/jpeg" }));
      field.files = files.files;
    } catch {
      // what no browser can draw the server refuses in words
    }
    form.submit();
  });
}

// A file that would be refused for its size is not sent first.
for (const field of document.querySelectorAll("[data-largest]")) {
  const small = field.form.querySelector(`#${field.getAttribute("aria-describedby").trim().split(" ")[0]}`);
  field.addEventListener("change", () => {
    const large = field.files[0] && field.files[0].size > Number(field.dataset.largest);
    field.setCustomValidity(large ? small.textContent : "");
    if (large) field.reportValidity();
  });
  field.form.addEventListener("submit", (event) => {
    if (!field.checkValidity()) event.preventDefault();
    field.reportValidity();
  });
}

// A file is compared with a document where it lies: its SHA-256 is reckoned here, and nothing of it is sent. Where a
// browser cannot (a site without https), the form is sent as it stands.
for (const form of document.querySelectorAll("form[data-sha256]")) {
  const told = { true: document.getElementById("same"), false: document.getElementById("other") };
  const compare = async (file) => {
    const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
    const hex = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const same = hex === form.dataset.sha256;
    told[same].hidden = false;
    told[!same].hidden = true;
    say(told[same].querySelector("h2").textContent);
  };
  form.addEventListener("submit", (event) => {
    const file = form.elements.file.files[0];
    if (!file || !window.crypto?.subtle) return;
    event.preventDefault();
    compare(file).catch(() => form.submit());
  });
}
