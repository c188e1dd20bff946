//go:build linux && (amd64 || arm64)

package cuda

import (
	"slices"
	"sync"
	"unsafe"

	"github.com/heddle-lang/heddle/runtime/device"
)

// graph is captured work, and the pinned memory for those of its copies whose memory
// the device does not reach.
type graph struct {
	driver *driver
	handle uintptr // a CUgraphExec; 0 while it is captured, and if that fails

	mu         sync.Mutex // guards what follows once the graph is captured
	memory     [][]byte
	deliveries []delivery
	due        bool // a replay may have bytes that were not brought over
}

// captureRelaxed lets other goroutines allocate while one captures, and lets the one
// that captures move between threads.
const captureRelaxed = 2

func (s *stream) Capture(give func() error) (device.Graph, error) {
	if s.capturing != nil {
		return nil, misuse("the stream is being captured already")
	}
	if err := s.begin(); err != nil {
		return nil, err
	}
	g := &graph{driver: s.driver}
	s.driver.keep(kindGraph, g)
	s.capturing = g
	complete := false
	defer func() {
		s.capturing = nil
		if !complete { // give has panicked
			_, _ = s.end(g, false)
		}
	}()
	failed := give()
	complete = true
	captured, err := s.end(g, failed == nil)
	if failed != nil {
		return nil, failed
	}
	return captured, err
}

func (s *stream) begin() error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.driver.leave()
	s.driver.quiet.Lock()
	defer s.driver.quiet.Unlock()
	if r := s.driver.library.call(cuStreamBeginCapture, s.handle, captureRelaxed); r != success {
		return s.driver.failure(cuStreamBeginCapture, r)
	}
	s.recording.Store(true)
	return nil
}

// end ends a capture and makes the graph ready, or forgets it.
func (s *stream) end(g *graph, wanted bool) (device.Graph, error) {
	err := s.instantiate(g, wanted)
	if err != nil || !wanted {
		_ = g.Close() // frees what copies would have used; the first failure is the news
		return nil, err
	}
	return g, nil
}

func (s *stream) instantiate(g *graph, wanted bool) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.driver.leave()
	l := s.driver.library
	var template uintptr
	r := l.call(cuStreamEndCapture, s.handle, uintptr(unsafe.Pointer(&template)))
	s.recording.Store(false)
	if r != success {
		return s.driver.failure(cuStreamEndCapture, r)
	}
	failed := cuGraphInstantiateWithFlags
	if wanted {
		const noFlags = 0
		r = l.call(cuGraphInstantiateWithFlags, uintptr(unsafe.Pointer(&g.handle)), template, noFlags)
	}
	if destroyed := l.call(cuGraphDestroy, template); r == success {
		failed, r = cuGraphDestroy, destroyed
	}
	return s.driver.check(failed, r)
}

// hold gives pinned memory that lives as long as the graph. It is called while the graph
// is captured.
func (g *graph) hold(bytes int) ([]byte, error) {
	memory, err := g.driver.allocateHost(bytes)
	if err != nil {
		return nil, err
	}
	g.memory = append(g.memory, memory)
	return memory, nil
}

func (s *stream) Replay(which device.Graph) error {
	g, ok := which.(*graph)
	if !ok || g.driver != s.driver {
		return misuse("the graph belongs to another device")
	}
	if s.capturing != nil {
		return misuse("a graph cannot be replayed into one that is being captured")
	}
	if err := s.enter(); err != nil {
		return err
	}
	defer s.driver.leave()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.handle == 0 {
		return misuse("the graph has been closed")
	}
	if r := s.driver.library.call(cuGraphLaunch, g.handle, s.handle); r != success {
		return s.driver.failure(cuGraphLaunch, r)
	}
	if len(g.deliveries) > 0 {
		g.due = true
		if !slices.Contains(s.replayed, g) {
			s.replayed = append(s.replayed, g)
		}
	}
	return nil
}

// finish brings over the bytes of the replays, which are done.
func (g *graph) finish() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.bringOver()
}

func (g *graph) bringOver() {
	for _, out := range g.deliveries {
		copy(out.to, out.from)
	}
	g.due = false
}

// Close waits for replays if the graph has memory that they use, and brings their bytes
// over.
func (g *graph) Close() error {
	if err := g.rest(); err != nil {
		return err
	}
	return g.driver.discard(kindGraph, g, cuGraphExecDestroy)
}

func (g *graph) rest() error {
	if g.driver.gone() {
		return nil
	}
	if err := g.driver.enter(); err != nil {
		return err
	}
	defer g.driver.leave()
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.memory) == 0 {
		return nil
	}
	if err := g.driver.settle(); err != nil {
		return err
	}
	if g.due {
		g.bringOver()
	}
	return nil
}

func (g *graph) destroy() (first result) {
	g.mu.Lock()
	defer g.mu.Unlock()
	note := func(r result) {
		if first == success {
			first = r
		}
	}
	if g.handle != 0 {
		note(g.driver.library.call(cuGraphExecDestroy, g.handle))
	}
	for _, memory := range g.memory {
		note(g.driver.freeHost(memory))
	}
	g.handle, g.memory, g.deliveries, g.due = 0, nil, nil, false
	return first
}
