// ICE candidates as the dialects spell them.
import type { IceCandidate } from '../protocol/media-plane.ts'
import type { ClientMessage, ServerMessage } from '../protocol/signalling.ts'

type CandidateMessage = Extract<ClientMessage, { type: 'candidate' }>

/** The spellings of a candidate: its line with the place beside it, an RTCIceCandidateInit, or nothing at the end. */
export function toCandidate({ candidate, sdpMid, sdpMLineIndex }: CandidateMessage): IceCandidate | null {
  const init = typeof candidate === 'object' && candidate !== null ? candidate : { candidate, sdpMid, sdpMLineIndex }
  if (!init.candidate) return null
  return {
    candidate: init.candidate,
    ...(typeof init.sdpMid === 'string' ? { sdpMid: init.sdpMid } : {}),
    ...(typeof init.sdpMLineIndex === 'number' ? { sdpMLineIndex: init.sdpMLineIndex } : {}),
  }
}

/** An empty line is the end of candidates. */
export function candidateMessage(id: string, candidate: IceCandidate | null): ServerMessage {
  const { candidate: line = '', sdpMid = null, sdpMLineIndex = null } = candidate ?? {}
  return { type: 'candidate', pc_id: id, candidate: line, sdpMid, sdpMLineIndex }
}
