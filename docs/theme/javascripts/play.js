// Play: the reader begins and a model goes on, or draws a digit and a network reads it. Python computes all of it (play.py).
import { button, element, inLanguage, Task } from "./task.js"

const words = inLanguage({
  zh: {
    model: "模型", idioms: "成语", names: "英文名字", beginning: "开头，可以不写", temperature: "温度，谨慎到大胆", top_k: "top-k，留前几名", all: "全部",
    write: "写", one: "只写一个词元", clear: "清空", next: "下一个词元的概率", end: "结束", history: "写过的", at: temperature => `温度 ${temperature}`,
    unknown: characters => `模型没有见过 ${characters.join(" ")}。`, longest: count => `开头最多写 ${count} 个字符。`,
    wrote: text => `写成了：${text}`, full: text => `写满了，模型没有说结束：${text}`, sofar: text => `写到：${text || "（还没有字）"}`,
    sheet: "画一个数字", here: "在这里画 0 到 9", test: "看一张测试图片", sees: (digit, percent) => `网络看到的是 ${digit}，概率 ${percent}`,
    is: label => `，标签是 ${label}`, image: "网络读到的 8 × 8 图片", nearest: "最像它的训练图片", label: label => `标签 ${label}`, probability: "各个数字的概率",
  },
  en: {
    model: "Model", idioms: "Chinese idioms", names: "names", beginning: "Beginning, or nothing", temperature: "Temperature, cautious to bold", top_k: "Top-k, how many to choose from", all: "all",
    write: "Write", one: "One token", clear: "Clear", next: "Probability of the next token", end: "end", history: "Written before", at: temperature => `temperature ${temperature}`,
    unknown: characters => `The model has never seen ${characters.join(" ")}.`, longest: count => `A beginning has at most ${count} characters.`,
    wrote: text => `Written: ${text}`, full: text => `No room left, and the model hasn’t said end: ${text}`, sofar: text => `So far: ${text || "(nothing yet)"}`,
    sheet: "Draw a digit", here: "Draw 0 to 9 here", test: "Take a test image", sees: (digit, percent) => `The network sees a ${digit}, with a probability of ${percent}`,
    is: label => `; the label is ${label}`, image: "The 8 × 8 image that the network reads", nearest: "The training images most like it", label: label => `label ${label}`, probability: "Probability of each digit",
  },
})
const percent = p => p > .995 && p < 1 ? ">99%" : p < .005 && p > 0 ? "<1%" : `${Math.round(100 * p)}%`
const PACE = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 250 // milliseconds for a token, to look at its distribution

class Play extends Task {
  constructor() {
    super()
    this.bar = element("div", { className: "run-bar" }, this.status, this.progress, this.stopper)
  }

  // Run a line of Python. What is asked for meanwhile comes after it: the last, and a wish to write before a mere look.
  ask(code) {
    this.code = `import play\nplay.${code}`
    this.start()
  }
  later(action, matters = true) {
    if (matters || !this.then?.matters) this.then = { action, matters }
  }

  begin() { this.progress.hidden = true }

  print(text, error) {
    super.print(text, error)
    if (error) return
    const lines = this.written(false).split("\n")
    for (; this.seen < lines.length - 1; this.seen++) this.hear(JSON.parse(lines[this.seen]))
  }

  start() {
    this.seen = 0
    super.start()
  }

  end({ broke }) {
    const then = this.then
    this.rest(broke ? this.written(true).trim().split("\n").at(-1) : this.said ?? "")
    then?.action()
  }

  // A wish doesn't outlive a stop or a failure.
  rest(how) {
    delete this.then
    super.rest(how)
  }
}

// Bars of probabilities, as a list that can be read.
function chart(title, rows) {
  return element("div", { className: "play-chart" }, element("p", { textContent: title }), element("ul", {}, ...rows.map(([name, p]) => {
    const bar = element("span", { className: "play-bar", ariaHidden: "true" })
    bar.style.setProperty("--share", p)
    return element("li", {}, element("span", { className: "play-name", textContent: name }), bar, element("span", { className: "play-share", textContent: percent(p) }))
  })))
}

class Writing extends Play {
  constructor(place) {
    super()
    this.model = inLanguage({ zh: "idioms", en: "names" })
    const other = inLanguage({ zh: "names", en: "idioms" })
    this.choice = element("select", { className: "play-model" }, ...[this.model, other].map(name => element("option", { value: name, textContent: words[name] })))
    this.choice.addEventListener("change", () => { this.model = this.choice.value; this.empty() })
    this.beginning = element("input", { type: "text", className: "play-text", autocomplete: "off", autocapitalize: "off", spellcheck: false })
    this.temperature = slider(words.temperature, 0, 20, 8, value => (value / 10).toFixed(1))
    this.top_k = slider(words.top_k, 1, 21, 21, value => value === 21 ? words.all : value)
    this.text = element("div", { className: "play-written" })
    this.distribution = element("div")
    this.history = element("ol", { className: "play-history", ariaLabel: words.history })
    this.writer = button(words.write, "play-main", () => this.write(99))
    this.stepper = button(words.one, "", () => this.write(1))
    this.clearer = button(words.clear, "", () => this.empty())
    place.replaceChildren(
      element("div", { className: "play-begin" },
        element("label", {}, element("span", { textContent: words.model }), this.choice),
        element("label", {}, element("span", { textContent: words.beginning }), this.beginning)),
      element("div", { className: "play-settings" }, this.temperature.label, this.top_k.label),
      element("div", { className: "play-buttons" }, this.writer, this.stepper, this.clearer),
      this.text, this.bar, this.distribution, this.history,
    )
    this.beginning.addEventListener("input", event => event.isComposing || this.look())
    this.beginning.addEventListener("compositionend", () => this.look())
    this.beginning.addEventListener("keydown", event => { if (event.key === "Enter" && !event.isComposing) this.write(99) })
    for (const { input } of [this.temperature, this.top_k]) input.addEventListener("input", () => this.look())
  }

  empty() {
    for (const part of [this.beginning, this.text]) part.lang = this.model === "idioms" ? "zh" : "en"
    this.beginning.value = ""
    this.look()
    this.beginning.focus()
  }

  // A finished word isn't gone on with: the reader begins anew.
  write(most) {
    if (this.busy) return this.later(() => this.write(most))
    const goesOn = this.current !== undefined && !this.isOver && this.beginning.value === this.from
    this.from = this.beginning.value
    this.isOver = false
    this.go(goesOn ? this.current : this.from, most)
  }

  // What would be next, after what stands there.
  look() {
    if (this.busy) return this.later(() => this.look(), false)
    this.from = this.beginning.value
    this.isOver = false
    this.go(this.from, 0)
  }

  go(text, most) {
    const top_k = this.top_k.input.value === "21" ? "None" : this.top_k.input.value
    this.next = text
    this.nextTemperature = this.temperature.shown()
    const seed = crypto.getRandomValues(new Uint32Array(1))[0]
    this.ask(`write(${JSON.stringify(this.model)}, ${JSON.stringify(text.trim())}, temperature=${this.temperature.input.value / 10}, top_k=${top_k}, seed=${seed}, most=${most})`)
  }

  begin() {
    super.begin()
    this.current = this.next
    this.said = words.sofar(this.current)
    this.heard = []
    this.ended = null
  }

  // Python is faster than the eye: what it wrote is shown token by token, and only then is this at its end.
  hear(line) {
    this.heard.push(line)
    if (!this.pacing) this.showNext()
  }

  showNext() {
    const line = this.heard.shift()
    if (line) this.show(line)
    this.pacing = line && setTimeout(() => this.showNext(), this.heard.length || !this.ended ? PACE : 0)
    if (!line && this.ended) super.end(this.ended)
  }

  end(how) {
    this.ended = how
    if (!this.pacing) super.end(how)
  }

  rest(how) {
    clearTimeout(this.pacing)
    this.pacing = null
    super.rest(how)
  }

  show({ token, distribution, full, unknown, longest }) {
    if (unknown || longest) {
      this.said = unknown ? words.unknown(unknown) : words.longest(longest)
      this.distribution.replaceChildren()
      this.text.replaceChildren()
      return
    }
    const name = text => text === "\n" ? words.end : text
    this.distribution.replaceChildren(chart(words.next, distribution.map(([text, p]) => [name(text), p])))
    if (token && token !== "\n") this.current += token
    this.isOver = full || token === "\n"
    this.said = (full ? words.full : this.isOver ? words.wrote : words.sofar)(this.current)
    if (this.isOver) {
      this.history.prepend(element("li", {}, this.current, " ", element("span", { textContent: words.at(this.nextTemperature) })))
      if (this.history.children.length > 8) this.history.lastChild.remove()
    }
    this.text.replaceChildren(this.from, element("strong", { textContent: this.current.slice(this.from.length) }))
  }
}

function slider(name, min, max, value, shown) {
  const input = element("input", { type: "range", min, max, value })
  const output = element("span", { className: "value" })
  const tell = () => {
    output.textContent = shown(+input.value)
    input.setAttribute("aria-valuetext", output.textContent)
  }
  input.addEventListener("input", tell)
  tell()
  return { input, shown: () => output.textContent, label: element("label", {}, element("span", { textContent: name }), input, output) }
}

// An image of 8 × 8 gray values, as SVG in the page's own ink.
function picture(image, title) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  svg.setAttribute("viewBox", "0 0 8 8")
  svg.setAttribute("role", "img")
  svg.setAttribute("aria-label", title)
  svg.innerHTML = image.map((gray, i) => `<rect x="${i % 8}" y="${Math.floor(i / 8)}" width="1.02" height="1.02" fill-opacity="${gray}"/>`).join("")
  return svg
}

class Drawing extends Play {
  constructor(place) {
    super()
    this.sheet = element("canvas", { width: 280, height: 280, className: "play-sheet", role: "img", ariaLabel: words.sheet })
    this.strokes = []
    this.answer = element("div", { className: "play-answer" })
    place.replaceChildren(
      element("div", { className: "play-draw" }, element("div", { className: "play-hand" }, this.sheet, element("div", { className: "play-buttons" },
        button(words.clear, "", () => this.clear()), button(words.test, "", () => this.test())), this.bar), this.answer),
    )
    this.sheet.addEventListener("pointerdown", event => this.down(event))
    this.sheet.addEventListener("pointermove", event => this.move(event))
    for (const name of ["pointerup", "pointercancel"]) this.sheet.addEventListener(name, () => this.up())
    this.clear()
  }

  at(event) {
    const box = this.sheet.getBoundingClientRect()
    return [event.clientX - box.left, event.clientY - box.top].map(x => Math.round(10 * x * 280 / box.width) / 10)
  }

  down(event) {
    if (!event.isPrimary || event.button) return
    if (this.isTest) this.clear()
    this.sheet.setPointerCapture(event.pointerId)
    this.drawing = [this.at(event)]
    this.strokes.push(this.drawing)
    this.paint()
  }

  move(event) {
    if (!this.drawing) return
    for (const point of (event.getCoalescedEvents?.() ?? [event])) this.drawing.push(this.at(point))
    this.paint()
  }

  up() {
    if (!this.drawing) return
    this.drawing = null
    this.look()
  }

  look() {
    if (this.busy) this.later(() => this.look())
    else if (this.strokes.length) this.ask(`read(${JSON.stringify(this.strokes)})`)
  }

  paint() {
    const context = this.sheet.getContext("2d")
    context.clearRect(0, 0, 280, 280)
    if (!this.strokes.length && !this.isTest) {
      Object.assign(context, { font: "20px sans-serif", textAlign: "center", fillStyle: getComputedStyle(this.answer).color })
      context.fillText(words.here, 140, 146)
    }
    Object.assign(context, { lineWidth: 22, lineCap: "round", lineJoin: "round", strokeStyle: getComputedStyle(this.sheet).color })
    for (const [first, ...others] of this.strokes) {
      context.beginPath()
      context.moveTo(...first)
      for (const point of others.length ? others : [first]) context.lineTo(...point)
      context.stroke()
    }
  }

  clear() {
    this.strokes = []
    this.isTest = false
    this.paint()
    this.answer.replaceChildren()
    this.tell("")
  }

  test() {
    if (this.busy) return this.later(() => this.test())
    this.clear()
    this.isTest = true
    this.paint()
    this.ask(`read_test_image(${crypto.getRandomValues(new Uint32Array(1))[0]})`)
  }

  hear({ image, probabilities, nearest, label }) {
    if (!this.strokes.length && !this.isTest) return // cleared meanwhile
    const digit = probabilities.indexOf(Math.max(...probabilities))
    this.said = words.sees(digit, percent(probabilities[digit])) + (label === undefined ? "" : words.is(label))
    this.answer.replaceChildren(
      element("div", {}, element("p", { textContent: words.image }), picture(image, words.image)),
      chart(words.probability, probabilities.map((p, i) => [i, p])),
      element("div", { className: "play-nearest" }, element("p", { textContent: words.nearest }), element("div", {}, ...nearest.map(one => element("span", {}, picture(one.image, words.label(one.label)), element("span", { ariaHidden: "true", textContent: words.label(one.label) }))))),
    )
  }
}

for (const figure of document.querySelectorAll("figure.play")) {
  const place = figure.querySelector("[role=group]")
  if (figure.dataset.play === "digit") new Drawing(place)
  else new Writing(place)
}
