package cuda

import (
	"context"

	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/runtime/device"
)

// Options say which device to open, and how.
type Options struct {
	// Ordinal counts the devices that the driver shows to this process, from 0.
	Ordinal int
	// Library is the file of the CUDA driver; empty stands for the system's
	// libcuda.so.1.
	Library string
	// Cache keeps translated code between runs.
	Cache CubinCache
}

// CubinCache says where the machine code is kept that the driver made of PTX.
//
// An entry is found by the digest of the PTX, the architecture of the device and the
// version of the driver. One that is damaged, or that the driver does not take, is made
// anew; that a directory cannot be written is no error, only slower.
type CubinCache struct {
	// Files and Directory hold the entries. With an empty Directory nothing is
	// kept. The directory is made when the first entry is written.
	Files     system.Files
	Directory string

	// Secret keys the digest of each entry, so that code which somebody else put
	// there is not run. An empty secret still finds damage, but then the directory
	// must be writable by no one whom one would not let run programs.
	Secret []byte
}

// Open makes a device ready for work. Errors: E0670 when there is no driver, no such
// device, or the driver is too old; E0671 when other programs have left too little of
// the device's memory.
func Open(ctx context.Context, options Options) (device.Driver, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return open(options)
}

// Devices describes the devices that the driver shows, in the order of their ordinals,
// without opening them; of the options it looks at the library alone. Errors: E0670, also
// when there is no device.
func Devices(options Options) ([]device.Properties, error) {
	return devices(options)
}
