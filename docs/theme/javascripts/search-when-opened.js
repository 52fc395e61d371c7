// Material asks for the search index and its worker at page load. They weigh more than a page, and most readers don't search:
// both wait here until the search is opened, and to Material it looks like a slow network.
{
  const box = document.querySelector(".md-search__input")
  const opened = new Promise(resolve => {
    box?.addEventListener("focus", resolve, { once: true })
    // Already in it; or come from a result, whose words Material highlights once it has the index.
    if (document.activeElement === box || new URLSearchParams(location.search).has("h")) resolve()
  })

  const { open, send } = XMLHttpRequest.prototype
  const requests = new WeakMap()
  XMLHttpRequest.prototype.open = function (method, address, ...more) {
    requests.set(this, String(address))
    return open.call(this, method, address, ...more)
  }
  XMLHttpRequest.prototype.send = function (...body) {
    if (requests.get(this)?.endsWith("/search/search_index.json")) opened.then(() => send.apply(this, body))
    else send.apply(this, body)
  }

  const Worker = window.Worker
  window.Worker = function (address, ...options) {
    if (!String(address).includes("/workers/search.")) return new Worker(address, ...options)
    const worker = opened.then(() => new Worker(address, ...options))
    const later = name => (...values) => { worker.then(worker => worker[name](...values)) }
    return { postMessage: later("postMessage"), addEventListener: later("addEventListener"), removeEventListener: later("removeEventListener") }
  }
}
