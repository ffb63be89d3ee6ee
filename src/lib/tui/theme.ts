// Colours by what they say. A terminal without colour shows the same words.
import { createContext, useContext } from 'react'

export type Tone = 'good' | 'warn' | 'bad' | 'note' | 'dim' | 'accent'

interface TextStyle {
  readonly color?: string
  readonly dimColor?: boolean
}

const styles: Readonly<Record<Tone, TextStyle>> = {
  good: { color: 'green' },
  warn: { color: 'yellow' },
  bad: { color: 'red' },
  note: { color: 'cyan' },
  dim: { dimColor: true },
  accent: { color: 'cyan' },
}

export const ColourContext = createContext(true)

/** Tone → what Ink's Text takes. */
export function useTones(): (tone: Tone | undefined) => TextStyle {
  const isColoured = useContext(ColourContext)
  return (tone) => (tone === undefined || (!isColoured && tone !== 'dim') ? {} : styles[tone])
}
