/**
 * Mails carry their styles inline, and this page's policy forbids inline styles, in frames of its own making too.
 * So styles are put aside before the frame reads the document, and given back afterwards through the style objects
 * of the browser, which the policy allows. Scripts stay out by the frame's sandbox.
 */
const asideAttribute = 'data-mail-style'

export function withInertStyles(html: string): string {
  const page = new DOMParser().parseFromString(html.replace(/\sstyle=/gi, ` ${asideAttribute}=`), 'text/html')
  for (const sheet of page.querySelectorAll('style')) {
    const aside = page.createElement('template')
    aside.setAttribute(asideAttribute, sheet.textContent)
    sheet.replaceWith(aside)
  }
  for (const unwanted of page.querySelectorAll('script, link, base, meta[http-equiv]')) unwanted.remove()
  for (const link of page.querySelectorAll('a[href]')) {
    link.setAttribute('target', '_blank')
    link.setAttribute('rel', 'noopener noreferrer')
  }
  return `<!doctype html>${page.documentElement.outerHTML}`
}

export function applyMailStyles(page: Document | null): void {
  const view = page?.defaultView
  if (!page || !view) return
  for (const element of page.querySelectorAll<HTMLElement>(`[${asideAttribute}]`)) {
    const styles = element.getAttribute(asideAttribute) ?? ''
    if (element.tagName === 'TEMPLATE') page.adoptedStyleSheets.push(sheetOf(styles, view))
    else element.style.cssText = styles
  }
}

function sheetOf(styles: string, view: Window & typeof globalThis): CSSStyleSheet {
  const sheet = new view.CSSStyleSheet()
  sheet.replaceSync(styles)
  return sheet
}
