// What the views share: the session's state, sound, full screen, idle pointer, keys and the system's media keys.
import type { RefObject } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { own } from '../shared/own.ts'
import { readSetting, writeSetting } from '../shared/settings.ts'
import type { Session, SessionState } from './session.ts'

export type VideoRef = RefObject<HTMLVideoElement | null>

export function useSessionState(session: Session): SessionState {
  const [state, setState] = useState(session.state)
  useEffect(() => {
    setState(session.state)
    return session.subscribe(() => setState(session.state))
  }, [session])
  return state
}

export interface Sound {
  readonly isMuted: boolean
  readonly volume: number
  /** The browser refused to start with sound, and the viewer has not asked for it since. */
  readonly isBlocked: boolean
  setMuted(isMuted: boolean): void
  setVolume(volume: number): void
  unmute(): void
  /** Plays, with sound if the browser lets us, else without. */
  start(): void
}

/** Volume and mute of the element; remembered from visit to visit. */
export function useSound(video: VideoRef): Sound {
  const [isMuted, showMuted] = useState(() => readSetting('muted') === 'true')
  const [volume, showVolume] = useState(() => Math.min(1, Math.max(0, Number(readSetting('volume') ?? 1) || 0)))
  const [isBlocked, setBlocked] = useState(false)
  useEffect(() => {
    if (!video.current) return
    video.current.volume = volume
    video.current.muted = isMuted || isBlocked
  }, [video, volume, isMuted, isBlocked])
  return useMemo(() => {
    const setMuted = (next: boolean) => {
      writeSetting('muted', String(next))
      setBlocked(false)
      showMuted(next)
    }
    const setVolume = (next: number) => {
      const kept = Math.round(Math.min(1, Math.max(0, next)) * 100) / 100
      writeSetting('volume', String(kept))
      showVolume(kept)
      setMuted(kept === 0)
    }
    const start = () => {
      const element = video.current
      element?.play().catch((thrown: unknown) => {
        // AbortError: a newer stream took its place. Only the autoplay policy is ours to answer.
        if (!(thrown instanceof DOMException) || thrown.name !== 'NotAllowedError') return
        element.muted = true
        setBlocked(true)
        element.play().catch(() => undefined)
      })
    }
    const unmute = () => {
      if (video.current) video.current.muted = false
      if (volume === 0) setVolume(1)
      else setMuted(false)
      video.current?.play().catch(() => undefined)
    }
    return {
      isMuted: isMuted || isBlocked,
      volume,
      isBlocked: isBlocked && !isMuted,
      setMuted,
      setVolume,
      unmute,
      start,
    }
  }, [video, isMuted, volume, isBlocked])
}

export interface Fullscreen {
  readonly isOn: boolean
  readonly isPossible: boolean
  toggle(): void
}

export function useFullscreen(stage: RefObject<HTMLElement | null>): Fullscreen {
  const [isOn, setOn] = useState(false)
  useEffect(() => {
    const onChange = () => setOn(document.fullscreenElement !== null)
    document.addEventListener('fullscreenchange', onChange)
    return () => document.removeEventListener('fullscreenchange', onChange)
  }, [])
  const toggle = () => {
    if (document.fullscreenElement) document.exitFullscreen().catch(() => undefined)
    else if (stage.current?.requestFullscreen) stage.current.requestFullscreen().catch(() => undefined)
    else iosFullscreen(stage.current)
  }
  return {
    isOn,
    isPossible: document.fullscreenEnabled || 'webkitEnterFullscreen' in HTMLVideoElement.prototype,
    toggle,
  }
}

/** iPhones know full screen for a video element only. */
function iosFullscreen(stage: HTMLElement | null): void {
  const video = stage?.querySelector('video') as (HTMLVideoElement & { webkitEnterFullscreen?: () => void }) | null
  video?.webkitEnterFullscreen?.()
}

const idleAfterMs = 2_600

/** True while `mayIdle` and nothing was touched for a while: the controls go away. */
export function useIdle(stage: RefObject<HTMLElement | null>, mayIdle: boolean): boolean {
  const [isIdle, setIdle] = useState(false)
  useEffect(() => {
    const element = stage.current
    if (!element) return
    let timer: ReturnType<typeof setTimeout> | undefined
    const wake = () => {
      clearTimeout(timer)
      setIdle(false)
      if (mayIdle) timer = setTimeout(() => setIdle(true), idleAfterMs)
    }
    const events = ['pointermove', 'pointerdown', 'keydown', 'focusin'] as const
    for (const event of events) element.addEventListener(event, wake)
    document.addEventListener('keydown', wake)
    wake()
    return () => {
      clearTimeout(timer)
      for (const event of events) element.removeEventListener(event, wake)
      document.removeEventListener('keydown', wake)
    }
  }, [stage, mayIdle])
  return isIdle
}

interface KeyTargets {
  readonly session: Session
  readonly video: VideoRef
  readonly sound: Sound
  readonly fullscreen: Fullscreen
  toggle(panel: 'stats' | 'help'): void
  close(): void
}

export function togglePlay(session: Session, video: VideoRef): void {
  const { isPaused, isEnded, phase } = session.state
  if (isPaused || isEnded || phase === 'closed' || phase === 'failed') {
    session.play()
    video.current?.play().catch(() => undefined)
  } else session.pause()
}

export async function togglePictureInPicture(video: VideoRef): Promise<void> {
  try {
    if (document.pictureInPictureElement) await document.exitPictureInPicture()
    else await video.current?.requestPictureInPicture()
  } catch {
    // Refused, for example before the first frame: nothing to undo.
  }
}

function actOn(key: string, { session, video, sound, fullscreen, toggle, close }: KeyTargets): boolean {
  const { media, isLooping } = session.state
  if (/^\d$/.test(key)) {
    if (media?.durationS) session.seek((media.durationS * Number(key)) / 10)
    return true
  }
  const actions: Record<string, () => void> = {
    ' ': () => togglePlay(session, video),
    k: () => togglePlay(session, video),
    ArrowLeft: () => session.seek(session.positionS() - 5),
    ArrowRight: () => session.seek(session.positionS() + 5),
    ArrowUp: () => sound.setVolume(sound.volume + 0.1),
    ArrowDown: () => sound.setVolume(sound.volume - 0.1),
    m: () => (sound.isMuted ? sound.unmute() : sound.setMuted(true)),
    f: () => fullscreen.toggle(),
    l: () => session.setLoop(!isLooping),
    p: () => void togglePictureInPicture(video),
    i: () => toggle('stats'),
    '?': () => toggle('help'),
    Escape: close,
  }
  const action = own(actions, key.length === 1 ? key.toLowerCase() : key)
  action?.()
  return action !== undefined
}

/** The keyboard, wherever the focus is; fields and buttons keep the keys that they understand themselves. */
export function useKeys(targets: KeyTargets): void {
  // A key means what is on the screen: effects would lag behind it.
  const current = useRef(targets)
  current.current = targets
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
      const target = event.target as HTMLElement
      if (target.matches('input:not([type=range]), textarea, select')) return
      if (target.matches('button, a, summary') && (event.key === ' ' || event.key === 'Enter')) return
      if (target.matches('[role=menuitemradio], [type=range]') && event.key.startsWith('Arrow')) return
      if (actOn(event.key, current.current)) event.preventDefault()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
}

/** The media keys of the keyboard, the headset and the lock screen. */
export function useMediaSession(session: Session, video: VideoRef): void {
  useEffect(() => {
    if (!('mediaSession' in navigator)) return
    const act = (action: MediaSessionAction, handler: MediaSessionActionHandler) => {
      try {
        navigator.mediaSession.setActionHandler(action, handler)
      } catch {
        // An action this browser does not know.
      }
    }
    act('play', () => {
      session.play()
      video.current?.play().catch(() => undefined)
    })
    act('pause', () => session.pause())
    act('seekbackward', ({ seekOffset }) => session.seek(session.positionS() - (seekOffset ?? 10)))
    act('seekforward', ({ seekOffset }) => session.seek(session.positionS() + (seekOffset ?? 10)))
    act('seekto', ({ seekTime }) => seekTime != null && session.seek(seekTime))
  }, [session, video])
}
