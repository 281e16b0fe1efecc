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

const go = async (address, { push = true } = {}) => {
  if (going) going.abort();
  const mine = (going = new AbortController());
  const main = document.querySelector("main");
  const timer = setTimeout(() => {
    main.setAttribute("aria-busy", "true");
    say(document.body.dataset.loading);
  }, SLOW);
  try {
    const answer = await fetch(address, { signal: mine.signal });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = page.querySelector("main");
    if (!answer.ok || !next || next.dataset.page !== main.dataset.page) {
      location.assign(address); // a refusal, a login, an error: pages of their own
      return;
    }
    if (push) {
      history.replaceState(OURS, ""); // also the page that was opened whole is come back to in place
      history.pushState(OURS, "", answer.url);
    }
    show(main, next, page);
  } catch (reason) {
    if (reason.name === "AbortError") return;
    offline(true);
  } finally {
    clearTimeout(timer);
    if (going === mine) {
      going = null;
      main.removeAttribute("aria-busy");
    }
  }
};

const show = (main, next, page) => {
  const focused = document.activeElement;
  const name = focused && main.contains(focused) && (focused.getAttribute("aria-label") || focused.textContent.trim());
  main.replaceChildren(...next.childNodes);
  main.dataset.made = next.dataset.made;
  for (const part of ["title", "footer"]) document.querySelector(part).replaceWith(page.querySelector(part));
  for (const prepare of shown) prepare(main);
  const same = [...main.querySelectorAll("a, summary, button")].find(
    (one) => name && (one.getAttribute("aria-label") || one.textContent.trim()) === name,
  );
  if (same) same.focus({ preventScroll: true });
  else if (name) {
    main.tabIndex = -1; // what was pressed is gone: the keys go on from the top of what has changed
    main.focus({ preventScroll: true });
  }
  const period = main.querySelector(".caption-of-period");
  say(period ? period.textContent.trim() : document.title);
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
  if (event.state && event.state.swap) go(location.href, { push: false }); // a place in the page is not ours
});

// Without a network the page stays, and says how old it is.
const offline = (away) => {
  const told = document.getElementById("offline");
  if (!told) return;
  const made = document.querySelector("main").dataset.made;
  told.querySelector("time").textContent = made;
  told.hidden = !away;
};
addEventListener("offline", () => offline(true));
addEventListener("online", () => {
  offline(false);
  if (document.querySelector("main [data-swap]")) go(location.href, { push: false });
});
if (!navigator.onLine) offline(true);

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
      say(button.dataset.copy);
    });
  }
});

// A long list of points is narrowed as one types.
whenShown((root) => {
  for (const field of root.querySelectorAll("[data-filter]")) {
    field.addEventListener("input", () => {
      const wanted = field.value.trim().toLowerCase();
      for (const item of field.form.querySelectorAll("li")) {
        item.hidden = !item.textContent.toLowerCase().includes(wanted);
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

// A page about work that goes on brings itself up to date, and opens anew when it is done.
const work = document.querySelector("[data-going]");
if (work) {
  const timer = setInterval(async () => {
    const answer = await fetch(location.href).catch(() => null);
    if (!answer || !answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = page.querySelector("[data-going]");
    if (now) {
      if (now.textContent !== work.textContent) work.replaceChildren(...now.childNodes);
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
