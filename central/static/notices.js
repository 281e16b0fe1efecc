// «Уведомления на этом телефоне»: what this browser can, whether it takes messages now, and the button for it.
"use strict";

(() => {
  const part = document.querySelector("[data-push]");
  if (!part) return;
  const { push: key, on, add, off } = part.dataset;
  const token = part.querySelector("[name=csrf_token]").value;
  const button = part.querySelector("button");

  const octets = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const same = (one, other) => one.length === other.length && one.every((octet, place) => octet === other[place]);
  const hash = async (text) => {
    const found = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
    return [...found].map((octet) => octet.toString(16).padStart(2, "0")).join("");
  };
  const show = (state) => {
    part.dataset.state = state;
    for (const told of part.querySelectorAll("[data-when]")) told.hidden = !told.dataset.when.split(" ").includes(state);
    button.hidden = !["on", "off", "failed"].includes(state);
    const caption = state === "on" ? button.dataset.off : button.dataset.on;
    button.querySelector("span").textContent = caption;
    button.classList.toggle("primary", state !== "on");
    button.classList.toggle("secondary", state === "on");
  };
  const post = async (address, told) => {
    const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
    const answer = await fetch(address, { method: "POST", headers, body: JSON.stringify(told) });
    if (!answer.ok || answer.redirected) throw new Error(answer.status);
  };

  const possible = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window && isSecureContext;
  const apple = /iPhone|iPad|iPod/.test(navigator.userAgent) || (/Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1);
  const state = async () => {
    if (!possible) return apple ? "install" : "impossible";
    if (Notification.permission === "denied") return "denied";
    const here = await navigator.serviceWorker.register("/sw.js");
    const held = await here.pushManager.getSubscription();
    return held && Notification.permission === "granted" && (await hash(held.endpoint)) === on ? "on" : "off";
  };
  const turnOn = async () => {
    if ((await Notification.requestPermission()) !== "granted") {
      show(Notification.permission === "denied" ? "denied" : "off");
      return;
    }
    const here = await navigator.serviceWorker.ready;
    let held = await here.pushManager.getSubscription();
    const theirs = held?.options?.applicationServerKey;
    if (held && theirs && !same(new Uint8Array(theirs), octets(key))) {
      await held.unsubscribe(); // it was made for another key of this site
      held = null;
    }
    held ||= await here.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: octets(key) });
    await post(add, held);
    show("on");
  };
  const turnOff = async () => {
    const here = await navigator.serviceWorker.ready;
    const held = await here.pushManager.getSubscription();
    if (held) {
      await post(off, { endpoint: held.endpoint });
      await held.unsubscribe();
    }
    show("off");
  };

  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await (part.dataset.state === "on" ? turnOff() : turnOn());
    } catch {
      show("failed");
    } finally {
      button.disabled = false;
    }
  });
  state().then(show, () => show("impossible"));
})();
