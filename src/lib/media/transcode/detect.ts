export async function detectEncoder(): Promise<'node-av' | 'ffmpeg' | 'none'> {
  return 'node-av'
}
