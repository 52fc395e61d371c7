// A page of the offline edition, made ready for paper. Called with the page's name in the book, "transformer/attention.html",
// and the folder of its language; gives back its headings, and the solutions that are printed at the end of the book.
({ name, root, pages, solutionsLast }) => {
  const content = document.querySelector(".md-content__inner")
  const target = (page, id) => `${page}:${id}`
  const drawn = element => element.closest("svg, math")

  // Links inside the book get the address of a place in it, which is a page once the book is bound; those to what
  // isn't printed lead nowhere, and the others where they did.
  for (const link of content.querySelectorAll("a[href]")) {
    if (link.classList.contains("headerlink")) continue
    const address = decodeURI(link.href)
    if (!address.startsWith(decodeURI(root))) {
      if (address.startsWith("file:")) link.removeAttribute("href")
      continue
    }
    const [page, id] = address.slice(decodeURI(root).length).split("#")
    if (pages.includes(page)) link.setAttribute("href", "book:" + target(page, id ?? ""))
    else link.removeAttribute("href")
  }
  // One name for each place in the whole book. Ids inside a drawing are what it is made of.
  for (const element of content.querySelectorAll("[id]")) if (!drawn(element)) element.id = target(name, element.id)
  content.prepend(Object.assign(document.createElement("a"), { id: target(name, "") }))

  const solutions = []
  for (const box of solutionsLast ? content.querySelectorAll(".admonition.example") : []) {
    const numbered = box.querySelector(".headerlink[id*=':exercise-']") // a link, and on paper there is none
    const exercise = numbered?.id
    const solution = box.nextElementSibling
    if (!exercise || !solution?.matches("details.success")) continue
    numbered.removeAttribute("id")
    box.id = exercise
    const summary = solution.querySelector("summary")
    const id = exercise.replace(":exercise-", ":solution-")
    const there = Object.assign(document.createElement("p"), { className: "to-solution" })
    there.append(Object.assign(document.createElement("a"), { href: "book:" + id, textContent: summary.textContent }))
    box.append(there)
    summary.innerHTML = `<a id="${id}" href="book:${exercise}">${summary.innerHTML}</a>`
    solution.open = true
    solutions.push(solution.outerHTML)
    solution.remove()
  }
  for (const box of content.querySelectorAll("details.success")) box.open = true // those that only show what one looks like

  const text = heading => {
    const copy = heading.cloneNode(true)
    for (const extra of copy.querySelectorAll(".headerlink, annotation")) extra.remove()
    return copy.textContent.trim()
  }
  const headings = [...content.querySelectorAll(":is(h1, h2, h3)[id]")]
    .map(heading => ({ level: +heading.tagName[1], place: heading.id, text: text(heading) }))
  return { headings, solutions }
}
