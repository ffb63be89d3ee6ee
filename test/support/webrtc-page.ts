// What the test page does: a recvonly viewer with a control channel, in the browser's own words.

export interface PageStats {
  readonly framesDecoded: number
  readonly framesReceived: number
  readonly freezeCount: number
  readonly packetsLost: number
  readonly repaired: number
  readonly texts: readonly string[]
  readonly state: string
}

/** Defines offer(), restart(), answer(sdp), stats(), and answerTo(offer) on a second connection. */
export const pageScript = `
const pc = new RTCPeerConnection({ iceServers: [] })
globalThis.pc = pc
const texts = []
pc.addTransceiver('video', { direction: 'recvonly' })
pc.addTransceiver('audio', { direction: 'recvonly' })
const channel = pc.createDataChannel('mcpx')
channel.onopen = () => channel.send('hello from the page')
channel.onmessage = (event) => texts.push(event.data)
const video = document.createElement('video')
video.muted = true
video.autoplay = true
document.body.append(video)
pc.ontrack = (event) => {
  if (event.track.kind === 'video') video.srcObject = new MediaStream([event.track])
}
globalThis.offer = async () => {
  await pc.setLocalDescription()
  await new Promise((resolve) => {
    if (pc.iceGatheringState === 'complete') return resolve()
    pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && resolve()
  })
  return pc.localDescription.sdp
}
globalThis.restart = async () => {
  await pc.setLocalDescription(await pc.createOffer({ iceRestart: true }))
  return pc.localDescription.sdp
}
globalThis.answerTo = async (sdp) => {
  const other = new RTCPeerConnection({ iceServers: [] })
  globalThis.other = other
  other.ondatachannel = ({ channel }) => {
    channel.onmessage = (event) => channel.send('echo ' + event.data)
  }
  await other.setRemoteDescription({ type: 'offer', sdp })
  await other.setLocalDescription()
  return other.localDescription.sdp
}
globalThis.answer = (sdp) => pc.setRemoteDescription({ type: 'answer', sdp })
globalThis.stats = async () => {
  const found = { framesDecoded: 0, framesReceived: 0, freezeCount: 0, packetsLost: 0, repaired: 0 }
  for (const report of (await pc.getStats()).values()) {
    if (report.type !== 'inbound-rtp' || report.kind !== 'video') continue
    found.framesDecoded = report.framesDecoded ?? 0
    found.framesReceived = report.framesReceived ?? 0
    found.freezeCount = report.freezeCount ?? 0
    found.packetsLost = report.packetsLost ?? 0
    found.repaired = report.retransmittedPacketsReceived ?? 0
  }
  return { ...found, texts, state: pc.connectionState }
}
`
