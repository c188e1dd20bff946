package parquet

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
	"github.com/heddle-lang/heddle/runtime/store"
	"github.com/heddle-lang/heddle/runtime/store/storetest"
)

// readAll opens a file and decodes all of it. The error is nil or a diagnostic.
func readAll(tb testing.TB, path string) error {
	table, err := Open(context.Background(), system.Real(), path, store.FileOptions{Table: "t"})
	if err != nil {
		return err
	}
	defer func() {
		if err := table.Close(); err != nil {
			tb.Error(err)
		}
	}()
	columns := offered(table)
	for _, columns := range [][]store.ColumnRequest{columns, store.Natural(store.Fields(table.Description()))} {
		scan, err := table.Scan(context.Background(), store.ScanRequest{Columns: columns})
		if err != nil {
			return err
		}
		reader, err := scan.Reader()
		if err != nil {
			return err
		}
		batch := store.NewBatch(columns, store.ChunkRows, 1<<16)
		for i := range min(len(scan.Chunks()), 64) {
			if err := reader.Open(context.Background(), i); err != nil {
				return err
			}
			for range 100 { // a row group that lies has many rows
				if err := reader.Next(context.Background(), batch); err != nil {
					return err
				}
				if batch.Rows == 0 {
					break
				}
			}
		}
	}
	return nil
}

// checkDamage reads a damaged file, which must go well or give a diagnostic.
func checkDamage(tb testing.TB, path string, data []byte) error {
	tb.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		tb.Fatal(err)
	}
	err := readAll(tb, path)
	var d *diag.Diagnostic
	if err != nil && !errors.As(err, &d) {
		tb.Errorf("an error that is no diagnostic: %v", err)
	}
	return err
}

func TestTruncated(t *testing.T) {
	fields, rows := holdable(rand.New(rand.NewPCG(1, 2)), 300)
	data := encodeRows(t, fields, rows, 100, store.WriteOptions{})
	path := filepath.Join(t.TempDir(), "t.parquet")
	for length := 0; length < len(data); length += 1 + length/50 {
		if err := checkDamage(t, path, data[:length]); err == nil {
			t.Errorf("a file cut to %d of %d bytes was read", length, len(data))
		}
	}
}

func TestFlippedBits(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	fields, rows := holdable(random, 300)
	path := filepath.Join(t.TempDir(), "t.parquet")
	for _, codec := range []string{"none", "snappy", "zstd", "gzip"} {
		data := encodeRows(t, fields, rows, 150, store.WriteOptions{Compression: codec})
		for range 400 {
			damaged := append([]byte{}, data...)
			for range 1 + random.IntN(3) {
				damaged[random.IntN(len(damaged))] ^= 1 << random.IntN(8)
			}
			_ = checkDamage(t, path, damaged) // most flips are seen, none may panic
		}
	}
}

// TestLies has statistics that contradict the values.
func TestLies(t *testing.T) {
	fields := []ir.Field{{Name: "n", Type: ir.Of(ir.I64).WithNull(true)}}
	var rows [][]ir.Datum
	for i := range int64(1001) {
		rows = append(rows, []ir.Datum{ir.IntDatum(i)})
	}
	data := encodeRows(t, fields, rows, 2000, store.WriteOptions{Compression: "none"})
	table := openBytes(t, data)
	if got := table.Description().Columns[0].Layout; got != (ir.Layout{Width: 2}) {
		t.Fatalf("layout %s, want 2 bytes", got)
	}
	most := binary.LittleEndian.AppendUint64(nil, 1000)
	at := bytes.LastIndex(data, most) // in the footer
	for _, test := range []struct {
		name string
		lie  func(data []byte)
		code diag.Code
		want string
	}{
		{"greatest", func(data []byte) { copy(data[at:], binary.LittleEndian.AppendUint64(nil, 100)) }, store.CodeDamaged, "a value 128 is outside of the bounds"},
		{"rows", func(data []byte) {
			// 1001 as a varint stands in the footer for the rows of file, row group and chunk.
			last := bytes.LastIndex(data, []byte{0xD2, 0x0F})
			data[last]++
		}, store.CodeDamaged, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			lying := append([]byte{}, data...)
			test.lie(lying)
			err := checkDamage(t, filepath.Join(t.TempDir(), "t.parquet"), lying)
			var d *diag.Diagnostic
			if !errors.As(err, &d) || d.Code != test.code || !strings.Contains(d.Message, test.want) {
				t.Errorf("got %v, want %s with %q", err, test.code, test.want)
			}
		})
	}
	// A program that was compiled for narrower data.
	_, err := storetest.Read(t, table, []store.ColumnRequest{{Name: "n", Type: ir.Of(ir.I64), Layout: ir.Layout{Width: 1}}}, 0)
	var d *diag.Diagnostic
	if !errors.As(err, &d) || d.Code != store.CodeDoesNotFit {
		t.Errorf("got %v, want %s", err, store.CodeDoesNotFit)
	}
}

func FuzzOpen(f *testing.F) {
	fields, rows := holdable(rand.New(rand.NewPCG(5, 6)), 40)
	for _, codec := range []string{"none", "snappy", "zstd"} {
		f.Add(encodeRows(f, fields, rows, 25, store.WriteOptions{Compression: codec}))
	}
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = checkDamage(t, filepath.Join(t.TempDir(), "t.parquet"), data)
	})
}

// FuzzDecode aims at the decoders behind the metadata, which damage rarely reaches.
func FuzzDecode(f *testing.F) {
	f.Add([]byte{8, 3, 0x88, 0xC6, 0xFA}, uint8(3), uint16(8))
	f.Add(appendDelta(nil, []int64{1, 5, -9, 1 << 60}), uint8(7), uint16(4))
	f.Fuzz(func(t *testing.T, data []byte, width uint8, n uint16) {
		values := int(n)
		_ = decodeIndexes(make([]uint32, values), data, int(width), 1000)
		_, _ = decodeBits(make([]byte, (values+7)/8), data, values)
		_, _ = decodeDelta(make([]int64, values), data)
		_, _ = decodeLZ4(make([]byte, values), data)
		for _, physical := range []int32{physicalBoolean, physicalInt32, physicalInt64, physicalByteArray, physicalFixed} {
			var s scratch
			c := &column{physical: physical}
			if physical == physicalFixed {
				c.length = 1 + int(width%20)
			}
			for _, encoding := range []int32{encodingPlain, encodingRLE, encodingDeltaBinary, encodingDeltaLength, encodingDeltaByteArray, encodingByteStreamSplit} {
				plain, err := s.plainValues(c, encoding, data, values)
				if err == nil && (physical == physicalByteArray || physical == physicalFixed) {
					var to texts
					_ = to.split(c, plain, nil, values)
				}
			}
		}
		_, _, _ = decodePageHeader(data)
		_, _ = decodeFileMetadata(data)
		_, _ = decodeColumnIndex(data)
	})
}
