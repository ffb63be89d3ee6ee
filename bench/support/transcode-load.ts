// A thread that transcodes pictures over and over, as a pool with more work than it can do.
import { workerData } from 'node:worker_threads'
import { createEncoder } from '../../src/lib/media/transcode/create-encoder.ts'
import { tasksOf, transcode } from './transcoding.ts'

const { encoderName, path } = workerData as { encoderName: 'node-av' | 'ffmpeg'; path: string }
const encoder = await createEncoder(encoderName)
const { video } = await tasksOf(path)
for (;;) for (const [, trackId, recipe] of video) await transcode(encoder, path, trackId, recipe, 60)
