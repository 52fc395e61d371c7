// Run: a block of code runs in the reader's browser, and can be changed. Under what the book prints stands what this run prints.
import { loadedBefore } from "./python.js"
import { button, element, inLanguage, megabytes, Task } from "./task.js"

const words = inLanguage({
  zh: {
    run: "运行", edit: "编辑", reset: "复原",
    title: `在你的浏览器里运行（第一次要载入 ${megabytes} MB）`, again: "在你的浏览器里运行",
    same: seconds => `与书上的输出一致 · ${seconds} 秒`, differs: (seconds, lines) => `${lines} 行与书上不同 · ${seconds} 秒`,
    right: seconds => `做对了 · ${seconds} 秒`, wrong: seconds => `还不对 · ${seconds} 秒`,
    broke: (error, line) => `出错：${error}${line ? `，第 ${line} 行` : ""}`, cut: "输出太长，后面的不显示了",
    code: "代码，可以修改；按 Ctrl+Enter 运行，按 Esc 离开", output: "你这次运行的输出",
    compare: "对照解答", comparison: "你的代码与解答逐行对照", yours: "你的", solutions: "解答的", equal: "你的代码与解答一字不差。",
    mine: "换成你写的", changed: "你写过这道题，后来书里改了它的起始代码。",
    forget: "清除我写过的代码", forgotten: "已清除",
  },
  en: {
    run: "Run", edit: "Edit", reset: "Reset",
    title: `Run it in your browser (loads ${megabytes} MB the first time)`, again: "Run it in your browser",
    same: seconds => `The same as in the book · ${seconds} s`,
    differs: (seconds, lines) => `${lines} ${lines === 1 ? "line differs" : "lines differ"} from the book · ${seconds} s`,
    right: seconds => `Right · ${seconds} s`, wrong: seconds => `Not yet · ${seconds} s`,
    broke: (error, line) => `Broke off: ${error}${line ? `, line ${line}` : ""}`, cut: "Too much output: the rest isn’t shown",
    code: "Code, to be changed; Ctrl+Enter runs it, Esc leaves it", output: "The output of your run",
    compare: "Compare with the solution", comparison: "Your code and the solution, line by line", yours: "yours", solutions: "the solution’s", equal: "Your code is the solution, letter by letter.",
    mine: "Take yours", changed: "You wrote an answer here; the book’s starter has changed since.",
    forget: "Forget the code I wrote", forgotten: "Forgotten",
  },
})

// ---- what a reader wrote into an exercise stays in this browser, for both languages, until they have it forgotten

const written = {
  all() { try { return __md_get("written") ?? {} } catch { return {} } },
  set(key, value) {
    const all = this.all()
    if (value) all[key] = value
    else delete all[key]
    this.keep(all)
  },
  keep(all) { try { __md_set("written", all) } catch { /* nothing can be kept here: it lasts as long as the page */ } },
}
const page = location.pathname.replace(__md_scope.pathname, "").replace(/^en\//, "")
document.querySelector("#forget")?.append(" ", button(words.forget, "run-forget", ({ target }) => {
  written.keep({})
  target.textContent = words.forgotten
}))

// ---- a block

class Block extends Task {
  constructor(box) {
    super()
    this.shown = box.querySelector("code")
    this.original = this.shown.textContent.replace(/\n$/, "")
    this.printed = box.nextElementSibling
    this.starter = button(words.run, "run-code", () => this.start())
    this.starter.title = loadedBefore() ? words.again : words.title
    this.shown.after(this.starter)
    const exercise = box.closest(".admonition.example")
    if (exercise) this.belongTo(exercise, [...exercise.querySelectorAll(".language-python.highlight")].indexOf(box))
  }

  belongTo(exercise, place) {
    this.key = `${page}#${exercise.querySelector("[id^=exercise-]")?.id ?? "example"}.${place}`
    this.hash = __md_hash(this.original)
    this.solution = this.mostAlike(exercise.nextElementSibling)
    const kept = written.all()[this.key]
    if (kept?.hash === this.hash) this.edit(kept.code)
    else if (kept) {
      this.open()
      this.rest(words.changed)
      const mine = button(words.mine, "run-mine", () => { this.edit(kept.code); mine.remove(); this.editor.focus() })
      this.status.after(mine)
    }
  }

  // Of the blocks in the solution the one that has most of this one's lines.
  mostAlike(solution) {
    if (!solution?.matches("details.success")) return
    const lines = new Set(this.original.split("\n"))
    const likeness = code => code.textContent.split("\n").filter(line => line.trim() && lines.has(line)).length
    return [...solution.querySelectorAll(".language-python.highlight code")].sort((one, other) => likeness(other) - likeness(one))[0]
  }

  get code() { return this.editor ? this.editor.value : this.original }
  get isAnswer() { return Boolean(this.solution) && this.code !== this.original }
  get expected() { return linesOf(this.isAnswer ? this.solution.closest(".highlight").nextElementSibling : this.printed) }

  // The panel is made at the first run.
  open() {
    if (this.panel) return
    this.again = button(words.run, "run-again", () => this.start())
    this.changer = button(words.edit, "run-edit", () => this.edit())
    this.resetter = button(words.reset, "run-reset", () => this.reset())
    this.comparer = button(words.compare, "run-compare", () => this.compare())
    this.resetter.hidden = this.comparer.hidden = true
    this.output = element("code")
    this.result = element("pre", { tabIndex: 0, role: "region", ariaLabel: words.output, hidden: true }, this.output)
    const bar = element("div", { className: "run-bar" }, this.status, this.progress, this.stopper, this.again, this.changer, this.resetter, this.comparer)
    this.panel = element("div", { className: "run-panel" }, bar, this.result)
    this.printed.after(this.panel)
  }

  start() {
    this.open()
    if (this.busy) return
    this.panel.dataset.state = "busy"
    delete this.panel.dataset.end
    this.comparison?.remove()
    const focused = this.panel.contains(document.activeElement)
    this.again.hidden = this.changer.hidden = true
    super.start()
    if (focused) this.stopper.focus()
    this.panel.scrollIntoView({ block: "nearest" })
  }

  begin() {
    super.begin()
    this.output.textContent = ""
    this.result.hidden = true
  }

  print(text, error) {
    super.print(text, error)
    this.result.hidden = false
    this.output.append(error ? element("span", { className: "run-error", textContent: text }) : text)
  }

  end({ broke, seconds, cut }) {
    const different = this.show()
    const verdict = broke ? "broke" : this.verdict() ?? (different ? "differs" : "same")
    this.panel.dataset.end = verdict
    this.rest(broke ? words.broke(...broke.split(", line ")) : cut ? words.cut : words[verdict](seconds.toFixed(seconds < .095 ? 2 : 1), different))
  }

  // What was printed, line by line beside the book, or beside the solution; the number of lines that differ.
  show() {
    const lines = this.lines, expected = this.expected
    const isNothing = lines.length === 1 && !lines[0]
    this.output.replaceChildren(...isNothing ? [] : lines.flatMap((line, i) => [
      element("span", { className: line === expected[i] ? "run-line" : "run-line differs", textContent: line || "\u200b" }), "\n",
    ]))
    const errors = this.written(true)
    if (errors) this.output.append(element("span", { className: "run-error", textContent: errors }))
    this.result.hidden = !this.output.textContent
    return lines.filter((line, i) => line !== expected[i]).length + Math.max(0, expected.length - lines.length)
  }

  get lines() { return asOnTerminal(this.written(false)).replace(/\n$/, "").split("\n") }

  // Of an exercise that the reader has changed: whether its checks say what they say in the solution.
  verdict() {
    if (!this.isAnswer) return null
    const checks = lines => lines.join("\n").match(/\b(True|False)\b/g)
    const [wanted, found] = checks(this.expected) ? [checks(this.expected), checks(this.lines)] : [this.expected, this.lines]
    return wanted.join("\n") === found?.join("\n") ? "right" : "wrong"
  }

  rest(how) {
    const focused = document.activeElement === this.stopper
    super.rest(how)
    delete this.panel.dataset.state
    for (const starter of [this.starter, this.again]) starter.title = loadedBefore() ? words.again : words.title
    this.again.textContent = this.failed ? this.retry : words.run
    this.again.hidden = false
    this.changer.hidden = Boolean(this.editor)
    this.comparer.hidden = !this.solution || !this.editor
    if (focused) this.again.focus()
    this.panel.scrollIntoView({ block: "nearest" })
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
      this.start()
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
    this.resetter.hidden = this.comparer.hidden = true
    this.comparison?.remove()
    this.changer.hidden = false
    this.changer.focus()
    if (this.key) written.set(this.key, null)
  }

  compare() {
    this.comparison?.remove()
    const rows = differences(this.code.trimEnd().split("\n"), this.solution.textContent.trimEnd().split("\n"))
    const isEqual = rows.every(row => row.sign === " ")
    const legend = isEqual ? [words.equal] : [
      element("span", { className: "removed", textContent: `− ${words.yours}` }), " ",
      element("span", { className: "added", textContent: `+ ${words.solutions}` }),
    ]
    const lines = rows.flatMap(({ sign, line }) => [
      element("span", { className: { "−": "removed", "+": "added", " ": "" }[sign], textContent: `${sign} ${line}` }), "\n",
    ])
    this.comparison = element(
      "div", { className: "run-comparison", role: "region", ariaLabel: words.comparison, tabIndex: -1 },
      element("p", {}, ...legend), element("pre", { tabIndex: 0 }, element("code", {}, ...lines)),
    )
    this.panel.append(this.comparison)
    this.comparison.focus()
  }
}

const linesOf = output => output.querySelector("code").textContent.replace(/\n$/, "").split("\n")

// A terminal goes back to the line's start at a return, and writes over it.
const asOnTerminal = text => text.replace(/\r\n/g, "\n").split("\n").map(line => line.split("\r").filter(Boolean).at(-1) ?? "").join("\n")

// The lines of two texts as one list, by their longest common part: in both " ", in the first only "−", in the second only "+".
function differences(first, second) {
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

for (const box of document.querySelectorAll(".language-python.highlight"))
  if (box.nextElementSibling?.matches(".language-text")) new Block(box)
