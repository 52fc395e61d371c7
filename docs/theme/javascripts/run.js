// Run: a block of code runs in the reader's browser, and can be changed. Under what the book prints stands what this run prints.
import { loadedBefore } from "./python.js"
import { button, element, inLanguage, megabytes, Task, words as task } from "./task.js"

const words = inLanguage({
  zh: {
    run: "运行", edit: "编辑", reset: "复原", undo: "撤销复原", yours: "你的运行", edited: "改了，还没运行",
    title: `在你的浏览器里运行（第一次要载入 ${megabytes} MB）`, again: "在你的浏览器里运行",
    same: seconds => `与书上的输出一致 · ${seconds} 秒`, differs: (seconds, lines) => `${lines} 行与书上不同 · ${seconds} 秒`,
    right: seconds => `做对了 · ${seconds} 秒`, wrong: seconds => `还不对 · ${seconds} 秒`, unsolved: () => "和书上一样，还不对：请改代码",
    kept: "你写的，存在这个浏览器里", keptRight: "你写的，存在这个浏览器里 · 做对了",
    broke: (error, line) => `出错：${error}${line ? `，第 ${line} 行` : ""}`, cut: "输出太长，后面的不显示了",
    code: "代码，可以修改；按 Ctrl+Enter 运行，按 Esc 离开", output: number => `你这次运行的输出（第 ${number} 段代码）`,
    compare: "对照解答", hide: "收起对照", comparison: "你的代码与解答逐行对照", mineLines: "你的", solutions: "解答的", equal: "你的代码与解答一字不差。",
    mine: "换成你写的", changed: "你写过这道题，后来书里改了它的起始代码。",
    forget: "清除我写过的代码", forgotten: "已清除",
  },
  en: {
    run: "Run", edit: "Edit", reset: "Reset", undo: "Undo the reset", yours: "Your run", edited: "Changed, not run yet",
    title: `Run it in your browser (loads ${megabytes} MB the first time)`, again: "Run it in your browser",
    same: seconds => `The same as in the book · ${seconds} s`,
    differs: (seconds, lines) => `${lines} ${lines === 1 ? "line differs" : "lines differ"} from the book · ${seconds} s`,
    right: seconds => `Right · ${seconds} s`, wrong: seconds => `Not yet · ${seconds} s`, unsolved: () => "As in the book, and not right yet: change the code",
    kept: "Yours, kept in this browser", keptRight: "Yours, kept in this browser · right",
    broke: (error, line) => `Broke off: ${error}${line ? `, line ${line}` : ""}`, cut: "Too much output: the rest isn’t shown",
    code: "Code, to be changed; Ctrl+Enter runs it, Esc leaves it", output: number => `The output of your run of block ${number}`,
    compare: "Compare with the solution", hide: "Hide the comparison", comparison: "Your code and the solution, line by line", mineLines: "yours", solutions: "the solution’s", equal: "Your code is the solution, letter by letter.",
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
  constructor(box, number) {
    super()
    this.number = number
    this.shown = box.querySelector("code")
    this.original = this.shown.textContent.replace(/\n$/, "")
    this.printed = box.nextElementSibling
    this.starter = button(words.run, "run-code", () => this.busy ? this.stop() : this.start())
    this.starter.title = loadedBefore() ? words.again : words.title
    this.editing = button(words.edit, "run-change", () => this.edit())
    this.shown.after(this.starter, this.editing)
    const exercise = box.closest(".admonition.example")
    if (exercise) this.belongTo(exercise, [...exercise.querySelectorAll(".language-python.highlight")].indexOf(box))
  }

  belongTo(exercise, place) {
    this.key = `${page}#${exercise.querySelector("[id^=exercise-]")?.id ?? "example"}.${place}`
    this.hash = __md_hash(this.original)
    this.solution = this.mostAlike(exercise.nextElementSibling)
    const kept = written.all()[this.key]
    if (kept?.hash === this.hash) {
      this.edit(kept.code)
      if (kept.right) this.panel.dataset.end = "right"
      this.tell(kept.right ? words.keptRight : words.kept)
    } else if (kept) {
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
    this.undoer = button(words.undo, "run-undo", () => { this.edit(this.discarded); this.changed(); this.editor.focus() })
    this.comparer = button(words.compare, "run-compare", () => this.comparison ? this.hideComparison() : this.compare())
    this.resetter.hidden = this.undoer.hidden = this.comparer.hidden = true
    this.output = element("code")
    this.result = element("pre", { tabIndex: 0, role: "region", ariaLabel: words.output(this.number), hidden: true }, this.output)
    // Run is always the last, so that no other button comes to where it was.
    const bar = element(
      "div", { className: "run-bar" }, element("span", { className: "run-label", textContent: words.yours }), this.status, this.clock, this.progress,
      this.comparer, this.undoer, this.resetter, this.changer, this.stopper, this.again,
    )
    this.panel = element("div", { className: "run-panel" }, bar, this.result)
    this.printed.after(this.panel)
  }

  start() {
    this.open()
    if (this.busy) return
    this.panel.dataset.state = "busy"
    delete this.panel.dataset.end
    this.hideComparison()
    const focused = this.panel.contains(document.activeElement)
    this.again.hidden = true
    this.starter.textContent = task.stop
    this.starter.dataset.state = "busy"
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
    if (this.isAnswer) this.keep(verdict === "right")
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

  // Of an exercise: whether its checks say what they say in the solution.
  verdict() {
    if (!this.solution) return null
    if (!this.isAnswer) return this.lines.join("\n") === linesOf(this.solution.closest(".highlight").nextElementSibling).join("\n") ? "right" : "unsolved"
    const checks = lines => lines.join("\n").match(/\b(True|False)\b/g)
    const [wanted, found] = checks(this.expected) ? [checks(this.expected), checks(this.lines)] : [this.expected, this.lines]
    return wanted.join("\n") === found?.join("\n") ? "right" : "wrong"
  }

  rest(how) {
    const focused = document.activeElement === this.stopper
    super.rest(how)
    delete this.panel.dataset.state
    for (const starter of [this.starter, this.again]) starter.title = loadedBefore() ? words.again : words.title
    this.starter.textContent = words.run
    delete this.starter.dataset.state
    this.again.textContent = this.failed ? task.retry : words.run
    this.again.hidden = false
    this.comparer.hidden = !this.isAnswer
    if (focused) this.again.focus()
    this.panel.scrollIntoView({ block: "nearest" })
  }

  edit(code = null) {
    this.open()
    this.editor?.remove()
    this.editor = element("textarea", { className: "run-editor", value: code ?? this.original, spellcheck: false, autocapitalize: "off", autocomplete: "off", ariaLabel: words.code, wrap: "off" })
    this.editor.addEventListener("input", () => this.changed())
    this.editor.addEventListener("keydown", event => this.press(event))
    this.shown.hidden = true
    this.shown.after(this.editor)
    this.grow()
    this.changer.hidden = this.editing.hidden = this.undoer.hidden = true
    this.resetter.hidden = this.code === this.original
    if (code !== null) return
    this.editor.focus()
    this.editor.setSelectionRange(0, 0)
  }

  grow() { this.editor.rows = this.editor.value.split("\n").length }

  changed() {
    this.grow()
    this.resetter.hidden = this.code === this.original
    this.hideComparison()
    this.keep(false)
    if (this.busy) return
    this.panel.dataset.end = "stale"
    this.tell(words.edited)
  }

  keep(right) {
    if (this.key) written.set(this.key, this.code === this.original ? null : { hash: this.hash, code: this.code, right })
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
    this.discarded = this.code
    this.editor.remove()
    this.editor = null
    this.shown.hidden = this.editing.hidden = this.changer.hidden = this.undoer.hidden = false
    this.resetter.hidden = this.comparer.hidden = this.result.hidden = true
    this.hideComparison()
    delete this.panel.dataset.end
    this.tell("")
    this.undoer.focus()
    if (this.key) written.set(this.key, null)
  }

  hideComparison() {
    this.comparison?.remove()
    this.comparison = null
    this.comparer.textContent = words.compare
  }

  compare() {
    const rows = differences(this.code.trimEnd().split("\n"), this.solution.textContent.trimEnd().split("\n"))
    const isEqual = rows.every(row => row.sign === " ")
    const legend = isEqual ? [words.equal] : [
      element("span", { className: "removed", textContent: `− ${words.mineLines}` }), " ",
      element("span", { className: "added", textContent: `+ ${words.solutions}` }),
    ]
    const near = (i, from = Math.max(0, i - 1)) => rows.slice(from, i + 2).some(row => row.sign !== " ")
    const lines = rows.flatMap(({ sign, line }, i) => !near(i) ? near(i - 1) || i === 0 ? ["⋯\n"] : [] : [
      element("span", { className: { "−": "removed", "+": "added", " ": "" }[sign], textContent: `${sign} ${line}` }), "\n",
    ])
    this.comparison = element(
      "div", { className: "run-comparison", role: "region", ariaLabel: words.comparison, tabIndex: -1 },
      element("p", {}, ...legend), element("pre", { tabIndex: 0 }, element("code", {}, ...lines)),
    )
    this.panel.append(this.comparison)
    this.comparer.textContent = words.hide
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

for (const [i, box] of document.querySelectorAll(".language-python.highlight:has(+ .language-text)").entries()) new Block(box, i + 1)
