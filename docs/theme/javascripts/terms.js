// A term shows its definition: to a mouse that rests on it, to the keyboard, and to a finger, which follows the link with a
// second tap. Escape, or anything else that the reader does, puts it away.
{
  const note = Object.assign(document.createElement("div"), { id: "definition", className: "term-note md-typeset", role: "tooltip", hidden: true })
  document.querySelector(".md-content").append(note)
  let shown, waiting
  const later = (action, milliseconds) => { clearTimeout(waiting); waiting = setTimeout(action, milliseconds) }

  function hide() {
    clearTimeout(waiting)
    note.hidden = true
    shown?.removeAttribute("aria-describedby")
    shown = null
  }

  function show(term) {
    hide()
    shown = term
    term.setAttribute("aria-describedby", note.id)
    note.replaceChildren(term.nextElementSibling.content.cloneNode(true))
    note.hidden = false
    const word = term.getClientRects()[0], page = note.offsetParent.getBoundingClientRect(), above = word.top - note.offsetHeight - 6
    const left = Math.max(8, Math.min(word.left, Math.min(page.right, innerWidth) - note.offsetWidth - 8))
    const top = above > 60 ? above : word.bottom + 6 // under the header nothing is seen
    Object.assign(note.style, { left: `${left - page.left}px`, top: `${top - page.top}px` })
  }

  for (const term of document.querySelectorAll("a.term")) {
    let touched = false
    term.addEventListener("pointerdown", event => { touched = event.pointerType === "touch" })
    term.addEventListener("pointerenter", event => { if (event.pointerType === "mouse") later(() => show(term), 250) })
    term.addEventListener("pointerleave", event => { if (event.pointerType === "mouse") later(hide, 200) })
    term.addEventListener("focus", () => { if (!touched) show(term) })
    term.addEventListener("blur", hide)
    term.addEventListener("click", event => {
      if (!touched || shown === term) return
      event.preventDefault()
      show(term)
    })
  }
  note.addEventListener("pointerenter", () => clearTimeout(waiting))
  note.addEventListener("pointerleave", () => later(hide, 200))
  document.addEventListener("pointerdown", event => { if (!event.target.closest(".term, .term-note")) hide() })
  document.addEventListener("keydown", event => { if (event.key === "Escape") hide() })
}
