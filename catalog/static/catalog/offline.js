// A link to this address would lose what stands behind its #, and so a photo's results; a reload keeps it.
document.querySelector("[data-again]").addEventListener("click", (event) => {
  event.preventDefault();
  location.reload();
});
