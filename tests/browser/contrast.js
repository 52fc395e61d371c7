// The contrast (WCAG 2) between each visible piece of text and what is behind it, and whether its element matches `selector`:
// [{text, element, chosen, ratio}, …], the weakest first.
selector => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true })
  const known = new Map()

  // Any CSS color as [red, green, blue, opacity], each from 0 to 1.
  function channels(color) {
    if (!known.has(color)) {
      canvas.clearRect(0, 0, 1, 1)
      canvas.fillStyle = color
      canvas.fillRect(0, 0, 1, 1)
      known.set(color, [...canvas.getImageData(0, 0, 1, 1).data].map(value => value / 255))
    }
    return known.get(color)
  }

  const fade = ([r, g, b, a], opacity) => [r, g, b, a * opacity]
  const over = (top, bottom) => [0, 1, 2].map(i => top[i] * top[3] + bottom[i] * (1 - top[3])).concat(1)
  const luminance = color => [0.2126, 0.7152, 0.0722].reduce((sum, share, i) => {
    const value = color[i]
    return sum + share * (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
  }, 0)

  function behind(element) {
    const layers = []
    for (let e = element; e; e = e.parentElement) layers.push(channels(getComputedStyle(e).backgroundColor))
    return layers.reduceRight((below, layer) => over(layer, below), [1, 1, 1, 1])
  }

  // In a drawing, text stands on the shapes that were drawn before it.
  function behindLabel(text, svg) {
    const box = text.getBBox()
    const center = new DOMPoint(box.x + box.width / 2, box.y + box.height / 2).matrixTransform(text.getScreenCTM())
    let below = behind(svg)
    for (const shape of svg.querySelectorAll("rect, circle, ellipse, polygon, path")) {
      if (shape.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_PRECEDING) break
      const { fill, fillOpacity } = getComputedStyle(shape)
      if (fill !== "none" && shape.isPointInFill(center.matrixTransform(shape.getScreenCTM().inverse()))) below = over(fade(channels(fill), fillOpacity), below)
    }
    return below
  }

  function opacity(element) {
    let product = 1
    for (let e = element; e; e = e.parentElement) product *= getComputedStyle(e).opacity
    return product
  }

  const found = []
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim()
    const element = walker.currentNode.parentElement
    if (!text || !element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) continue
    const range = document.createRange()
    range.selectNodeContents(walker.currentNode)
    const { width, height } = range.getBoundingClientRect()
    if (width < 2 || height < 2) continue
    const style = getComputedStyle(element)
    const svg = element.closest("svg")
    const background = svg ? behindLabel(element.closest("text"), svg) : behind(element)
    const ink = over(fade(channels(svg ? style.fill : style.color), opacity(element)), background)
    const [dark, light] = [luminance(ink), luminance(background)].sort((a, b) => a - b)
    found.push({ text: text.slice(0, 30), element: `${element.tagName.toLowerCase()}.${element.className?.baseVal ?? element.className}`, chosen: element.matches(selector), ratio: (light + 0.05) / (dark + 0.05) })
  }
  return found.sort((a, b) => a.ratio - b.ratio)
}
