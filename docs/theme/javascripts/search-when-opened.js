// Search costs a reader nothing who doesn't search, and answers soon one who does.
//
// Material asks for the search index and its worker at page load. They weigh more than a page, so that both wait here until the
// search is opened. Then titles and names come first and answer at once; the index with the whole text follows.
{
  const box = document.querySelector(".md-search__input")
  const opened = new Promise(resolve => {
    box?.addEventListener("focus", resolve, { once: true })
    if (document.activeElement === box) resolve() // already in it
  })
  // It notes what was looked for, and marks it where the reader arrives.
  // From a file system nothing can be imported.
  const mark = () => location.protocol === "file:" || import("./searched-words.js").catch(() => {})
  opened.then(mark)
  try { if (sessionStorage.getItem("searched")) mark() } catch {} // a browser may keep nothing

  // Material listens to the keyboard, but words can also be pasted with a mouse, dropped, or spoken.
  box?.addEventListener("input", ({ isComposing }) => isComposing || box.dispatchEvent(new KeyboardEvent("keyup")))

  let index // its address
  const { open, send } = XMLHttpRequest.prototype
  const requests = new WeakMap()
  XMLHttpRequest.prototype.open = function (method, address, ...more) {
    requests.set(this, String(address))
    return open.call(this, method, address, ...more)
  }
  XMLHttpRequest.prototype.send = function (...body) {
    const address = requests.get(this)
    if (!address?.endsWith("/search/search_index.json")) return send.apply(this, body)
    index = address
    opened.then(() => send.apply(this, body))
  }

  const [SET_UP, READY, ASK] = [0, 1, 2] // Material's messages
  const Worker = window.Worker

  // To Material it is one worker, on a slow network.
  class Search extends EventTarget {
    constructor(address) {
      super()
      this.create = () => new Worker(address)
      this.first = opened.then(this.create) // while the index is on its way
    }

    async postMessage(message) {
      if (message.type === SET_UP) {
        const { config } = message.data
        await this.answerFrom(await this.first, message)
        if (!config.rest) return
        const rest = await (await fetch(index.replace("search/search_index.json", config.rest))).text()
        const { text, code, asked } = JSON.parse(rest.replaceAll("\x7f", "\u200b")) // see search.py
        const docs = message.data.docs.map((section, i) => ({ ...section, text: text[i] + code[i], asked: asked[i] }))
        await this.answerFrom(this.create(), { type: SET_UP, data: { ...message.data, docs } })
      } else {
        if (message.type === ASK) this.asked = message
        this.worker?.postMessage(message)
      }
    }

    // From now on; what was asked last is answered again, unless the reader is already choosing among the results.
    answerFrom(worker, setUp) {
      return new Promise(resolve => {
        worker.onmessage = ({ data }) => {
          if (data.type === READY) {
            this.worker?.terminate()
            const again = this.worker
            this.worker = worker
            resolve()
            if (again) {
              if (this.asked && document.activeElement === box) worker.postMessage(this.asked)
              return
            }
          }
          this.dispatchEvent(new MessageEvent("message", { data }))
        }
        worker.postMessage(setUp)
      })
    }
  }

  window.Worker = function (address, ...options) {
    return String(address).includes("/workers/search.") ? new Search(address) : new Worker(address, ...options)
  }
}
