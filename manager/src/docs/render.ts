import markdownIt from 'markdown-it'

/** What a heading is called in an address, as on the usual hosts of repositories. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_ -]/gu, '')
    .trim()
    .replaceAll(' ', '-')
}

/** No HTML of a page's own: what it says is shown, never run. */
const markdown = markdownIt({ html: false, linkify: false, typographer: false })

markdown.core.ruler.push('anchors', ({ tokens }) => {
  for (const [i, token] of tokens.entries()) {
    if (token.type === 'heading_open') token.attrSet('id', anchorOf(tokens[i + 1]?.content ?? ''))
  }
})

markdown.renderer.rules.table_open = () => '<div class="table"><table>'
markdown.renderer.rules.table_close = () => '</table></div>'

/** Pages of the repository that are not served are named, without a link to nowhere. */
const linkOpen = markdown.renderer.rules.link_open
markdown.renderer.rules.link_open = (tokens, i, options, env, self) => {
  const token = tokens[i]!
  if (String(token.attrGet('href')).startsWith('../')) token.attrs = [['class', 'elsewhere']]
  return linkOpen?.(tokens, i, options, env, self) ?? self.renderToken(tokens, i, options)
}

export interface DocsPage {
  title: string
  html: string
}

export function renderMarkdown(text: string): DocsPage {
  const title = /^# (.+)$/m.exec(text)?.[1] ?? 'Documentation'
  return { title, html: markdown.render(text) }
}
