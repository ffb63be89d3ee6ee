// The reasons of both scores as one text of the history: codes and values. Older histories have sentences there.
import { type Score, type ScoreCode, type ScoreReason, scoreCodes, scoreTerms, scoreVersion } from './score.ts'

/** The scores of a sample, as far as they are recorded. */
export interface RecordedScores {
  readonly health: Score
  readonly videoQuality: Score
}

/** As it comes out of the history: anything may stand there. */
type Said = Readonly<Partial<Record<'health' | 'videoQuality' | 'unknown', unknown>>>
type Listed = readonly [code: string, points: number, value: number]
const scoreNames = ['health', 'videoQuality'] as const

const listed = ({ reasons }: Score): Listed[] => reasons.map(({ code, points, value }) => [code, points, value])

/** `{"health":[["loss",15,0.031]],"unknown":["frozen"]}`; empty where nothing is to be said. */
export function writeReasons({ health, videoQuality }: RecordedScores): string {
  const parts = {
    health: listed(health),
    videoQuality: listed(videoQuality),
    unknown: [...new Set([...health.unknown, ...videoQuality.unknown])],
  }
  const said = Object.entries(parts).filter(([, list]) => list.length > 0)
  return said.length > 0 ? JSON.stringify(Object.fromEntries(said)) : ''
}

/** Whatever the text is: what cannot be read is left out. The values of the scores stand beside it in the history. */
export function readReasons(
  text: unknown,
  values: { readonly health?: number | undefined; readonly videoQuality?: number | undefined } = {},
): RecordedScores {
  const said = saidIn(text)
  const unknown = listOf(said.unknown).filter(isCode)
  const [health, videoQuality] = scoreNames.map((name): Score => {
    const terms: readonly ScoreCode[] = scoreTerms[name].map(({ code }) => code)
    return {
      ...(values[name] !== undefined && { value: values[name] }),
      version: scoreVersion,
      reasons: listOf(said[name]).flatMap(reasonOf),
      unknown: terms.filter((code) => unknown.includes(code)),
    }
  })
  return { health: health!, videoQuality: videoQuality! }
}

/** What took points off one score or both, each once. Reports ask this of a million samples. */
export function codesIn(text: unknown): ReadonlySet<ScoreCode> {
  const codes = new Set<ScoreCode>()
  const said = saidIn(text)
  for (const name of scoreNames)
    for (const reason of listOf(said[name])) {
      const code = listOf(reason)[0]
      if (isCode(code)) codes.add(code)
    }
  return codes
}

const saidIn = (text: unknown): Said =>
  typeof text !== 'string' ? {} : text.startsWith('{') ? parsed(text) : fromSentences(text)

const isCode = (value: unknown): value is ScoreCode => (scoreCodes as readonly unknown[]).includes(value)
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

function reasonOf(value: unknown): ScoreReason[] {
  const [code, points, measured] = listOf(value)
  return isCode(code) && typeof points === 'number' && typeof measured === 'number'
    ? [{ code, points, value: measured }]
    : []
}

function parsed(json: string): Said {
  try {
    return Object(JSON.parse(json))
  } catch {
    return {}
  }
}

/** How each reason was written before version 4 of the history, and the factor to its unit. */
const sentences: Readonly<Record<ScoreCode, readonly [pattern: RegExp, factor: number]>> = {
  loss: [/^loss ([\d.]+) %/, 0.01],
  round_trip: [/^RTT (\d+) ms/, 1],
  jitter: [/^jitter (\d+) ms/, 1],
  underruns: [/^waited for content (\d+) time/, 1],
  frozen: [/^frozen for ([\d.]+) % of the time/, 0.01],
  picture_height: [/^picture (\d+)p/, 1],
  dropped: [/^dropped ([\d.]+) % of the frames/, 0.01],
}

/** `−20: RTT 340 ms, −5: frozen for 1.0 % of the time, …`: those of the health came first, and what is in both twice. */
function fromSentences(text: string): Said {
  const found: Record<(typeof scoreNames)[number], Listed[]> = { health: [], videoQuality: [] }
  for (const [, points, said] of text.matchAll(/−(\d+): (.*?)(?=, −\d+: |$)/g)) {
    const code = scoreCodes.find((one) => sentences[one][0].test(said!))
    if (code === undefined) continue
    const [pattern, factor] = sentences[code]
    const isOfHealth = scoreTerms.health.some((term) => term.code === code)
    const isTold = found.health.some(([other]) => other === code)
    const value = Number(pattern.exec(said!)![1]) * factor
    found[isOfHealth && !isTold ? 'health' : 'videoQuality'].push([code, Number(points), value])
  }
  return found
}
