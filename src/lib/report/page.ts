// The page that reports stand in: one HTML file that opens without network and without script, in light and dark, and can be
// printed. Everything that is not ours is escaped here.

import { calmJson } from '../base/json-text.ts'
import { plainText } from '../base/plain-text.ts'

export interface Look {
  readonly heading?: string
  /** As the reader's system has it when absent. */
  readonly theme?: 'light' | 'dark'
  /** An open page loads itself again so often. */
  readonly refreshS?: number
}

const light =
  '--ground:#fff;--text:#16181d;--quiet:#5c6370;--line:#dfe2e8;--accent:#2563eb;--bad:#b42318;--card:#f6f7f9;--third:#0f766e;--fourth:#b45309;--fifth:#7c3aed;--sixth:#475569'
const dark =
  '--ground:#101216;--text:#e8eaee;--quiet:#9aa1ad;--line:#2a2e36;--accent:#7aa7ff;--bad:#ff8a80;--card:#171a20;--third:#5eead4;--fourth:#fbbf24;--fifth:#c4b5fd;--sixth:#94a3b8'
const colours = {
  light: `:root{color-scheme:light;${light}}`,
  dark: `:root{color-scheme:dark;${dark}}`,
  system: `:root{color-scheme:light dark;${light}}@media(prefers-color-scheme:dark){:root{${dark}}}`,
} as const

const style = `
*{box-sizing:border-box}body{margin:0 auto;padding:28px 20px;max-width:1080px;font:15px/1.5 system-ui,sans-serif;background:var(--ground);color:var(--text)}
h1{font-size:1.5rem;margin:0}h2{font-size:1.05rem;margin:34px 0 10px}p{margin:4px 0;overflow-wrap:anywhere}.quiet{color:var(--quiet)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(140px,100% / 2 - 5px),1fr));gap:10px;margin-top:18px}
.tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:10px 14px}.tile b{display:block;font-size:1.4rem}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(440px,100%),1fr));gap:14px}figure{margin:0}figcaption{font-weight:600}
svg{width:100%;height:auto}.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:6px 10px 6px 0;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--quiet);font-weight:600}td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}.bad,.line-b{color:var(--bad)}.line-a{color:var(--accent)}.line-c{color:var(--third)}.line-d{color:var(--fourth)}.line-e{color:var(--fifth)}.line-f{color:var(--sixth)}
.good{color:var(--third)}.doubt{border:1px solid var(--fourth);border-left-width:6px;border-radius:6px;padding:8px 14px;margin:16px 0}svg.spread{width:72px;height:18px}code{overflow-wrap:anywhere;font-size:.85em}
@media print{body{max-width:none}}`

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
/** Everything that is not ours goes through here: content, names and errors come from anybody. */
export const text = (value: unknown): string =>
  plainText(String(value)).replace(/[&<>"']/g, (character) => escapes[character]!)

/** A number stays beside its unit. */
const noBreak = '\u00a0'

export const number = (value: number | null | undefined, unit = ''): string =>
  value === null || value === undefined ? '–' : `${Number(value.toPrecision(3))}${unit && `${noBreak}${unit}`}`

export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  `<div class="wide"><table><thead><tr>${head.map((one) => `<th>${text(one)}</th>`).join('')}</tr></thead><tbody>${rows
    .map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`)
    .join('')}</tbody></table></div>`

export const section = (title: string, body: string): string => `<section><h2>${text(title)}</h2>${body}</section>`
export const time = (iso: string) => iso.replace('T', ' ').slice(0, 19)

export const tiles = (list: readonly (readonly [name: string, value: string])[]): string =>
  `<div class="tiles">${list.map(([name, value]) => `<div class="tile"><b>${text(value)}</b>${text(name)}</div>`).join('')}</div>`

/** `data` goes along, for programs. */
export function page(title: string, body: readonly string[], data: object, { theme, refreshS }: Look = {}): string {
  const refresh = refreshS === undefined ? '' : `<meta http-equiv="refresh" content="${refreshS}">`
  // A script element that is data, never run: `<` cannot end it.
  const raw = calmJson(JSON.stringify(data)).replaceAll('<', '\\u003c')
  return `<!doctype html><html lang="en"><head><meta charset="utf-8">${refresh}<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>${text(title)}</title><style>${colours[theme ?? 'system']}${style}</style></head>
<body>${body.join('\n')}<script type="application/json" id="report">${raw}</script></body></html>\n`
}
