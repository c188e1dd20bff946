package store

import (
	"context"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/system"
	"github.com/heddle-lang/heddle/ir"
)

// Format reads and writes one kind of file. A format's package registers itself
// when it is imported.
type Format struct {
	// Name is what --format takes: "parquet", "csv", "native".
	Name string
	// Extensions are the endings of file names, with the dot and in lower case. An
	// ending may have two dots (".csv.gz"); the longest that fits wins.
	Extensions []string
	// Guesses says that types are guessed from the text. Files of one table that
	// disagree are then opened again with a common type in FileOptions.Types.
	Guesses bool
	// Open opens one file. It reads what it needs for the description (a footer, the
	// first lines), no more. Errors about the contents are diagnostics that name
	// the file: use Damaged, NotThisFormat and Unreadable. A reader of the table marks
	// all values present (FillPresent) where the program takes a column for nullable
	// and the file does not; CheckRequest admits that.
	Open func(ctx context.Context, sys *system.System, path string, options FileOptions) (Table, error)
	// Write writes one file to w, which is not buffered; nil when the format cannot
	// be written. It returns the first error of batches, or its own.
	Write func(ctx context.Context, sys *system.System, w io.Writer, schema []ir.Field, batches Batches, options WriteOptions) error
}

// FileOptions says how to read a file.
type FileOptions struct {
	// Table is the name that the description gets.
	Table string
	// Types overrides the types of columns, by name, in formats that guess them.
	Types map[string]ir.Type
	// Text is for CSV and its like.
	Text TextOptions
}

// TextOptions is what a text file does not say about itself. The zero value lets
// the reader guess.
type TextOptions struct {
	Delimiter byte     // 0: by the extension and the first lines
	Header    Header   // whether the first line has the names of the columns
	Columns   []string // names of the columns when there is no header
	Null      *string  // the text of NULL; nil is the empty field without quotes
}

// Header says whether a text file begins with the names of its columns.
type Header uint8

// The cases of Header.
const (
	HeaderGuessed Header = iota
	HeaderPresent
	HeaderAbsent
)

// WriteOptions says how to write a file. The zero value is good.
type WriteOptions struct {
	Threads     int    // 0: as many as there are processors
	Memory      int64  // bytes that the writer may hold before it spools to TempDir; 0: 1 GiB
	TempDir     string // "": the environment's
	Compression string // "": the format's default; "none"; else what the format knows
	Delimiter   byte   // CSV; 0: ','
	NoHeader    bool   // CSV
}

// Batches is a stream of rows for a writer: batches in the natural layouts of the
// schema's types (ir.NaturalLayout), with any number of rows. Vectors may be longer
// than their rows need. Validity may be nil where no value is NULL; text offsets
// may begin above 0. A batch holds until the next one is asked for. An error ends the
// stream.
type Batches = iter.Seq2[*Batch, error]

// formats is written while packages initialise and only read from then on.
var formats []*Format

// RegisterFormat makes a format known. It may be called only while packages
// initialise; an extension registered twice is a broken invariant.
func RegisterFormat(format Format) {
	for _, extension := range format.Extensions {
		if !strings.HasPrefix(extension, ".") || extension != strings.ToLower(extension) {
			panic(fmt.Sprintf("BUG: extension %q of format %s", extension, format.Name))
		}
		for _, other := range formats {
			if slices.Contains(other.Extensions, extension) {
				panic(fmt.Sprintf("BUG: extension %q belongs to formats %s and %s", extension, other.Name, format.Name))
			}
		}
	}
	formats = append(formats, &format)
	slices.SortFunc(formats, func(a, b *Format) int { return strings.Compare(a.Name, b.Name) })
}

// Formats returns the registered formats by name.
func Formats() []*Format { return slices.Clone(formats) }

// FormatByName finds a format; unknown names are a diagnostic E0505.
func FormatByName(name string) (*Format, error) {
	names := make([]string, len(formats))
	for i, format := range formats {
		if format.Name == name {
			return format, nil
		}
		names[i] = format.Name
	}
	problem := diag.New(CodeUnknownFormat, "unknown data format %q", name)
	if near, ok := diag.Suggest(name, names); ok {
		problem.Helpf("did you mean %q?", near)
	}
	return nil, problem.Helpf("the formats are %s", strings.Join(names, ", "))
}

// FormatOfPath finds the format by the ending of a file's name, and the name
// without it. The format is nil when no extension fits.
func FormatOfPath(path string) (format *Format, stem string) {
	base := filepath.Base(path)
	lower := strings.ToLower(base)
	longest := 0
	for _, candidate := range formats {
		for _, extension := range candidate.Extensions {
			if len(extension) > longest && len(extension) < len(base) && strings.HasSuffix(lower, extension) {
				format, longest = candidate, len(extension)
			}
		}
	}
	if len(lower) != len(base) { // a letter whose lower case has another length
		return nil, base
	}
	return format, base[:len(base)-longest]
}

// WriteFile writes a table to path: the whole file appears, or nothing changes.
func WriteFile(ctx context.Context, sys *system.System, format *Format, path string, schema []ir.Field, batches Batches, options WriteOptions) error {
	if format.Write == nil {
		return diag.New(CodeUnknownFormat, "data format %q can be read, not written", format.Name)
	}
	if options.Threads <= 0 {
		options.Threads = sys.Environment.Processors()
	}
	if options.Memory <= 0 {
		options.Memory = 1 << 30
	}
	if options.TempDir == "" {
		options.TempDir = sys.Environment.TempDir()
	}
	err := system.WriteAtomic(sys.Files, path, func(w io.Writer) error {
		return format.Write(ctx, sys, w, schema, batches, options)
	})
	if _, known := diag.FromError(err); err == nil || known || ctx.Err() != nil {
		return err
	}
	return diag.New(CodeCannotWrite, "cannot write %q: %v", path, err)
}
