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

  // Each element is looked at once, however much text stands in it.
  const once = compute => {
    const known = new Map()
    return element => {
      if (!known.has(element)) known.set(element, compute(element))
      return known.get(element)
    }
  }
  const behind = once(element => element ? over(channels(getComputedStyle(element).backgroundColor), behind(element.parentElement)) : [1, 1, 1, 1])
  const opacity = once(element => element ? getComputedStyle(element).opacity * opacity(element.parentElement) : 1)
  const shapes = once(svg => [...svg.querySelectorAll("rect, circle, ellipse, polygon, path")].map(shape => {
    const { fill, fillOpacity } = getComputedStyle(shape)
    return fill !== "none" && { shape, color: fade(channels(fill), fillOpacity), box: shape.getBoundingClientRect(), inverse: shape.getScreenCTM().inverse() }
  }).filter(Boolean))

  // In a drawing, text stands on the shapes that were drawn before it.
  function behindLabel(text, svg) {
    const box = text.getBBox()
    const center = new DOMPoint(box.x + box.width / 2, box.y + box.height / 2).matrixTransform(text.getScreenCTM())
    let below = behind(svg)
    for (const { shape, color, box: { left, right, top, bottom }, inverse } of shapes(svg)) {
      if (shape.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_PRECEDING) break
      const within = center.x >= left - 1 && center.x <= right + 1 && center.y >= top - 1 && center.y <= bottom + 1
      if (within && shape.isPointInFill(center.matrixTransform(inverse))) below = over(color, below)
    }
    return below
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
