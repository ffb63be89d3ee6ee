// A thread that transcodes pictures over and over, as a pool with more work than it can do, until it is told anything. It is not to
// be terminated: an encoder that comes back into a thread that is being torn down aborts the whole process.
import { parentPort, workerData } from 'node:worker_threads'
import { createEncoder } from '../../src/lib/media/transcode/create-encoder.ts'
import { tasksOf, transcode } from './transcoding.ts'

const { encoderName, path } = workerData as { encoderName: 'node-av' | 'ffmpeg'; path: string }
const over = new AbortController()
parentPort!.once('message', () => over.abort())
const encoder = await createEncoder(encoderName)
const { video } = await tasksOf(path)
while (!over.signal.aborted)
  for (const [, trackId, recipe] of video) await transcode(encoder, path, trackId, recipe, 60, over.signal)
