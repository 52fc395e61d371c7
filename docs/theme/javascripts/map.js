// The map ticks the pages that were read (reading.js), and the first button goes on from there, until a reader has it forgotten.
{
  const words = document.documentElement.lang === "zh"
    ? { read: "读过", goOn: "接着读", forget: "清除读过的记录", forgotten: "已清除" }
    : { read: "read", goOn: "Go on", forget: "Forget what I have read", forgotten: "Forgotten" }
  const make = (tag, properties) => Object.assign(document.createElement(tag), properties)
  const stations = [...document.querySelectorAll("ol.map a")]

  function tick() {
    let read = []
    try { read = __md_get("read") ?? [] } catch { /* nothing can be kept here */ }
    const isRead = station => read.includes(station.dataset.page)
    const title = station => station.querySelector(".title")
    for (const station of stations) {
      const ticked = station.querySelector(".read")
      if (!isRead(station)) ticked?.remove()
      else if (!ticked) title(station).append(" ", make("span", { className: "read", role: "img", ariaLabel: words.read, textContent: "✓" }))
    }
    const next = stations[stations.findLastIndex(isRead) + 1]
    if (read.length && next) Object.assign(document.querySelector("#start"), { href: next.href, title: title(next).textContent, textContent: words.goOn })
  }
  if (stations.length) addEventListener("pageshow", tick) // also back from a chapter

  const forget = make("button", { type: "button", className: "run-forget", textContent: words.forget })
  forget.addEventListener("click", () => {
    try { __md_set("read", []) } catch { /* nothing was kept */ }
    forget.textContent = words.forgotten
  })
  document.querySelector("#forget")?.append(" ", forget)
}
