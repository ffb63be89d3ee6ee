"""Plays a WHEP address with aiortc, a WebRTC stack that is not ours, and prints what was decoded as one JSON object.

Usage: play.py <address> <video frames> <audio frames>
"""

import asyncio
import json
import sys
import urllib.request
from urllib.parse import urljoin

from aiortc import RTCPeerConnection, RTCSessionDescription

DEADLINE_S = 20


def post(address: str, offer: str) -> tuple[str, str]:
    request = urllib.request.Request(
        address,
        data=offer.encode(),
        headers={"Content-Type": "application/sdp", "Accept": "application/sdp"},
    )
    with urllib.request.urlopen(request, timeout=DEADLINE_S) as response:
        assert response.status == 201, response.status
        return response.read().decode(), response.headers["Location"]


def delete(address: str) -> int:
    request = urllib.request.Request(address, method="DELETE")
    with urllib.request.urlopen(request, timeout=DEADLINE_S) as response:
        return response.status


async def take(track, count: int, found: dict) -> None:
    last = None
    while found["frames"] < count:
        frame = await track.recv()
        found["frames"] += 1
        if last is not None and frame.pts <= last:
            found["backwards"] += 1
        last = frame.pts
        if track.kind == "video":
            found["width"], found["height"] = frame.width, frame.height
        else:
            samples = memoryview(bytes(frame.planes[0])).cast("h")
            found["loudest"] = max(found.get("loudest", 0), max(samples), -min(samples))


async def play(address: str, wanted: dict) -> dict:
    peer = RTCPeerConnection()
    found = {kind: {"frames": 0, "backwards": 0} for kind in wanted}
    takers = []

    @peer.on("track")
    def on_track(track):
        takers.append(asyncio.ensure_future(take(track, wanted[track.kind], found[track.kind])))

    for kind in wanted:
        peer.addTransceiver(kind, direction="recvonly")
    await peer.setLocalDescription(await peer.createOffer())
    answer, location = await asyncio.to_thread(post, address, peer.localDescription.sdp)
    await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    try:
        await asyncio.wait_for(asyncio.gather(*takers), DEADLINE_S)
    except asyncio.TimeoutError:
        found["timeout"] = True
    found["deleted"] = await asyncio.to_thread(delete, urljoin(address, location))
    await peer.close()
    return found


if __name__ == "__main__":
    counts = {"video": int(sys.argv[2]), "audio": int(sys.argv[3])}
    result = asyncio.run(play(sys.argv[1], {kind: count for kind, count in counts.items() if count > 0}))
    print(json.dumps(result))
