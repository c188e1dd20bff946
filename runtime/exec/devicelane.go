package exec

import (
	"errors"

	"github.com/heddle-lang/heddle/runtime/device"
)

// lane is a way to the device beside others: a stream, and memory that the device reads
// by itself. What is in the memory must stay until the stream has been waited for.
type lane struct {
	stream device.Stream
	memory []byte
}

// laneUnit is what the memory of lanes is a multiple of, in bytes.
const laneUnit = 1 << 20

// lane gives a lane with so much memory, one that is idle if there is one.
func (g *gpu) lane(size int) (*lane, error) {
	for i := len(g.lanes) - 1; i >= 0; i-- {
		if l := g.lanes[i]; len(l.memory) >= size {
			g.lanes = append(g.lanes[:i], g.lanes[i+1:]...)
			return l, nil
		}
	}
	var l *lane
	if n := len(g.lanes); n > 0 {
		l, g.lanes = g.lanes[n-1], g.lanes[:n-1]
	} else {
		stream, err := g.driver.NewStream()
		if err != nil {
			return nil, err
		}
		l = &lane{stream: stream}
	}
	if err := l.resize(g.driver, size); err != nil {
		return nil, errors.Join(err, l.close(g.driver))
	}
	return l, nil
}

func (l *lane) resize(driver device.Driver, size int) error {
	if l.memory != nil {
		if err := driver.FreeHost(l.memory); err != nil {
			return err
		}
		l.memory = nil
	}
	memory, err := driver.AllocateHost((size + laneUnit - 1) / laneUnit * laneUnit)
	l.memory = memory
	return err
}

func (l *lane) close(driver device.Driver) error {
	var failed error
	if l.memory != nil {
		failed = driver.FreeHost(l.memory)
	}
	return errors.Join(failed, l.stream.Close())
}
