// The sheet that the camera button opens: upload, camera, clipboard, sample pictures, and the last photos of this device.
// Without JavaScript the button is a file input, and nothing of this is there.
(() => {
  "use strict";
  // Once, as photos.js explains.
  const ran = (window.vsRan ??= new Set());
  if (ran.has("sheet") || !window.HTMLDialogElement) return;
  ran.add("sheet");
  const [RECENT, MOST] = ["vs-recent", 8];
  const root = document.documentElement;
  root.classList.add("vs-sheets");
  const part = (sheet, name) => sheet.querySelector(`[data-vs-${name}]`);
  const formOf = (sheet) => sheet.closest("[data-vs-box]").querySelector("[data-vs-photo]");
  const say = (sheet, text = "") => (part(sheet, "sheet-said").textContent = text);

  // --- The last photos: sealed token and preview, in this browser's own store ---
  const unwanted = () => navigator.globalPrivacyControl || navigator.doNotTrack === "1";
  function recent() {
    try {
      const known = JSON.parse(localStorage.getItem(RECENT)) ?? [];
      const fresh = known.filter(({ ends }) => ends * 1000 > Date.now());
      if (fresh.length < known.length) keep(fresh);
      return fresh;
    } catch {
      return []; // The browser lends no store, or something else was written there.
    }
  }
  function keep(photos) {
    try {
      if (photos.length) localStorage.setItem(RECENT, JSON.stringify(photos.slice(0, MOST)));
      else localStorage.removeItem(RECENT);
    } catch {
      // Full: the search itself needs none of this.
    }
  }
  const forget = (shot) => keep(recent().filter((photo) => photo.shot !== shot));
  document.addEventListener("vs:kept", ({ detail }) => {
    if (!unwanted() && detail.shot && detail.preview && detail.ends) keep([detail, ...recent().filter(({ shot }) => shot !== detail.shot)]);
  });
  document.addEventListener("vs:forget", ({ detail }) => forget(detail.shot));
  recent(); // What has ended goes with the first page that is opened.

  function button(text, more = {}) {
    return Object.assign(document.createElement("button"), { type: "button", textContent: text }, more);
  }
  function showRecent(sheet) {
    const area = part(sheet, "recent");
    const photos = recent();
    area.hidden = !photos.length;
    area.querySelector("ul").replaceChildren(
      ...photos.map((photo, number) => {
        const name = area.dataset.vsPhotoName.replace("{number}", number + 1);
        const item = document.createElement("li");
        const choose = button("", { ariaLabel: name });
        choose.append(Object.assign(new Image(), { src: photo.preview, alt: "" }));
        choose.onclick = () => know(sheet, { photo_token: photo.token, preview: photo.preview, shot: photo.shot }, photo.preview);
        const away = button(area.dataset.vsForgetName, { ariaLabel: `${area.dataset.vsForgetName}: ${name}` });
        away.onclick = () => (forget(photo.shot), showRecent(sheet), focusIn(sheet, number));
        item.append(choose, away);
        return item;
      }),
    );
  }
  function focusIn(sheet, number) {
    const left = part(sheet, "recent").querySelectorAll("li button:last-child");
    (left[Math.min(number, left.length - 1)] ?? part(sheet, "upload")).focus();
  }
  // A photo that the shop has or that a token knows: nothing is uploaded.
  function know(sheet, fields, picture) {
    close(sheet);
    document.dispatchEvent(new CustomEvent("vs:known", { detail: { fields, picture, form: formOf(sheet) } }));
  }
  function take(sheet, file) {
    close(sheet);
    document.dispatchEvent(new CustomEvent("vs:take", { detail: { file, box: sheet.closest("[data-vs-box]") } }));
  }

  async function showSamples(sheet) {
    const address = sheet.dataset.vsSamples;
    const area = part(sheet, "sample-list");
    if (!address || area.querySelector("li")) return;
    try {
      const answer = await fetch(address);
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      area.querySelector("ul").replaceChildren(...page.querySelectorAll("li"));
      area.hidden = !area.querySelector("li");
    } catch {
      // The other ways work without them.
    }
  }

  // --- The camera ---
  let stream = null;
  function dark(sheet) {
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
    part(sheet, "camera").hidden = true;
    part(sheet, "ways").hidden = false;
  }
  async function light(sheet) {
    say(sheet);
    let lent;
    try {
      lent = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "environment", width: { ideal: 1920 } } });
    } catch (problem) {
      return say(sheet, ["NotAllowedError", "SecurityError"].includes(problem.name) ? sheet.dataset.vsRefused : sheet.dataset.vsAbsent);
    }
    dark(sheet);
    stream = lent;
    if (!sheet.open) return dark(sheet); // It was closed while the browser asked.
    part(sheet, "ways").hidden = true;
    part(sheet, "camera").hidden = false;
    const video = sheet.querySelector("video");
    video.srcObject = stream;
    const [track] = stream.getVideoTracks();
    const { torch, zoom } = track.getCapabilities?.() ?? {};
    part(sheet, "torch").hidden = !torch;
    part(sheet, "torch").setAttribute("aria-pressed", "false");
    part(sheet, "zoom").hidden = !(zoom?.max > zoom?.min);
    const slider = part(sheet, "zoom").querySelector("input");
    if (zoom) Object.assign(slider, { min: zoom.min, max: zoom.max, step: zoom.step || "any", value: track.getSettings().zoom ?? zoom.min });
    part(sheet, "snap").focus();
    await video.play().catch(() => {});
  }
  const set = (settings) => stream?.getVideoTracks()[0].applyConstraints({ advanced: [settings] }).catch(() => {});
  function snap(sheet) {
    const video = sheet.querySelector("video");
    if (!video.videoWidth) return; // The first picture hasn't come yet.
    const canvas = Object.assign(document.createElement("canvas"), { width: video.videoWidth, height: video.videoHeight });
    canvas.getContext("2d").drawImage(video, 0, 0);
    canvas.toBlob((blob) => take(sheet, new File([blob], "photo.jpg", { type: "image/jpeg" })), "image/jpeg", 0.92);
  }

  async function paste(sheet) {
    say(sheet);
    try {
      for (const item of await navigator.clipboard.read()) {
        const type = item.types.find((name) => name.startsWith("image/"));
        if (type) return take(sheet, new File([await item.getType(type)], "photo", { type }));
      }
      say(sheet, sheet.dataset.vsNothing);
    } catch {
      say(sheet, sheet.dataset.vsUnread);
    }
  }

  function open(sheet) {
    say(sheet);
    part(sheet, "paste").hidden = !navigator.clipboard?.read;
    showRecent(sheet);
    showSamples(sheet);
    sheet.showModal();
  }
  function close(sheet) {
    sheet.close(); // The browser gives the focus back to the camera button.
  }
  document.addEventListener("close", (event) => event.target.matches?.("[data-vs-sheet]") && dark(event.target), true);
  document.addEventListener(
    "paste",
    (event) => event.clipboardData?.files.length && document.querySelector("[data-vs-sheet][open]")?.close(),
    true,
  );
  window.addEventListener("pagehide", () => document.querySelector("[data-vs-sheet][open]")?.close());
  document.addEventListener("click", (event) => {
    const at = (name) => event.target.closest?.(`[data-vs-${name}]`);
    if (at("sheet-open")) return open(at("box").querySelector("[data-vs-sheet]"));
    const sheet = at("sheet");
    if (!sheet) return;
    if (event.target === sheet || at("sheet-close")) close(sheet); // A click beside it lands on the dialog itself.
    else if (at("upload")) close(sheet), at("box").querySelector("[data-vs-file]").click();
    else if (at("take")) light(sheet);
    else if (at("paste")) paste(sheet);
    else if (at("snap")) snap(sheet);
    else if (at("back")) dark(sheet), part(sheet, "take").focus();
    else if (at("torch")) {
      const on = at("torch").getAttribute("aria-pressed") !== "true";
      at("torch").setAttribute("aria-pressed", String(on));
      set({ torch: on });
    } else if (at("of")) {
      const { vsOf: of, vsPicture: picture } = at("of").dataset;
      know(sheet, { of, picture }, at("of").querySelector("img")?.src);
    } else if (at("forget-all")) keep([]), showRecent(sheet), part(sheet, "upload").focus();
  });
  document.addEventListener("input", (event) => {
    if (event.target.closest?.("[data-vs-zoom]")) set({ zoom: Number(event.target.value) });
  });
})();
