package devicetest

import (
	_ "embed"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/heddle-lang/heddle/runtime/device"
)

// PTX is the module of the kernels that Run uses; each says there what it does.
//
//go:embed kernels.ptx
var PTX []byte

// Parameters packs the parameters of a kernel as device.Stream's Launch wants them: each
// at a multiple of its size. It knows device.Address and the integers and floats of fixed
// size.
func Parameters(values ...any) []byte {
	var packed []byte
	align := func(size int) {
		for len(packed)%size != 0 {
			packed = append(packed, 0)
		}
	}
	for _, value := range values {
		switch v := value.(type) {
		case uint8:
			packed = append(packed, v)
		case uint16:
			align(2)
			packed = binary.LittleEndian.AppendUint16(packed, v)
		case uint32:
			align(4)
			packed = binary.LittleEndian.AppendUint32(packed, v)
		case int32:
			align(4)
			packed = binary.LittleEndian.AppendUint32(packed, uint32(v))
		case float32:
			align(4)
			packed = binary.LittleEndian.AppendUint32(packed, math.Float32bits(v))
		case uint64:
			align(8)
			packed = binary.LittleEndian.AppendUint64(packed, v)
		case int64:
			align(8)
			packed = binary.LittleEndian.AppendUint64(packed, uint64(v))
		case device.Address:
			align(8)
			packed = binary.LittleEndian.AppendUint64(packed, uint64(v))
		case float64:
			align(8)
			packed = binary.LittleEndian.AppendUint64(packed, math.Float64bits(v))
		default:
			panic(fmt.Sprintf("BUG: a parameter of type %T", value))
		}
	}
	return packed
}
