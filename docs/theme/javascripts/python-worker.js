// Python, in a worker: the page stays alive whatever a block does, and Stop ends the worker.
//
// It takes { start: settings } once, then { run: code } again and again, and says
//   { come }                  how many bytes of the engine have come, as they weigh compressed
//   { ready } or { failed }   the engine is there; or why it isn't, or isn't any more
//   { text, error }           what the code prints; `error` marks complaints
//   { seconds, broke, cut }   the code has ended; `broke` says how, if not well, `cut` that it printed too much
const { fetch, XMLHttpRequest } = self // taken away below, from the reader's code
const post = self.postMessage.bind(self)

const EVERY = 50 // milliseconds between two messages with output
const MOST = 100_000 // characters of output

self.onmessage = async ({ data }) => {
  if (!data.start) return run(data.run)
  try {
    runner = await start(data.start)
    post({ ready: true })
  } catch (error) {
    post({ failed: String(error) })
  }
}

let runner

async function start({ engine, archive, files, sizes }) {
  const come = {} // of each file
  self.fetch = async (address, options) => {
    // Said at once: of a file that doesn't come, Pyodide doesn't always tell, and waits for ever.
    const answer = await fetch(address, options).catch(error => ({ error }))
    if (!answer.ok) {
      post({ failed: `${address}: ${answer.error ?? answer.status}` })
      throw answer.error ?? new Error(answer.status)
    }
    const [raw, packed] = sizes[answer.url.split("/").at(-1)] ?? [1, 0]
    let bytes = 0
    const counting = new TransformStream({
      transform(chunk, controller) {
        bytes += chunk.length
        come[answer.url] = packed * bytes / raw
        post({ come: Object.values(come).reduce((sum, part) => sum + part, 0) })
        controller.enqueue(chunk)
      },
    })
    return new Response(answer.body.pipeThrough(counting), { headers: { "Content-Type": answer.headers.get("Content-Type") ?? "" } })
  }
  const code = self.fetch(archive).then(answer => answer.arrayBuffer())
  code.catch(() => {}) // it is waited for below
  const { loadPyodide } = await import(`${engine}pyodide.mjs`)
  const pyodide = await loadPyodide({ indexURL: engine, packages: ["numpy"] })
  if (!pyodide.loadedPackages.numpy) throw new Error("numpy") // which isn't loaded doesn't raise
  const folder = pyodide.runPython("import site; site.getsitepackages()[0]")
  pyodide.unpackArchive(await code, "zip", { extractDir: folder })
  for (const [path, file] of Object.entries(files)) fetchedWhenRead(pyodide.FS, `${folder}/${path}`, file)
  takeAway()
  return pyodide.pyimport("block_runner").run
}

// A data file is in its place from the start, and its bytes come when something reads it.
function fetchedWhenRead(FS, path, { address, bytes }) {
  const cut = path.lastIndexOf("/")
  FS.mkdirTree(path.slice(0, cut))
  const node = FS.createFile(path.slice(0, cut), path.slice(cut + 1), {}, true, false)
  let contents = null
  const get = () => {
    if (contents) return contents
    const request = new XMLHttpRequest()
    request.open("GET", address, false)
    request.responseType = "arraybuffer"
    try { request.send() } catch { /* status stays 0 */ }
    if (request.status !== 200) throw new FS.ErrnoError(29) // Python's OSError: [Errno 29] I/O error
    return contents = new Uint8Array(request.response)
  }
  Object.defineProperties(node, { contents: { get }, usedBytes: { get: () => bytes } })
}

// The reader's code computes. What would let it out of the worker, or at what the browser keeps, goes before it comes.
// (The page's Content-Security-Policy, which a worker made of a blob inherits, says the same about the network.)
function takeAway() {
  const names = /^(fetch|XMLHttpRequest|EventSource|WebSocket.*|WebTransport.*|RTC.*|importScripts|(Shared)?Worker|BroadcastChannel|indexedDB|IDB.*|caches|Cache.*|cookieStore|CookieStore.*|StorageManager|Notification|webkit.*)$/
  for (let object = self; object && object !== Object.prototype; object = Object.getPrototypeOf(object))
    for (const name of Object.getOwnPropertyNames(object)) if (names.test(name)) delete object[name]
  const proto = Object.getPrototypeOf(navigator)
  for (const name of Object.getOwnPropertyNames(proto))
    if (!["hardwareConcurrency", "userAgent", "platform", "language", "languages", "onLine", "constructor"].includes(name)) delete proto[name]
}

function run(code) {
  const begun = performance.now()
  let waiting = [], last = begun, length = 0
  const send = () => {
    for (const part of waiting) post(part)
    waiting = []
    last = performance.now()
  }
  const writer = error => text => {
    if (length >= MOST) return
    length += text.length
    if (length >= MOST) text = text.slice(0, MOST - length) + "\n…"
    if (waiting.at(-1)?.error === error) waiting.at(-1).text += text
    else waiting.push({ text, error })
    if (performance.now() - last > EVERY) send()
  }
  try {
    const broke = runner(code, writer(false), writer(true))
    send()
    post({ seconds: (performance.now() - begun) / 1000, broke, cut: length >= MOST })
  } catch (error) { // the engine itself: out of memory, or too deep a recursion
    send()
    post({ failed: String(error) })
  }
}
