// Who comes from the search sees at once what was looked for: what is marked in the result is marked in its section. Words that
// belong together are marked together, and the address stays as it is.
if (window.Highlight) {
  const KEY = "searched"
  const content = document.querySelector(".md-content")
  const box = document.querySelector(".md-search__input")
  const plain = text => text.replaceAll("\u200b", "").trim().toLowerCase()

  document.addEventListener("click", ({ target }) => {
    const result = target.closest?.("a.md-search-result__link")
    if (!result) return
    const joined = result.innerHTML.replace(/<\/mark>([\s\u200b-]*)<mark>/g, "$1")
    const marks = [...new DOMParser().parseFromString(joined, "text/html").querySelectorAll("mark")]
    const words = [...new Set(marks.map(mark => plain(mark.textContent)))]
    sessionStorage.setItem(KEY, JSON.stringify({ address: result.href, query: plain(box.value), words }))
  })

  const section = () => {
    const heading = content.querySelector(location.hash ? `[id="${CSS.escape(decodeURIComponent(location.hash.slice(1)))}"]` : "h1")
    const walker = document.createTreeWalker(content)
    const texts = []
    if (heading) walker.currentNode = heading
    while (walker.nextNode() && !(/^H[1-6]$/.test(walker.currentNode.nodeName) && walker.currentNode.id))
      if (walker.currentNode.nodeType === Node.TEXT_NODE) texts.push(walker.currentNode)
    return texts
  }

  const mark = () => {
    const { address, query, words } = JSON.parse(sessionStorage.getItem(KEY) ?? "{}")
    const found = new Highlight()
    if (query && address === location.href) {
      sessionStorage.removeItem(KEY)
      const texts = section()
      const whole = texts.some(text => plain(text.data).includes(query))
      // "rule" isn't what was looked for where "chain rule" was.
      for (const wanted of whole ? [query] : words.filter(word => word.length > 0.4 * query.length))
        for (const text of texts)
          for (let at = -1; (at = text.data.toLowerCase().indexOf(wanted, at + 1)) >= 0;)
            found.add(new StaticRange({ startContainer: text, startOffset: at, endContainer: text, endOffset: at + wanted.length }))
    }
    CSS.highlights.set(KEY, found)
  }

  mark()
  addEventListener("hashchange", mark)
}
