// The quality that is asked for, as a choice. Content with one rendition has none.
import { useState } from 'preact/hooks'
import type { LiveConnection } from '../../lib/protocol/live.ts'
import { type Outcome, setQuality } from './api.ts'
import { plainName } from './words.ts'

export const qualityNames: readonly LiveConnection['quality'][] = [
  'auto',
  'very_low',
  'low',
  'medium',
  'high',
  'very_high',
]

interface QualityProps {
  readonly base: string
  readonly connection: LiveConnection
  onDone(outcome: Outcome): void
}

export function QualitySelect({ base, connection, onDone }: QualityProps) {
  const [isBusy, setBusy] = useState(false)
  const { id, quality, qualities, state } = connection
  const choose = async (value: string) => {
    setBusy(true)
    onDone(await setQuality(base, id, value))
    setBusy(false)
  }
  const choices = ['auto', ...qualities]
  const isFixed = qualities.length === 0
  return (
    <label class="quality" title={isFixed ? 'This content has one rendition' : undefined}>
      <span>Quality</span>
      <select
        value={quality}
        disabled={isFixed || isBusy || state === 'closed'}
        onChange={(event) => void choose(event.currentTarget.value)}
      >
        {(choices.includes(quality) ? choices : [...choices, quality]).map((name) => (
          <option key={name} value={name}>
            {plainName(name)}
          </option>
        ))}
      </select>
    </label>
  )
}
