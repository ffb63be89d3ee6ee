// A failure in clear words: what happened, what to do, and what the page does about it by itself.
import { useEffect, useState } from 'preact/hooks'
import { playerPath } from '../../lib/protocol/routes.ts'
import { Icon, type IconName } from '../shared/icons.tsx'
import { TokenForm } from '../shared/token-form.tsx'
import type { Failure } from './failure.ts'
import type { Session, SessionState } from './session.ts'

const iconOf = (failure: Failure): IconName =>
  failure.kind === 'token'
    ? 'key'
    : failure.kind === 'choice'
      ? 'list'
      : failure.kind === 'temporary'
        ? 'offline'
        : 'warning'

/** Whole seconds until `atMs` of performance.now(). */
function useCountdownS(atMs: number | undefined): number {
  const left = () => (atMs === undefined ? 0 : Math.max(0, Math.ceil((atMs - performance.now()) / 1000)))
  const [seconds, setSeconds] = useState(left)
  useEffect(() => {
    setSeconds(left())
    const timer = setInterval(() => setSeconds(left()), 250)
    return () => clearInterval(timer)
  }, [atMs])
  return seconds
}

function FileChoice({ base, files }: { base: string; files: readonly string[] }) {
  return (
    <ul class="file-list">
      {files.map((file) => (
        <li key={file}>
          <a href={base + playerPath(file)}>
            <Icon name="film" size={18} />
            <span>{file.split('/').slice(1).join('/') || file}</span>
          </a>
        </li>
      ))}
    </ul>
  )
}

interface Props {
  readonly session: Session
  readonly state: SessionState
  readonly base: string
}

export function FailurePanel({ session, state, base }: Props) {
  const seconds = useCountdownS(state.phase === 'waiting' ? state.retryAtMs : undefined)
  const { failure } = state
  if (!failure) return null
  const isWaiting = state.phase === 'waiting'
  return (
    <section class="panel surface" role="alert" aria-labelledby="failure-title">
      <span class={`panel-icon ${failure.kind}`}>
        <Icon name={iconOf(failure)} size={28} />
      </span>
      <h2 id="failure-title">{failure.title}</h2>
      <p>{failure.hint}</p>
      {failure.kind === 'choice' && failure.files && <FileChoice base={base} files={failure.files} />}
      {failure.kind === 'token' && <TokenForm base={base} onOpen={() => session.connect()} />}
      {failure.kind !== 'token' && failure.kind !== 'choice' && (
        <div class="panel-actions">
          <button type="button" class="primary" onClick={() => session.connect()}>
            {isWaiting ? 'Try now' : 'Try again'}
          </button>
          <a class="button" href={`${base}/`}>
            Home
          </a>
        </div>
      )}
      <details>
        <summary>
          {isWaiting ? `Next try in ${seconds} s` : state.phase === 'connecting' ? 'Trying now…' : 'Details'}
        </summary>
        <p>
          {failure.detail} <code>{failure.code}</code>
        </p>
      </details>
    </section>
  )
}
