// The seek bar: follows the clock frame by frame without drawing the rest again, and shows times while it is dragged.
import { useEffect, useRef, useState } from 'preact/hooks'
import { formatTime, speakTime } from '../shared/format.ts'
import { own } from '../shared/own.ts'
import type { Session } from './session.ts'

/** While dragging, the picture follows this often at most. */
const scrubIntervalMs = 250

/** What an arrow key does to the position, as it does elsewhere on the page; a step of the bar itself is not to be seen. */
const arrowStepsS: Readonly<Record<string, number>> = { ArrowLeft: -5, ArrowDown: -5, ArrowRight: 5, ArrowUp: 5 }

interface Drag {
  lastSentMs: number
  /** Sends where the pointer has come to rest. */
  timer?: ReturnType<typeof setTimeout>
}

export function SeekBar({ session, durationS }: { session: Session; durationS: number }) {
  const bar = useRef<HTMLDivElement>(null)
  const input = useRef<HTMLInputElement>(null)
  const elapsed = useRef<HTMLSpanElement>(null)
  const dragging = useRef<Drag | undefined>(undefined)
  const [hoverS, setHoverS] = useState<number | undefined>()

  useEffect(() => {
    let handle = 0
    let shownS = -1
    const show = (timeS: number) => {
      bar.current?.style.setProperty('--at', String(durationS > 0 ? timeS / durationS : 0))
      const second = Math.floor(timeS)
      if (second === shownS) return
      shownS = second
      if (elapsed.current) elapsed.current.textContent = formatTime(timeS)
      input.current?.setAttribute('aria-valuetext', `${speakTime(timeS)} of ${speakTime(durationS)}`)
    }
    const draw = () => {
      if (!dragging.current) {
        const timeS = session.positionS()
        if (input.current) input.current.value = String(timeS)
        show(timeS)
      } else show(Number(input.current?.value ?? 0))
      handle = requestAnimationFrame(draw)
    }
    draw()
    return () => cancelAnimationFrame(handle)
  }, [session, durationS])

  useEffect(() => () => clearTimeout(dragging.current?.timer), [])

  const barTimeS = () => Number(input.current?.value ?? 0)
  const onInput = () => {
    const drag: Drag = dragging.current ?? { lastSentMs: Number.NEGATIVE_INFINITY }
    dragging.current = drag
    const send = () => {
      drag.lastSentMs = performance.now()
      session.seek(barTimeS())
    }
    setHoverS(barTimeS())
    clearTimeout(drag.timer)
    const waitMs = drag.lastSentMs + scrubIntervalMs - performance.now()
    if (waitMs > 0) drag.timer = setTimeout(send, waitMs)
    else send()
  }
  const onChange = () => {
    clearTimeout(dragging.current?.timer)
    dragging.current = undefined
    setHoverS(undefined)
    session.seek(barTimeS())
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const stepS = own(arrowStepsS, event.key)
    if (stepS === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    session.seek(session.positionS() + stepS)
  }
  const onPointerMove = (event: PointerEvent) => {
    const box = bar.current?.getBoundingClientRect()
    if (!box || event.pointerType === 'touch' || box.width === 0 || !(durationS > 0)) return
    setHoverS(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * durationS)
  }

  return (
    <div class="seek">
      <span class="time" ref={elapsed} aria-hidden="true">
        0:00
      </span>
      <div class="seek-bar" ref={bar} onPointerMove={onPointerMove} onPointerLeave={() => setHoverS(undefined)}>
        <div class="seek-track" />
        <input
          ref={input}
          type="range"
          min="0"
          max={durationS}
          step="0.05"
          aria-label="Position"
          disabled={!(durationS > 0)}
          onInput={onInput}
          onChange={onChange}
          onKeyDown={onKeyDown}
        />
        {hoverS !== undefined && (
          <span class="seek-tip" style={{ left: `${(hoverS / durationS) * 100}%` }} aria-hidden="true">
            {formatTime(hoverS)}
          </span>
        )}
      </div>
      <span class="time" aria-hidden="true">
        {durationS > 0 ? formatTime(durationS) : 'live'}
      </span>
    </div>
  )
}
