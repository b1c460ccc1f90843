// The search box with JavaScript: a chosen, dropped or pasted photo is shrunk in the browser and searched at once.
// Without JavaScript the same forms work by their buttons.
(() => {
  "use strict";
  const LONGEST_SIDE = 1024; // px: the server looks at no more, and a phone photo shrinks from 5 MB to 200 KB.

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

  async function searchWith(file) {
    const element = box();
    if (!element || !file) return;
    const form = element.querySelector("[data-vs-photo]");
    const input = element.querySelector("[data-vs-file]");
    const busy = element.querySelector("[data-vs-busy]");
    const photo = element.querySelector("[data-vs-busy-photo]");
    photo.src = URL.createObjectURL(file);
    busy.hidden = false;
    element.setAttribute("aria-busy", "true");
    const transfer = new DataTransfer();
    transfer.items.add(await shrunk(file));
    input.files = transfer.files;
    form.querySelector("[data-vs-photo-words]").value = "";
    form.submit();
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-vs-file]") && event.target.files.length) searchWith(event.target.files[0]);
  });
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
  // A page from the back-forward cache must not look busy.
  window.addEventListener("pageshow", () => {
    const busy = box()?.querySelector("[data-vs-busy]");
    if (busy) busy.hidden = true;
    box()?.removeAttribute("aria-busy");
  });
  document.addEventListener("keydown", (event) => {
    // The file input lies invisibly over the camera; its label takes Enter and Space like a button.
    if (event.target.matches?.("[data-vs-file]") && event.key === "Enter") event.target.click();
  });
  // After a filter, focus and screen readers go to the new heading.
  document.addEventListener("htmx:afterSwap", () => document.querySelector("#vs-form h1")?.focus({ preventScroll: true }));
})();
