package main

import (
	"context"
	_ "embed" // of a kernel
	"errors"
	"slices"
	"time"

	"github.com/heddle-lang/heddle/runtime/device"
)

// hardware is what the card can do, whatever the query.
type hardware struct {
	Driver          string `json:"driver"`
	Name            string `json:"name"`
	Architecture    int    `json:"architecture"` // 90 is sm_90
	PTX             int    `json:"ptx"`          // 87 is PTX 8.7
	DriverVersion   string `json:"driverVersion"`
	Multiprocessors int    `json:"multiprocessors"`
	MemoryBytes     int64  `json:"memoryBytes"`
	// CopyBytesPerSecond is that of copies within the card; what is read counts, and
	// what is written.
	CopyBytesPerSecond float64 `json:"copyBytesPerSecond"`
	// In and Out are copies from and to pinned memory of the machine.
	InBytesPerSecond  float64 `json:"inBytesPerSecond"`
	OutBytesPerSecond float64 `json:"outBytesPerSecond"`
	// LaunchMicroseconds is what it takes to give an empty kernel to the device and to
	// wait for its end.
	LaunchMicroseconds float64 `json:"launchMicroseconds"`
}

//go:embed empty.ptx
var emptyPTX []byte

// measureHardware copies size bytes in each way, runs times.
func measureHardware(ctx context.Context, driver device.Driver, size int64, runs int) (h hardware, err error) {
	p := driver.Properties()
	h = hardware{
		Driver: p.Driver, Name: p.Name, Architecture: p.Architecture, PTX: p.PTX, DriverVersion: p.DriverVersion,
		Multiprocessors: p.Multiprocessors, MemoryBytes: p.Memory,
	}
	b := &bench{ctx: ctx, driver: driver, runs: runs}
	defer func() { err = errors.Join(err, b.close()) }()
	if b.stream, err = driver.NewStream(); err != nil {
		return h, err
	}
	from, err := b.allocate(size)
	if err != nil {
		return h, err
	}
	to, err := b.allocate(size)
	if err != nil {
		return h, err
	}
	if err := b.stream.Fill(from, 1, size); err != nil {
		return h, err
	}
	// Both copies read and write size bytes of the card's memory; over the bus they go once.
	within, err := b.time(func() error { return b.stream.CopyWithin(to, from, size) })
	if err != nil {
		return h, err
	}
	h.CopyBytesPerSecond = rate(2*size, within)

	pinnedSize := min(size, 256<<20)
	pinned, err := driver.AllocateHost(int(pinnedSize))
	if err != nil {
		return h, err
	}
	defer func() { err = errors.Join(err, driver.FreeHost(pinned)) }()
	in, err := b.time(func() error { return b.stream.CopyIn(from, pinned) })
	if err != nil {
		return h, err
	}
	h.InBytesPerSecond = rate(pinnedSize, in)
	out, err := b.time(func() error { return b.stream.CopyOut(pinned, from) })
	if err != nil {
		return h, err
	}
	h.OutBytesPerSecond = rate(pinnedSize, out)
	launch, err := b.launch()
	h.LaunchMicroseconds = float64(launch.Nanoseconds()) / 1e3
	return h, err
}

// bench has what the measurements share.
type bench struct {
	ctx    context.Context
	driver device.Driver
	runs   int
	stream device.Stream
	memory []device.Address
}

func (b *bench) close() error {
	var failed error
	if b.stream != nil {
		failed = b.stream.Close()
	}
	for _, address := range b.memory {
		failed = errors.Join(failed, b.driver.Free(address))
	}
	return failed
}

func (b *bench) allocate(size int64) (device.Address, error) {
	address, err := b.driver.Allocate(size)
	if err == nil {
		b.memory = append(b.memory, address)
	}
	return address, err
}

// time is the shortest time of the stream's work, by the device's events.
func (b *bench) time(work func() error) (time.Duration, error) {
	started, err := b.driver.NewEvent()
	if err != nil {
		return 0, err
	}
	defer func() { _ = started.Close() }() // it is idle by then
	ended, err := b.driver.NewEvent()
	if err != nil {
		return 0, err
	}
	defer func() { _ = ended.Close() }()
	best := time.Duration(0)
	for range b.runs + 1 { // the first warms up, and is hardly the best
		if err := errors.Join(b.stream.Record(started), work(), b.stream.Record(ended), b.stream.Synchronize(b.ctx)); err != nil {
			return 0, err
		}
		elapsed, err := ended.Since(started)
		if err != nil {
			return 0, err
		}
		if best == 0 || elapsed < best {
			best = elapsed
		}
	}
	return best, nil
}

// launch is the median time to run an empty kernel, by the machine's clock.
func (b *bench) launch() (elapsed time.Duration, err error) {
	module, err := b.driver.Load(b.ctx, emptyPTX)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, module.Close()) }()
	kernel, err := module.Kernel("empty")
	if err != nil {
		return 0, err
	}
	var times []time.Duration
	for range 20 * b.runs {
		began := time.Now()
		if err := b.stream.Launch(kernel, device.Launch{Blocks: 1, Threads: 32}, nil); err != nil {
			return 0, err
		}
		if err := b.stream.Synchronize(b.ctx); err != nil {
			return 0, err
		}
		times = append(times, time.Since(began))
	}
	return median(times), nil
}

// median of times; there is at least one.
func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return (times[(len(times)-1)/2] + times[len(times)/2]) / 2
}

// rate is bytes or rows per second; 0 where the time is.
func rate(amount int64, elapsed time.Duration) float64 {
	if elapsed <= 0 {
		return 0
	}
	return float64(amount) / elapsed.Seconds()
}
