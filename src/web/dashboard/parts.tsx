// Small parts that several panels show: a state, a score, a head.
import type { ComponentChildren } from 'preact'
import type { LiveConnection } from '../../lib/protocol/live.ts'
import type { StateTone } from './connection-view.ts'
import { type Tone, toneOfScore, unknownText } from './figures.ts'

export function Pill({ tone, children }: { tone: StateTone; children: ComponentChildren }) {
  return <span class={`pill ${tone}`}>{children}</span>
}

interface Certainty {
  /** As it was last, which says nothing about now. */
  readonly isOld: boolean
  /** The viewer does not say what it sees: nothing is fine for sure. */
  readonly isSilent: boolean
}

function toneOf(value: number | undefined, { isOld, isSilent }: Certainty): Tone {
  const tone = toneOfScore(value)
  return isOld || (isSilent && tone === 'good') ? 'unknown' : tone
}

export function ScoreText({ value, ...certainty }: { value: number | undefined } & Certainty) {
  const { isOld } = certainty
  const tone = toneOf(value, certainty)
  return (
    <span class={`score ${tone}`} title={isOld && value !== undefined ? 'The last that was known' : undefined}>
      {value === undefined ? unknownText : Math.round(value)}
    </span>
  )
}

interface PanelProps {
  readonly id: string
  readonly title: string
  readonly note?: ComponentChildren
  readonly actions?: ComponentChildren
  readonly children: ComponentChildren
}

export function Panel({ id, title, note, actions, children }: PanelProps) {
  return (
    <section class="card" id={`panel-${id}`} aria-labelledby={`title-${id}`}>
      <header class="card-head">
        <h2 id={`title-${id}`}>{title}</h2>
        {note && <span class="quiet">{note}</span>}
        {actions && <div class="card-actions">{actions}</div>}
      </header>
      {children}
    </section>
  )
}

const turn = 2 * Math.PI * 26

/** A score as a ring, with what took points off and what is not known. */
export function ScoreRing({
  title,
  score,
  ...certainty
}: { title: string; score: LiveConnection['health'] } & Certainty) {
  const { isOld } = certainty
  const { value, reasons = [], unknown = [] } = score ?? {}
  const tone = toneOf(value, certainty)
  return (
    <div class={`ring-card ${tone}`}>
      <svg viewBox="0 0 64 64" width="72" height="72" role="img" aria-label={`${title} ${value ?? unknownText}`}>
        <circle class="track" cx="32" cy="32" r="26" />
        {value !== undefined && (
          <circle class="value" cx="32" cy="32" r="26" stroke-dasharray={`${(turn * value) / 100} ${turn}`} />
        )}
        <text x="32" y="33">
          {value === undefined ? '?' : Math.round(value)}
        </text>
      </svg>
      <div>
        <h3>
          {title}
          {isOld && value !== undefined && <small class="quiet"> · the last that was known</small>}
        </h3>
        {value === undefined && (
          <p class="reason unknown">Unknown{unknown.length > 0 && `: no ${unknown.join(', no ')}`}</p>
        )}
        {reasons.map(({ points, text }) => (
          <p key={text} class="reason">
            −{points}: {text}
          </p>
        ))}
        {value !== undefined && reasons.length === 0 && <p class="reason quiet">Nothing takes points off</p>}
        {value !== undefined && unknown.length > 0 && <p class="reason unknown">Not known: {unknown.join(', ')}</p>}
      </div>
    </div>
  )
}
