// What lies over the picture for a while: connecting, the end, short notices, and the way to sound.
import { useEffect, useState } from 'preact/hooks'
import { Icon } from '../shared/icons.tsx'
import type { Session, SessionState } from './session.ts'

/** A turning ring, with words once it takes long enough to wonder. */
export function ConnectingPanel({ state }: { state: SessionState }) {
  const [isSlow, setSlow] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), 1_200)
    return () => clearTimeout(timer)
  }, [])
  const words = !state.media && state.phase === 'connecting' ? 'Fetching the content…' : 'Buffering…'
  return (
    <div class="waiting" role="status">
      <span class="ring" />
      <span class={isSlow ? '' : 'off-screen'}>{state.seekingToS !== undefined ? 'Seeking…' : words}</span>
    </div>
  )
}

export function ReplayPanel({ title, label, onReplay }: { title: string; label: string; onReplay: () => void }) {
  return (
    <div class="waiting">
      <button type="button" class="replay" onClick={onReplay} aria-label={label} title={label}>
        <Icon name="replay" size={44} />
      </button>
      <span role="status">{title}</span>
    </div>
  )
}

export function UnmuteButton({ onUnmute }: { onUnmute: () => void }) {
  return (
    <button type="button" class="unmute surface" onClick={onUnmute}>
      <Icon name="muted" size={20} /> Tap to unmute
    </button>
  )
}

/** Reconnecting, and errors that did not end the stream. */
interface NoticesProps {
  readonly session: Session
  readonly state: SessionState
  /** A panel in the middle says already what is wrong. */
  readonly isExplained: boolean
}

export function Notices({ session, state, isExplained }: NoticesProps) {
  const isReconnecting =
    !isExplained && state.hasPlayed && (state.phase === 'waiting' || state.phase === 'connecting') && state.attempt > 0
  useEffect(() => {
    if (!state.warning) return
    const timer = setTimeout(() => session.dismissWarning(), 8_000)
    return () => clearTimeout(timer)
  }, [state.warning, session])
  return (
    <div class="notices" role="status">
      {isReconnecting && (
        <p class="notice surface">
          <Icon name="offline" size={18} /> {state.failure?.title ?? 'Connection lost'}. Reconnecting…
        </p>
      )}
      {state.isUnstable && !isReconnecting && !isExplained && (
        <p class="notice surface">
          <Icon name="offline" size={18} /> The connection is unstable…
        </p>
      )}
      {state.warning && (
        <p class="notice surface">
          <Icon name="warning" size={18} /> {state.warning}
        </p>
      )}
    </div>
  )
}
