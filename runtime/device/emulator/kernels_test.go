package emulator

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/heddle-lang/heddle/runtime/device"
)

// bench is an open device for a test, with a stream.
type bench struct {
	t testing.TB
	device.Driver
	device.Stream
}

func open(t testing.TB, options Options) *bench {
	t.Helper()
	d, err := Open(options)
	if err != nil {
		t.Fatal(err)
	}
	return benchWith(t, d)
}

func benchWith(t testing.TB, d device.Driver) *bench {
	t.Helper()
	s, err := d.NewStream()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return &bench{t: t, Driver: d, Stream: s}
}

// kernel loads a kernel from a text.
func (b *bench) kernel(text, name string) device.Kernel {
	b.t.Helper()
	m, err := b.Load(b.t.Context(), []byte(text))
	if err != nil {
		b.t.Fatal(err)
	}
	k, err := m.Kernel(name)
	if err != nil {
		b.t.Fatal(err)
	}
	return k
}

// launch runs a kernel to its end.
func (b *bench) launch(k device.Kernel, blocks, threads, shared int, parameters ...any) error {
	b.t.Helper()
	if err := b.Launch(k, device.Launch{Blocks: blocks, Threads: threads, Shared: shared}, pack(parameters...)); err != nil {
		return err
	}
	return b.Synchronize(b.t.Context())
}

func (b *bench) must(k device.Kernel, blocks, threads, shared int, parameters ...any) {
	b.t.Helper()
	if err := b.launch(k, blocks, threads, shared, parameters...); err != nil {
		b.t.Fatal(err)
	}
}

// pack lays out parameters, each at a multiple of its size.
func pack(parameters ...any) []byte {
	var out bytes.Buffer
	for _, p := range parameters {
		for out.Len()%binary.Size(p) != 0 {
			out.WriteByte(0)
		}
		_ = binary.Write(&out, binary.LittleEndian, p)
	}
	return out.Bytes()
}

// up copies values to new memory of the device.
func up[T any](b *bench, values []T) device.Address {
	b.t.Helper()
	var data bytes.Buffer
	if err := binary.Write(&data, binary.LittleEndian, values); err != nil {
		b.t.Fatal(err)
	}
	a, err := b.Allocate(int64(data.Len()))
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.CopyIn(a, data.Bytes()); err != nil {
		b.t.Fatal(err)
	}
	return a
}

// down copies values back.
func down[T any](b *bench, from device.Address, count int) []T {
	b.t.Helper()
	values := make([]T, count)
	data := make([]byte, binary.Size(values))
	if err := b.CopyOut(data, from); err != nil {
		b.t.Fatal(err)
	}
	if err := b.Synchronize(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	if _, err := binary.Decode(data, binary.LittleEndian, values); err != nil {
		b.t.Fatal(err)
	}
	return values
}

func read(t testing.TB, set, file string) string {
	t.Helper()
	path := filepath.Join(set, file+".ptx")
	if !filepath.IsAbs(set) {
		path = filepath.Join("testdata", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// kernelTests run real kernels against what Go computes.
var kernelTests = []struct {
	name, file string
	run        func(t *testing.T, b *bench, set string)
}{
	{"scan in floating point", "q6f64", testQ6Float},
	{"scan of vectors", "q6v4", testQ6Vector},
	{"scan by tiles", "q6tile", testQ6Tile},
	{"sum of 128 bits", "q6i128", testQ6Wide},
	{"small groups in shared memory", "q1shared", testQ1Shared},
	{"hash join", "hj", testHashJoin},
	{"hash aggregate", "hagg", testHashAggregate},
	{"compaction", "compact", testCompact},
	{"matrix by vector", "matvec", testMatvec},
	{"perceptron", "mlp", testMLP},
	{"exponential function", "exp", testExponential},
	{"constants", "consts", testConstants},
	{"division of 128 bits", "i128div", testDivision},
}

// sets are what different LLVMs made of testdata/llvm with opt -O3 and llc -O3.
var sets = []struct {
	name         string
	architecture int
	without      string // a kernel that this LLVM cannot compile
}{
	{"llvm-14-sm_80", 80, "i128div"},
	{"llvm-19-sm_90", 90, ""},
	{"llvm-22-sm_90", 90, ""},
	{"llvm-22-sm_100", 100, ""},
}

func TestKernels(t *testing.T) {
	for _, set := range sets {
		for _, test := range kernelTests {
			if test.file == set.without {
				continue
			}
			t.Run(set.name+"/"+test.name, func(t *testing.T) {
				test.run(t, open(t, Options{Architecture: set.architecture, Workers: 2}), set.name)
			})
		}
	}
}

const rows = 20000

func testQ6Float(t *testing.T, b *bench, set string) {
	r := rand.New(rand.NewPCG(1, 1))
	ship, discount, quantity, price := make([]int32, rows), make([]float64, rows), make([]float64, rows), make([]float64, rows)
	want := 0.0
	for i := range ship {
		ship[i] = 8000 + r.Int32N(800)
		discount[i], quantity[i], price[i] = float64(r.IntN(11))/100, float64(r.IntN(5000))/100, float64(r.IntN(1e7))/100
		if ship[i] >= 8100 && ship[i] < 8465 && discount[i] >= 0.05 && discount[i] <= 0.07 && quantity[i] < 24 {
			want += price[i] * discount[i]
		}
	}
	out := up(b, []float64{0})
	b.must(b.kernel(read(t, set, "q6f64"), "q6f64"), 5, 256, 0,
		up(b, ship), up(b, discount), up(b, quantity), up(b, price), out, int64(rows), int32(8100), int32(8465))
	if got := down[float64](b, out, 1)[0]; !near(got, want, 1e-12) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func near(got, want, relative float64) bool {
	return math.Abs(got-want) <= relative*math.Max(1, math.Abs(want))
}

func testQ6Vector(t *testing.T, b *bench, set string) {
	r := rand.New(rand.NewPCG(2, 1))
	ship, discount, quantity, price := make([]int32, rows), make([]int32, rows), make([]int32, rows), make([]int64, rows)
	var want int64
	for i := range ship {
		ship[i], discount[i], quantity[i], price[i] = 8000+r.Int32N(800), r.Int32N(11), r.Int32N(5000), r.Int64N(1e7)
		if ship[i] >= 8100 && ship[i] < 8465 && discount[i] >= 5 && discount[i] <= 7 && quantity[i] < 2400 {
			want += price[i] * int64(discount[i])
		}
	}
	out := up(b, []int64{0})
	b.must(b.kernel(read(t, set, "q6v4"), "q6v4"), 5, 256, 0,
		up(b, ship), up(b, discount), up(b, quantity), up(b, price), out, int64(rows/4), int32(8100), int32(8465))
	if got := down[int64](b, out, 1)[0]; got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func testQ6Tile(t *testing.T, b *bench, set string) {
	r := rand.New(rand.NewPCG(3, 1))
	const n = rows + 11
	ship, discount, quantity, price := make([]int32, n), make([]uint8, n), make([]uint8, n), make([]int32, n)
	var want int64
	for i := range ship {
		ship[i], discount[i], quantity[i], price[i] = 8000+r.Int32N(800), uint8(r.IntN(11)), uint8(r.IntN(51)), r.Int32()
		if ship[i] >= 8100 && ship[i] < 8465 && discount[i] >= 5 && discount[i] <= 7 && quantity[i] < 24 {
			want += int64(price[i]) * int64(discount[i])
		}
	}
	out := up(b, []int64{0})
	b.must(b.kernel(read(t, set, "q6tile"), "q6tile"), 7, 256, 0,
		up(b, ship), up(b, discount), up(b, quantity), up(b, price), out, int64(n), int32(8100), int32(8465))
	if got := down[int64](b, out, 1)[0]; got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

// wide makes a number of two words.
func wide(low, high uint64) *big.Int {
	v := new(big.Int).SetInt64(int64(high))
	return v.Lsh(v, 64).Add(v, new(big.Int).SetUint64(low))
}

func testQ6Wide(t *testing.T, b *bench, set string) {
	r := rand.New(rand.NewPCG(4, 1))
	x, y := make([]int64, rows), make([]int64, rows)
	want := new(big.Int)
	for i := range x {
		x[i], y[i] = int64(r.Uint64()), int64(r.Uint64())
		want.Add(want, new(big.Int).Mul(big.NewInt(x[i]), big.NewInt(y[i])))
	}
	const blocks = 3
	out := up(b, make([]uint64, 2*blocks))
	b.must(b.kernel(read(t, set, "q6i128"), "q6i128"), blocks, 256, 0, up(b, x), up(b, y), out, int64(rows))
	got := new(big.Int)
	parts := down[uint64](b, out, 2*blocks)
	for i := range blocks {
		got.Add(got, wide(parts[2*i], parts[2*i+1]))
	}
	modulus := new(big.Int).Lsh(big.NewInt(1), 128)
	if got.Mod(got, modulus).Cmp(want.Mod(want, modulus)) != 0 {
		t.Errorf("got %v, want %v", got, want)
	}
}

func testQ1Shared(t *testing.T, b *bench, set string) {
	r := rand.New(rand.NewPCG(5, 1))
	group, value, want := make([]uint8, rows), make([]int64, rows), make([]int64, 16)
	for i := range group {
		group[i], value[i] = uint8(r.IntN(8)), r.Int64N(1e12)
		want[group[i]*2] += value[i]
		want[group[i]*2+1]++
	}
	out := up(b, make([]int64, 16))
	b.must(b.kernel(read(t, set, "q1shared"), "q1shared"), 5, 256, 0, up(b, group), up(b, value), out, int64(rows))
	if got := down[int64](b, out, 16); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// filled is a slice of one value.
func filled[T any](count int, value T) []T {
	s := make([]T, count)
	for i := range s {
		s[i] = value
	}
	return s
}

func testHashJoin(t *testing.T, b *bench, set string) {
	r := rand.New(rand.NewPCG(6, 1))
	const build, probe, slots = 1000, 8000, 2048
	key, payload := make([]int64, build), make([]int64, build)
	for i := range key {
		key[i], payload[i] = int64(i*7), int64(i+1)
	}
	foreign, amount := make([]int64, probe), make([]float64, probe)
	var sum float64
	var count int64
	for i := range foreign {
		foreign[i], amount[i] = r.Int64N(build*10), r.Float64()
		if foreign[i]%7 == 0 && foreign[i]/7 < build {
			sum += float64(foreign[i]/7+1) * amount[i]
			count++
		}
	}
	m, err := b.Load(t.Context(), []byte(read(t, set, "hj")))
	if err != nil {
		t.Fatal(err)
	}
	builder, err := m.Kernel("hj_build")
	if err != nil {
		t.Fatal(err)
	}
	prober, err := m.Kernel("hj_probe")
	if err != nil {
		t.Fatal(err)
	}
	keys, values := up(b, filled(slots, int64(-1))), up(b, make([]int64, slots))
	b.must(builder, 4, 128, 0, up(b, key), up(b, payload), keys, values, int64(slots-1), int64(build))
	s, c := up(b, []float64{0}), up(b, []int64{0})
	b.must(prober, 4, 256, 0, up(b, foreign), up(b, amount), keys, values, int64(slots-1), int64(probe), s, c)
	if got := down[float64](b, s, 1)[0]; !near(got, sum, 1e-11) {
		t.Errorf("sum: got %v, want %v", got, sum)
	}
	if got := down[int64](b, c, 1)[0]; got != count {
		t.Errorf("count: got %v, want %v", got, count)
	}
}

func testHashAggregate(t *testing.T, b *bench, set string) {
	r := rand.New(rand.NewPCG(7, 1))
	const slots = 256
	type group struct {
		sum   float64
		count int64
		least int64
	}
	want := map[int64]*group{}
	key, value, other := make([]int64, rows), make([]float64, rows), make([]int64, rows)
	for i := range key {
		key[i], value[i], other[i] = r.Int64N(100)*1e12, r.Float64(), int64(r.Uint64())
		g := want[key[i]]
		if g == nil {
			g = &group{least: math.MaxInt64}
			want[key[i]] = g
		}
		g.sum += value[i]
		g.count++
		g.least = min(g.least, other[i])
	}
	keys, least := up(b, filled(slots, int64(-1))), up(b, filled(slots, int64(math.MaxInt64)))
	sums, counts := up(b, make([]float64, slots)), up(b, make([]int64, slots))
	b.must(b.kernel(read(t, set, "hagg"), "hagg"), 3, 256, 0,
		up(b, key), up(b, value), up(b, other), keys, sums, counts, least, int64(slots-1), int64(rows))
	s, c, l := down[float64](b, sums, slots), down[int64](b, counts, slots), down[int64](b, least, slots)
	seen := 0
	for i, k := range down[int64](b, keys, slots) {
		if k == -1 {
			continue
		}
		seen++
		if g := want[k]; g == nil || !near(s[i], g.sum, 1e-11) || c[i] != g.count || l[i] != g.least {
			t.Errorf("group %d: got %v %v %v, want %v", k, s[i], c[i], l[i], g)
		}
	}
	if seen != len(want) {
		t.Errorf("got %d groups, want %d", seen, len(want))
	}
}

func testCompact(t *testing.T, b *bench, set string) {
	r := rand.New(rand.NewPCG(8, 1))
	value, want := make([]int32, rows-3), map[int32]bool{}
	for i := range value {
		value[i] = r.Int32N(100)
		if value[i] < 30 {
			want[int32(i)] = true
		}
	}
	out, count := up(b, make([]int32, rows)), up(b, []int32{0})
	b.must(b.kernel(read(t, set, "compact"), "compact"), 3, 256, 0, up(b, value), out, count, int32(len(value)), int32(30))
	n := int(down[int32](b, count, 1)[0])
	if n != len(want) {
		t.Fatalf("got %d rows, want %d", n, len(want))
	}
	for _, row := range down[int32](b, out, n) {
		if !want[row] {
			t.Fatalf("the row %d is wrong, or occurs twice", row)
		}
		delete(want, row)
	}
}

// centred are numbers around zero.
func centred(r *rand.Rand, count int) []float32 {
	v := make([]float32, count)
	for i := range v {
		v[i] = r.Float32() - .5
	}
	return v
}

func testMatvec(t *testing.T, b *bench, set string) {
	r := rand.New(rand.NewPCG(9, 1))
	const height, width = 37, 512
	w, x, bias := centred(r, height*width), centred(r, width), centred(r, height)
	y := up(b, make([]float32, height))
	b.must(b.kernel(read(t, set, "matvec"), "matvec"), 2, 256, 0, up(b, w), up(b, x), up(b, bias), y, int64(height), int64(width/4))
	for row, got := range down[float32](b, y, height) {
		want := float64(bias[row])
		for j := range x {
			want += float64(w[row*width+j]) * float64(x[j])
		}
		if want = max(want, 0); !near(float64(got), want, 1e-5) {
			t.Errorf("row %d: got %v, want %v", row, got, want)
		}
	}
}

func testMLP(t *testing.T, b *bench, set string) {
	r := rand.New(rand.NewPCG(10, 1))
	const batch, inputs, hidden = 3, 61, 300
	x, w1, b1, w2 := centred(r, batch*inputs), centred(r, inputs*hidden), centred(r, hidden), centred(r, hidden)
	y := up(b, make([]float32, batch))
	b.must(b.kernel(read(t, set, "mlp"), "mlp"), batch, 256, inputs*4,
		up(b, x), up(b, w1), up(b, b1), up(b, w2), y, float32(.25), int32(inputs), int32(hidden))
	for row, got := range down[float32](b, y, batch) {
		sum := .25
		for h := range hidden {
			v := float64(b1[h])
			for i := range inputs {
				v += float64(x[row*inputs+i]) * float64(w1[i*hidden+h])
			}
			sum += max(v, 0) * float64(w2[h])
		}
		if want := 1 / (1 + math.Exp(-sum)); !near(float64(got), want, 1e-5) {
			t.Errorf("row %d: got %v, want %v", row, got, want)
		}
	}
}

func testExponential(t *testing.T, b *bench, set string) {
	r := rand.New(rand.NewPCG(11, 1))
	x := []float64{0, 1, -1, 709, -708, -746, 710, 1e-9}
	for len(x) < 3000 {
		x = append(x, r.Float64()*1400-700)
	}
	out := up(b, make([]float64, len(x)))
	b.must(b.kernel(read(t, set, "exp"), "exp64"), 3, 256, 0, up(b, x), out, int64(len(x)))
	for i, got := range down[float64](b, out, len(x)) {
		if want := math.Exp(x[i]); math.Abs(got-want) > 4e-16*want && !(math.IsInf(got, 1) && math.IsInf(want, 1)) {
			t.Errorf("exp(%v): got %v, want %v", x[i], got, want)
		}
	}
}

func testConstants(t *testing.T, b *bench, set string) {
	out := up(b, make([]float64, 32))
	b.must(b.kernel(read(t, set, "consts"), "consts"), 1, 32, 0, out)
	for i, got := range down[float64](b, out, 32) {
		if want := math.Sqrt(1.5 * float64(i&7)); got != want {
			t.Errorf("%d: got %v, want %v", i, got, want)
		}
	}
}

func testDivision(t *testing.T, b *bench, set string) {
	r := rand.New(rand.NewPCG(12, 1))
	const lanes = 64
	offset, _ := new(big.Int).SetString("10000000000000000000000", 10)
	words := func(bits uint) (*big.Int, uint64, uint64) {
		v := new(big.Int).Lsh(new(big.Int).SetUint64(r.Uint64()), 64)
		v.Add(v, new(big.Int).SetUint64(r.Uint64()))
		v.Rsh(v, 128-bits).Add(v, big.NewInt(1))
		if r.IntN(2) == 0 {
			v.Neg(v)
		}
		low := new(big.Int).And(v, new(big.Int).SetUint64(math.MaxUint64)).Uint64()
		return v, low, uint64(new(big.Int).Rsh(v, 64).Int64())
	}
	var x, y []uint64
	var want []*big.Int
	for i := range lanes {
		n, nl, nh := words(126)
		d, dl, dh := words(uint(2 + 2*(i%60)))
		x, y = append(x, nl, nh), append(y, dl, dh)
		want = append(want, new(big.Int).Add(new(big.Int).Quo(n, d), offset))
	}
	out := up(b, make([]uint64, 2*lanes))
	b.must(b.kernel(read(t, set, "i128div"), "i128div"), 1, lanes, 0, up(b, x), up(b, y), out)
	got := down[uint64](b, out, 2*lanes)
	for i := range want {
		if v := wide(got[2*i], got[2*i+1]); v.Cmp(want[i]) != 0 {
			t.Errorf("%d: got %v, want %v", i, v, want[i])
		}
	}
}
