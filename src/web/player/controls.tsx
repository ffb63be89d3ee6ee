// The controls under the picture.
import { useEffect, useRef, useState } from 'preact/hooks'
import { Icon, type IconName } from '../shared/icons.tsx'
import { type Fullscreen, type Sound, togglePictureInPicture, togglePlay, type VideoRef } from './hooks.ts'
import { audioChoices, type Choice, qualityChoices, qualityLabel } from './menu.ts'
import { SeekBar } from './seek-bar.tsx'
import type { Session, SessionState } from './session.ts'

interface ButtonProps {
  readonly icon: IconName
  readonly label: string
  /** The key that does the same. */
  readonly shortcut?: string
  readonly isPressed?: boolean
  readonly class?: string
  onClick(): void
}

function IconButton({ icon, label, shortcut, isPressed, onClick, class: name = '' }: ButtonProps) {
  return (
    <button
      type="button"
      class={`icon-button ${name}`}
      aria-label={label}
      aria-pressed={isPressed}
      title={shortcut ? `${label} (${shortcut})` : label}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  )
}

interface MenuProps<T> {
  readonly title: string
  readonly choices: readonly Choice<T>[]
  readonly chosen: T | undefined
  onChoose(value: T): void
}

function ChoiceList<T extends string | number>({ title, choices, chosen, onChoose }: MenuProps<T>) {
  return (
    <fieldset class="menu-group">
      <legend class="menu-title">{title}</legend>
      {choices.map(({ value, label, detail }) => (
        <button
          key={value}
          type="button"
          role="menuitemradio"
          aria-checked={value === chosen}
          class="menu-item"
          onClick={() => onChoose(value)}
        >
          <span class="menu-check">{value === chosen && <Icon name="check" size={18} />}</span>
          <span>{label}</span>
          {detail && <span class="menu-detail">{detail}</span>}
        </button>
      ))}
    </fieldset>
  )
}

/** Opens upwards; closes on a click elsewhere, on Escape, and after a choice. */
function SettingsMenu({ session, state }: { session: Session; state: SessionState }) {
  const [isOpen, setOpen] = useState(false)
  const root = useRef<HTMLDivElement>(null)
  const qualities = qualityChoices(state.media, state.rung)
  const audio = audioChoices(state.media)
  const label = qualityLabel(state.media, state.quality, state.rung)

  useEffect(() => {
    if (!isOpen) return
    root.current?.querySelector<HTMLElement>('[aria-checked=true]')?.focus()
    const onPointer = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false)
    }
    document.addEventListener('pointerdown', onPointer)
    return () => document.removeEventListener('pointerdown', onPointer)
  }, [isOpen])

  const onKeyDown = (event: KeyboardEvent) => {
    if (!isOpen) return
    const items = [...(root.current?.querySelectorAll<HTMLElement>('[role=menuitemradio]') ?? [])]
    const at = items.indexOf(document.activeElement as HTMLElement)
    if (event.key === 'ArrowDown') items[(at + 1) % items.length]?.focus()
    else if (event.key === 'ArrowUp') items.at(at <= 0 ? -1 : at - 1)?.focus()
    else if (event.key === 'Escape') {
      setOpen(false)
      root.current?.querySelector<HTMLElement>('.quality-button')?.focus()
    } else return
    event.preventDefault()
    event.stopPropagation()
  }
  const choose = (act: () => void) => () => {
    act()
    setOpen(false)
    root.current?.querySelector<HTMLElement>('.quality-button')?.focus()
  }

  const isFixed = qualities.length === 0 && audio.length === 0
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrow keys between the items, which have the focus
    <div class="menu-root" ref={root} onKeyDown={onKeyDown}>
      <button
        type="button"
        class="quality-button"
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-label={`Quality: ${label}`}
        disabled={isFixed}
        title={isFixed ? 'This content has one quality only' : 'Quality and audio'}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name="settings" size={20} />
        <span>{label}</span>
      </button>
      {isOpen && (
        <div class="menu surface" role="menu">
          {qualities.length > 0 && (
            <ChoiceList
              title="Quality"
              choices={qualities}
              chosen={state.quality}
              onChoose={(quality) => choose(() => session.setQuality(quality))()}
            />
          )}
          {audio.length > 0 && (
            <ChoiceList
              title="Audio"
              choices={audio}
              chosen={state.audioTrackId ?? audio[0]!.value}
              onChoose={(trackId) => choose(() => session.setAudioTrack(trackId))()}
            />
          )}
        </div>
      )}
    </div>
  )
}

function Volume({ sound }: { sound: Sound }) {
  const level = sound.isMuted ? 0 : sound.volume
  return (
    <div class="volume" style={{ '--at': level }}>
      <IconButton
        icon={level === 0 ? 'muted' : 'volume'}
        label={sound.isMuted ? 'Unmute' : 'Mute'}
        shortcut="m"
        onClick={() => (sound.isMuted ? sound.unmute() : sound.setMuted(true))}
      />
      <input
        type="range"
        min="0"
        max="1"
        step="0.05"
        value={level}
        aria-label="Volume"
        aria-valuetext={`${Math.round(level * 100)} percent`}
        onInput={(event) => sound.setVolume(Number(event.currentTarget.value))}
      />
    </div>
  )
}

interface Props {
  readonly session: Session
  readonly state: SessionState
  readonly video: VideoRef
  readonly sound: Sound
  readonly fullscreen: Fullscreen
  toggle(panel: 'stats' | 'help'): void
}

export function Controls({ session, state, video, sound, fullscreen, toggle }: Props) {
  const [icon, label]: readonly [IconName, string] = state.isEnded
    ? ['replay', 'Replay']
    : state.isPaused || state.phase === 'closed'
      ? ['play', 'Play']
      : ['pause', 'Pause']
  const hasVideo = state.sent.some(({ kind }) => kind === 'video')
  return (
    <div class="controls" role="toolbar" aria-label="Player">
      <SeekBar session={session} durationS={state.media?.durationS ?? 0} />
      <div class="controls-row">
        <IconButton icon={icon} label={label} shortcut="space" onClick={() => togglePlay(session, video)} />
        <Volume sound={sound} />
        <span class="spacer" />
        <SettingsMenu session={session} state={state} />
        <IconButton
          icon="loop"
          label="Loop"
          shortcut="l"
          isPressed={state.isLooping}
          onClick={() => session.setLoop(!state.isLooping)}
        />
        <IconButton icon="stats" label="Statistics" shortcut="i" class="wide-only" onClick={() => toggle('stats')} />
        <IconButton icon="help" label="Keyboard" shortcut="?" class="wide-only" onClick={() => toggle('help')} />
        {hasVideo && document.pictureInPictureEnabled && (
          <IconButton
            icon="pip"
            label="Picture in picture"
            shortcut="p"
            class="wide-only"
            onClick={() => void togglePictureInPicture(video)}
          />
        )}
        {fullscreen.isPossible && (
          <IconButton
            icon={fullscreen.isOn ? 'exitFullscreen' : 'fullscreen'}
            label={fullscreen.isOn ? 'Leave full screen' : 'Full screen'}
            shortcut="f"
            onClick={fullscreen.toggle}
          />
        )}
      </div>
    </div>
  )
}
