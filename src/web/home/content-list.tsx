// Things to play: the sample, and what was played or added here lately.
import { playerPath } from '../../lib/protocol/routes.ts'
import { CopyButton } from '../shared/copy-button.tsx'
import { formatTime, shortContent } from '../shared/format.ts'
import { Icon } from '../shared/icons.tsx'
import type { RecentItem } from '../shared/recent-items.ts'
import { whepAddress } from './whep-address.ts'

interface RowProps {
  readonly base: string
  readonly content: string
  readonly title: string
  readonly detail: string
}

function Row({ base, content, title, detail }: RowProps) {
  return (
    <li class="row">
      <a class="row-play" href={base + playerPath(content)}>
        <span class="row-icon">
          <Icon name="play" size={22} />
        </span>
        <span class="row-text">
          <strong class="one-line">{title}</strong>
          <span class="quiet one-line" title={content}>
            {detail}
          </span>
        </span>
      </a>
      <span class="row-actions">
        <CopyButton text={content} label="CID" />
        <CopyButton text={whepAddress(base, content)} label="WHEP URL" />
      </span>
    </li>
  )
}

const dayMs = 86_400_000

function whenText(atMs: number, nowMs: number): string {
  const days = Math.floor((nowMs - atMs) / dayMs)
  if (days < 1) return new Date(atMs).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
  return new Date(atMs).toLocaleDateString([], { day: 'numeric', month: 'short' })
}

export function SampleCard({ base, cid }: { base: string; cid: string }) {
  return (
    <section class="card" aria-labelledby="sample-title">
      <h2 id="sample-title">Try the sample</h2>
      <ul>
        <Row base={base} content={cid} title="Sample clip" detail="15 s in three qualities" />
      </ul>
    </section>
  )
}

interface RecentProps {
  readonly base: string
  readonly items: readonly RecentItem[]
  onClear(): void
}

export function RecentCard({ base, items, onClear }: RecentProps) {
  if (items.length === 0) return null
  const nowMs = Date.now()
  return (
    <section class="card" aria-labelledby="recent-title">
      <div class="card-head">
        <h2 id="recent-title">Recent</h2>
        <button type="button" class="chip" onClick={onClear}>
          Clear
        </button>
      </div>
      <ul>
        {items.map(({ content, name, durationS, atMs }) => (
          <Row
            key={content}
            base={base}
            content={content}
            title={name ?? shortContent(content)}
            detail={[whenText(atMs, nowMs), durationS ? formatTime(durationS) : '', name ? shortContent(content) : '']
              .filter(Boolean)
              .join(' · ')}
          />
        ))}
      </ul>
    </section>
  )
}
