//go:build linux && (amd64 || arm64)

package cuda

import "unsafe"

const (
	stagingBuffers = 4       // a stream's, so that filling one overlaps with copying others
	stagingBytes   = 1 << 20 // of each: enough for the full speed of the bus
	stagingAlign   = 64      // pieces start at a line of the cache
	stagingLeast   = 1 << 16 // a copy is split only to use at least so many bytes
)

// staging are pinned buffers through which a stream copies memory that the device does
// not reach. They are filled in turn; one is used again when the device has passed the
// event that was recorded after its last copy.
type staging struct {
	stream  *stream
	buffers [stagingBuffers]stagingBuffer
	at      int // the buffer that is being filled
}

type stagingBuffer struct {
	memory     []byte // nil until it is needed
	event      uintptr
	used       int
	sealed     bool // the event is recorded
	deliveries []delivery
}

// delivery is bytes that the device writes to pinned memory, and where they belong.
type delivery struct{ to, from []byte }

// disableTiming and eventBlockingSync make an event that is only waited for, asleep.
const (
	eventBlockingSync = 1
	disableTiming     = 2
)

// take gives at most want bytes of pinned memory, for one copy that is given to the
// stream next.
func (g *staging) take(want int) ([]byte, error) {
	b := &g.buffers[g.at]
	if room := stagingBytes - b.used; room < want && room < stagingLeast {
		if err := g.turn(); err != nil {
			return nil, err
		}
		b = &g.buffers[g.at]
	}
	d := g.stream.driver
	if b.event == 0 {
		if r := d.library.call(cuEventCreate, uintptr(unsafe.Pointer(&b.event)), eventBlockingSync|disableTiming); r != success {
			return nil, d.failure(cuEventCreate, r)
		}
	}
	if b.memory == nil {
		memory, err := d.allocateHost(stagingBytes)
		if err != nil {
			return nil, err
		}
		b.memory = memory
	}
	piece := b.memory[b.used:min(b.used+want, stagingBytes)]
	b.used = min((b.used+len(piece)+stagingAlign-1)&^(stagingAlign-1), stagingBytes)
	return piece, nil
}

// turn seals the buffer that is being filled, and empties the next.
func (g *staging) turn() error {
	d := g.stream.driver
	b := &g.buffers[g.at]
	if r := d.library.call(cuEventRecord, b.event, g.stream.handle); r != success {
		return d.failure(cuEventRecord, r)
	}
	b.sealed = true
	g.at = (g.at + 1) % stagingBuffers
	next := &g.buffers[g.at]
	if next.sealed {
		if r := d.library.call(cuEventSynchronize, next.event); r != success {
			return d.failure(cuEventSynchronize, r)
		}
	}
	next.empty()
	return nil
}

// deliver notes where the bytes belong of the copy that was given last.
func (g *staging) deliver(out delivery) {
	b := &g.buffers[g.at]
	b.deliveries = append(b.deliveries, out)
}

// finish empties all buffers; the stream's work is done. What was given later comes last
// and wins where two copies went to one place.
func (g *staging) finish() {
	for i := 1; i <= stagingBuffers; i++ {
		g.buffers[(g.at+i)%stagingBuffers].empty()
	}
}

func (b *stagingBuffer) empty() {
	for _, out := range b.deliveries {
		copy(out.to, out.from)
	}
	clear(b.deliveries) // the slices of others must not stay alive
	b.deliveries, b.used, b.sealed = b.deliveries[:0], 0, false
}

// free gives the buffers back; the stream's work is done, and nobody waits for bytes.
func (g *staging) free() (first result) {
	d := g.stream.driver
	for i := range g.buffers {
		b := &g.buffers[i]
		if b.event != 0 {
			if r := d.library.call(cuEventDestroy, b.event); first == success {
				first = r
			}
		}
		if b.memory != nil {
			if r := d.freeHost(b.memory); first == success {
				first = r
			}
		}
		*b = stagingBuffer{}
	}
	return first
}
