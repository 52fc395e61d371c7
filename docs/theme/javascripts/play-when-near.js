// The script of a play comes when a reader is about to get there: most pages are left before.
const watch = new IntersectionObserver(seen => {
  if (!seen.some(entry => entry.isIntersecting)) return
  watch.disconnect()
  import("./play.js")
}, { rootMargin: "100%" })
for (const figure of document.querySelectorAll("figure.play")) watch.observe(figure)
