// A page counts as read once the heading of its summary has stood on the screen for three seconds. The list stays in this
// browser, for both languages; the map shows it (map.js).
{
  const { page } = document.querySelector(".chapter-head").dataset
  let waiting
  const remember = () => {
    try { __md_set("read", [...new Set(__md_get("read") ?? []).add(page)]) } catch { /* nothing can be kept here */ }
  }
  new IntersectionObserver(seen => {
    clearTimeout(waiting)
    if (seen.at(-1).isIntersecting) waiting = setTimeout(remember, 3000)
  }).observe(document.querySelector("#summary") ?? [...document.querySelectorAll(".md-content h2")].pop())
}
