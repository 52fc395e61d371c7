// Sliders: every position of a figure was drawn when the site was built. All of them come in one file, at the first touch.
for (const box of document.querySelectorAll(".sliders")) {
  const picture = box.parentElement.querySelector("[role=img]")
  const inputs = [...box.querySelectorAll("input")]
  const plain = picture.innerHTML
  let frames = null, asked = null

  const show = () => {
    // The last slider is the one whose positions follow one another.
    const place = inputs.reduce((sum, input) => sum * (+input.max + 1) + +input.value, 0)
    if (frames) picture.innerHTML = frames[place]
  }
  const tell = input => {
    const value = input.dataset.values.split(" ")[input.value]
    input.setAttribute("aria-valuetext", value)
    input.parentElement.querySelector(".value").textContent = value
  }
  const inlined = box.querySelector("script")
  const ask = () => asked ??= (inlined ? Promise.resolve(JSON.parse(inlined.textContent)) : fetch(box.dataset.frames).then(answer => answer.json()))
    .then(drawn => { frames = drawn; show() })
    .catch(() => { // no connection: back to where the figure is, and the next touch asks again
      asked = null
      for (const input of inputs) { input.value = input.defaultValue; tell(input) }
    })

  for (const input of inputs) {
    for (const touch of ["pointerdown", "focus", "input"]) input.addEventListener(touch, ask)
    input.addEventListener("input", () => { tell(input); show() })
    input.value = input.defaultValue // a browser that comes back to the page would keep the place, but not the figure
  }
  addEventListener("beforeprint", () => { picture.innerHTML = plain })
  addEventListener("afterprint", show)
  box.hidden = false
}
