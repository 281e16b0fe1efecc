// The page without a network: the last figures with their age, never as fresh, and the form for a reading that goes when
// the network is back. All of it is of the phone's own store, in the server's words.
"use strict";

const MINUTE = 60_000; // ms
const SOON = 1000; // ms until a server that did not answer is asked again
const RAREST = MINUTE / 2;
const DAY = 24 * HOUR;
const byId = (id) => document.getElementById(id);
const partOf = (id) => byId(id).content.firstElementChild.cloneNode(true);
const put = (part, told) => {
  for (const [name, text] of Object.entries(told)) {
    const place = part.querySelector(`[data-${name}]`);
    place.textContent = text;
    place.hidden = !text;
  }
};

const ageInWords = (age) => {
  const words = new Intl.RelativeTimeFormat(document.documentElement.lang);
  if (age < HOUR) return words.format(-Math.max(Math.round(age / MINUTE), 1), "minute");
  return age < 2 * DAY ? words.format(-Math.floor(age / HOUR), "hour") : words.format(-Math.floor(age / DAY), "day");
};
const tellAge = (found) => {
  const known = found !== null && kept.fresh(found);
  byId("age").querySelector("[data-of]").hidden = !known;
  for (const id of ["points", "entry"]) if (!known) byId(id).hidden = true;
  byId("nothing").hidden = found !== null;
  byId("too-old").hidden = found === null || known;
  if (known) put(byId("age"), { made: found.made, age: ageInWords(kept.ageOf(found)) });
  else if (found) put(byId("too-old"), { made: found.made });
};

const pointOf = (point) => {
  const part = partOf("point");
  const { name, address, when, energy, unit, money, compared, heard } = point;
  put(part, { name, address, when, energy, unit, money, compared, heard });
  for (const { what, more } of point.troubles) {
    const trouble = partOf("trouble");
    put(trouble, { what, more });
    part.querySelector("[data-troubles]").append(trouble);
  }
  for (const { caption, value, when: on } of point.registers) {
    const row = partOf("row");
    put(row, { caption, value, on });
    part.querySelector("[data-registers]").append(row);
  }
  part.querySelector("[data-last]").hidden = !point.registers.length;
  return part;
};

const registerOf = (one, digits) => {
  const part = partOf("register");
  const field = part.querySelector("input");
  const cells = digits >= 4 && digits <= 8 ? `digits-${digits}` : "";
  part.dataset.register = one.name.split(".")[1];
  put(part, { caption: one.caption, on: one.when, shown: one.shown });
  part.querySelector(".before").hidden = !one.shown;
  Object.assign(field, { id: `f-${one.name}`, name: one.name });
  part.querySelector("label").htmlFor = field.id;
  if (cells) for (const place of [field, part.querySelector(".before")]) place.classList.add(cells);
  if (one.colour) {
    const swatch = part.querySelector(".swatch");
    swatch.classList.add(one.colour);
    swatch.hidden = false;
  }
  if (one.last !== null) part.dataset.last = one.last;
  if (one.daily !== null && one.moment !== null) {
    Object.assign(part.dataset, { daily: one.daily, days: (Date.now() / 1000 - one.moment) / 86_400 });
  }
  return part;
};
const meterOf = (meter) => {
  const part = partOf("meter");
  const { name, address, serial } = meter;
  put(part, { name, address, serial });
  Object.assign(part.dataset, { serial, point: meter.point });
  part.append(...meter.registers.map((one) => registerOf(one, meter.digits)));
  return part;
};

const newOnce = () => [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join("");
const typedIn = (face) => fieldsOf(face).filter((one) => one.value.trim());
const isNumber = (text) => /^(\d+|\d{1,3}([ \u00a0\u2009\u202f]\d{3})+)([.,]\d+)?$/.test(text); // as the server takes them

// What is plainly wrong is told before it waits for days; all else is the server's to judge.
const check = (form, faces) => {
  byId("wrong").textContent = faces.length ? "" : form.dataset.none;
  byId("wrong").hidden = Boolean(faces.length);
  for (const field of fieldsOf(form)) {
    const needed = faces.includes(field.closest(".face"));
    const text = field.value.trim();
    const sentence = !needed ? "" : !text ? form.dataset.all : isNumber(text) ? "" : form.dataset.number;
    const told = field.closest(".register").querySelector(".wrong-said");
    told.textContent = sentence;
    told.hidden = !sentence;
    field.closest(".register").classList.toggle("wrong", Boolean(sentence));
    field.toggleAttribute("aria-invalid", Boolean(sentence));
  }
  const first = form.querySelector("[aria-invalid]");
  if (first) first.focus();
  return faces.length > 0 && !first;
};
const holdHere = async (form, address) => {
  const faces = [...form.querySelectorAll(".face")].filter((face) => typedIn(face).length);
  if (!check(form, faces)) return;
  const points = new URLSearchParams(faces.map((face) => ["point", face.dataset.point]));
  form.setAttribute("action", `${address}?${points}`);
  await hold(form);
  for (const field of fieldsOf(form)) field.value = "";
  form.elements.once.value = newOnce();
  form.dispatchEvent(new Event("filled"));
  if (navigator.onLine) await sendKept();
};

const entry = (found) => {
  const form = byId("entry");
  form.dataset.kept = DRAFT + found.who;
  form.elements.once.value = newOnce();
  byId("meters").append(...found.meters.map(meterOf));
  form.hidden = !found.meters.length;
  for (const prepare of shown) prepare(byId("meters"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    holdHere(form, found.entry);
  });
  if (location.pathname === found.entry) form.scrollIntoView();
};

// A browser may say that the network is back a moment before it is, or never: the server is asked, less and less often.
const ask = async () => {
  const answer = navigator.onLine && (await fetch("/health").catch(() => null));
  if (!answer?.ok) return;
  await sendKept();
  if (!typedIn(byId("entry")).length) location.reload();
};
let asks = null;
const askAgain = (after) => {
  clearTimeout(asks);
  asks = setTimeout(async () => {
    askAgain(Math.min(2 * after, RAREST));
    await ask();
  }, after);
};

const tell = async () => {
  const found = await kept.figures().catch(() => null);
  tellAge(found);
  setInterval(() => tellAge(found), MINUTE);
  document.addEventListener("visibilitychange", () => tellAge(found));
  await tellKept();
  if (found === null || !kept.fresh(found)) return;
  byId("points").append(...found.points.map(pointOf));
  byId("points").hidden = false;
  entry(found);
};
tell();
askAgain(SOON);
addEventListener("online", () => {
  askAgain(SOON);
  ask();
});
