// What is shown now: messages in, harmless texts and a state out, at most so often that the screen stays calm.
import type { Clock, Timer } from '../base/clock.ts'
import { plainText, plainTexts } from '../base/plain-text.ts'
import type { WatchLink } from '../model/link.ts'
import { applyLive, type LiveMessage, type LiveState } from '../protocol/live.ts'
import { createTrails, type Trails } from './trails.ts'

export interface Shown {
  readonly state?: LiveState
  readonly link: WatchLink
}

export interface Feed {
  /** Takes in a message. What a person is shown of it has no control characters. */
  tell(message: LiveMessage): void
  /** Shown at once. */
  link(link: WatchLink): void
  readonly trails: Pick<Trails, 'of'>
  /** The same object until something else is shown. */
  get(): Shown
  /** Returns what ends it. */
  subscribe(listener: () => void): () => void
  close(): void
}

export function createFeed({ clock, intervalMs }: { readonly clock: Clock; readonly intervalMs: number }): Feed {
  const listeners = new Set<() => void>()
  const trails = createTrails()
  let state: LiveState | undefined
  let link: WatchLink = { kind: 'connecting' }
  let shown: Shown = { link }
  let shownAtMs = Number.NEGATIVE_INFINITY
  let timer: Timer | undefined

  function showState(): void {
    timer?.cancel()
    timer = undefined
    shownAtMs = clock.now()
    show()
  }

  function show(): void {
    shown = { ...(state && { state }), link }
    for (const listener of [...listeners]) listener()
  }

  return {
    trails,
    tell(message) {
      state = applyLive(state, plainTexts(message))
      if (state) trails.add(state.connections)
      const leftMs = shownAtMs + intervalMs - clock.now()
      if (leftMs <= 0) showState()
      else timer ??= clock.after(leftMs, showState)
    },
    link(now) {
      link = now.kind === 'gone' ? { ...now, reason: plainText(now.reason) } : now
      show()
    },
    get: () => shown,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close() {
      timer?.cancel()
      listeners.clear()
    },
  }
}
