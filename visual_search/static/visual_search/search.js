// The search box with JavaScript: a chosen, dropped or pasted photo is shrunk in the browser and searched at once.
// Without JavaScript the same forms work by their buttons.
(() => {
  "use strict";
  // Once, as photos.js explains.
  const ran = (window.vsRan ??= new Set());
  if (ran.has("search")) return;
  ran.add("search");
  const LONGEST_SIDE = 1024; // px. The server uses no more, and a phone photo shrinks from 5 MB to 200 KB.

  const box = () => document.querySelector("[data-vs-box]");

  async function shrunk(file) {
    try {
      const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
      const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
      if (scale === 1 && file.size < 1_000_000 && /^image\/(jpeg|png|webp)$/.test(file.type)) return file;
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(bitmap.width * scale);
      canvas.height = Math.round(bitmap.height * scale);
      const context = canvas.getContext("2d");
      context.fillStyle = "#fff"; // Transparent parts are white, as on the server.
      context.fillRect(0, 0, canvas.width, canvas.height);
      context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9));
      return new File([blob], "photo.jpg", { type: "image/jpeg" });
    } catch {
      return file; // The server says what is wrong with it.
    }
  }

  async function searchWith(file, element = box()) {
    if (!element || !file) return;
    const form = element.querySelector("[data-vs-photo]");
    const small = shrunk(file);
    // photos.js searches by it and shows what happens meanwhile.
    const told = new CustomEvent("vs:photo", { detail: { file, small, form }, cancelable: true });
    if (!document.dispatchEvent(told)) {
      element.querySelector("[data-vs-file]").value = ""; // The same photo may be chosen again, and is a change then.
      return;
    }
    const transfer = new DataTransfer();
    transfer.items.add(await small);
    element.querySelector("[data-vs-file]").files = transfer.files;
    form.querySelector("[data-vs-photo-words]").value = element.querySelector("[data-vs-field]")?.value ?? "";
    form.submit();
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-vs-file]") && event.target.files.length)
      searchWith(event.target.files[0], event.target.closest("[data-vs-box]") ?? box());
  });
  document.addEventListener("vs:take", ({ detail }) => searchWith(detail.file, detail.box)); // from the sheet
  document.addEventListener("dragover", (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    box()?.classList.add("vs-drop");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) box()?.classList.remove("vs-drop");
  });
  document.addEventListener("drop", (event) => {
    const file = [...event.dataTransfer.files].find((item) => item.type.startsWith("image/"));
    box()?.classList.remove("vs-drop");
    if (!file) return;
    event.preventDefault();
    searchWith(file);
  });
  document.addEventListener("paste", (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find((item) => item.type.startsWith("image/"));
    if (!file) return;
    event.preventDefault();
    searchWith(file);
  });
  document.addEventListener("keydown", (event) => {
    // The file input lies invisibly over the camera; its label takes Enter and Space like a button.
    if (event.key !== "Enter" || !event.target.matches?.("[data-vs-file]")) return;
    event.preventDefault(); // Enter would send the form, which has no photo yet.
    event.target.click();
  });
  // Below: the results of words, whose filters, order and pages htmx loads in place. Where a shop's own htmx didn't come, its
  // buttons work as they do without JavaScript. Those of a photo are loaded by photos.js.
  document.addEventListener("DOMContentLoaded", () => {
    if (window.htmx) document.documentElement.classList.add("vs-in-place");
  });
  const results = () => document.querySelector("#vs-form");
  const ours = (event) => event.detail.target?.id === "vs-form";
  let before = null; // what the form looked like when it was replaced

  function complain(text, submitter) {
    const trouble = results()?.querySelector("[data-vs-trouble]");
    if (!trouble) return;
    (trouble.querySelector("[data-vs-trouble-text]") ?? trouble).textContent = text || trouble.dataset.vsOffline;
    const again = trouble.querySelector("[data-vs-trouble-again]");
    // htmx sends the button that was clicked last, so the one that was meant is clicked again.
    if (again) again.onclick = () => (submitter?.isConnected ? submitter.click() : results().requestSubmit());
    trouble.hidden = false;
    trouble.scrollIntoView({ block: "nearest" });
  }

  // Enter in a field is a change and a submit at once, and a button may be tapped twice. A question that is already on its way
  // isn't sent a second time.
  let asked = null; // the request that is on its way, and what it asks
  function question(form, submitter) {
    const data = new FormData(form);
    if (submitter?.name) data.append(submitter.name, submitter.value);
    return new URLSearchParams(data).toString();
  }
  document.addEventListener("htmx:confirm", (event) => {
    const { elt, triggeringEvent } = event.detail;
    if (elt.id !== "vs-form" || !asked) return;
    const onItsWay = asked.xhr.readyState > XMLHttpRequest.UNSENT && asked.xhr.readyState < XMLHttpRequest.DONE;
    if (onItsWay && asked.question === question(elt, triggeringEvent?.submitter)) event.preventDefault();
  });
  document.addEventListener("htmx:beforeSend", (event) => {
    const { elt, xhr, requestConfig } = event.detail;
    if (elt.id !== "vs-form" || requestConfig.vsQuiet) return;
    asked = { xhr, question: question(elt, requestConfig.triggeringEvent?.submitter) };
  });
  function note() {
    const active = document.activeElement?.closest("#vs-form input, #vs-form select");
    before = { id: active?.id, name: active?.name, value: active?.value };
  }
  document.addEventListener("vs:showing", note);
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (!ours(event)) return;
    const { xhr, requestConfig, serverResponse } = event.detail;
    if (xhr.status < 400) {
      if (!requestConfig.vsQuiet) note(); // Else only the order changes, and the shopper did nothing: focus and message stay.
      return;
    }
    // A refusal must not replace the form, or all filters would be gone: only its message is shown.
    event.detail.shouldSwap = false;
    if (requestConfig.vsQuiet) return;
    const answer = new DOMParser().parseFromString(serverResponse, "text/html");
    complain(answer.querySelector("[data-vs-message]")?.textContent, requestConfig.triggeringEvent?.submitter);
  });
  document.addEventListener("htmx:sendError", (event) => {
    const { requestConfig } = event.detail;
    if (ours(event) && !requestConfig?.vsQuiet) complain("", requestConfig?.triggeringEvent?.submitter);
  });
  // The results are new: screen readers hear the count; focus stays on the changed filter, else goes to the heading.
  function announce() {
    const form = results();
    if (!before || !form) return;
    const { id, name, value } = before;
    before = null;
    const live = document.querySelector("[data-vs-live]");
    if (live) live.textContent = form.querySelector("[data-vs-count]")?.textContent ?? "";
    const same = (id && document.getElementById(id)) || [...(form.elements ?? [])].find(
      (item) => name && item.name === name && (item.type !== "checkbox" || item.value === value),
    );
    (same ?? form.querySelector("h1"))?.focus({ preventScroll: true });
  }
  document.addEventListener("htmx:afterSettle", announce);
  document.addEventListener("vs:shown", announce);
})();
