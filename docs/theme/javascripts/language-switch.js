// Changing the language keeps the reader's place: the link goes to the section on the screen, whose id is the same in both.
const link = document.querySelector(".language-switch")
if (link) link.addEventListener("click", () => {
  const headings = [...document.querySelectorAll(".md-content :is(h2, h3)[id]")]
  const read = headings.filter(heading => heading.getBoundingClientRect().top < innerHeight / 2).pop()
  link.hash = read && scrollY > 0 ? read.id : ""
  try { __md_set("language", link.hreflang) } catch {} // holds at the next visit; a browser may keep nothing
})
