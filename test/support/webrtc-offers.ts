// Offers in the styles of clients that exist, shortened to what matters.

const fingerprint = `a=fingerprint:sha-256 ${Array(32).fill('AB').join(':')}`
const ice = ['a=ice-ufrag:abcd', 'a=ice-pwd:abcdefghijklmnopqrstuvwx']
const text = (...lines: readonly (string | readonly string[])[]): string => `${lines.flat().join('\r\n')}\r\n`
const head = ['v=0', 'o=- 1 2 IN IP4 127.0.0.1', 's=-', 't=0 0']

const transportCc = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01'
const videoLines = [
  'a=rtcp-mux',
  'a=rtpmap:96 VP8/90000',
  'a=rtcp-fb:96 goog-remb',
  'a=rtcp-fb:96 transport-cc',
  'a=rtcp-fb:96 nack',
  'a=rtcp-fb:96 nack pli',
  'a=rtpmap:97 rtx/90000',
  'a=fmtp:97 apt=96',
  'a=rtpmap:102 H264/90000',
  'a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42001f',
  'a=rtpmap:103 H264/90000',
  'a=rtcp-fb:103 nack',
  'a=rtcp-fb:103 transport-cc',
  'a=fmtp:103 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
  'a=rtpmap:104 rtx/90000',
  'a=fmtp:104 apt=103',
  'a=rtpmap:105 red/90000',
]

export const offers = {
  /** Audio before video, bundle-only, sendrecv audio, a data channel between, a second video section. */
  chrome: text(
    head,
    'a=group:BUNDLE 0 data 2 3',
    'a=extmap-allow-mixed',
    'm=audio 9 UDP/TLS/RTP/SAVPF 111 63 9',
    'c=IN IP4 0.0.0.0',
    ...[ice, fingerprint, 'a=setup:actpass', 'a=mid:0', `a=extmap:3 ${transportCc}`, 'a=sendrecv', 'a=rtcp-mux'],
    'a=rtpmap:111 opus/48000/2',
    'a=rtcp-fb:111 transport-cc',
    'a=fmtp:111 minptime=10;useinbandfec=1',
    'a=rtpmap:63 red/48000/2',
    'a=candidate:1 1 udp 2113937151 7a3c.local 50000 typ host generation 0 network-cost 999',
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
    ...[ice, fingerprint, 'a=setup:actpass', 'a=mid:data', 'a=sctp-port:5000', 'a=max-message-size:262144'],
    'm=video 0 UDP/TLS/RTP/SAVPF 96 97 102 103 104 105',
    ...['a=bundle-only', 'a=mid:2', `a=extmap:4 ${transportCc}`, 'a=recvonly', ...videoLines],
    'm=video 9 UDP/TLS/RTP/SAVPF 96',
    ...[ice, fingerprint, 'a=setup:actpass', 'a=mid:3', 'a=recvonly', ...videoLines],
  ),
  /** Session-level ICE and fingerprint, wildcard feedback, lower-case names, active. */
  pion: text(
    head,
    ...[ice, fingerprint, 'a=group:BUNDLE v', 'a=setup:actpass'],
    'm=video 9 UDP/TLS/RTP/SAVPF 120 121',
    ...['a=mid:v', 'a=recvonly', 'a=rtpmap:120 vp8/90000', 'a=rtcp-fb:* nack', 'a=rtcp-fb:* transport-cc'],
    ...['a=rtpmap:121 VP9/90000', 'a=fmtp:121 profile-id=0', `a=extmap:7/recvonly ${transportCc}`],
  ),
  /** No BUNDLE, two transports: only the first can be taken. */
  unbundled: text(
    head,
    'm=audio 9 UDP/TLS/RTP/SAVPF 96',
    ...[ice, fingerprint, 'a=setup:active', 'a=mid:audio0', 'a=recvonly', 'a=rtpmap:96 OPUS/48000/2'],
    'm=video 9 UDP/TLS/RTP/SAVPF 97',
    ...[ice, fingerprint, 'a=setup:active', 'a=mid:video1', 'a=recvonly', 'a=rtpmap:97 VP8/90000'],
  ),
  /** Sends only: nothing of it can be sent to. */
  publisher: text(
    head,
    'm=video 9 UDP/TLS/RTP/SAVPF 96',
    ...[ice, fingerprint, 'a=setup:actpass', 'a=mid:0', 'a=sendonly', 'a=rtpmap:96 VP8/90000'],
  ),
} as const
