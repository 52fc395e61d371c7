// A formula or a table that is too wide for its place can be scrolled by keyboard, too: not every browser stops at what scrolls.
{
  const reachable = new ResizeObserver(entries => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0
      else target.removeAttribute("tabindex")
    }
  })
  for (const formula of document.querySelectorAll("div.formula, div.table")) reachable.observe(formula)
}
