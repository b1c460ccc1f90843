// Parts of the photo: a tap searches by the thing there; a frame, dragged or moved by arrow keys, cuts out any part.
// Without JavaScript the buttons beside the photo choose among the things that the server found in it.
(() => {
  "use strict";
  // htmx runs a script in a page's body again when it puts an earlier page back; each listener is wanted once.
  const ran = (window.vsRan ??= new Set());
  if (ran.has("parts")) return;
  ran.add("parts");
  const KEY = "visual-search-photo"; // The pixels stay in this tab: the server keeps none, so another cut needs them again.
  const SHORTEST_SIDE = 0.05; // of the photo's side: a smaller frame is a slip of the hand
  const KEY_STEP = 0.02; // of the photo's side, for each press of an arrow key

  const form = () => document.querySelector("#vs-form");
  const scene = () => document.querySelector("[data-vs-scene]");

  function kept() {
    try {
      const photo = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
      return photo && photo.shot && photo.shot === scene()?.dataset.vsScene ? photo : null;
    } catch {
      return null;
    }
  }

  function forget() {
    try {
      sessionStorage.removeItem(KEY);
    } catch {
      // A browser that allows no storage has kept nothing.
    }
  }

  // search.js tells of the photo that it is about to send.
  document.addEventListener("vs:photo", (event) => {
    const { file, form: sender, waitFor } = event.detail;
    const shot = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => (byte % 36).toString(36)).join("");
    waitFor(
      new Promise((done) => {
        const reader = new FileReader();
        reader.onload = () => {
          try {
            sessionStorage.setItem(KEY, JSON.stringify({ shot, data: reader.result }));
            const input = sender.querySelector("[name=shot]") ?? sender.appendChild(document.createElement("input"));
            Object.assign(input, { type: "hidden", name: "shot", value: shot });
          } catch {
            forget(); // The storage is full or not allowed: only the things that the server found can be chosen.
          }
          done();
        };
        reader.onerror = () => done();
        reader.readAsDataURL(file);
      }),
    );
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[name=without][value^='photo_token']")) forget();
  });

  const buttonOf = (value) =>
    [...document.querySelectorAll(".vs-parts [name=part]")].find((button) => button.value === value);
  document.addEventListener("click", (event) => {
    const area = scene();
    if (frame || event.detail > 1 || !area?.contains(event.target)) return; // Of a double tap only the first tap counts.
    const part = event.target.closest("[data-vs-part]");
    // With the pixels the server looks for what the tap means; without them, only a thing that it found can be chosen.
    if (kept() && event.target.tagName !== "text") {
      const edge = area.getBoundingClientRect();
      send([(event.clientX - edge.left) / edge.width, (event.clientY - edge.top) / edge.height].map((x) => clamp(x)));
    } else if (part) buttonOf(part.dataset.vsPart)?.click();
  });
  for (const [name, on] of [["pointerover", true], ["pointerout", false], ["focusin", true], ["focusout", false]]) {
    document.addEventListener(name, (event) => {
      const button = event.target.closest?.(".vs-parts [name=part]");
      if (!button) return;
      for (const part of document.querySelectorAll("[data-vs-part]"))
        if (part.dataset.vsPart === button.value) part.classList.toggle("vs-near", on);
    });
  }

  // The frame
  let box = null; // x1, y1, x2, y2 as shares
  let frame = null;
  const clamp = (value, low = 0, high = 1) => Math.min(Math.max(value, low), high);

  function offer() {
    const crop = document.querySelector("[data-vs-crop]");
    if (crop) crop.hidden = !kept();
    scene()?.classList.toggle("vs-tappable", Boolean(kept()));
  }
  function draw() {
    const [x1, y1, x2, y2] = box.map((corner) => corner * 100);
    Object.assign(frame.style, { left: `${x1}%`, top: `${y1}%`, width: `${x2 - x1}%`, height: `${y2 - y1}%` });
  }
  function start() {
    box = [0.2, 0.2, 0.8, 0.8];
    frame = document.createElement("div");
    frame.className = "vs-frame";
    frame.tabIndex = 0;
    frame.setAttribute("role", "group");
    frame.setAttribute("aria-label", document.querySelector("[data-vs-crop-start]").textContent);
    scene().append(frame);
    scene().classList.add("vs-cropping");
    toggle(true);
    draw();
    frame.focus();
  }
  function stop() {
    frame?.remove();
    frame = null;
    scene()?.classList.remove("vs-cropping");
    toggle(false);
    document.querySelector("[data-vs-crop-start]")?.focus();
  }
  function toggle(on) {
    for (const name of ["tap", "crop-start"]) document.querySelector(`[data-vs-${name}]`).hidden = on;
    document.querySelector("[data-vs-crop-help]").hidden = !on;
  }
  function go() {
    if (frame) send(box);
  }
  function sending(on) {
    scene()?.classList.toggle("vs-sent", on);
    scene()?.setAttribute("aria-busy", String(on));
  }
  async function send(place) {
    const photo = kept();
    if (!photo) return;
    sending(true);
    const blob = await (await fetch(photo.data)).blob();
    const transfer = new DataTransfer();
    transfer.items.add(new File([blob], "photo.jpg", { type: blob.type }));
    const sent = form();
    const token = sent.querySelector("[name=photo_token]");
    const before = sent.enctype;
    token.disabled = true; // The photo itself takes the token's place.
    const input = Object.assign(document.createElement("input"), { type: "file", name: "image", hidden: true });
    input.files = transfer.files;
    const part = Object.assign(document.createElement("input"), { type: "hidden", name: "part" });
    part.value = place.map((share) => share.toFixed(4)).join(",");
    sent.append(input, part);
    sent.enctype = "multipart/form-data";
    sent.submit();
    // The browser has the data now. A shopper who comes back, or stops the sending, finds the form as it was.
    input.remove();
    part.remove();
    token.disabled = false;
    sent.enctype = before;
  }

  document.addEventListener("click", (event) => {
    if (event.target.matches?.("[data-vs-crop-start]")) start();
    if (event.target.matches?.("[data-vs-crop-stop]")) stop();
    if (event.target.matches?.("[data-vs-crop-go]")) go();
  });
  document.addEventListener("keydown", (event) => {
    if (!frame || event.target !== frame) return;
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key === "Enter") go();
    else if (event.key === "Escape") stop();
    else if (moves[event.key]) {
      const [right, down] = moves[event.key].map((direction) => direction * KEY_STEP);
      const [x1, y1, x2, y2] = box;
      if (event.shiftKey) box = [x1, y1, clamp(x2 + right, x1 + SHORTEST_SIDE), clamp(y2 + down, y1 + SHORTEST_SIDE)];
      else {
        const across = clamp(right, -x1, 1 - x2);
        const along = clamp(down, -y1, 1 - y2);
        box = [x1 + across, y1 + along, x2 + across, y2 + along];
      }
      draw();
    } else return;
    event.preventDefault();
  });
  document.addEventListener("pointerdown", (event) => {
    const area = scene();
    if (!frame || !area?.contains(event.target)) return;
    event.preventDefault();
    const edge = area.getBoundingClientRect();
    const at = (e) => [clamp((e.clientX - edge.left) / edge.width), clamp((e.clientY - edge.top) / edge.height)];
    const [x, y] = at(event);
    const moved = (e) => {
      const [u, v] = at(e);
      if (Math.abs(u - x) < SHORTEST_SIDE || Math.abs(v - y) < SHORTEST_SIDE) return;
      box = [Math.min(x, u), Math.min(y, v), Math.max(x, u), Math.max(y, v)];
      draw();
    };
    const ended = () => {
      document.removeEventListener("pointermove", moved);
      frame?.focus();
    };
    document.addEventListener("pointermove", moved);
    document.addEventListener("pointerup", ended, { once: true });
    document.addEventListener("pointercancel", ended, { once: true });
  });
  document.addEventListener("htmx:afterSettle", () => {
    frame = null;
    offer();
  });
  window.addEventListener("pageshow", () => sending(false));
  offer();
})();
