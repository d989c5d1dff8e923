import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { pagePolicy } from '../http/security-headers.ts'
import { type DocsPage, renderMarkdown } from './render.ts'

const docsDir = join(import.meta.dirname, '..', '..', '..', 'docs')

const types: Readonly<Record<string, string>> = {
  svg: 'image/svg+xml',
  png: 'image/png',
  conf: 'text/plain; charset=utf-8',
}

/** The documentation of this very version, at `/docs/`. */
export function registerDocs(app: FastifyInstance, dir = docsDir): void {
  app.get('/docs', (_, reply) => reply.redirect('/docs/', 308))
  app.get<{ Params: { '*': string } }>('/docs/*', async ({ params }, reply) => {
    const name = params['*'] === '' ? 'README.md' : params['*']
    // Two plain names at most: nothing that could lead out of the folder.
    if (!/^(?:[a-z][\w-]*\/)?[A-Za-z][\w-]*\.(?:md|svg|png|conf)$/.test(name)) return nothing(reply)
    const path = join(dir, name)
    if (!existsSync(path)) return nothing(reply)
    reply.header('cache-control', 'no-cache')
    if (!name.endsWith('.md')) {
      return reply.type(types[name.split('.').at(-1)!]!).send(await readFile(path))
    }
    const page = renderMarkdown(await readFile(path, 'utf8'))
    return reply
      .header('content-security-policy', pagePolicy())
      .type('text/html; charset=utf-8')
      .send(frame(page, await pages(dir), name))
  })
}

function nothing(reply: FastifyReply): FastifyReply {
  return reply.code(404).send({ code: 404, message: 'There is no such page of the documentation' })
}

interface Entry {
  name: string
  title: string
}

/** In the order of the overview: first what is needed first. */
async function pages(dir: string): Promise<Entry[]> {
  const overview = await readFile(join(dir, 'README.md'), 'utf8').catch(() => '')
  const names = (await readdir(dir)).filter((name) => name.endsWith('.md') && name !== 'README.md')
  const entries = await Promise.all(
    names.map(async (name) => ({
      name,
      title: renderMarkdown(await readFile(join(dir, name), 'utf8')).title,
    })),
  )
  const placeOf = ({ name }: Entry): number => {
    const place = overview.indexOf(`(${name})`)
    return place < 0 ? Infinity : place
  }
  return entries.toSorted((a, b) => placeOf(a) - placeOf(b) || a.title.localeCompare(b.title))
}

function frame({ title, html }: DocsPage, entries: readonly Entry[], current: string): string {
  const links = [{ name: '', title: 'Overview' }, ...entries].map(({ name, title: text }) => {
    const here = name === current || (name === '' && current === 'README.md')
    return `<a href="/docs/${name}"${here ? ' aria-current="page"' : ''}>${escaped(text)}</a>`
  })
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<title>${escaped(title)} · Shaman Farm</title>
<link rel="icon" href="/app/farm.svg" type="image/svg+xml">
<style>${style}</style>
</head>
<body>
<nav aria-label="Documentation"><a class="home" href="/app/">Shaman Farm</a>${links.join('')}</nav>
<main>${html}</main>
</body>
</html>
`
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)
}

/** The dashboard's colours, for reading. */
const style = `
:root { color-scheme: light dark; --canvas: light-dark(#f4f6f9, #0f1216);
  --surface: light-dark(#fff, #161a20); --raised: light-dark(#eaeef4, #1e242c);
  --border: light-dark(#d5dbe4, #2b323d); --text: light-dark(#161b22, #e7eaef);
  --text-2: light-dark(#475160, #aab4c1); --link: light-dark(#0d5a87, #7cd1ff); }
* { box-sizing: border-box; }
body { margin: 0; display: grid; grid-template-columns: 220px minmax(0, 1fr); min-height: 100vh;
  background: var(--canvas); color: var(--text);
  font: 15px/24px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
nav { padding: 16px 12px; background: var(--surface); border-right: 1px solid var(--border);
  display: flex; flex-direction: column; gap: 2px; font-size: 13px; line-height: 20px; }
nav a { color: var(--text-2); text-decoration: none; padding: 4px 8px; border-radius: 4px; }
nav a:hover { background: var(--raised); }
nav a[aria-current] { background: var(--raised); color: var(--text); font-weight: 600; }
nav .home { font-weight: 600; font-size: 15px; color: var(--text); margin-bottom: 8px; }
main { padding: 16px 32px 64px; max-width: 900px; }
a { color: var(--link); } a.elsewhere { color: inherit; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
h1 { font-size: 24px; line-height: 32px; } h2 { font-size: 18px; margin-top: 32px; }
h3 { font-size: 15px; } :is(h1, h2, h3, h4):target { background: var(--raised); }
code { font: 13px ui-monospace, "SF Mono", Menlo, "DejaVu Sans Mono", monospace;
  background: var(--raised); padding: 1px 4px; border-radius: 4px; }
pre { background: var(--surface); border: 1px solid var(--border); border-radius: 6px;
  padding: 12px; overflow-x: auto; } pre code { background: none; padding: 0; }
.table { overflow-x: auto; } table { border-collapse: collapse; }
th, td { border: 1px solid var(--border); padding: 4px 10px; text-align: left; vertical-align: top; }
th { background: var(--raised); } img { max-width: 100%; height: auto; }
@media (max-width: 720px) { body { display: block; } main { padding: 8px 16px 48px; } }
`
