// Conveniences only: every page reads and every form works without this file.
"use strict";

// A chart tells the value under the finger, the pointer or, by the arrow keys, the focus.
for (const chart of document.querySelectorAll("[data-chart]")) {
  const places = [...chart.querySelectorAll(".hit")];
  const notes = places.map((place) => {
    const title = place.querySelector("title");
    const text = title.textContent;
    title.remove(); // else the browser shows it a second time
    return text;
  });
  const say = document.createElement("output");
  say.className = "say";
  say.hidden = true;
  chart.append(say);
  let chosen = -1;

  const choose = (index) => {
    if (chosen >= 0) places[chosen].classList.remove("chosen");
    chosen = index;
    say.hidden = index < 0;
    if (index < 0) return;
    places[index].classList.add("chosen");
    say.textContent = notes[index];
    const box = chart.getBoundingClientRect();
    const place = places[index].getBoundingClientRect();
    const left = place.left + place.width / 2 - box.left - say.offsetWidth / 2;
    say.style.left = `${Math.max(0, Math.min(left, box.width - say.offsetWidth))}px`;
  };
  const point = (event) => {
    const index = places.indexOf(event.target);
    if (index >= 0) choose(index);
  };
  chart.addEventListener("pointermove", point);
  chart.addEventListener("pointerdown", point);
  chart.addEventListener("pointerleave", () => choose(-1));
  chart.addEventListener("blur", () => choose(-1));
  chart.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) choose((chosen + step + places.length) % places.length);
    else if (event.key === "Home") choose(0);
    else if (event.key === "End") choose(places.length - 1);
    else if (event.key === "Escape") choose(-1);
    else return;
    event.preventDefault();
  });
}

// A password can be looked at.
for (const button of document.querySelectorAll("[data-show]")) {
  const field = document.getElementById(button.dataset.show);
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = field.type === "password";
    field.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  });
}

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

// A page about work that goes on brings itself up to date, and opens anew when it is done.
const going = document.querySelector("[data-going]");
if (going) {
  const timer = setInterval(async () => {
    const answer = await fetch(location.href).catch(() => null);
    if (!answer || !answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = page.querySelector("[data-going]");
    if (now) {
      if (now.textContent !== going.textContent) going.replaceChildren(...now.childNodes);
    } else {
      clearInterval(timer);
      location.reload();
    }
  }, 2000);
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
