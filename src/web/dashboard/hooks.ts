// What the dashboard remembers and follows: the layout, the live state, the selected connection, and short messages.
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { LiveState } from '../../lib/protocol/live.ts'
import { readSetting, writeSetting } from '../shared/settings.ts'
import { openSessionFromFragment } from '../shared/token-form.tsx'
import type { Outcome } from './api.ts'
import { type FeedStatus, openFeed } from './feed.ts'
import { type Layout, parseLayout } from './layout.ts'
import { createSampleKeeper } from './samples.ts'
import { keepLists } from './stable.ts'

/** The layout, kept in this browser. */
export function useLayout(): [Layout, (change: Partial<Layout>) => void] {
  const [layout, setLayout] = useState(() => parseLayout(readSetting('dashboard')))
  useEffect(() => {
    document.documentElement.style.colorScheme = layout.theme === 'auto' ? '' : layout.theme
  }, [layout.theme])
  const change = useCallback((part: Partial<Layout>) => {
    setLayout((before) => {
      const next = { ...before, ...part }
      writeSetting('dashboard', JSON.stringify(next))
      return next
    })
  }, [])
  return [layout, change]
}

const selectionIn = (hash: string): string | undefined =>
  new URLSearchParams(hash.slice(1)).get('connection')?.slice(0, 200) || undefined

/** The id in the fragment of the address, so that a link or a reload shows the same connection. */
export function useSelection(): [string | undefined, (id: string | undefined) => void] {
  const [selected, setSelected] = useState(() => selectionIn(location.hash))
  const select = useCallback((id: string | undefined) => {
    const hash = id === undefined ? '' : `#connection=${encodeURIComponent(id)}`
    history.replaceState(null, '', location.pathname + location.search + hash)
    setSelected(id)
  }, [])
  useEffect(() => {
    const onChange = () => setSelected(selectionIn(location.hash))
    addEventListener('hashchange', onChange)
    return () => removeEventListener('hashchange', onChange)
  }, [])
  return [selected, select]
}

interface Live {
  readonly status: FeedStatus
  readonly state: LiveState | undefined
  readonly samples: ReturnType<typeof createSampleKeeper>
  /** Begins anew, with a session that has just been opened for example. */
  restart(): void
}

interface LiveOptions {
  readonly base: string
  readonly pollMs: number
  readonly selected: string | undefined
}

export function useLive({ base, pollMs, selected }: LiveOptions): Live {
  const [status, setStatus] = useState<FeedStatus>({ kind: 'connecting' })
  const [state, setState] = useState<LiveState | undefined>()
  const [round, setRound] = useState(0)
  const samples = useMemo(createSampleKeeper, [])
  const current = useRef({ pollMs, selected })
  current.current = { pollMs, selected }
  useEffect(() => {
    let close: (() => void) | undefined
    let isOver = false
    const options = { base, pollMs: () => current.current.pollMs }
    const onState = (next: LiveState) => {
      samples.note(next.connections, current.current.selected)
      setState((before) => keepLists(before, next))
    }
    void openSessionFromFragment(base).then(() => {
      if (!isOver) close = openFeed(options, { onStatus: setStatus, onState })
    })
    return () => {
      isOver = true
      close?.()
    }
  }, [base, round])
  const restart = useCallback(() => setRound((before) => before + 1), [])
  return { status, state, samples, restart }
}

export interface Notice {
  readonly id: number
  readonly outcome: Outcome
}

const noticeMs = 6_000
const mostNotices = 4

/** Short messages about what was done; those that say that it worked go by themselves. */
export function useNotices() {
  const [notices, setNotices] = useState<readonly Notice[]>([])
  const nextId = useRef(1)
  const dismiss = useCallback((id: number) => setNotices((all) => all.filter((one) => one.id !== id)), [])
  const tell = useCallback((outcome: Outcome) => {
    const id = nextId.current++
    setNotices((all) => [...all, { id, outcome }].slice(-mostNotices))
    if (outcome.isDone) setTimeout(() => dismiss(id), noticeMs)
  }, [])
  return { notices, tell, dismiss }
}
