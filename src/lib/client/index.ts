// The client as commands see it; loaded only by a command that talks to a server.
export { type Api, createApi } from './api.ts'
export { findServer } from './find-server.ts'
export { openInput } from './input.ts'
export { openViewer, type Viewer, type ViewerSnapshot } from './viewer.ts'
export { loadRecorder, type WatchResult, watch } from './watch.ts'
export { whepDoor } from './whep-client.ts'
