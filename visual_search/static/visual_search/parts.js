// Parts of the photo: a tap searches by the thing there; a frame in a sheet cuts out any part, by drag, taps and keys.
// Without JavaScript the buttons beside the photo choose among the things that the server found in it.
(() => {
  "use strict";
  // Once, as photos.js explains.
  const ran = (window.vsRan ??= new Set());
  if (ran.has("parts")) return;
  ran.add("parts");
  const KEY = "visual-search-photo"; // The pixels stay in this tab: the server keeps none, so another cut needs them again.
  const SHORTEST_SIDE = 0.05; // of the photo's side: a smaller frame is a slip of the hand
  const TAP_SIDE = 0.7; // of each side of the photo: what is cut out around a tap on something that nobody found yet
  const SAME_THING = 0.8; // overlap from which on the shop takes a frame for a thing that it knows
  const KEY_STEP = 0.02; // of the photo's side, for each press of an arrow key
  const GROWS = 1.25; // what a press of "Larger" makes of the frame's sides
  const SLIP = 4; // pixels: a finger that moves less taps
  const TAPPED = 200; // pixels: in a narrower photo a finger can't tell two things apart

  const scene = () => document.querySelector("[data-vs-scene]");

  function kept() {
    try {
      const photo = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
      return photo && photo.shot && photo.shot === scene()?.dataset.vsScene ? photo : null;
    } catch {
      return null;
    }
  }

  const buttonOf = (value) =>
    [...document.querySelectorAll(".vs-parts [name=part]")].find((button) => button.value === value);
  // The things that the token knows, with their boxes as shares.
  const known = () =>
    [...document.querySelectorAll("[data-vs-part]")].map((part) => {
      const rect = part.querySelector("rect");
      const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => parseFloat(rect.getAttribute(name)) / 100);
      return { value: part.dataset.vsPart, chosen: part.classList.contains("vs-chosen"), box: [x, y, x + width, y + height] };
    });
  const area = ([x1, y1, x2, y2]) => Math.max(0, x2 - x1) * Math.max(0, y2 - y1);
  const common = (a, b) => area([...[0, 1].map((n) => Math.max(a[n], b[n])), ...[2, 3].map((n) => Math.min(a[n], b[n]))]);
  const overlap = (a, b) => common(a, b) / (area(a) + area(b) - common(a, b));

  document.addEventListener("click", (event) => {
    const photo = scene();
    if (frame || event.detail > 1 || !photo?.contains(event.target)) return; // Of a double tap only the first tap counts.
    const edge = photo.getBoundingClientRect();
    const [x, y] = [(event.clientX - edge.left) / edge.width, (event.clientY - edge.top) / edge.height].map((at) => clamp(at));
    const number = event.target.tagName === "text" && event.target.closest("[data-vs-part]").dataset.vsPart;
    const at = known().filter(({ box: [x1, y1, x2, y2] }) => x >= x1 && x <= x2 && y >= y1 && y <= y2);
    // Of two things the smaller one stands in front.
    const [thing] = at.filter(({ value }) => value).sort((a, b) => area(a.box) - area(b.box));
    const around = [x - TAP_SIDE / 2, y - TAP_SIDE / 2].map((corner) => clamp(corner, 0, 1 - TAP_SIDE));
    if (kept() && edge.width < TAPPED) start(thing?.value ? thing.box : [...around, ...around.map((corner) => corner + TAP_SIDE)]);
    // The token has the vectors of each thing, so nothing else is sent. What it doesn't know is cut out around the tap: who taps
    // a chosen thing again means something in it.
    else if (number || (thing && (!thing.chosen || !kept()))) buttonOf(number || thing.value)?.click();
    else if (kept()) cut(around, TAP_SIDE, [x, y]);
  });
  // Of a photo without things only the chosen part is known, so all of it needs the pixels again.
  document.addEventListener(
    "click",
    (event) => {
      const button = event.target.closest?.(".vs-parts [name=part]");
      if (button?.value !== "all" || known().some(({ value }) => value) || !kept()) return;
      event.preventDefault();
      tell({ part: "all" }, blobOf(kept().data));
    },
    true,
  );
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
  let home = null; // where the photo stands on the page
  const written = (place) => place.map((share) => share.toFixed(4)).join(",");
  const clamp = (value, low = 0, high = 1) => Math.min(Math.max(value, low), high);

  function offer() {
    const crop = document.querySelector("[data-vs-crop]");
    if (crop) crop.hidden = !kept();
    scene()?.classList.toggle("vs-tappable", Boolean(kept()));
  }
  const closer = () => document.querySelector("[data-vs-closer]");
  function draw() {
    const [x1, y1, x2, y2] = box.map((corner) => corner * 100);
    Object.assign(frame.style, { left: `${x1}%`, top: `${y1}%`, width: `${x2 - x1}%`, height: `${y2 - y1}%` });
  }
  // Says where the frame is, once it rests.
  function say() {
    draw();
    const said = closer().querySelector("[data-vs-frame-at]");
    const numbers = { left: box[0], top: box[1], width: box[2] - box[0], height: box[3] - box[1] };
    said.textContent = said.dataset.vsFrameAt.replace(/\{(\w+)\}/g, (_, name) => Math.round(numbers[name] * 100));
  }
  // The photo itself moves into the sheet, and back when the sheet closes.
  function start(around = [0.2, 0.2, 0.8, 0.8]) {
    const photo = scene();
    home = photo.parentNode;
    home.style.minHeight = `${home.offsetHeight}px`; // so that nothing on the page moves
    box = around;
    frame = closer().querySelector(".vs-frame");
    photo.querySelector("img").src = kept().data; // sharper than the preview
    photo.append(frame);
    photo.classList.add("vs-cropping");
    closer().querySelector("[data-vs-closer-photo]").append(photo);
    closer().showModal();
    say();
    frame.focus();
  }
  function stop() {
    const photo = scene();
    if (frame) closer().append(frame);
    if (frame && home.isConnected) home.prepend(photo);
    frame = null;
    photo?.classList.remove("vs-cropping");
    closer()?.close();
  }
  function shifted([x1, y1, x2, y2], right, down) {
    const [across, along] = [clamp(right, -x1, 1 - x2), clamp(down, -y1, 1 - y2)];
    return [x1 + across, y1 + along, x2 + across, y2 + along];
  }
  function grown(factor) {
    const [wide, high] = [0, 1].map((n) => clamp((box[n + 2] - box[n]) * factor, SHORTEST_SIDE, 1));
    const [left, top] = [wide, high].map((side, n) => clamp((box[n] + box[n + 2] - side) / 2, 0, 1 - side));
    return [left, top, left + wide, top + high];
  }
  function go() {
    if (!frame) return;
    stop();
    const part = written(box);
    // The shop takes a frame around a thing that it knows for that thing.
    if (known().some(({ value, box: other }) => value && overlap(other, box) >= SAME_THING)) tell({ part });
    else if (overlap([0, 0, 1, 1], box) >= SAME_THING) buttonOf("all")?.click();
    else clip(box, "all");
  }
  function sending(on) {
    scene()?.classList.toggle("vs-sent", on);
    scene()?.setAttribute("aria-busy", String(on));
  }
  // The cut around a tap: a square inside of the photo, and where in it the tap is.
  function cut([left, top], side, [x, y]) {
    clip([left, top, left + side, top + side], [(x - left) / side, (y - top) / side].map((at) => clamp(at).toFixed(4)).join(","));
  }
  // Sends the cut-out alone; the token says the rest of the photo.
  async function clip(place, part) {
    const photo = kept();
    if (!photo) return;
    sending(true);
    const image = Object.assign(new Image(), { src: photo.data });
    await image.decode();
    const [x1, y1, x2, y2] = place.map((share, n) => Math.round(share * (n % 2 ? image.naturalHeight : image.naturalWidth)));
    const canvas = Object.assign(document.createElement("canvas"), { width: Math.max(1, x2 - x1), height: Math.max(1, y2 - y1) });
    canvas.getContext("2d").drawImage(image, -x1, -y1);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
    tell({ cut: written(place), part }, blob);
  }
  function tell(fields, image) {
    sending(true);
    document.dispatchEvent(new CustomEvent("vs:part", { detail: { fields, image } })); // photos.js sends it.
  }
  function blobOf(data) {
    const [head, body] = data.split(",");
    const bytes = Uint8Array.from(atob(body), (sign) => sign.charCodeAt(0));
    return new Blob([bytes], { type: /:(.*?);/.exec(head)[1] });
  }

  document.addEventListener("click", (event) => {
    const { dataset = {} } = event.target;
    if ("vsCropStart" in dataset) start();
    if ("vsCropStop" in dataset) stop();
    if ("vsCropGo" in dataset) go();
    if ("vsFrameGrow" in dataset) {
      box = grown(dataset.vsFrameGrow === "more" ? GROWS : 1 / GROWS);
      say();
    }
  });
  // "close" doesn't bubble; Escape and the back gesture of a phone close the sheet, too.
  document.addEventListener("close", ({ target }) => target === closer() && frame && stop(), true);
  document.addEventListener("keydown", (event) => {
    if (!frame || event.target !== frame) return;
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key === "Enter") go();
    else if (moves[event.key]) {
      const [right, down] = moves[event.key].map((direction) => direction * KEY_STEP);
      const [x1, y1, x2, y2] = box;
      box = event.shiftKey
        ? [x1, y1, clamp(x2 + right, x1 + SHORTEST_SIDE), clamp(y2 + down, y1 + SHORTEST_SIDE)]
        : shifted(box, right, down);
      say();
    } else return;
    event.preventDefault();
  });
  // A drag at a corner moves the corner, in the frame the frame, and elsewhere it draws a new one; a tap says the frame's middle.
  document.addEventListener("pointerdown", (event) => {
    const area = scene();
    if (!frame || !area?.contains(event.target)) return;
    event.preventDefault();
    const edge = area.getBoundingClientRect();
    const at = (e) => [clamp((e.clientX - edge.left) / edge.width), clamp((e.clientY - edge.top) / edge.height)];
    const [x, y] = at(event);
    const from = box;
    const [, corner] = /vs-([ns][we])/.exec(event.target.className) ?? [];
    // The corner that stays: the opposite one, or where a new frame begins.
    const [a, b] = corner ? [from[corner[1] === "w" ? 2 : 0], from[corner[0] === "n" ? 3 : 1]] : [x, y];
    let dragged = false;
    const moved = (e) => {
      const [u, v] = at(e);
      const far = Math.abs(u - a) >= SHORTEST_SIDE && Math.abs(v - b) >= SHORTEST_SIDE;
      dragged ||= Math.hypot(e.clientX - event.clientX, e.clientY - event.clientY) > SLIP;
      if (event.target === frame && dragged) box = shifted(from, u - x, v - y);
      else if (event.target !== frame && far) box = [Math.min(a, u), Math.min(b, v), Math.max(a, u), Math.max(b, v)];
      draw();
    };
    const ended = () => {
      document.removeEventListener("pointermove", moved);
      if (!frame) return;
      if (!dragged && !corner) box = shifted(box, x - (box[0] + box[2]) / 2, y - (box[1] + box[3]) / 2);
      say();
      frame.focus();
    };
    document.addEventListener("pointermove", moved);
    document.addEventListener("pointerup", ended, { once: true });
    document.addEventListener("pointercancel", ended, { once: true });
  });
  document.addEventListener("vs:shown", () => {
    frame = null;
    offer();
  });
  document.addEventListener("vs:rested", () => sending(false));
  window.addEventListener("pageshow", () => sending(false));
  offer();
})();
