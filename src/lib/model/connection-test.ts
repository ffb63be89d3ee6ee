// What a viewer inside the server measured of a stream of the sample.

export interface ConnectionTest {
  readonly streamId: string
  readonly iceConnectMs: number
  readonly dtlsConnectMs: number
  readonly firstPacketMs: number
  readonly roundTripMs?: number
  readonly packetsReceived: number
  readonly packetsLost: number
  readonly candidatePair?: { readonly local: string; readonly remote: string; readonly type: string }
}
