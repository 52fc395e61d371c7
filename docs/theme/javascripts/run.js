// Run: a block of code runs in the reader's browser, and can be changed. Python comes at the first click, into a worker.
{
  const WORDS = {
    zh: {
      run: "运行", stop: "停止", edit: "编辑", reset: "复原", retry: "重试",
      runTitle: size => `在你的浏览器里运行（第一次要载入 ${size} MB）`, again: "在你的浏览器里运行",
      loading: size => `正在载入 Python，共 ${size} MB，只需这一次`, starting: "Python 正在启动", waiting: "在等前一段", running: "正在运行",
      same: seconds => `与书上的输出一致 · ${seconds} 秒`, differs: (lines, seconds) => `${lines} 行与书上不同 · ${seconds} 秒`,
      broke: how => `出错：${how.replace(", line ", "，第 ")}${how.includes(", line ") ? " 行" : ""}`, stopped: "已停止", cut: "输出太长，后面的不显示了",
      failed: "Python 没能载入。请检查网络，然后重试。", crashed: "Python 崩溃了。再运行时会重新启动。",
      code: "代码，可以修改；按 Ctrl+Enter 运行，按 Esc 离开", output: "你这次运行的输出",
      unable: "这个浏览器太旧，不能在页面里运行代码。",
      right: seconds => `做对了 · ${seconds} 秒`, wrong: seconds => `还不对 · ${seconds} 秒`,
      compare: "对照解答", mine: "换成你写的", changed: "你写过这道题，后来书里改了它的起始代码。",
      comparison: "你的代码与解答逐行对照", yours: "你的", solutions: "解答的", equal: "你的代码与解答一字不差。",
      forget: "清除我写过的代码", forgotten: "已清除",
    },
    en: {
      run: "Run", stop: "Stop", edit: "Edit", reset: "Reset", retry: "Retry",
      runTitle: size => `Run it in your browser (loads ${size} MB the first time)`, again: "Run it in your browser",
      loading: size => `Loading Python, ${size} MB, only this once`, starting: "Python is starting", waiting: "Waiting for the block before", running: "Running",
      same: seconds => `The same as in the book · ${seconds} s`, differs: (lines, seconds) => `${lines} ${lines === 1 ? "line differs" : "lines differ"} from the book · ${seconds} s`,
      broke: how => `Broke off: ${how}`, stopped: "Stopped", cut: "Too much output: the rest isn’t shown",
      failed: "Python couldn’t be loaded. Check your connection, then retry.", crashed: "Python crashed. It starts anew with the next run.",
      code: "Code, to be changed; Ctrl+Enter runs it, Esc leaves it", output: "The output of your run",
      unable: "This browser is too old to run code in the page.",
      right: seconds => `Right · ${seconds} s`, wrong: seconds => `Not yet · ${seconds} s`,
      compare: "Compare with the solution", mine: "Take yours", changed: "You wrote an answer here; the book’s starter has changed since.",
      comparison: "Your code and the solution, line by line", yours: "yours", solutions: "the solution’s", equal: "Your code is the solution, letter by letter.",
      forget: "Forget the code I wrote", forgotten: "Forgotten",
    },
  }
  const words = WORDS[document.documentElement.lang] ?? WORDS.en
  const settings = JSON.parse(document.querySelector("#run-settings").textContent)
  const PATIENCE = 60_000 // milliseconds in which nothing of the engine has come
  const at = path => new URL(settings.base + path, location).href
  const total = Object.values(settings.sizes).reduce((sum, [, packed]) => sum + packed, 0)
  const megabytes = bytes => (bytes / 1e6).toFixed(1)

  // ---- the engine: one worker, which runs one block after the other

  const engine = {
    worker: null, ready: false, running: null, waiting: [], loaded: 0,

    run(block) {
      this.waiting.push(block)
      if (!this.worker) this.start()
      this.next()
    },

    start() {
      // Made of a blob, it inherits the page's Content-Security-Policy.
      const script = URL.createObjectURL(new Blob([`import ${JSON.stringify(at("../javascripts/python-worker.js"))}`], { type: "text/javascript" }))
      let asked = false // an older browser doesn't look, and takes the script for one of another kind
      this.worker = new Worker(script, { get type() { asked = true; return "module" } })
      if (!asked || typeof WebAssembly !== "object") return this.fail(words.unable)
      this.ready = false
      this.loaded = 0
      this.worker.onmessage = ({ data }) => this.hear(data)
      this.worker.onerror = () => this.fail()
      const files = Object.entries(settings.files).map(([path, file]) => [path, { ...file, address: at(file.address) }])
      this.worker.postMessage({ start: { engine: at(settings.engine), archive: at(settings.archive), files: Object.fromEntries(files), sizes: settings.sizes } })
      this.watch()
    },

    watch() {
      clearTimeout(this.watchdog)
      this.watchdog = setTimeout(() => this.fail(), PATIENCE)
    },

    next() {
      if (this.ready && !this.running && this.waiting.length) {
        this.running = this.waiting.shift()
        this.running.begin()
        this.worker.postMessage({ run: 0, code: this.running.code })
      }
      for (const block of this.waiting) this.ready ? block.tell(words.waiting) : block.load(this.loaded)
    },

    hear(data) {
      if (data.loaded) {
        this.loaded = data.loaded
        this.watch()
        for (const block of this.waiting) block.load(this.loaded)
      } else if (data.ready) {
        clearTimeout(this.watchdog)
        this.ready = true
        remember()
        this.next()
      } else if (data.text !== undefined) {
        this.running?.print(data.text, data.error)
      } else if (data.seconds !== undefined) {
        const block = this.running
        this.running = null
        block?.end(data)
        this.next()
      } else if (data.failed) {
        this.ready ? this.crash() : this.fail()
      }
    },

    end() {
      clearTimeout(this.watchdog)
      this.worker?.terminate() // a worker that has failed once never loads again
      this.worker = null
      this.ready = false
    },

    fail(reason = words.failed) {
      this.end()
      for (const block of this.waiting.splice(0)) block.rest(reason, true)
    },

    crash() {
      this.end()
      this.running?.rest(words.crashed)
      this.running = null
      if (this.waiting.length) this.start()
    },

    stop(block) {
      this.waiting = this.waiting.filter(other => other !== block)
      if (this.running === block || (!this.ready && !this.waiting.length)) {
        this.end()
        this.running = null
        if (this.waiting.length) this.start()
      }
      block.rest(words.stopped)
      this.next()
    },
  }

  // Whether Python has been loaded before: then it comes from the browser's own store, and the buttons say nothing of its size.
  const LOADED = "python"
  const loadedBefore = () => { try { return __md_get(LOADED) === settings.engine } catch { return false } }
  const remember = () => {
    try { __md_set(LOADED, settings.engine) } catch { /* nothing can be kept here */ }
    for (const button of document.querySelectorAll(".run-code")) button.title = words.again
  }

  // ---- a block: its code, what the book prints under it, and under that what this reader's run prints

  const element = (tag, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), properties)
    made.append(...children)
    return made
  }
  const button = (name, className, action) => {
    const made = element("button", { type: "button", className, textContent: words[name] })
    made.addEventListener("click", action)
    return made
  }

  // ---- what a reader wrote into an exercise stays in this browser, for both languages, until they have it forgotten

  const WRITTEN = "written"
  const written = {
    all() { try { return __md_get(WRITTEN) ?? {} } catch { return {} } },
    set(key, value) {
      const all = this.all()
      if (value) all[key] = value
      else delete all[key]
      try { __md_set(WRITTEN, all) } catch { /* nothing can be kept here: it lasts as long as the page */ }
    },
  }
  const page = location.pathname.replace(__md_scope.pathname, "").replace(/^en\//, "")
  const forget = document.querySelector("#forget")
  forget?.append(" ", button("forget", "run-forget", ({ target }) => {
    try { __md_set(WRITTEN, {}) } catch { /* there is nothing */ }
    target.textContent = words.forgotten
  }))

  class Block {
    constructor(box) {
      this.shown = box.querySelector("code")
      this.original = this.shown.textContent.replace(/\n$/, "")
      this.printed = box.nextElementSibling
      this.starter = button("run", "run-code", () => this.run())
      this.starter.title = loadedBefore() ? words.again : words.runTitle(megabytes(total))
      this.shown.after(this.starter)
      const exercise = box.closest(".admonition.example")
      if (exercise) this.exercise(exercise, [...exercise.querySelectorAll(".language-python.highlight")].indexOf(box))
    }

    exercise(box, place) {
      this.key = `${page}#${box.querySelector("[id^=exercise-]")?.id ?? "example"}.${place}`
      this.hash = __md_hash(this.original)
      const lines = new Set(this.original.split("\n"))
      const likeness = code => code.textContent.split("\n").filter(line => line.trim() && lines.has(line)).length
      const solutions = box.nextElementSibling?.matches("details.success") ? [...box.nextElementSibling.querySelectorAll(".language-python.highlight code")] : []
      this.solution = solutions.sort((one, other) => likeness(other) - likeness(one))[0]
      const kept = written.all()[this.key]
      if (kept?.hash === this.hash) this.edit(kept.code)
      else if (kept) {
        this.open()
        this.rest(words.changed)
        this.mine = button("mine", "run-mine", () => { this.edit(kept.code); this.mine.remove(); this.editor.focus() })
        this.status.after(this.mine)
      }
    }

    get code() { return this.editor ? this.editor.value : this.original }
    get isAnswer() { return Boolean(this.solution) && this.code !== this.original }
    get expected() { return linesOf(this.isAnswer ? this.solution.closest(".highlight").nextElementSibling : this.printed) }

    // Made at the first run.
    open() {
      if (this.panel) return
      this.status = element("span", { className: "run-status", role: "status" })
      this.progress = element("progress", { max: total, hidden: true })
      this.stopper = button("stop", "run-stop", () => this.stop())
      this.again = button("run", "run-again", () => this.run())
      this.changer = button("edit", "run-edit", () => this.edit())
      this.resetter = button("reset", "run-reset", () => this.reset())
      this.resetter.hidden = true
      this.output = element("code", {})
      this.result = element("pre", { tabIndex: 0, role: "region", ariaLabel: words.output, hidden: true }, this.output)
      this.comparer = button("compare", "run-compare", () => this.compare())
      this.comparer.hidden = true
      const bar = element("div", { className: "run-bar" }, this.status, this.progress, this.stopper, this.again, this.changer, this.resetter, this.comparer)
      this.panel = element("div", { className: "run-panel" }, bar, this.result)
      this.printed.after(this.panel)
    }

    run() {
      this.open()
      if (this.busy) return
      this.busy = true
      this.panel.dataset.state = "busy"
      delete this.panel.dataset.end
      this.comparison?.remove()
      this.panel.scrollIntoView({ block: "nearest" })
      const focused = this.panel.contains(document.activeElement)
      this.stopper.hidden = false
      this.again.hidden = this.changer.hidden = true
      if (focused) this.stopper.focus()
      this.again.textContent = words.run
      engine.run(this)
    }

    stop() { engine.stop(this) }

    tell(text) { if (this.status.textContent !== text) this.status.textContent = text }

    load(loaded) {
      this.tell(loaded < total * .98 ? words.loading(megabytes(total)) : words.starting)
      this.progress.hidden = false
      this.progress.value = loaded
      this.progress.title = `${megabytes(loaded)} / ${megabytes(total)} MB`
    }

    begin() {
      this.progress.hidden = true
      this.tell(words.running)
      this.pieces = []
      this.output.textContent = ""
      this.result.hidden = true
    }

    print(text, error) {
      this.result.hidden = false
      this.pieces.push({ text, error })
      this.output.append(error ? element("span", { className: "run-error", textContent: text }) : text)
    }

    end({ broke, seconds, cut }) {
      const lines = this.show()
      const time = seconds < .095 ? seconds.toFixed(2) : seconds.toFixed(1)
      const verdict = broke ? "broke" : this.verdict() ?? (lines ? "differs" : "same")
      this.panel.dataset.end = verdict
      this.rest(broke ? words.broke(broke) : cut ? words.cut : verdict === "differs" ? words.differs(lines, time) : words[verdict](time))
    }

    // Of an exercise that a reader has changed: whether its checks say what they say in the solution.
    verdict() {
      if (!this.isAnswer) return null
      const wanted = this.expected, found = this.lines()
      const answers = lines => lines.join("\n").match(/\b(True|False)\b/g)
      const [right, mine] = answers(wanted) ? [answers(wanted), answers(found)] : [wanted, found]
      return right.join("\n") === mine?.join("\n") ? "right" : "wrong"
    }

    lines() {
      return afterReturns(this.pieces.filter(piece => !piece.error).map(piece => piece.text).join("")).replace(/\n$/, "").split("\n")
    }

    // What was printed, line by line beside the book, or beside the solution; the number of lines that differ.
    show() {
      const lines = this.lines()
      const errors = this.pieces.filter(piece => piece.error).map(piece => piece.text).join("")
      const expected = this.expected
      this.output.replaceChildren(...lines.flatMap((line, i) => [
        element("span", { className: line === expected[i] ? "run-line" : "run-line differs", textContent: line || "\u200b" }), "\n",
      ]))
      if (lines.length === 1 && !lines[0]) this.output.replaceChildren()
      if (errors) this.output.append(element("span", { className: "run-error", textContent: errors }))
      this.result.hidden = !this.output.textContent
      return lines.filter((line, i) => line !== expected[i]).length + Math.max(0, expected.length - lines.length)
    }

    rest(text, failed = false) {
      this.busy = false
      delete this.panel.dataset.state
      this.progress.hidden = true
      this.tell(text)
      this.again.hidden = this.changer.hidden = false
      if (failed) this.again.textContent = words.retry
      this.changer.hidden = Boolean(this.editor)
      this.comparer.hidden = !this.solution || !this.editor
      this.panel.scrollIntoView({ block: "nearest" })
      if (document.activeElement === this.stopper) this.again.focus()
      this.stopper.hidden = true
    }

    edit(code = null) {
      this.open()
      this.editor?.remove()
      this.editor = element("textarea", { className: "run-editor", value: code ?? this.original, spellcheck: false, autocapitalize: "off", autocomplete: "off", ariaLabel: words.code, wrap: "off" })
      const grow = () => { this.editor.rows = this.editor.value.split("\n").length }
      grow()
      this.editor.addEventListener("input", () => {
        grow()
        this.resetter.hidden = this.code === this.original
        if (this.key) written.set(this.key, this.code === this.original ? null : { hash: this.hash, code: this.code })
      })
      this.editor.addEventListener("keydown", event => this.press(event))
      this.shown.hidden = true
      this.shown.after(this.editor)
      this.changer.hidden = true
      this.resetter.hidden = this.code === this.original
      if (code !== null) return
      this.editor.focus()
      this.editor.setSelectionRange(0, 0)
    }

    press(event) {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault()
        this.run()
      } else if (event.key === "Escape") {
        event.preventDefault()
        for (const next of [this.stopper, this.again]) if (!next.hidden) next.focus()
      } else if (event.key === "Tab" && !event.shiftKey && !event.ctrlKey && !event.altKey) {
        event.preventDefault()
        document.execCommand("insertText", false, "    ") // keeps the browser's undo
      }
    }

    reset() {
      this.editor.remove()
      this.editor = null
      this.shown.hidden = false
      this.resetter.hidden = true
      this.comparer.hidden = true
      this.comparison?.remove()
      this.changer.hidden = false
      this.changer.focus()
      if (this.key) written.set(this.key, null)
    }

    compare() {
      this.comparison?.remove()
      const rows = differences(this.code.trimEnd().split("\n"), this.solution.textContent.trimEnd().split("\n"))
      const legend = element("p", {}, ...(rows.some(row => row.sign !== " ") ? [element("span", { className: "removed", textContent: `− ${words.yours}` }), " ", element("span", { className: "added", textContent: `+ ${words.solutions}` })] : [words.equal]))
      const lines = rows.flatMap(({ sign, line }) => [element("span", { className: { "−": "removed", "+": "added", " ": "" }[sign], textContent: `${sign} ${line}` }), "\n"])
      this.comparison = element("div", { className: "run-comparison", role: "region", ariaLabel: words.comparison, tabIndex: -1 }, legend, element("pre", { tabIndex: 0 }, element("code", {}, ...lines)))
      this.panel.append(this.comparison)
      this.comparison.focus()
    }
  }

  const linesOf = output => output.querySelector("code").textContent.replace(/\n$/, "").split("\n")

  // The lines of two texts in one list: in both " ", in the first only "−", in the second only "+". By their longest common part.
  const differences = (first, second) => {
    const longest = Array.from({ length: first.length + 1 }, () => new Array(second.length + 1).fill(0))
    for (let i = first.length - 1; i >= 0; i--)
      for (let j = second.length - 1; j >= 0; j--)
        longest[i][j] = first[i] === second[j] ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1])
    const rows = []
    for (let i = 0, j = 0; i < first.length || j < second.length;)
      if (i < first.length && first[i] === second[j]) rows.push({ sign: " ", line: first[i] }), i++, j++
      else if (j === second.length || (i < first.length && longest[i + 1][j] >= longest[i][j + 1])) rows.push({ sign: "−", line: first[i++] })
      else rows.push({ sign: "+", line: second[j++] })
    return rows
  }

  // A terminal goes back to the line's start at a return, and writes over it.
  const afterReturns = text => text.replace(/\r\n/g, "\n").split("\n").map(line => line.split("\r").filter((part, i, parts) => part || i === parts.length - 1).at(-1) ?? "").join("\n")

  for (const box of document.querySelectorAll(".language-python.highlight")) if (box.nextElementSibling?.matches(".language-text")) new Block(box)
}
