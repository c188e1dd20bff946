package memory

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/runtime/device"
	"github.com/heddle-lang/heddle/runtime/device/devicetest"
	"github.com/heddle-lang/heddle/runtime/device/emulator"
)

const mib = 1 << 20

// newMemory is memory on an emulated device, which must be empty in the end.
func newMemory(t testing.TB, budget int64, plan devicetest.Plan) *Memory {
	t.Helper()
	inner, err := emulator.Open(emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	driver := devicetest.Faulty(inner, plan)
	m, err := New(driver, budget)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
		if leaks := driver.Leaks(); len(leaks) > 0 {
			t.Errorf("left on the device: %v", leaks)
		}
		if err := driver.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

func isCode(err error, code diag.Code) bool {
	var problem *diag.Diagnostic
	return errors.As(err, &problem) && problem.Code == code
}

// Memory is put under whole granules, once.
func TestCommit(t *testing.T) {
	m := newMemory(t, 10*mib, devicetest.Plan{})
	for _, step := range []struct {
		address    uint32
		size, used int64
	}{
		{0, 0, 0},
		{100, 1, 2 * mib},
		{0, 2 * mib, 2 * mib},
		{2*mib - 1, 2, 4 * mib},
		{8 * mib, 1, 6 * mib},
		{mib, 8 * mib, 10 * mib},
		{mib, 8 * mib, 10 * mib},
	} {
		if err := m.Commit(step.address, step.size); err != nil || m.Used() != step.used {
			t.Errorf("%d bytes at %#x: %d are used, want %d; %v", step.size, step.address, m.Used(), step.used, err)
		}
	}
	if err := m.Commit(1<<32-1, 1); !isCode(err, device.CodeMemory) || m.Used() != 10*mib {
		t.Errorf("beyond the budget: %v, %d are used", err, m.Used())
	}
}

// Random ranges do not overlap, lie in the upper half, and leave nothing behind.
func TestRanges(t *testing.T) {
	rs := newRanges(abi.WindowBase, ownLimit)
	random := rand.New(rand.NewPCG(3, 4))
	var given []Range
	for step := range 5000 {
		if len(given) > 0 && random.IntN(2) == 0 {
			i := random.IntN(len(given))
			r := given[i]
			if random.IntN(3) == 0 && r.Size > alignment {
				given[i] = rs.shrink(r, random.Int64N(int64(r.Size))+1)
				continue
			}
			rs.give(r)
			given = append(given[:i], given[i+1:]...)
			continue
		}
		size := random.Int64N(1<<random.IntN(28)) + 1
		r, ok := rs.take(size)
		if !ok {
			if rs.largest() >= rounded(size) {
				t.Fatalf("step %d: no place for %d bytes, and %d are free", step, size, rs.largest())
			}
			continue
		}
		if int64(r.Size) < size || r.Address%alignment != 0 || r.Address < abi.WindowBase || r.End() > ownLimit {
			t.Fatalf("step %d: %+v for %d bytes", step, r, size)
		}
		for _, other := range given {
			if r.Address < other.End() && other.Address < r.End() {
				t.Fatalf("step %d: %+v and %+v overlap", step, r, other)
			}
		}
		given = append(given, r)
		if !rs.holds(r.Address, int64(r.Size)) || !rs.holds(r.End()-1, 1) || rs.holds(r.End()-1, 2) || rs.holds(abi.WindowBase-1, 1) {
			t.Fatalf("step %d: the bounds of %+v are not known", step, r)
		}
	}
	for _, r := range given {
		rs.give(r)
	}
	if diff := cmp.Diff([]Range{{abi.WindowBase, ownLimit - abi.WindowBase}}, rs.free); diff != "" || len(rs.given) != 0 {
		t.Errorf("%s; %d are not given back", diff, len(rs.given))
	}
}

func TestAllocate(t *testing.T) {
	m := newMemory(t, 8*mib, devicetest.Plan{})
	first, err := m.Allocate(3 * mib)
	if err != nil || first.Address != abi.WindowBase || m.Used() != 4*mib {
		t.Fatalf("%+v, %v, %d are used", first, err, m.Used())
	}
	if _, err := m.Allocate(1 << 32); !isCode(err, device.CodeMemory) {
		t.Errorf("more than there are addresses: %v", err)
	}
	if _, err := m.Allocate(6 * mib); !isCode(err, device.CodeMemory) {
		t.Errorf("more than the budget: %v", err)
	}
	most := m.AllocateMost()
	if most.End() != ownLimit || m.Used() != 8*mib && m.Used() != 4*mib {
		t.Errorf("the rest is %+v, %d are used", most, m.Used())
	}
	most = m.Shrink(most, 1000)
	second, err := m.Allocate(10)
	if err != nil || second.Address != most.End() || most.Size != 1024 {
		t.Errorf("behind %+v there is %+v, %v", most, second, err)
	}
	if !m.Holds(second.Address, 10) || m.Holds(second.Address+200, 100) {
		t.Error("the bounds of a range are not known")
	}
	for _, r := range []Range{first, most, second, {}} {
		m.Free(r)
	}
}

func key(column string) Key {
	return Key{Table: "t", Column: column, Width: 8, Nullable: column == "nullable"}
}

func add(t *testing.T, m *Memory, name string, rows int64) {
	t.Helper()
	column, err := m.Add(key(name), rows)
	if err != nil {
		t.Fatal(err)
	}
	m.Complete(column)
	m.Release(column)
}

// Columns make room for others, unless they are held.
func TestColumns(t *testing.T) {
	m := newMemory(t, 4*mib, devicetest.Plan{})
	rows := int64(mib / 8)
	add(t, m, "a", rows)
	add(t, m, "nullable", rows)
	add(t, m, "b", rows)
	if got, want := m.Resident(key("nullable")), ColumnSize(key("nullable"), rows); got != want || m.Room() != m.Budget() {
		t.Errorf("%d bytes, want %d; room for %d", got, want, m.Room())
	}
	held, found := m.Find(key("a")) // now the one that was used last
	if !found || held.Rows != rows || held.Values == 0 || held.Validity != 0 {
		t.Fatalf("%+v, %v", held, found)
	}
	add(t, m, "c", rows)
	if m.Resident(key("nullable")) != 0 || m.Resident(key("b")) == 0 || m.Resident(key("a")) == 0 {
		t.Error("another column than the oldest was dropped")
	}
	if _, err := m.Add(key("large"), 4*rows); !isCode(err, device.CodeMemory) {
		t.Errorf("a column that does not fit: %v", err)
	}
	if m.Resident(key("a")) == 0 {
		t.Error("a column was dropped that is held")
	}
	half, err := m.Add(key("half"), rows)
	if err != nil {
		t.Fatal(err)
	}
	if _, found := m.Find(key("half")); found || m.Resident(key("half")) != 0 {
		t.Error("a column is found before it is complete")
	}
	if err := m.Discard(half); err != nil {
		t.Error(err)
	}
	m.Release(held)
	if err := m.Clear(); err != nil || m.Used() != 0 {
		t.Errorf("%v, %d are used", err, m.Used())
	}
}

// Text makes room for text when it is told to.
func TestDropTexts(t *testing.T) {
	m := newMemory(t, 16*mib, devicetest.Plan{})
	add(t, m, "number", 100)
	for _, name := range []string{"text", "held"} {
		column, err := m.Add(Key{Table: "t", Column: name}, 100)
		if err != nil {
			t.Fatal(err)
		}
		column.Text = m.AllocateMost()
		if err := m.Commit(column.Text.Address, 1000); err != nil {
			t.Fatal(err)
		}
		column.Text = m.Shrink(column.Text, 1000)
		m.Complete(column)
		if name == "text" {
			m.Release(column)
		}
	}
	for _, want := range []bool{true, false} {
		if dropped, err := m.DropTexts(); dropped != want || err != nil {
			t.Errorf("dropped %v, %v; want %v", dropped, err, want)
		}
	}
	there := []bool{
		m.Resident(key("number")) > 0, m.Resident(Key{Table: "t", Column: "text"}) > 0, m.Resident(Key{Table: "t", Column: "held"}) > 0,
	}
	if diff := cmp.Diff([]bool{true, false, true}, there); diff != "" {
		t.Error(diff)
	}
}

// Columns also make room where the device has less memory than the budget says.
func TestColumnsOfOthers(t *testing.T) {
	m := newMemory(t, 1<<30, devicetest.Plan{Memory: 4 * mib})
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		add(t, m, name, mib/8)
	}
	if m.Resident(key("a")) != 0 || m.Resident(key("e")) == 0 {
		t.Error("another column than the oldest was dropped")
	}
	if err := m.Commit(0, 4*mib); err != nil {
		t.Error(err)
	}
	if _, err := m.Block(1); !isCode(err, device.CodeMemory) {
		t.Errorf("the device is full: %v", err)
	}
}
