// The text format of Prometheus (exposition format 0.0.4), strictly: what Prometheus itself would refuse is an error here.

export interface Exposition {
  /** Names of the metrics that have a TYPE, or samples without one. */
  readonly families: ReadonlySet<string>
  readonly samples: number
}

const name = '[a-zA-Z_:][a-zA-Z0-9_:]*'
// A line ends with \n alone: every other character may be in a text.
const metadata = new RegExp(`^# (HELP|TYPE) (${name})(?: (.*))?$`, 's')
const sample = new RegExp(`^(${name})(?:\\{(.*)\\})?[ \\t]+(\\S+)(?:[ \\t]+(-?\\d+))?[ \\t]*$`, 's')
const label = /^[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\\n]|\\[\\"n])*)"[ \t]*(?:,|$)/
const types = ['counter', 'gauge', 'histogram', 'summary', 'untyped']
const numbers = /^(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?Inf|NaN)$/i
const suffixes = /_(?:bucket|sum|count)$/

/** Throws an Error that names the line. */
export function parseExposition(text: string): Exposition {
  const families = new Map<string, string>()
  const seen = new Set<string>()
  let samples = 0
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line does not end: the text is cut off')
  for (const [at, line] of text.split('\n').entries()) {
    const wrong = (why: string) => new Error(`line ${at + 1}: ${why}: ${line.slice(0, 80)}`)
    if (line.trim() === '') continue
    if (line.startsWith('#')) {
      readMetadata(line, families, wrong)
      continue
    }
    const [, metric, labels = '', value = ''] = sample.exec(line) ?? []
    if (metric === undefined) throw wrong('no sample')
    if (!numbers.test(value)) throw wrong(`${value} is no number`)
    const series = `${metric}{${readLabels(labels, wrong).sort().join()}}`
    if (seen.has(series)) throw wrong('the same series twice')
    seen.add(series)
    samples++
    const family = familyOf(metric, families)
    if (!families.has(family)) families.set(family, 'untyped')
  }
  return { families: new Set(families.keys()), samples }
}

function readMetadata(line: string, families: Map<string, string>, wrong: (why: string) => Error): void {
  if (!/^# (?:HELP|TYPE)\b/.test(line)) return
  const [, kind, family = '', rest = ''] = metadata.exec(line) ?? []
  if (kind === undefined) throw wrong('no metric is named')
  if (kind === 'HELP') return
  if (!types.includes(rest.trim())) throw wrong(`there is no type "${rest}"`)
  if (families.has(family)) throw wrong('a TYPE after samples, or a second one')
  families.set(family, rest.trim())
}

function readLabels(text: string, wrong: (why: string) => Error): string[] {
  const found = new Map<string, string>()
  let rest = text
  while (rest.trim() !== '') {
    const [whole, key = '', value = ''] = label.exec(rest) ?? []
    if (whole === undefined) throw wrong('labels that are none')
    if (found.has(key)) throw wrong(`the label ${key} twice`)
    found.set(key, value)
    rest = rest.slice(whole.length)
  }
  return [...found].map(([key, value]) => `${key}="${value}"`)
}

/** Series of a histogram or a summary have endings. */
function familyOf(metric: string, families: ReadonlyMap<string, string>): string {
  if (families.has(metric)) return metric
  const base = metric.replace(suffixes, '')
  const type = families.get(base)
  return type === 'histogram' || type === 'summary' ? base : metric
}
