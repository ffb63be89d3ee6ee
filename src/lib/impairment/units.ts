// The values of an impairment as people write them: a number and its unit, which is never guessed.
import { McpxError } from '../base/errors.ts'
import { plain } from '../base/plain-text.ts'

interface Quantity {
  /** Unit as written → factor to what is stored. */
  readonly units: Readonly<Record<string, number>>
  /** Of what is stored. */
  readonly least: number
  readonly most: number
  readonly range: string
  readonly example: string
}

const milliseconds = { ms: 1, s: 1000 }

export const quantities = {
  rate: {
    units: { bps: 1, kbps: 1e3, mbps: 1e6, gbps: 1e9 },
    least: 1e3,
    most: 1e9,
    range: '1 kbps to 1 gbps',
    example: 'rate=1mbps',
  },
  queue: { units: milliseconds, least: 1, most: 10_000, range: '1 ms to 10 s', example: 'queue=100ms' },
  delay: { units: milliseconds, least: 0, most: 10_000, range: '0 ms to 10 s', example: 'delay=80ms' },
  jitter: { units: milliseconds, least: 0, most: 10_000, range: '0 ms to 10 s', example: 'jitter=20ms' },
  loss: { units: { '%': 0.01 }, least: 0, most: 1, range: '0 % to 100 %', example: 'loss=2%' },
  'burst-loss': { units: { '': 1 }, least: 1, most: 1000, range: '1 to 1000 packets', example: 'burst-loss=3' },
} as const satisfies Record<string, Quantity>
export type QuantityName = keyof typeof quantities

export const isQuantity = (name: string): name is QuantityName => Object.hasOwn(quantities, name)

/** `why` is what is wrong, `place` the text that it is wrong in. */
export const refuse = (place: string, why: string, hint?: string) =>
  new McpxError('INVALID_OPTION', plain`${place}: ${why}`, hint === undefined ? {} : { hint })

/** Throws INVALID_OPTION for a unit that is missing or another's, and for what is out of range. */
export function parseQuantity(name: QuantityName, text: string, place: string): number {
  const { units, least, most, range, example }: Quantity = quantities[name]
  const [, number, unit = ''] = /^(\d{1,15}(?:\.\d{1,15})?)\s*([a-z%]*)$/i.exec(text.trim()) ?? []
  if (number === undefined)
    throw refuse(place, `${name} ${JSON.stringify(text.trim().slice(0, 40))} is not a number, as in ${example}`)
  const factor = Object.hasOwn(units, unit.toLowerCase()) ? units[unit.toLowerCase()] : undefined
  if (factor === undefined) throw refuse(place, wrongUnit(name, number, unit, units, example))
  // Not by 0.01, which would make 7 % of it 0.07000000000000001.
  const value = factor < 1 ? Number(number) / Math.round(1 / factor) : Number(number) * factor
  if (value < least || value > most) throw refuse(place, `${name} ${number}${unit} is out of range (${range})`)
  return value
}

function wrongUnit(
  name: string,
  number: string,
  unit: string,
  units: Readonly<Record<string, number>>,
  example: string,
): string {
  const known = Object.keys(units).filter(Boolean)
  if (known.length === 0) return `${name} is a number of packets without a unit, as in ${example}`
  const wanted = `${known.join(', ')}, as in ${example}`
  return unit === '' ? `${name} ${number} has no unit: ${wanted}` : `${name} is not measured in "${unit}": ${wanted}`
}

/** `20s`, `1.5m`, `500ms` → milliseconds; undefined where it is not that. */
export function parseInstantMs(text: string): number | undefined {
  const [, number, unit = ''] = /^(\d{1,9}(?:\.\d{1,6})?)\s*(ms|s|m|min|h)$/i.exec(text.trim()) ?? []
  if (number === undefined) return undefined
  const factor = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 }[unit.toLowerCase()]!
  return Number(number) * factor
}
