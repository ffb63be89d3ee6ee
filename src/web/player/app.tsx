// The player as one view: the picture, and around it whatever the state calls for.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { PageAddress } from '../shared/base-path.ts'
import { shortContent } from '../shared/format.ts'
import { plainText } from '../shared/plain-text.ts'
import { remember } from '../shared/recent.ts'
import { AudioVisual } from './audio-visual.tsx'
import { Controls } from './controls.tsx'
import { FailurePanel } from './failure-panel.tsx'
import { useFullscreen, useIdle, useKeys, useMediaSession, useSessionState, useSound } from './hooks.ts'
import { ConnectingPanel, Notices, ReplayPanel, UnmuteButton } from './panels.tsx'
import { Picture } from './picture.tsx'
import type { Session } from './session.ts'
import { HelpPanel, StatsPanel } from './stats-panel.tsx'
import { TopBar } from './top-bar.tsx'

export function App({ session, address }: { session: Session; address: PageAddress }) {
  const state = useSessionState(session)
  const stage = useRef<HTMLDivElement>(null)
  const video = useRef<HTMLVideoElement>(null)
  const [panel, setPanel] = useState<'stats' | 'help' | undefined>()
  const sound = useSound(video)
  const fullscreen = useFullscreen(stage)
  const toggle = (name: 'stats' | 'help') => setPanel((shown) => (shown === name ? undefined : name))

  const hasVideo = state.sent.some(({ kind }) => kind === 'video')
  const isAudioOnly = state.media !== undefined && state.sent.length > 0 && !hasVideo
  const isPlaying = state.phase === 'connected' && state.hasPlayed && !state.isPaused && !state.isEnded
  const isIdle = useIdle(stage, isPlaying && panel !== 'help')

  useKeys({ session, video, sound, fullscreen, toggle, close: () => setPanel(undefined) })
  useMediaSession(session, video)
  useEffect(() => {
    document.title = address.content ? `${plainText(shortContent(address.content))} · mcpx` : 'mcpx'
  }, [address.content])
  useEffect(() => {
    if (state.media && address.content) remember({ content: address.content, durationS: state.media.durationS })
  }, [state.media, address.content])

  const showsFailure = state.failure && (state.phase === 'failed' || !state.hasPlayed || state.attempt > 2)
  return (
    <div
      ref={stage}
      class={`player${hasVideo && state.hasPlayed ? ' on-video' : ''}${isIdle ? ' is-idle' : ''}`}
      data-phase={state.phase}
    >
      <Picture session={session} video={video} sound={sound} />
      {isAudioOnly && <AudioVisual stream={state.stream} isPlaying={isPlaying} title={shortContent(address.content)} />}
      <TopBar base={address.base} content={address.content} state={state} onStats={() => toggle('stats')} />
      <Notices session={session} state={state} isExplained={Boolean(showsFailure)} />
      {sound.isBlocked && state.hasPlayed && <UnmuteButton onUnmute={sound.unmute} />}
      {showsFailure ? (
        <FailurePanel session={session} state={state} base={address.base} />
      ) : state.phase === 'closed' ? (
        <ReplayPanel title="The stream was closed" label="Play again" onReplay={() => session.play()} />
      ) : state.isEnded ? (
        <ReplayPanel title="The end" label="Replay" onReplay={() => session.play()} />
      ) : (
        (!state.hasPlayed || state.isBuffering || state.seekingToS !== undefined) && <ConnectingPanel state={state} />
      )}
      {panel === 'stats' && <StatsPanel session={session} onClose={() => setPanel(undefined)} />}
      {panel === 'help' && <HelpPanel onClose={() => setPanel(undefined)} />}
      {state.media && (
        <Controls session={session} state={state} video={video} sound={sound} fullscreen={fullscreen} toggle={toggle} />
      )}
    </div>
  )
}
