// Choosing a language leads to this page's address in that language. What stands behind the # says which photo this page is of, and
// browsers carry it through the redirect without telling the server.
document.querySelector(".languages")?.addEventListener("submit", ({ target }) => {
  target.action = target.getAttribute("action").split("#")[0] + location.hash;
});
