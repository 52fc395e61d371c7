// What readers ask for, in the book's words. It runs in Material's search worker, which calls `cut` with each query.
{
  const EVERYTHING = 1e6 // is what a name is worth that is all of the query: more than any title
  const MOST = .7 // of a query: where less of it is a name, the other words say what is asked

  let query = "" // as it was typed, but for the words that only ask
  const ASKING = /为什么|什么是|是什么|怎么办|怎么|怎样|如何|什么|哪些/g
  const telling = words => {
    const kept = words.filter(word => lunr.stopWordFilter(word.toLowerCase()))
    return kept.length ? kept : words
  }
  const han = /\p{sc=Han}/u
  const has = (index, word, ...fields) => word in index && fields.some(field => Object.keys(index[word][field]).length)

  // Chinese is cut into the longest words that the index has, whatever spaces stand between them.
  self.cut = (typed, index) => {
    const asked = typed.replace(ASKING, " ").trim() || typed
    query = asked.toLowerCase().normalize("NFKC")
    const words = asked.replace(/(?<=\p{sc=Han})\s+(?=\p{sc=Han})/gu, "").replace(/\p{sc=Han}+/gu, run => {
      const pieces = []
      for (let start = 0, end; start < run.length; start = end) {
        for (end = run.length; end > start + 1 && !has(index, run.slice(start, end), "title", "text", "asked");) end--
        pieces.push(run.slice(start, end))
      }
      const whole = pieces.filter(piece => piece.length > 1) // a single character says little beside a word
      return ` ${(whole.length ? whole : pieces).join(" ")} `
    })
    return telling(words.trim().split(/\s+/)).join(" ")
  }

  // One letter more, less or other, or two that changed places.
  const near = (a, b) => {
    let same = 0
    while (same < a.length && a[same] === b[same]) same++
    const [x, y] = [a.slice(same), b.slice(same)]
    return x.slice(1) === y.slice(1) || x.slice(1) === y || x === y.slice(1) || (x[0] === y[1] && x[1] === y[0] && x.slice(2) === y.slice(2))
  }

  // A typo is looked for in words that are long enough; of a Chinese one the beginning is right, since other words differ in a character, too.
  const mayBeMeant = (typed, name) => han.test(typed)
    ? typed.length > 3 && typed.length === name.length && typed.slice(0, 2) === name.slice(0, 2)
    : typed.length > 4

  // The names that a query has in it, and how much of the query each is. The longest count, from left to right.
  const named = (query, names) => {
    const pieces = query.match(/\p{sc=Han}|(?:(?!\p{sc=Han})[\p{L}\p{N}])+/gu) ?? []
    const letters = words => telling(words).join("").length
    const found = new Map()
    for (let start = 0, end; start < pieces.length; start = end) {
      for (end = pieces.length; end > start; end--) {
        const part = pieces.slice(start, end).join("")
        const share = letters(pieces.slice(start, end)) / letters(pieces)
        const worth = name =>
          name === part ? 1
          : mayBeMeant(part, name) && near(name, part) ? 0.9
          : part.length > 1 && end === pieces.length && name.startsWith(part) ? 0.8 * part.length / name.length // still being typed
          : 0
        const fitting = names.has(part) ? [part] : [...names].filter(worth)
        for (const name of fitting) found.set(name, { worth: worth(name), share })
        if (fitting.length) break
      }
      end = Math.max(end, start + 1)
    }
    return found
  }

  const { search } = lunr.Index.prototype
  const known = new WeakMap() // index → its names
  lunr.Index.prototype.search = function (words) {
    const index = this.invertedIndex
    if (!known.has(index)) known.set(index, new Set(Object.keys(index).filter(word => has(index, word, "names"))))
    const found = named(query, known.get(index))
    const results = search.call(this, [words, ...[...found.keys()].map(name => `names:${name}`)].join(" "))
    // A section with all that was asked for comes before one with much of a part.
    const asked = words.toLowerCase().split(/\s+/).map(word => word.replace(/[*+~^"-]/g, "")).filter(Boolean)
    for (const result of results) {
      const terms = Object.keys(result.matchData.metadata)
      const there = asked.filter(word => terms.some(term => term.startsWith(word)))
      result.score *= (there.join("").length / asked.join("").length) ** 8
    }
    for (const result of results) {
      let part = 0, sure = 0 // how much of the query is names of this section
      for (const [name, { worth, share }] of found) if (result.ref in index[name].names) {
        part += share
        sure += worth * share
      }
      result.score += EVERYTHING * (part < MOST ? .001 * sure : Math.min(sure, 1) ** 6)
    }
    return results
  }
}
