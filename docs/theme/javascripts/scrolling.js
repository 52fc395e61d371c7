// Code, a formula or a table that is too wide for its place can be scrolled by keyboard, too: not every browser stops at what scrolls.
{
  const reachable = new ResizeObserver(entries => {
    const scrolled = entries.map(({ target }) => target.scrollWidth > target.clientWidth)
    for (const [i, { target }] of entries.entries()) {
      if (scrolled[i]) target.tabIndex = 0
      else target.removeAttribute("tabindex")
    }
  })
  for (const box of document.querySelectorAll("div.formula, div.table, pre > code")) reachable.observe(box)
}
