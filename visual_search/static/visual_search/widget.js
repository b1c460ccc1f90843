// The element <visual-search>: a field for words, a button for a photo, and what is found, in any page of any site. It asks the
// REST API alone. docs/how-to/widget.md tells its attributes, variables and events.
//
// Nothing here writes HTML as text or a style attribute, so a page needs neither 'unsafe-inline' nor 'unsafe-eval' for it, and what
// an answer says can't become markup.
const LONGEST_SIDE = 1024; // px; the shop shrinks larger photos to this anyway
const STYLE = `
:host { display: block; font: inherit; color: var(--visual-search-text, inherit); }
[hidden] { display: none !important; }
* { box-sizing: border-box; }
form { display: flex; flex-wrap: wrap; gap: .5rem; }
input[type=search] { flex: 1 1 10rem; min-width: 0; }
input[type=search], button, .photo { font: inherit; min-height: 44px; padding: .5rem .9rem;
  border: 1px solid var(--visual-search-line, #bbb); border-radius: var(--visual-search-radius, 8px);
  background: var(--visual-search-paper, #fff); color: inherit; }
button, .photo { cursor: pointer; }
.photo { display: inline-flex; align-items: center; position: relative; }
.photo:focus-within, :focus-visible { outline: 2px solid var(--visual-search-accent, #0b57d0); outline-offset: 2px; }
.photo input { position: absolute; inset: 0; opacity: 0; width: 100%; cursor: pointer; }
.main, [aria-pressed=true] { background: var(--visual-search-accent, #0b57d0); color: var(--visual-search-on-accent, #fff); }
.panel { margin-top: .8rem; }
.scene { position: relative; display: inline-block; max-width: 16rem; }
.scene img { display: block; max-width: 100%; border-radius: var(--visual-search-radius, 8px); }
.scene .thing { position: absolute; min-height: 0; padding: 0; background: none; border: 2px solid #fff; box-shadow: 0 0 0 1px #000; }
.scene .thing[aria-pressed=true] { border-color: var(--visual-search-accent, #0b57d0); }
.scene .thing span { position: absolute; clip-path: inset(50%); }
.scene { margin: .5rem 0; } li button { width: 100%; margin-top: .3rem; }
ul { list-style: none; margin: .8rem 0 0; padding: 0; display: grid; gap: .8rem;
  grid-template-columns: repeat(auto-fill, minmax(var(--visual-search-tile, 9rem), 1fr)); }
li a { color: inherit; text-decoration: none; display: block; }
li img { width: 100%; aspect-ratio: 1; object-fit: contain; background: var(--visual-search-paper, #fff);
  border: 1px solid var(--visual-search-line, #bbb); border-radius: var(--visual-search-radius, 8px); }
li b { display: block; }
`;

function made(name, given = {}, ...inside) {
  const { dataset, ...own } = given;
  const element = Object.assign(document.createElement(name), own);
  Object.assign(element.dataset, dataset);
  element.append(...inside);
  return element;
}

// Only what a link of a shop may be; an answer could hold anything.
function safe(address, base) {
  try {
    const found = new URL(address, base);
    return ["http:", "https:"].includes(found.protocol) ? found.href : "";
  } catch {
    return "";
  }
}

async function smaller(file) {
  try {
    const image = await createImageBitmap(file, { imageOrientation: "from-image" });
    const share = Math.min(1, LONGEST_SIDE / Math.max(image.width, image.height));
    const canvas = made("canvas", { width: Math.round(image.width * share), height: Math.round(image.height * share) });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    image.close();
    return (await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9))) ?? file;
  } catch {
    return file; // The shop says what is wrong with it.
  }
}

export class VisualSearch extends HTMLElement {
  #asked = null; // ends the request before: only the newest answer is shown
  #token = "";
  #preview = "";
  #answer = null;
  #isOpen = false;
  #parts = null;

  connectedCallback() {
    if (this.#parts) return;
    const root = this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet(); // which a policy without 'unsafe-inline' lets pass
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    const text = (this.texts = this.#given());
    const words = made("input", { type: "search", name: "q", placeholder: text.words, autocomplete: "off", maxLength: 500 });
    words.setAttribute("aria-label", text.words);
    const file = made("input", { type: "file", accept: "image/jpeg,image/png,image/webp" });
    file.setAttribute("aria-label", text.photo);
    const form = made("form", {}, words, made("label", { className: "photo" }, text.photo, file),
      made("button", { className: "main" }, text.search));
    form.setAttribute("role", "search");
    const status = made("p");
    status.setAttribute("role", "status");
    const scene = made("div", { className: "scene", hidden: true });
    const hits = made("ul");
    const close = made("button", { type: "button" }, text.close);
    const panel = made("div", { className: "panel", hidden: true }, close, status, scene, hits);
    root.append(form, panel);
    this.#parts = { words, file, status, scene, hits, panel };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.search();
    });
    words.addEventListener("focus", () => this.#open());
    file.addEventListener("change", () => {
      if (file.files[0]) this.upload(file.files[0]);
      file.value = "";
    });
    close.addEventListener("click", () => this.close());
    root.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
  }

  disconnectedCallback() {
    this.#asked?.abort();
  }

  // Search by this photo: a File or a Blob.
  async upload(photo) {
    this.#open();
    if (!this.#tell("upload", { type: photo.type, size: photo.size })) return;
    const image = await smaller(photo);
    URL.revokeObjectURL(this.#preview);
    this.#preview = URL.createObjectURL(image);
    this.#token = "";
    await this.#ask({ image });
  }

  // Search by a thing in the photo: the id of one of the answer's objects; null for the whole photo.
  async crop(object) {
    if (!this.#token || !this.#tell("crop", { object })) return;
    await this.#ask(object === null ? { box: "0,0,1,1" } : { object });
  }

  // Search by words, beside the photo if there is one.
  async search(words = this.#parts.words.value) {
    this.#parts.words.value = words;
    this.#open();
    await this.#ask({});
  }

  close() {
    this.#asked?.abort();
    URL.revokeObjectURL(this.#preview);
    [this.#token, this.#preview, this.#answer, this.#isOpen] = ["", "", null, false];
    this.#parts.panel.hidden = true;
    this.#parts.hits.replaceChildren();
  }

  // The words of the page that has the element: a script knows no language. A missing one is said by its name.
  #given() {
    let given = {};
    try {
      given = JSON.parse(this.getAttribute("texts") || "{}");
    } catch {
      // As if there were none.
    }
    return new Proxy(given, { get: (texts, name) => texts[name] ?? name });
  }

  get #api() {
    return new URL(this.getAttribute("api") || "/api/v1/", document.baseURI);
  }

  // Whether the page lets it happen: each event can be prevented.
  #tell(name, detail) {
    const event = new CustomEvent(`visual-search:${name}`, { bubbles: true, composed: true, cancelable: true, detail });
    return this.dispatchEvent(event);
  }

  #open() {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#tell("open", {});
  }

  async #ask(part) {
    const { words, status, panel, hits } = this.#parts;
    const body = new FormData();
    if (words.value.trim()) body.append("q", words.value.trim());
    for (const [name, value] of Object.entries(part)) body.append(name, value, ...(value instanceof Blob ? ["photo.jpg"] : []));
    if (this.#token && !part.image) body.append("photo_token", this.#token);
    const language = (this.lang || document.documentElement.lang).match(/^[a-z]{2}\b/i)?.[0].toLowerCase();
    if (language) body.append("lang", language);
    body.append("page_size", this.getAttribute("size") || "12");
    if (this.hasAttribute("collection")) body.append("collection", this.getAttribute("collection"));
    this.#asked?.abort();
    const asked = (this.#asked = new AbortController());
    panel.hidden = false;
    status.textContent = this.texts.looking;
    try {
      const key = this.getAttribute("key");
      const headers = { Accept: "application/json", "Accept-Language": language || "en", ...(key ? { "X-Api-Key": key } : {}) };
      const answer = await fetch(new URL("search", this.#api), {
        method: "POST", body, headers, signal: asked.signal, credentials: "omit", referrerPolicy: "origin",
      });
      const found = await answer.json();
      if (asked.signal.aborted) return;
      if (!answer.ok) {
        status.textContent = found.detail || this.texts.failed;
        hits.replaceChildren();
        return;
      }
      this.#answer = found;
      this.#token = found.photo_token || "";
      this.#show(found);
      this.#tell("search", { query_id: found.query_id, total: found.total.value, q: found.q, photo: Boolean(this.#token) });
    } catch {
      if (!asked.signal.aborted) status.textContent = this.texts.failed;
    }
  }

  #show(found) {
    const { status, hits, scene } = this.#parts;
    const close = found.hits.filter((hit) => hit.grade !== "nothing close");
    status.textContent = close.length ? "" : this.texts.nothing;
    scene.hidden = !(this.#preview && this.#token);
    scene.replaceChildren(...(scene.hidden ? [] : this.#things(found)));
    hits.replaceChildren(...found.hits.map((hit, place) => this.#tile(hit, place + 1)));
  }

  #things(found) {
    const names = Object.fromEntries(found.groups.map((group) => [group.object, group.label]));
    const isWhole = !found.objects.some((one) => one.selected);
    const whole = made("button", { type: "button", onclick: () => this.crop(null) }, this.texts.whole);
    whole.setAttribute("aria-pressed", isWhole);
    const boxes = found.objects.map(({ id, box, selected }) => {
      const name = `${id + 1} ${names[id] || this.texts.thing}`;
      const button = made("button", { type: "button", className: "thing", title: name, onclick: () => this.crop(id) },
        made("span", {}, name));
      button.setAttribute("aria-pressed", selected);
      // The object model of styles, which no policy stops.
      const [left, top, right, bottom] = box.map((share) => share * 100);
      Object.assign(button.style, { left: `${left}%`, top: `${top}%`, width: `${right - left}%`, height: `${bottom - top}%` });
      return button;
    });
    const photo = made("div", { className: "scene" }, made("img", { src: this.#preview, alt: "" }), ...boxes);
    return found.objects.length ? [photo, whole] : [photo];
  }

  #tile(hit, position) {
    const query_id = this.#answer.query_id;
    const link = made("a", {}, ...(hit.image ? [made("img", { src: safe(hit.image, this.#api), alt: "", loading: "lazy" })] : []),
      made("b", {}, hit.title), made("span", {}, hit.price));
    const url = safe(hit.url, this.#api);
    if (url) link.href = url;
    const told = { id: hit.id, url, position, query_id };
    link.addEventListener("click", (event) => {
      this.#act("click", told);
      if (!this.#tell("click", told)) event.preventDefault();
    });
    const tile = made("li", {}, link);
    if (this.hasAttribute("basket")) {
      const put = () => {
        this.#act("basket", told);
        this.#tell("basket", { ...told, hit });
      };
      const button = made("button", { type: "button", onclick: put }, this.texts.basket);
      button.setAttribute("aria-label", `${this.texts.basket}: ${hit.title}`);
      tile.append(button);
    }
    return tile;
  }

  // On the shop's own pages, what the other scripts hear of a tile; a page of another site keeps its own books.
  #act(kind, { id, query_id, position }) {
    if (this.hasAttribute("key")) return;
    document.dispatchEvent(new CustomEvent("vs:act", { detail: { kind, id: String(id), query: query_id, position } }));
  }
}

if (!customElements.get("visual-search")) customElements.define("visual-search", VisualSearch);
