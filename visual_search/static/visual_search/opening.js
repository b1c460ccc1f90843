// Runs before the page is drawn: where the address is that of a photo's results, what stands here until they come isn't shown.
if (new URLSearchParams(location.hash.slice(1)).get("photo")) {
  document.documentElement.classList.add("vs-opening");
  // Without the script that asks for them, the page itself is better than nothing.
  window.addEventListener("load", () => {
    if (!window.vsRan?.has("photos")) document.documentElement.classList.remove("vs-opening");
  });
}
