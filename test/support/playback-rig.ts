// A viewer's playback on a fake clock behind the real ticker, with everything that it sends written down.

import { seeded } from '../../src/lib/base/random.ts'
import { createTicker } from '../../src/lib/media/playback/ticker.ts'
import {
  createViewerPlayback,
  type PlaybackEpoch,
  type ViewerPlayback,
  type ViewerPlaybackOptions,
} from '../../src/lib/media/playback/viewer-playback.ts'
import type { OutgoingPacket, PacketSink } from '../../src/lib/model/frame.ts'
import type { MediaKind } from '../../src/lib/model/track.ts'
import { FakeClock } from './fake-clock.ts'
import { MemoryFeed, type MemoryFeedOptions } from './memory-feed.ts'

type PlaybackNote =
  | { readonly type: 'epoch'; readonly epoch: PlaybackEpoch; readonly paused: boolean }
  | { readonly type: 'buffering'; readonly buffering: boolean }
  | { readonly type: 'ended' }

export interface Sent extends OutgoingPacket {
  readonly atMs: number
}

export interface RigOptions extends Partial<Omit<ViewerPlaybackOptions, 'video' | 'audio'>> {
  readonly video?: Partial<MemoryFeedOptions> | false
  readonly audio?: Partial<MemoryFeedOptions> | false
  readonly durationS?: number
  readonly loadMs?: () => number
}

export class PlaybackRig {
  readonly clock = new FakeClock()
  readonly sent: Record<MediaKind, Sent[]> = { video: [], audio: [] }
  readonly again: Record<MediaKind, Sent[]> = { video: [], audio: [] }
  readonly notes: (PlaybackNote & { atMs: number })[] = []
  readonly errors: unknown[] = []
  readonly videoFeed: MemoryFeed | undefined
  readonly audioFeed: MemoryFeed | undefined
  readonly playback: ViewerPlayback
  readonly ticker = createTicker({
    clock: this.clock,
    onError: (_viewer, error) => {
      throw error
    },
  })

  constructor(options: RigOptions = {}) {
    const { video, audio, durationS = 20, loadMs, ...rest } = options
    this.videoFeed = video === false ? undefined : this.feed({ kind: 'video', durationS, loadMs, ...video })
    this.audioFeed = audio === false ? undefined : this.feed({ kind: 'audio', durationS, loadMs, ...audio })
    this.playback = createViewerPlayback({
      events: {
        epoch: (epoch, paused) => this.#note({ type: 'epoch', epoch, paused }),
        buffering: (buffering) => this.#note({ type: 'buffering', buffering }),
        ended: () => this.#note({ type: 'ended' }),
        error: (error) => this.errors.push(error),
      },
      random: seeded(7),
      ...rest,
      ...(this.videoFeed && { video: { feed: this.videoFeed, pictureIdOffset: 2 } }),
      ...(this.audioFeed && { audio: { feed: this.audioFeed } }),
    })
    this.playback.connect({ video: this.#sink('video'), audio: this.#sink('audio') })
    this.ticker.add(this.playback)
  }

  feed(options: Partial<MemoryFeedOptions> & { kind: MediaKind; loadMs?: (() => number) | undefined }): MemoryFeed {
    const { loadMs, ...rest } = options
    return new MemoryFeed({ durationS: 20, clock: this.clock, ...rest, ...(loadMs && { loadMs }) })
  }

  async run(ms: number): Promise<void> {
    await this.clock.advanceAsync(ms)
  }

  #note(note: PlaybackNote): void {
    this.notes.push({ ...note, atMs: this.clock.now() })
  }

  #sink(kind: MediaKind): PacketSink {
    const keep = (list: Sent[]) => (packet: OutgoingPacket) => {
      list.push({ ...packet, atMs: this.clock.now() })
      return true
    }
    return { send: keep(this.sent[kind]), retransmit: keep(this.again[kind]) }
  }
}
