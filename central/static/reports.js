// «Отчеты»: points are picked and columns put in order in place. Without this file each of these buttons asks the server.
"use strict";

whenShown((root) => {
  for (const group of root.querySelectorAll(".of-points")) {
    const rows = [...group.querySelectorAll(".choices li")];
    const boxOf = (row) => row.querySelector("input");
    const seek = group.querySelector("[data-seek]");
    const counted = group.querySelector("[data-counted]");
    const count = () => {
      const chosen = rows.filter((row) => boxOf(row).checked).length;
      counted.textContent = chosen ? counted.dataset.counted.replace("#", chosen) : counted.dataset.none;
    };
    const find = () => {
      const wanted = seek.value.trim().toLowerCase();
      for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
    };
    const below = (row, level) => level === "*" || row.dataset.under === level || row.dataset.under.startsWith(`${level}\\`);
    const picks = {
      all: (row) => (boxOf(row).checked = true),
      none: (row) => (boxOf(row).checked = false),
      invert: (row) => (boxOf(row).checked = !boxOf(row).checked),
      level: (row, level) => level && below(row, level) && (boxOf(row).checked = true),
      find: () => null,
    };
    for (const button of group.querySelectorAll("button[name=pick]")) {
      button.addEventListener("click", (event) => {
        event.preventDefault();
        const level = group.querySelector("[name=level]").value;
        const those = button.value === "level" ? rows : rows.filter((row) => !row.hidden);
        for (const row of those) picks[button.value](row, level);
        if (button.value === "find") find();
        count();
      });
    }
    seek.addEventListener("input", find);
    seek.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
    group.addEventListener("change", count);
  }
});

// A column goes up or down by its buttons, or is drawn to its place.
whenShown((root) => {
  for (const list of root.querySelectorAll("[data-order]")) {
    const ends = () => {
      const rows = [...list.children].filter((row) => row.querySelector("[name=move]"));
      for (const [place, row] of rows.entries()) {
        const [up, down] = row.querySelectorAll("[name=move]");
        up.disabled = place === 0;
        down.disabled = place === rows.length - 1;
      }
    };
    list.addEventListener("click", (event) => {
      const button = event.target.closest("[name=move]");
      if (!button) return;
      event.preventDefault();
      const row = button.closest("li");
      if (button.value.startsWith("up ")) row.previousElementSibling?.before(row);
      else row.nextElementSibling?.after(row);
      ends();
      (button.disabled ? row.querySelector("[name=move]:not(:disabled)") : button).focus();
      say(`${row.textContent.trim()}: ${[...list.children].indexOf(row) + 1}`);
    });
    for (const row of list.children) {
      row.querySelector(".grip").addEventListener("pointerdown", (event) => {
        event.preventDefault();
        event.target.releasePointerCapture?.(event.pointerId); // what is moved in the document would lose it
        row.classList.add("drawn");
        const drawing = new AbortController();
        const until = { signal: drawing.signal };
        const move = (moved) => {
          const over = document.elementFromPoint(moved.clientX, moved.clientY)?.closest("[data-order] > li");
          if (!over || over === row || over.parentNode !== list) return;
          if (row.compareDocumentPosition(over) & Node.DOCUMENT_POSITION_FOLLOWING) over.after(row);
          else over.before(row);
        };
        const end = () => {
          drawing.abort();
          row.classList.remove("drawn");
          ends();
        };
        document.addEventListener("pointermove", move, until);
        for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, end, until);
      });
    }
  }
});
