// What was read: a page counts once the heading of its summary has stood on the screen for three seconds. The map ticks it.
// The list stays in this browser, for both languages, until the reader has it forgotten.
{
  const words = document.documentElement.lang === "zh"
    ? { read: "读过", goOn: "接着读：", forget: "清除读过的记录", forgotten: "已清除" }
    : { read: "read", goOn: "Go on: ", forget: "Forget what I have read", forgotten: "Forgotten" }
  const make = (tag, properties) => Object.assign(document.createElement(tag), properties)
  const all = () => { try { return __md_get("read") ?? [] } catch { return [] } }
  const keep = pages => { try { __md_set("read", pages) } catch { /* nothing can be kept here */ } }

  const { page } = document.querySelector(".chapter-head")?.dataset ?? {}
  const end = page && (document.querySelector("#summary") ?? [...document.querySelectorAll(".md-content h2")].pop())
  if (end) {
    let waiting
    new IntersectionObserver(seen => {
      clearTimeout(waiting)
      if (seen.at(-1).isIntersecting) waiting = setTimeout(() => { if (!all().includes(page)) keep([...all(), page]) }, 3000)
    }).observe(end)
  }

  const stations = [...document.querySelectorAll("ol.map a")]
  const tick = () => {
    const read = all()
    for (const station of stations) {
      const isRead = read.includes(station.dataset.page)
      if (isRead === Boolean(station.querySelector(".read"))) continue
      if (isRead) station.querySelector(".title").append(" ", make("span", { className: "read", role: "img", ariaLabel: words.read, textContent: "✓" }))
      else station.querySelector(".read").remove()
    }
    const last = stations.findLastIndex(station => read.includes(station.dataset.page) && station.querySelector(".number").textContent)
    const next = last >= 0 && stations[last + 1]
    const start = document.querySelector("#start")
    if (next) Object.assign(start, { href: next.href, textContent: words.goOn + next.querySelector(".title").firstChild.textContent })
  }
  if (stations.length) addEventListener("pageshow", tick) // also back from a chapter

  document.querySelector("#forget")?.append(" ", Object.assign(make("button", { type: "button", className: "run-forget", textContent: words.forget }), {
    onclick({ target }) {
      keep([])
      target.textContent = words.forgotten
    },
  }))
}
