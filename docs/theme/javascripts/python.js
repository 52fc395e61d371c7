// Python in the page: one worker, started at the first use, which runs one task after the other.
//
// A task has `code`, and is told how it goes: load(bytes, of), begin(), print(text, isError), end({ broke, seconds, cut }),
// wait() while another runs, and rest("failed" | "unable" | "crashed" | "stopped") where it comes to nothing.
import { settings } from "./run-settings.js" // written by the build

export const total = Object.values(settings.sizes).reduce((sum, [, packed]) => sum + packed, 0) // bytes to load
const PATIENCE = 60_000 // milliseconds in which nothing has come
const at = path => new URL(`../run/${path}`, import.meta.url).href

let worker = null, ready = false, running = null, waiting = [], loaded = 0, watchdog = null

export function run(task) {
  waiting.push(task)
  if (!worker) start()
  next()
}

export function stop(task) {
  const wasRunning = running === task
  waiting = waiting.filter(other => other !== task)
  if (wasRunning || (!ready && !waiting.length)) {
    end()
    if (waiting.length) start()
  }
  task.rest("stopped")
  next()
}

// Whether it has been loaded before: then it comes from what the browser keeps.
export const loadedBefore = () => { try { return __md_get("python") === settings.engine } catch { return false } }

function start() {
  // Made of a blob, the worker inherits the page's Content-Security-Policy.
  const script = new Blob([`import ${JSON.stringify(new URL("python-worker.js", import.meta.url).href)}`], { type: "text/javascript" })
  let asked = false // an older browser doesn't look, and takes the script for one of another kind
  worker = new Worker(URL.createObjectURL(script), { get type() { asked = true; return "module" } })
  if (!asked || typeof WebAssembly !== "object") return fail("unable")
  loaded = 0
  worker.onmessage = ({ data }) => hear(data)
  worker.onerror = () => fail("failed")
  const files = Object.entries(settings.files).map(([path, file]) => [path, { ...file, address: at(file.address) }])
  worker.postMessage({ start: { engine: at(settings.engine), archive: at(settings.archive), files: Object.fromEntries(files), sizes: settings.sizes } })
  watch()
}

function watch() {
  clearTimeout(watchdog)
  watchdog = setTimeout(() => fail("failed"), PATIENCE)
}

function next() {
  if (ready && !running && waiting.length) {
    running = waiting.shift()
    running.begin()
    worker.postMessage({ run: running.code })
  }
  for (const task of waiting) ready ? task.wait() : task.load(loaded, total)
}

function hear({ come, ready: isReady, text, error, seconds, broke, cut, failed }) {
  if (come !== undefined) {
    loaded = come
    watch()
    for (const task of waiting) task.load(loaded, total)
  } else if (isReady) {
    clearTimeout(watchdog)
    ready = true
    try { __md_set("python", settings.engine) } catch { /* nothing can be kept here */ }
    next()
  } else if (text !== undefined) {
    running.print(text, error)
  } else if (seconds !== undefined) {
    const task = running
    running = null
    task.end({ broke, seconds, cut })
    next()
  } else if (failed) {
    ready ? crash() : fail("failed")
  }
}

function end() {
  clearTimeout(watchdog)
  worker?.terminate() // one that has failed once never loads again
  worker = running = null
  ready = false
}

function fail(how) {
  end()
  for (const task of waiting.splice(0)) task.rest(how)
}

function crash() {
  const task = running
  end()
  task?.rest("crashed")
  if (waiting.length) start()
}
