package local

import (
	"context"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"strings"
	"time"

	"github.com/heddle-lang/heddle/passes/place"
	"github.com/heddle-lang/heddle/runtime/device"
)

// calibratePTX are the kernels that measure a GPU. The first one does nothing.
//
//go:embed calibrate.ptx
var calibratePTX string

// deviceSteps is how many steps measureDevice tells.
const deviceSteps = 7

// What the kernels are launched with, and what they do in a step.
const (
	probeThreads  = 256 // of a block
	sumBytes      = 64  // of each thread and step
	gatherLoads   = 4
	sectorBytes   = 32
	deviceKernels = 6
)

// bench measures a device.
type bench struct {
	*calibration
	ctx      context.Context
	driver   device.Driver
	stream   device.Stream
	module   device.Module
	blocks   int
	target   time.Duration // that one measurement takes at least
	memory   device.Address
	bytes    int64         // of memory
	overhead time.Duration // of a launch that is waited for
}

// measureDevice fills in the profile's GPU. What is not measured comes from the built-in
// profile of such a device.
func (c *calibration) measureDevice(ctx context.Context) (err error) {
	properties := c.options.Device.Properties()
	known, err := place.Builtin(likeDevice(properties.Name))
	if err != nil {
		return err
	}
	gpu := known.GPU
	gpu.Name, gpu.Source, gpu.Memory = properties.Name, "measured", float64(properties.Memory)
	gpu.Multiprocessors = float64(max(1, properties.Multiprocessors))
	gpu.Records = min(gpu.Records, gpu.Memory)
	c.profile.GPU = gpu
	c.profile.Name = c.profile.CPU.Name + " with " + gpu.Name
	c.profile.Notes = append(c.profile.Notes, "The GPU was measured with kernels of 256 threads; gpu.blocks and the times of compiling are assumed, and gpu.records is the upper half of the mirror.")

	b := &bench{calibration: c, ctx: ctx, driver: c.options.Device, target: 10 * time.Millisecond}
	if c.options.Quick {
		b.target = 2 * time.Millisecond
	}
	if b.stream, err = b.driver.NewStream(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.stream.Close()) }()
	for _, step := range []struct {
		name string
		run  func(gpu *place.GPU) error
	}{
		{"GPU: loading code", b.loading},
		{"GPU: launches", b.launching},
		{"GPU: copies", b.copying},
		{"GPU: memory", b.streaming},
		{"GPU: random reads", b.gathering},
		{"GPU: atomic additions", b.scattering},
		{"GPU: computing", b.computing},
	} {
		err = c.step(ctx, step.name)
		if err == nil {
			err = step.run(gpu)
		}
		if err != nil {
			err = fmt.Errorf("%s: %w", step.name, err)
			break
		}
	}
	if b.memory != 0 {
		err = errors.Join(err, b.driver.Free(b.memory))
	}
	if b.module != nil {
		err = errors.Join(err, b.module.Close())
	}
	return err
}

// loading measures what translating code takes: of a module with one kernel, and of one
// with all. A comment that is new each time keeps the driver from finding the code in its
// cache.
func (b *bench) loading(gpu *place.GPU) error {
	second := strings.Index(calibratePTX, "// sum(")
	small := calibratePTX[:second]
	nonce := 0
	load := func(text string, keep bool) (time.Duration, error) {
		return b.timed(func() error {
			nonce++
			module, err := b.driver.Load(b.ctx, fmt.Appendf(nil, "%s\n// %d.%d\n", text, b.system.Clock.Now().UnixNano(), nonce))
			if err != nil {
				return err
			}
			if keep {
				b.module = module
				return nil
			}
			return module.Close()
		})
	}
	if _, err := load(small, false); err != nil { // what happens once is not measured
		return err
	}
	one, err := load(small, false)
	if err != nil {
		return err
	}
	all, err := load(calibratePTX, true)
	if err != nil {
		return err
	}
	each := (all - one).Seconds() / (deviceKernels - 1)
	if each > 0 {
		gpu.KernelLoad = each
	}
	if base := one.Seconds() - gpu.KernelLoad; base > 0 {
		gpu.Load = base
	} else if one > 0 {
		gpu.Load = one.Seconds()
	}
	kernel, err := b.module.Kernel("gather")
	if err != nil {
		return err
	}
	occupancy, err := kernel.Occupancy(probeThreads, 0)
	if err != nil {
		return err
	}
	b.blocks = int(gpu.Multiprocessors) * max(1, occupancy)
	return nil
}

// launch gives kernels to the stream, so many times, and waits for them. It says how long
// that took.
func (b *bench) launch(name string, blocks, times int, parameters ...any) (time.Duration, error) {
	kernel, err := b.module.Kernel(name)
	if err != nil {
		return 0, err
	}
	packed := pack(parameters)
	return b.timed(func() error {
		for range times {
			if err := b.stream.Launch(kernel, device.Launch{Blocks: blocks, Threads: probeThreads}, packed); err != nil {
				return err
			}
		}
		return b.stream.Synchronize(b.ctx)
	})
}

// pack lays parameters out as kernels take them: each at a multiple of its size.
func pack(parameters []any) []byte {
	var packed []byte
	for _, parameter := range parameters {
		switch v := parameter.(type) {
		case uint32:
			packed = binary.LittleEndian.AppendUint32(packed, v)
		case device.Address:
			for len(packed)%8 != 0 {
				packed = append(packed, 0)
			}
			packed = binary.LittleEndian.AppendUint64(packed, uint64(v))
		default:
			panic(fmt.Sprintf("BUG: a parameter of type %T", v))
		}
	}
	return packed
}

// launching measures what giving a kernel takes, and waiting for it.
func (b *bench) launching(gpu *place.GPU) error {
	const many = 64
	one, err := b.best(b.ctx, b.target, func() (time.Duration, error) { return b.launch("nothing", 1, 1) })
	if err != nil {
		return err
	}
	all, err := b.best(b.ctx, b.target, func() (time.Duration, error) { return b.launch("nothing", 1, many) })
	if err != nil {
		return err
	}
	b.overhead = one
	if each := (all - one) / (many - 1); each > 0 {
		gpu.Launch = each.Seconds()
	}
	if rest := one.Seconds() - gpu.Launch; rest > 0 {
		gpu.Synchronize = rest
	}
	return nil
}

// copying measures the bus with memory that the device reads by itself.
func (b *bench) copying(gpu *place.GPU) (err error) {
	const small = 4 << 10
	size := 64 << 20
	if b.options.Quick {
		size = 8 << 20
	}
	available, err := b.driver.Available()
	if err != nil {
		return err
	}
	b.bytes = int64(bits.Len64(uint64(min(max(available, 8)/4, 1<<30)))) - 1
	b.bytes = int64(1) << b.bytes
	if b.memory, err = b.driver.Allocate(b.bytes); err != nil {
		return err
	}
	if err := b.stream.Fill(b.memory, 1, b.bytes); err != nil {
		return err
	}
	size = int(min(int64(size), b.bytes))
	host, err := b.driver.AllocateHost(size)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.driver.FreeHost(host)) }()
	measure := func(bytes int, out bool) (sample, error) {
		elapsed, err := b.best(b.ctx, b.target, func() (time.Duration, error) {
			return b.timed(func() error {
				var err error
				if out {
					err = b.stream.CopyOut(host[:bytes], b.memory)
				} else {
					err = b.stream.CopyIn(b.memory, host[:bytes])
				}
				return errors.Join(err, b.stream.Synchronize(b.ctx))
			})
		})
		return sample{bytes: float64(bytes), elapsed: elapsed}, err
	}
	for _, out := range []bool{false, true} {
		little, err := measure(min(small, size), out)
		if err != nil {
			return err
		}
		much, err := measure(size, out)
		if err != nil {
			return err
		}
		if out {
			gpu.CopyOut = difference(little, much, gpu.CopyOut)
		} else {
			gpu.CopyIn = difference(little, much, gpu.CopyIn)
			if little.elapsed > 0 {
				gpu.CopyStart = little.elapsed.Seconds()
			}
		}
	}
	return nil
}

// growing repeats a kernel with twice the steps until it takes long enough to be measured,
// and gives the steps and the shortest time less what a launch takes by itself, which is
// at most half of it.
func (b *bench) growing(run func(steps uint32) (time.Duration, error)) (steps uint32, elapsed time.Duration, err error) {
	const most = 1 << 24
	for steps = 1; ; steps *= 2 {
		if elapsed, err = run(steps); err != nil {
			return 0, 0, err
		}
		if elapsed >= b.target || steps >= most {
			break
		}
	}
	elapsed, err = b.best(b.ctx, b.target, func() (time.Duration, error) { return run(steps) })
	return steps, max(elapsed-b.overhead, elapsed/2, 1), err
}

// streaming measures how fast kernels read the device's memory, as much of it as a launch
// of all blocks reads in steps.
func (b *bench) streaming(gpu *place.GPU) error {
	perStep := int64(b.blocks) * probeThreads * sumBytes
	if perStep > b.bytes {
		b.blocks = max(1, int(b.bytes/(probeThreads*sumBytes)))
		perStep = int64(b.blocks) * probeThreads * sumBytes
	}
	steps := uint32(1) // as much as takes long enough, or all; then over and over
	for {
		elapsed, err := b.launch("sum", b.blocks, 1, b.memory, steps)
		if err != nil {
			return err
		}
		if elapsed >= b.target || perStep*int64(steps)*2 > b.bytes {
			break
		}
		steps *= 2
	}
	times, elapsed, err := b.growing(func(times uint32) (time.Duration, error) {
		return b.launch("sum", b.blocks, int(times), b.memory, steps)
	})
	if err != nil {
		return err
	}
	gpu.MemoryBytes = rate(float64(perStep)*float64(steps)*float64(times), elapsed, gpu.MemoryBytes)
	return nil
}

// random measures accesses over structures of growing size.
func (b *bench) random(kernel string, each float64) ([]access, error) {
	var all []access
	for size := int64(1 << 20); size <= b.bytes; size *= 4 {
		steps, elapsed, err := b.growing(func(steps uint32) (time.Duration, error) {
			return b.launch(kernel, b.blocks, 1, b.memory, uint32(size/sectorBytes-1), steps)
		})
		if err != nil {
			return nil, err
		}
		accesses := float64(b.blocks) * probeThreads * float64(steps) * each
		all = append(all, access{float64(size), rate(accesses, elapsed, 1)})
		if elapsed > 4*b.target && steps == 1 {
			break // an emulator: larger structures say nothing new
		}
	}
	return all, nil
}

// gathering measures random reads, and finds the size of the cache by them.
func (b *bench) gathering(gpu *place.GPU) error {
	all, err := b.random("gather", gatherLoads)
	if err != nil {
		return err
	}
	if cache, cached, missed := cacheOf(all); cache > 0 {
		gpu.Cache, gpu.CachedProbes, gpu.Probes = cache, cached, missed
	}
	return nil
}

// scattering measures atomic additions.
func (b *bench) scattering(gpu *place.GPU) error {
	all, err := b.random("scatter", 1)
	if err != nil {
		return err
	}
	if len(all) > 0 {
		last := all[len(all)-1]
		gpu.CachedUpdates = all[0].rate
		gpu.Updates = uncached(gpu.CachedUpdates, last.rate, part(gpu.Cache, last.size))
	}
	additions := func(steps uint32) float64 { return float64(b.blocks) * probeThreads * float64(steps) }
	steps, elapsed, err := b.growing(func(steps uint32) (time.Duration, error) {
		return b.launch("scatter", b.blocks, 1, b.memory, uint32(0), steps)
	})
	if err != nil {
		return err
	}
	gpu.SameUpdates = rate(additions(steps), elapsed, gpu.SameUpdates)
	steps, elapsed, err = b.growing(func(steps uint32) (time.Duration, error) { return b.launch("shared", b.blocks, 1, steps) })
	if err != nil {
		return err
	}
	gpu.SharedUpdates = rate(additions(steps), elapsed, gpu.SharedUpdates)
	return nil
}

// computing measures how many rows kernels can handle that cost no memory.
func (b *bench) computing(gpu *place.GPU) error {
	steps, elapsed, err := b.growing(func(steps uint32) (time.Duration, error) {
		return b.launch("rows", b.blocks, 1, b.memory, steps)
	})
	if err != nil {
		return err
	}
	gpu.Rows = rate(float64(b.blocks)*probeThreads*float64(steps), elapsed, gpu.Rows)
	return nil
}
