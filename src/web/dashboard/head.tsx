// The head of the dashboard: where it is, whether what it shows is of now, and what can be done.
import { routes } from '../../lib/protocol/routes.ts'
import { Icon, Mark } from '../shared/icons.tsx'
import type { StateTone } from './connection-view.ts'
import type { FeedStatus } from './feed.ts'
import type { Notice } from './hooks.ts'

interface HeadProps {
  readonly base: string
  readonly status: FeedStatus
  readonly pollS: number
  onSettings(): void
}

const statusText: Readonly<Record<FeedStatus['kind'], readonly [StateTone, string, string]>> = {
  connecting: ['busy', 'Connecting…', 'Asks the server for what it knows'],
  live: ['good', 'Live · WebSocket', 'Changes arrive as they happen'],
  polling: [
    'fair',
    'Polling',
    'The WebSocket does not get through; it is tried again every half minute. See docs/troubleshooting.md#the-dashboard-does-not-refresh',
  ],
  gone: ['bad', 'Server does not answer', 'What is shown is old; it is tried again every two seconds'],
  token: ['calm', 'Token needed', 'The server asks for a token'],
  refused: ['bad', 'Refused', 'The server does not tell'],
}

export function Head({ base, status, pollS, onSettings }: HeadProps) {
  const [tone, text, title] = statusText[status.kind]
  const detail = status.kind === 'polling' ? ` every ${pollS === 1 ? 'second' : `${pollS} s`}` : ''
  return (
    <header class="site-head">
      <a class="brand" href={`${base}${routes.home}`} aria-label="mcpx home">
        <Mark size={34} />
        <span>mcpx</span>
      </a>
      <h1>Dashboard</h1>
      <span class={`feed pill ${tone}`} role="status" title={title} data-feed={status.kind}>
        {text}
        {detail}
      </span>
      <button type="button" class="icon-button" aria-label="Settings" title="Settings" onClick={onSettings}>
        <Icon name="settings" size={22} />
      </button>
    </header>
  )
}

interface ActionsProps {
  readonly openCount: number
  readonly isTesting: boolean
  onStart(): void
  onSample(): void
  onTest(): void
  onCloseAll(): void
}

export function Actions({ openCount, isTesting, onStart, onSample, onTest, onCloseAll }: ActionsProps) {
  return (
    <div class="page-actions">
      <button type="button" class="primary" onClick={onStart}>
        <Icon name="play" size={18} /> Start a stream
      </button>
      <button type="button" class="button" disabled={isTesting} onClick={onSample}>
        Stream the sample
      </button>
      <button type="button" class="button" disabled={isTesting} onClick={onTest}>
        {isTesting ? 'Testing…' : 'Test connection'}
      </button>
      <button type="button" class="button danger" disabled={openCount === 0} onClick={onCloseAll}>
        Close all
      </button>
    </div>
  )
}

interface NoticesProps {
  readonly notices: readonly Notice[]
  onDismiss(id: number): void
}

export function Notices({ notices, onDismiss }: NoticesProps) {
  return (
    <div class="notices" aria-live="polite">
      {notices.map(({ id, outcome }) => (
        <div key={id} class={`notice surface ${outcome.isDone ? 'good' : 'bad'}`}>
          <Icon name={outcome.isDone ? 'check' : 'warning'} size={20} />
          <p class="wrap">
            {outcome.message} {!outcome.isDone && outcome.hint}
          </p>
          <button type="button" class="icon-button" aria-label="Dismiss" onClick={() => onDismiss(id)}>
            <Icon name="close" size={16} />
          </button>
        </div>
      ))}
    </div>
  )
}
