// The WebRTC stack of the viewer, apart from the rest of the client because it is slow to load.
export { createViewerPeer } from '../webrtc/viewer-peer.ts'
