// A button beside each block of code, which copies it; an output has none, since nobody copies an output.
// Material's bundle listens for data-clipboard-target; the button that it makes itself would lie on the code.
{
  const { translations } = JSON.parse(document.querySelector("#__config").textContent)
  const blocks = document.querySelectorAll(".highlight:not(.language-python + .language-text) > pre > code")
  for (const [number, code] of blocks.entries()) {
    code.id ||= `code-${number}`
    const button = Object.assign(document.createElement("button"), { type: "button", className: "copy-code", title: translations["clipboard.copy"] })
    button.dataset.clipboardTarget = `#${code.id}`
    code.after(button)
  }
}
