// What readers ask for, in the book's words. It runs in Material's search worker, which calls `cut` with each query.
{
  const TITLE = .8, ASKED = .6, TEXT = .75 // how surely a section is about a word that stands there; the text's grows with each time
  const PAIR = .5 // what two words one after the other are worth beside a word
  const SHARP = 40 // Material multiplies the score of a page by up to five, of a section by two: so that it hardly matters

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
    const asked = (typed.replace(ASKING, " ").trim() || typed).replace(/(?<=\p{sc=Han})\s+(?=\p{sc=Han})/gu, "")
    query = asked.toLowerCase().normalize("NFKC")
    const words = asked.replace(/\p{sc=Han}+/gu, run => {
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

  // What to look for in a section: of Chinese each two characters, of other words the stem, and each two of them.
  const needles = query => {
    const found = new Map() // what stands in the text → what it is worth
    let before = null
    const words = pieces(query)
    const told = new Set(telling(words))
    for (const word of words) {
      if (han.test(word)) {
        for (let i = 0; i < Math.max(word.length - 1, 1); i++) found.set(word.slice(i, i + 2), 1)
        before = null
        continue
      }
      const stem = lunr.stemmer(new lunr.Token(word, {})).toString()
      const start = word.startsWith(stem) ? stem : word.slice(0, Math.max(3, stem.length - 1))
      const needle = word.length < 4 || !told.has(word) ? ` ${word} ` : ` ${start}`
      if (told.has(word)) found.set(needle, 1)
      if (before && (told.has(word) || told.has(before))) found.set(` ${before}${needle}`, PAIR)
      before = word
    }
    return found
  }
  const pieces = text => text.match(/\p{sc=Han}+|(?:(?!\p{sc=Han})[\p{L}\p{N}_])+/gu) ?? []
  const plain = html => {
    const text = html.replace(/<[^>]*>/g, " ").replace(/\u200b/g, "").normalize("NFKC").toLowerCase()
    return ` ${pieces(text).join(" ")} `
  }

  const times = (text, needle) => {
    let count = 0
    for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + 1)) count++
    return count
  }

  // Of each section, how much of a query it is about, from 0 to 1; what is rare in the book counts for more.
  const answers = (sections, query) => {
    const sums = new Map()
    let most = 0
    for (const [needle, worth] of needles(query)) {
      const sure = new Map()
      for (const [ref, { title, asked, text, boost, length }] of sections) {
        const there = times(text, needle)
        const doubt = (1 - TITLE * title.includes(needle)) * (1 - ASKED * asked.includes(needle)) * (1 - TEXT * there / (there + length))
        if (doubt < 1) sure.set(ref, boost * (1 - doubt))
      }
      const rare = worth * Math.log(1 + (sections.size - sure.size + .5) / (sure.size + .5))
      if (sure.size) most += rare
      for (const [ref, share] of sure) sums.set(ref, (sums.get(ref) ?? 0) + rare * share)
    }
    for (const [ref, sum] of sums) sums.set(ref, sum / most)
    return sums
  }

  const { add, build } = lunr.Builder.prototype
  lunr.Builder.prototype.add = function (section, attributes) {
    const [title, asked, text] = [section.title, section.asked ?? "", section.text].map(plain)
    this.sections ??= new Map()
    this.sections.set(section.location, { title, asked, text, boost: section.boost ?? 1 })
    return add.call(this, section, attributes)
  }
  lunr.Builder.prototype.build = function () {
    const index = build.call(this)
    const sections = [...this.sections.values()]
    const mean = sections.reduce((sum, { text }) => sum + text.length, 0) / sections.length || 1
    for (const section of sections) section.length = .25 + .25 * section.text.length / mean // what is long says more by chance
    const words = Object.keys(index.invertedIndex)
    return Object.assign(index, { sections: this.sections, names: new Set(words.filter(word => has(index.invertedIndex, word, "names"))) })
  }

  const { search } = lunr.Index.prototype
  lunr.Index.prototype.search = function (words) {
    const found = named(query, this.names)
    const results = search.call(this, [words, ...[...found.keys()].map(name => `names:${name}`)].join(" "))
    const answered = answers(this.sections, query)
    for (const result of results) {
      let own = 0 // how much of the query is names of this section
      for (const [name, { worth, share }] of found) if (result.ref in this.invertedIndex[name].names) own += worth * share
      result.score = ((answered.get(result.ref) ?? 0) + Math.min(own, 1) ** 3) ** SHARP
    }
    return results
  }
}
