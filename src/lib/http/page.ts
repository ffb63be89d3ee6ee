// A single-file page and the Content-Security-Policy that lets exactly its own inline scripts run.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { McpxError } from '../base/errors.ts'

export type PageSource = { readonly html: string } | { readonly file: string }

export interface Page {
  readonly html: string
  readonly policy: string
  readonly etag: string
}

type PageName = 'home' | 'player' | 'dashboard'
export type PageSources = Readonly<Record<PageName, PageSource>>
export type Pages = Readonly<Record<PageName, Page>>

const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** Contents of inline <script> elements; those with src load nothing under our policy. */
function inlineScripts(html: string): string[] {
  return [...html.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script>/gi)]
    .filter(([, attributes]) => !/\bsrc\s*=/i.test(attributes!))
    .map(([, , text]) => text!)
}

/** CSP level 3: scripts by hash, connections and media to ourselves only, nobody may frame the page. */
export function policyFor(html: string): string {
  const scripts = [...new Set(inlineScripts(html).map(hashOf))]
  return [
    "default-src 'none'",
    `script-src ${scripts.length > 0 ? scripts.join(' ') : "'none'"}`,
    "style-src 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "media-src 'self' blob: mediastream:",
    "font-src 'self' data:",
    "worker-src 'self' blob:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** Reads the page once. Line ends become what the browser's parser, and so its script hashes, make of them. */
export async function loadPage(source: PageSource): Promise<Page> {
  const text = 'html' in source ? source.html : await readPage(source.file)
  const html = text.replace(/\r\n?/g, '\n')
  return { html, policy: policyFor(html), etag: `"${createHash('sha256').update(html).digest('base64url')}"` }
}

export async function loadPages(sources: PageSources): Promise<Pages> {
  const [home, player, dashboard] = await Promise.all([
    loadPage(sources.home),
    loadPage(sources.player),
    loadPage(sources.dashboard),
  ])
  return { home, player, dashboard }
}

async function readPage(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new McpxError('INTERNAL', `the page ${file} cannot be read`, { cause: error, hint: 'Run `npm run build`.' })
  }
}
