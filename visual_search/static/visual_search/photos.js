// The results of a photo: asked in place, at an address of their own, and found again by back, forward and reload.
// Addresses: docs/explanation/the-page-of-a-photo.md.
(() => {
  "use strict";
  // htmx runs a script in a page's body again when it puts an earlier page back; each listener is wanted once.
  const ran = (window.vsRan ??= new Set());
  if (ran.has("photos")) return;
  ran.add("photos");
  // Only these fields are taken from an address: with "shows", a stranger's link would teach the shop in the name of its staff.
  const CARRIED = /^(q|q_not|mix|of|unlike|unread|exact|literal|sort|page|f\..+)$/;
  const LONGEST_WAIT_MS = 60_000; // A server that hasn't answered by then is taken for one that is away.
  const PATIENCE_MS = 300; // A filter that is answered sooner shows no tray.
  const OTHER_TABS_MS = 2000; // for the tabs of this browser to say that they have the photo
  const LONGEST_NAME = 64; // A token is longer.
  const PIXELS = "visual-search-photo"; // The pixels stay in this tab: the server keeps none, so another cut needs them again.
  const NEXT = "vs-next"; // which page the address shows that is opened now
  const [PHOTO, PAGE, PLACE] = ["vs-photo:", "vs-page:", "vs-place:"];
  const MOST = { [PHOTO]: 20, [PAGE]: 12, [PLACE]: 100 }; // A tab may keep 5 MB; a photo has 30 kB, a page 100 kB.

  const results = () => document.querySelector("#vs-form");
  const told = (address = location.href) => new URLSearchParams(new URL(address, location.href).hash.slice(1));
  const parsed = (html) => new DOMParser().parseFromString(html, "text/html");
  const photoForm = () => (results()?.elements?.photo_token ? results() : null);

  // --- What the tab keeps ---
  const storage = (() => {
    try {
      sessionStorage.setItem("vs-try", "");
      sessionStorage.removeItem("vs-try");
      return sessionStorage;
    } catch {
      return null; // The browser lends none: then back and forward work as long as the page stays.
    }
  })();
  const memory = storage ?? {
    kept: new Map(),
    getItem(key) { return this.kept.get(key) ?? null; },
    setItem(key, value) { this.kept.set(key, value); },
    removeItem(key) { this.kept.delete(key); },
    get length() { return this.kept.size; },
    key(number) { return [...this.kept.keys()][number]; },
  };
  // Names begin with the time, so that the oldest is the first in the alphabet.
  const named = () =>
    Date.now().toString(36) + [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => (byte % 36).toString(36)).join("");
  const keysOf = (prefix) =>
    [...Array(memory.length).keys()].map((number) => memory.key(number)).filter((key) => key.startsWith(prefix)).sort();

  function keep(key, value) {
    const prefix = Object.keys(MOST).find((start) => key.startsWith(start));
    const others = prefix ? keysOf(prefix).filter((other) => other !== key) : [];
    for (const old of others.slice(0, Math.max(0, others.length + 1 - MOST[prefix]))) memory.removeItem(old);
    for (;;) {
      try {
        memory.setItem(key, value);
        return true;
      } catch {
        const [oldest] = keysOf(PAGE).filter((page) => page !== key); // A page can be asked anew, a photo can't.
        if (!oldest) return false;
        memory.removeItem(oldest);
      }
    }
  }
  function kept(key) {
    try {
      return JSON.parse(memory.getItem(key));
    } catch {
      return null;
    }
  }
  function photoOf(form) {
    const { photo_token: token, preview, shot } = form.elements;
    return { token: token.value, preview: preview.value, shot: shot.value, ends: Number(token.dataset.vsEnds) };
  }
  const keepPhoto = (name, form) => keep(PHOTO + name, JSON.stringify(photoOf(form)));
  // Of a photo that was sent as a whole, for the list of the last ones.
  const tellKept = (form) => document.dispatchEvent(new CustomEvent("vs:kept", { detail: photoOf(form) }));
  const keepPage = (entry, form, title, address) =>
    keep(PAGE + entry, JSON.stringify({ html: form.outerHTML, title, address }));
  function forget(form) {
    const shot = form.elements.shot?.value;
    for (const key of keysOf(PHOTO))
      if (key === PHOTO + told().get("photo") || (shot && kept(key)?.shot === shot)) memory.removeItem(key);
    for (const key of [...keysOf(PAGE), PIXELS]) memory.removeItem(key); // Pages have the photo's preview in them.
    document.dispatchEvent(new CustomEvent("vs:forget", { detail: { shot } })); // sheet.js keeps the last photos.
  }

  // A tab that is given the address of another tab asks it for the photo. Nothing leaves the browser.
  let others = null;
  function listen() {
    if (!storage || !window.BroadcastChannel) return;
    others = new BroadcastChannel("visual-search");
    others.addEventListener("message", ({ data }) => {
      const photo = data.wanted && kept(PHOTO + data.wanted);
      if (photo) others.postMessage({ name: data.wanted, photo });
    });
  }
  function fromAnotherTab(name) {
    return new Promise((done) => {
      if (!others) return done(null);
      const channel = others;
      const heard = ({ data }) => data.name === name && done(data.photo);
      channel.addEventListener("message", heard);
      setTimeout(() => (channel.removeEventListener("message", heard), done(null)), OTHER_TABS_MS);
      channel.postMessage({ wanted: name });
    });
  }

  // --- Addresses ---
  // The values as the server wrote them: what was typed or ticked later doesn't belong to the results on the page.
  function written(item) {
    if (item.type === "checkbox") return item.defaultChecked ? [item.value] : [];
    if (item.name === "mix" && item.defaultValue === "50") return []; // Both weigh the same anyway.
    // The first order is the one that a question has anyway.
    if (item.tagName === "SELECT") return [...item.options].filter((o) => o.defaultSelected && o.index).map((o) => o.value);
    return item.tagName === "INPUT" ? [item.defaultValue] : [];
  }
  function addressOf(form, name) {
    const fields = new URLSearchParams({ photo: name });
    for (const item of form.elements)
      if (CARRIED.test(item.name)) for (const value of written(item)) if (value) fields.append(item.name, value);
    if (form.dataset.vsPage > 1) fields.append("page", form.dataset.vsPage);
    const address = new URL(form.getAttribute("action"), location.href);
    address.hash = fields;
    return address.href;
  }
  // Without the photo it is a question by words, whose address any browser can open.
  function withoutPhoto(form) {
    const address = new URL(form.getAttribute("action"), location.href);
    const data = new FormData(form);
    const words = data.getAll("q").filter(Boolean).join(" ");
    if (words) address.searchParams.set("q", words);
    for (const [name, value] of data)
      if (CARRIED.test(name) && !/^(q|mix)$/.test(name) && value && !(name === "sort" && value === "relevance"))
        address.searchParams.append(name, value);
    return address.href;
  }
  const here = (address) => new URL(address).pathname === location.pathname && new URL(address).search === location.search;
  function leave(address) {
    if (!here(address)) return location.assign(address);
    history.pushState(null, "", address); // Where only the part behind the # differs, browsers load nothing.
    history.scrollRestoration = "auto";
    location.reload();
  }

  // --- The tray: what happens now, and what went wrong ---
  const tray = () => document.querySelector("[data-vs-tray]");
  const inTray = (name) => tray().querySelector(`[data-vs-tray-${name}]`);
  let focused = null; // what had the focus before the tray took it

  function say(text) {
    const box = tray();
    if (!box || box.dataset.vsTrouble) return;
    open();
    inTray("now").textContent = text;
  }
  function open() {
    const box = tray();
    // In the page's own boxes it could be clipped, or fixed to a header instead of the window.
    if (box.parentNode !== document.body) document.body.append(box);
    box.hidden = false;
    document.documentElement.classList.add("vs-tray-open");
    const active = document.activeElement;
    if (!box.contains(active) && active?.getBoundingClientRect().bottom > box.getBoundingClientRect().top)
      active.scrollIntoView?.({ block: "nearest" });
  }
  function picture(source) {
    inTray("photo").hidden = !source;
    if (source) inTray("photo").src = source;
  }
  function close() {
    const box = tray();
    if (!box || box.hidden) return;
    const hadFocus = box.contains(document.activeElement);
    box.hidden = true;
    delete box.dataset.vsTrouble;
    inTray("now").textContent = inTray("trouble").textContent = "";
    for (const name of ["again", "close"]) inTray(name).hidden = true;
    inTray("cancel").hidden = false;
    document.documentElement.classList.remove("vs-tray-open");
    if (hadFocus && focused?.isConnected) focused.focus({ preventScroll: true });
  }
  function failed(question, text, again) {
    rest(question);
    question.before?.();
    const box = tray();
    if (!box) {
      // A shop's own template may have none.
      const trouble = results()?.querySelector("[data-vs-trouble]");
      if (trouble) Object.assign(trouble, { textContent: text || trouble.dataset.vsOffline, hidden: false });
      return arrived();
    }
    picture(question.picture);
    box.dataset.vsTrouble = "yes";
    open();
    inTray("now").textContent = "";
    inTray("trouble").textContent = text || box.dataset.vsOffline;
    inTray("cancel").hidden = true;
    inTray("close").hidden = false;
    inTray("again").hidden = !again;
    inTray("again").onclick = () => send(question);
    if (!box.contains(document.activeElement)) focused = document.activeElement;
    inTray(again ? "again" : "close").focus({ preventScroll: true });
    if (!question.arriving || again) return;
    // This address will never show anything, and the next reload needn't try it.
    if (!photoForm()) history.replaceState(null, "", location.pathname + location.search);
    arrived();
  }

  // --- A question on its way ---
  let going = null; // {xhr, question}
  function rest(question) {
    if (going?.question === question) going = null;
    clearTimeout(question.timer);
    results()?.removeAttribute("aria-busy");
    document.dispatchEvent(new CustomEvent("vs:rested"));
  }
  function drop() {
    const { xhr, question } = going ?? {};
    if (question) rest(question);
    xhr?.abort();
    close();
    return question;
  }
  function stop() {
    const question = drop();
    question?.before?.();
    if (question?.arriving) arrived();
  }
  const sameAs = (data) => new URLSearchParams([...data].map(([name, value]) => [name, value.name ?? value])).toString();

  function begin(question) {
    stop();
    going = { question };
    if (!tray()?.contains(document.activeElement)) focused = document.activeElement;
    if (tray()) picture(question.picture);
  }
  // question: {url, data}, and `name` of the photo if its part stays the same; `picture` for the tray; `file`, `pixels` and `shot`
  // of one that is sent; `quick` if the tray may wait; `arriving` if the address is already that of the answer, and then `before`,
  // which shows what stood there.
  function send(question) {
    begin(question);
    const texts = tray()?.dataset ?? {};
    const xhr = new XMLHttpRequest();
    going.xhr = xhr;
    if (!question.quick) say(texts.vsSending);
    else question.timer = setTimeout(() => going?.xhr === xhr && say(question.arriving ? texts.vsOpening : texts.vsSearching), PATIENCE_MS);
    results()?.setAttribute("aria-busy", "true");
    xhr.open("POST", question.url);
    xhr.setRequestHeader("HX-Request", "true"); // So that a page to go to instead is named, and not fetched.
    xhr.timeout = LONGEST_WAIT_MS;
    if (question.file) {
      xhr.upload.addEventListener("progress", ({ loaded, total }) => {
        if (going?.xhr === xhr && loaded < total) say(`${texts.vsSending} ${Math.round((loaded / total) * 100)} %`);
      });
      xhr.upload.addEventListener("load", () => going?.xhr === xhr && say(texts.vsLooking));
    }
    xhr.onerror = xhr.ontimeout = () => going?.xhr === xhr && failed(question, "", true);
    xhr.onabort = () => going?.xhr === xhr && dismiss(); // The browser's own button to stop was pressed.
    xhr.onload = () => going?.xhr === xhr && answered(question, xhr);
    xhr.send(question.data);
  }

  function answered(question, xhr) {
    const away = xhr.getResponseHeader("HX-Redirect");
    if (away) return location.assign(away);
    const answer = parsed(xhr.responseText);
    const form = answer.querySelector("form#vs-form");
    if (xhr.status >= 400 || !form) {
      const text = answer.querySelector("[data-vs-message]")?.textContent.trim();
      // What was refused would be refused again.
      return failed(question, text, !form && (xhr.status < 400 || xhr.status >= 500 || [408, 429].includes(xhr.status)));
    }
    rest(question);
    if (question.file && question.pixels) URL.revokeObjectURL(question.picture);
    const token = form.querySelector("[name=photo_token]")?.value;
    if (!token) return leave(withoutPhoto(form));
    const name = question.name || named();
    // The token of the same part is sealed anew with each answer; one is enough.
    if (!question.name) keepPhoto(name, form);
    if (question.shot) tellKept(form);
    if (question.pixels && !keep(PIXELS, JSON.stringify({ shot: question.shot, data: question.pixels }))) memory.removeItem(PIXELS);
    const address = addressOf(form, name);
    const again = question.arriving || address === location.href;
    const entry = (again && history.state?.vs) || named();
    keepPage(entry, form, answer.title, address);
    if (!results() || !here(address)) {
      keep(NEXT, JSON.stringify(entry));
      return location.assign(address);
    }
    close();
    leaving();
    if (again) history.replaceState({ ...history.state, vs: entry }, "", address);
    else {
      history.pushState({ vs: entry }, "", address);
    }
    show(form, answer.title);
    if (question.arriving) toPlace();
    else results().scrollIntoView();
  }

  // --- What is shown, and where it is scrolled to ---
  let shown = null; // the entry of the history that the page shows
  let shownAt = ""; // its address
  function show(form, title) {
    document.dispatchEvent(new CustomEvent("vs:showing"));
    const csrf = document.querySelector(".vs-photo [name=csrfmiddlewaretoken]")?.value;
    const own = form.querySelector("[name=csrfmiddlewaretoken]");
    if (csrf && own) own.value = csrf; // A page that was kept has that of its day.
    results().replaceWith(form);
    if (title) document.title = title;
    adopt();
    arrived();
    document.dispatchEvent(new CustomEvent("vs:shown"));
  }
  function adopt() {
    history.scrollRestoration = "manual"; // The results may stand later than the browser would scroll.
    shown = history.state?.vs ?? named();
    shownAt = location.href;
    if (history.state?.vs !== shown) history.replaceState({ ...history.state, vs: shown }, "");
  }
  function leaving() {
    if (shown) keep(PLACE + shown, JSON.stringify(scrollY));
  }
  function toPlace() {
    scrollTo({ top: kept(PLACE + shown) ?? 0, behavior: "instant" });
  }
  function arrived() {
    document.documentElement.classList.remove("vs-opening");
    // An entry of the history that can't be shown gives way to what stands.
    if (photoForm() && shown && location.href !== shownAt) history.replaceState({ vs: shown }, "", shownAt);
  }

  async function arrive({ anew = false, ask = true } = {}) {
    const fields = told();
    if (!results()) return;
    const name = fields.get("photo");
    if (!name) return;
    const next = kept(NEXT);
    memory.removeItem(NEXT);
    const page = (entry) => entry && kept(PAGE + entry)?.address === location.href && kept(PAGE + entry);
    if (!history.state?.vs && page(next)) history.replaceState({ ...history.state, vs: next }, "");
    const before = page(history.state?.vs);
    const fromBefore = () => {
      show(parsed(before.html).querySelector("#vs-form"), before.title);
      toPlace();
    };
    if (before && (!anew || !ask)) return fromBefore();
    if (!ask) return; // The page says that search is away. The address stays, so that a reload asks again.
    const known = kept(PHOTO + name);
    const photo = known ?? (name.length > LONGEST_NAME ? { token: name } : await fromAnotherTab(name));
    if (told().get("photo") !== name) return; // Meanwhile the shopper went elsewhere.
    // A reload asks anew; what stood here is shown again only if no answer comes.
    const question = { url: location.pathname, arriving: true, quick: true, picture: photo?.preview, before: before ? fromBefore : null };
    if (!photo) return failed(question, tray()?.dataset.vsGone, false);
    if (!known && name.length <= LONGEST_NAME) keep(PHOTO + name, JSON.stringify(photo));
    const form = document.createElement("form");
    form.hidden = true;
    form.method = "post";
    form.action = location.pathname;
    const csrf = document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
    const sent = [["csrfmiddlewaretoken", csrf], ["photo_token", photo.token], ["preview", photo.preview ?? ""], ["shot", photo.shot ?? ""]];
    for (const [field, value] of [...sent, ...[...fields].filter(([field]) => CARRIED.test(field))])
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name: field, value }));
    document.body.append(form); // Scripts add what they know to forms of the document alone.
    question.data = new FormData(form);
    form.remove();
    if (name.length <= LONGEST_NAME) question.name = name;
    send(question);
  }

  // --- What shoppers do ---
  // search.js tells of a photo that was chosen, dropped or pasted; parts.js of a part of it.
  document.addEventListener("vs:photo", (event) => {
    const { file, small, form } = event.detail;
    const mayStay = results() && here(new URL(form.getAttribute("action"), location.href));
    if (!tray() || (!storage && !mayStay)) return; // The form is sent as it is without JavaScript.
    event.preventDefault();
    upload(file, small, form);
  });
  async function upload(file, small, form) {
    const shot = named();
    const question = { url: form.action, shot, picture: URL.createObjectURL(file) };
    begin(question);
    say(tray().dataset.vsPreparing);
    const sent = await small;
    question.pixels = await new Promise((done) => {
      const reader = new FileReader();
      reader.onload = () => done(reader.result);
      reader.onerror = () => done("");
      reader.readAsDataURL(sent);
    });
    if (going?.question !== question) return; // It was cancelled.
    question.data = new FormData(form);
    withWords(question.data, form);
    question.data.set("shot", shot);
    question.data.set("image", sent, sent.name);
    question.file = sent;
    send(question);
  }
  // A sample picture of the shop, or a photo that a token knows; sheet.js tells of it.
  document.addEventListener("vs:known", ({ detail: { fields, form, picture } }) => {
    const data = new FormData(form);
    data.delete("image");
    withWords(data, form);
    for (const [name, value] of Object.entries(fields)) data.set(name, value);
    send({ url: form.action, data, picture });
  });
  // The words stay with a new photo, whether they were asked or only typed.
  function withWords(data, form) {
    const words = form.closest("[data-vs-box]")?.querySelector("[data-vs-field]");
    const asked = photoForm() && new FormData(photoForm());
    data.delete("q");
    for (const text of [...(asked?.getAll("q") ?? []), words?.value]) if (text) data.append("q", text);
    if (asked || words?.value !== words?.defaultValue) data.delete("q_not");
    for (const text of asked?.getAll("q_not") ?? []) data.append("q_not", text);
  }
  document.addEventListener("vs:part", ({ detail }) => {
    const form = photoForm();
    if (!form) return;
    const data = new FormData(form);
    for (const [name, value] of Object.entries(detail.fields)) data.set(name, value);
    if (detail.image) data.set("image", detail.image, "photo.jpg");
    if (!detail.fields.cut && detail.image) data.delete("photo_token"); // The whole photo takes the token's place.
    const picture = form.querySelector("[data-vs-scene] img")?.src;
    send({ url: form.action, data, file: detail.image, picture, quick: !detail.image });
  });

  function ask(form, button) {
    const data = new FormData(form);
    if (button?.name) data.append(button.name, button.value);
    const before = going?.question;
    // Enter in a field is a change and a submit at once, and a button may be tapped twice.
    if (before?.data && sameAs(before.data) === sameAs(data)) return;
    const url = button?.hasAttribute("formaction") ? button.formAction : form.action;
    const name = button?.name === "part" ? "" : (told(shownAt).get("photo") ?? "");
    const picture = form.querySelector("[data-vs-scene] img")?.src;
    send({ url, data, name: name.length <= LONGEST_NAME ? name : "", picture, quick: true });
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form !== photoForm()) return;
    event.preventDefault();
    const button = event.submitter;
    if (button?.name !== "without" || !button.value.startsWith("photo_token")) return ask(form, button);
    stop();
    forget(form);
    leave(withoutPhoto(form));
  });
  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (form && form === photoForm() && event.target.name) ask(form);
  });
  // The filters say again what the results show. What was typed stays in its field.
  function untick() {
    for (const item of photoForm()?.elements ?? []) {
      if (item.type === "checkbox") item.checked = item.defaultChecked;
      for (const option of item.options ?? []) option.selected = option.defaultSelected;
    }
  }
  function dismiss() {
    stop();
    arrived();
    untick();
  }
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-vs-tray-cancel], [data-vs-tray-close]")) dismiss();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || !tray() || tray().hidden) return;
    event.preventDefault();
    dismiss();
  });

  // --- Back, forward, and an address that is pasted over this one ---
  function moved(event) {
    leaving(); // The browser hasn't scrolled yet.
    if (told().get("photo")) {
      drop();
      arrive();
      return;
    }
    if (!photoForm() || !shown) return;
    event.stopImmediatePropagation(); // htmx would keep the photo's page as that of the other address.
    // A link to a place in the page, as "Skip to content" is, leads away from no photo.
    if (location.hash && !history.state) setTimeout(() => history.replaceState({ vs: shown }, "", shownAt));
    else {
      shown = null; // Its place is noted, and the browser scrolls to another one.
      location.reload();
    }
  }
  window.addEventListener("popstate", moved, true);
  window.addEventListener("pagehide", () => {
    leaving();
    others?.close(); // A page with an open channel may not be kept for the way back.
    others = null;
  });
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    listen();
    stop();
  });
  listen();
  // On the page which says that search is away, a reload keeps the part behind the #.
  const away = document.querySelector("[data-vs-again]");
  away?.addEventListener("click", (event) => (event.preventDefault(), location.reload()));
  const reloaded = performance.getEntriesByType("navigation")[0]?.type === "reload";
  // Other scripts run first: what they add moves nothing then.
  if (told().get("photo")) addEventListener("DOMContentLoaded", () => arrive({ anew: reloaded, ask: !away }));
  else if (photoForm()) {
    // The form was sent as it is without JavaScript. Its results get their address, too.
    const form = photoForm();
    const name = named();
    keepPhoto(name, form);
    history.replaceState({ ...history.state, vs: name }, "", addressOf(form, name));
    keepPage(name, form, document.title, location.href);
    adopt();
  }
})();
