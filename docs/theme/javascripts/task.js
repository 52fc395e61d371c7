// A task for Python as the reader sees it: a bar that says how it goes, with the progress of loading, and Stop.
import { loadedBefore, run, stop, total } from "./python.js"

const WORDS = {
  zh: {
    stop: "停止", retry: "重试", running: "正在运行", waiting: "在等前一段", starting: "Python 正在启动",
    loading: megabytes => `正在载入 Python，共 ${megabytes} MB，只需这一次`,
    stopped: "已停止", crashed: "Python 崩溃了。再运行时会重新启动。",
    failed: "Python 没能载入。请检查网络，然后重试。", unable: "这个浏览器太旧，不能在页面里运行代码。",
  },
  en: {
    stop: "Stop", retry: "Retry", running: "Running", waiting: "Waiting for the block before", starting: "Python is starting",
    loading: megabytes => `Loading Python, ${megabytes} MB, only this once`,
    stopped: "Stopped", crashed: "Python crashed. It starts anew with the next run.",
    failed: "Python couldn’t be loaded. Check your connection, then retry.", unable: "This browser is too old to run code in the page.",
  },
}
export const inLanguage = words => words[document.documentElement.lang] ?? words.en
export const megabytes = (total / 1e6).toFixed(1)
export const words = inLanguage(WORDS)

export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties)
  made.append(...children.filter(child => child !== null))
  return made
}

export function button(text, className, action) {
  const made = element("button", { type: "button", className, textContent: text })
  made.addEventListener("click", action)
  return made
}

export class Task {
  constructor() {
    this.status = element("span", { className: "run-status", role: "status" })
    this.progress = element("progress", { max: total, hidden: true })
    this.stopper = button(words.stop, "run-stop", () => this.stop())
    this.stopper.hidden = true
    this.clock = element("span", { className: "run-clock", ariaHidden: "true" })
    this.busy = false
  }

  start() {
    this.busy = true
    this.stopper.hidden = false
    this.pieces = []
    run(this)
  }

  stop() { stop(this) }

  tell(text) { if (this.status.textContent !== text) this.status.textContent = text }

  load(loaded) {
    this.tell(loaded > total * .98 || loadedBefore() ? words.starting : words.loading(megabytes))
    this.progress.hidden = false
    this.progress.value = loaded
    this.clock.textContent = ` ${(loaded / 1e6).toFixed(1)} / ${megabytes} MB`
  }

  wait() {
    this.progress.hidden = true
    this.tell(words.waiting)
  }

  begin() {
    this.progress.hidden = true
    this.clock.textContent = ""
    this.tell(words.running)
    const begun = performance.now()
    this.ticking = setInterval(() => { this.clock.textContent = ` ${Math.round((performance.now() - begun) / 1000)} s` }, 1000)
  }

  print(text, error) { this.pieces.push({ text, error }) }
  written(error) { return this.pieces.filter(piece => piece.error === error).map(piece => piece.text).join("") }

  end() { this.rest() }

  // It does nothing any more; `how` it came to nothing, or a sentence to say.
  rest(how = "") {
    this.busy = false
    this.failed = how === "failed"
    clearInterval(this.ticking)
    this.clock.textContent = ""
    this.progress.hidden = this.stopper.hidden = true
    this.tell(words[how] ?? how)
  }
}
