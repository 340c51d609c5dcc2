/**
 * Mails carry their styles inline, and this page's policy forbids inline styles, in frames of its own making too.
 * So styles are put aside before the browser reads the document, and given back afterwards through its style objects,
 * which the policy allows. Scripts stay out by the frame's sandbox.
 */
const asideAttribute = 'data-mail-style'
const sheetsAttribute = 'data-mail-sheets'

export function withInertStyles(html: string): string {
  const sheets: string[] = []
  const inert = html
    .replace(/<style\b[^>]*>([\s\S]*?)<\/style\s*>/gi, (_, sheet: string) => {
      sheets.push(sheet)
      return ''
    })
    .replace(/\sstyle\s*=/gi, ` ${asideAttribute}=`)
  const page = new DOMParser().parseFromString(inert, 'text/html')
  page.documentElement.setAttribute(sheetsAttribute, sheets.join('\n'))
  for (const unwanted of page.querySelectorAll('script, style, link, base, meta[http-equiv]')) unwanted.remove()
  for (const link of page.querySelectorAll('a[href]')) {
    link.setAttribute('target', '_blank')
    link.setAttribute('rel', 'noopener noreferrer')
  }
  return `<!doctype html>${page.documentElement.outerHTML}`
}

export function applyMailStyles(page: Document | null): void {
  const view = page?.defaultView
  if (!page || !view) return
  const sheet = new view.CSSStyleSheet()
  sheet.replaceSync(page.documentElement.getAttribute(sheetsAttribute) ?? '')
  page.adoptedStyleSheets.push(sheet)
  for (const element of page.querySelectorAll<HTMLElement>(`[${asideAttribute}]`)) {
    element.style.cssText = element.getAttribute(asideAttribute) ?? ''
  }
}
