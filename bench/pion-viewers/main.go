// Many viewers in one process, by Pion: each takes a stream over WHEP, decrypts, and sends receiver reports, NACKs and
// transport-wide feedback as a browser does. Reads commands from standard input and answers each with one line of JSON; ends with it.
//
//	join COUNT RATE   viewers more, RATE a second; answers when all have a key frame or have failed
//	churn RATE MS     viewers at RATE a second for MS milliseconds, each leaves a second after it has connected
//	counts            packets that came and that did not, of all viewers that stay
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"
)

const patience = 15 * time.Second

type viewer struct {
	pc             *webrtc.PeerConnection
	received, lost atomic.Int64
	connected, key chan struct{}
	once           [2]sync.Once
}

// What became of one viewer, in milliseconds after its offer was posted.
type outcome struct {
	connectMs, keyMs float64
	err              error
}

type answer struct {
	Failed    int       `json:"failed"`
	Error     string    `json:"error,omitempty"`
	ConnectMs []float64 `json:"connectMs"`
	KeyMs     []float64 `json:"keyMs"`
}

var (
	api     *webrtc.API
	url     string
	lock    sync.Mutex
	staying []*viewer
)

func newAPI() (*webrtc.API, error) {
	media := &webrtc.MediaEngine{}
	if err := media.RegisterDefaultCodecs(); err != nil {
		return nil, err
	}
	interceptors := &interceptor.Registry{}
	if err := webrtc.RegisterDefaultInterceptors(media, interceptors); err != nil {
		return nil, err
	}
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() && ip.To4() != nil })
	settings.SetInterfaceFilter(func(name string) bool { return name == "lo" })
	return webrtc.NewAPI(
		webrtc.WithMediaEngine(media),
		webrtc.WithInterceptorRegistry(interceptors),
		webrtc.WithSettingEngine(settings),
	), nil
}

// The first packet of a VP8 key frame (RFC 7741 4.3).
func isKey(payload []byte) bool {
	packet := codecs.VP8Packet{}
	frame, err := packet.Unmarshal(payload)
	return err == nil && packet.S == 1 && packet.PID == 0 && len(frame) > 0 && frame[0]&1 == 0
}

func (v *viewer) read(track *webrtc.TrackRemote) {
	var last uint16
	isFirst := true
	isVideo := track.Kind() == webrtc.RTPCodecTypeVideo
	for {
		packet, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		v.received.Add(1)
		if isVideo && isKey(packet.Payload) {
			v.once[1].Do(func() { close(v.key) })
		}
		if ahead := int16(packet.SequenceNumber - last); isFirst || ahead > 0 {
			if !isFirst {
				v.lost.Add(int64(ahead - 1))
			}
			last, isFirst = packet.SequenceNumber, false
		} else if ahead < 0 {
			v.lost.Add(-1)
		}
	}
}

func newViewer() (*viewer, error) {
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	v := &viewer{pc: pc, connected: make(chan struct{}), key: make(chan struct{})}
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { v.read(track) })
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateConnected {
			v.once[0].Do(func() { close(v.connected) })
		}
	})
	receive := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
		if _, err = pc.AddTransceiverFromKind(kind, receive); err != nil {
			return v, err
		}
	}
	return v, nil
}

func (v *viewer) negotiate() error {
	offer, err := v.pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	gathered := webrtc.GatheringCompletePromise(v.pc)
	if err = v.pc.SetLocalDescription(offer); err != nil {
		return err
	}
	<-gathered
	return nil
}

func (v *viewer) post() error {
	res, err := http.Post(url, "application/sdp", strings.NewReader(v.pc.LocalDescription().SDP))
	if err != nil {
		return err
	}
	body, _ := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("status %d: %.200s", res.StatusCode, body)
	}
	return v.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: string(body)})
}

func waitFor(what string, done <-chan struct{}, since time.Time) (float64, error) {
	select {
	case <-done:
		return float64(time.Since(since).Microseconds()) / 1000, nil
	case <-time.After(patience):
		return 0, fmt.Errorf("no %s in %s", what, patience)
	}
}

// Connects one viewer; `keeps` it or lets it leave a second later.
func watch(keeps bool) (result outcome) {
	v, err := newViewer()
	if v != nil && !keeps {
		defer func() { _ = v.pc.Close() }()
	}
	if err != nil {
		return outcome{err: err}
	}
	if err = v.negotiate(); err != nil {
		return outcome{err: err}
	}
	start := time.Now()
	if err = v.post(); err != nil {
		return outcome{err: err}
	}
	if result.connectMs, result.err = waitFor("connection", v.connected, start); result.err != nil {
		return result
	}
	if result.keyMs, result.err = waitFor("key frame", v.key, start); result.err != nil {
		return result
	}
	if keeps {
		lock.Lock()
		staying = append(staying, v)
		lock.Unlock()
	} else {
		time.Sleep(time.Second)
	}
	return result
}

func watchMany(count int, rate float64, keeps bool) answer {
	results := make(chan outcome, count)
	tick := time.NewTicker(time.Duration(float64(time.Second) / rate))
	defer tick.Stop()
	for i := 0; i < count; i++ {
		go func() { results <- watch(keeps) }()
		<-tick.C
	}
	said := answer{ConnectMs: []float64{}, KeyMs: []float64{}}
	for i := 0; i < count; i++ {
		result := <-results
		if result.err != nil {
			said.Failed++
			said.Error = result.err.Error()
			continue
		}
		said.ConnectMs = append(said.ConnectMs, result.connectMs)
		said.KeyMs = append(said.KeyMs, result.keyMs)
	}
	return said
}

func counts() map[string]int64 {
	lock.Lock()
	defer lock.Unlock()
	sums := map[string]int64{"received": 0, "lost": 0}
	for _, v := range staying {
		sums["received"] += v.received.Load()
		sums["lost"] += v.lost.Load()
	}
	return sums
}

func obey(line string) (any, error) {
	var count int
	var rate, ms float64
	switch strings.SplitN(line, " ", 2)[0] {
	case "join":
		if _, err := fmt.Sscanf(line, "join %d %g", &count, &rate); err != nil {
			return nil, err
		}
		return watchMany(count, rate, true), nil
	case "churn":
		if _, err := fmt.Sscanf(line, "churn %g %g", &rate, &ms); err != nil {
			return nil, err
		}
		return watchMany(max(1, int(rate*ms/1000)), rate, false), nil
	case "counts":
		return counts(), nil
	}
	return nil, fmt.Errorf("no such command: %.40q", line)
}

func main() {
	flag.StringVar(&url, "url", "", "WHEP endpoint of the content")
	flag.Parse()
	var err error
	if api, err = newAPI(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	lines := bufio.NewScanner(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		said, err := obey(lines.Text())
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		_ = out.Encode(said)
	}
}
