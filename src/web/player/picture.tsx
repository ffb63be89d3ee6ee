// The video element: plays the session's stream, tells which frame is shown, and turns the picture where the file says so.
import { useEffect, useRef } from 'preact/hooks'
import { type Sound, togglePlay, useSessionState, type VideoRef } from './hooks.ts'
import type { Session } from './session.ts'

interface Props {
  readonly session: Session
  readonly video: VideoRef
  readonly sound: Sound
}

/** Calls `onFrame` for each frame presented until the returned function is called. */
function followFrames(video: HTMLVideoElement, onFrame: (rtpTimestamp: number | undefined) => void): () => void {
  if (!('requestVideoFrameCallback' in video)) return () => undefined
  let handle = 0
  const next: VideoFrameRequestCallback = (_now, metadata) => {
    onFrame(metadata.rtpTimestamp)
    handle = video.requestVideoFrameCallback(next)
  }
  handle = video.requestVideoFrameCallback(next)
  return () => video.cancelVideoFrameCallback(handle)
}

export function Picture({ session, video, sound }: Props) {
  const { stream, media } = useSessionState(session)

  useEffect(() => {
    const element = video.current
    if (!element || !stream) return
    element.srcObject = stream
    sound.start()
    const stop = followFrames(element, (rtpTimestamp) => session.onFrame(rtpTimestamp))
    // Audio has no frames to follow; nor has a video where the browser does not report them.
    const onTime = () => {
      if (session.isReceiving) session.onPlayed()
    }
    element.addEventListener('timeupdate', onTime)
    return () => {
      stop()
      element.removeEventListener('timeupdate', onTime)
    }
    // `sound` changes with the volume; the stream must not start anew for that.
  }, [stream, session, video])

  // Picture-in-picture and the system may pause the element behind our back: then the server shall rest too.
  const pausedByElement = useRef(false)
  const onPause = () => {
    const element = video.current
    if (!element || element.ended || session.state.phase !== 'connected' || !session.state.stream?.active) return
    pausedByElement.current = true
    session.pause()
  }
  const onPlay = () => {
    if (pausedByElement.current && session.state.isPaused) session.play()
    pausedByElement.current = false
  }
  const rotation = media?.rotation ?? 0
  return (
    // biome-ignore lint/a11y/useMediaCaption: what is played brings no captions over WebRTC
    <video
      ref={video}
      class="picture"
      data-rotation={rotation}
      playsInline
      onPause={onPause}
      onPlay={onPlay}
      onClick={(event) => {
        // On a touch screen the first tap brings the controls back, no more.
        if ((event as unknown as PointerEvent).pointerType !== 'touch') togglePlay(session, video)
      }}
    />
  )
}
