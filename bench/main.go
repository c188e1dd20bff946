package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"

	"github.com/heddle-lang/heddle/internal/diag"
	"github.com/heddle-lang/heddle/internal/tpch"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case err == nil:
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	default:
		if list, ok := diag.FromError(err); ok {
			fmt.Fprint(os.Stderr, diag.RenderText(list, diag.Options{}))
		} else {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		os.Exit(1)
	}
}

// config is what the flags say.
type config struct {
	scale      float64
	queries    []int
	threads    int
	runs, warm int
	memory     int64
	data       string
	storages   []string
	ways       []string
	engine     string
	json       string
	cpuProfile string
	phases     bool
}

func parseFlags(args []string, stderr io.Writer) (*config, error) {
	c := &config{}
	var queries, storages, ways string
	var mebibytes int64
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Float64Var(&c.scale, "sf", 1, "scale factor of the data")
	flags.StringVar(&queries, "queries", "", "numbers of the queries, parted by commas; all that Heddle knows if empty")
	flags.IntVar(&c.threads, "threads", 2, "threads of each engine")
	flags.IntVar(&c.runs, "runs", 7, "runs that count, of each query and way")
	flags.IntVar(&c.warm, "warm", 2, "runs before those, at least one")
	flags.Int64Var(&mebibytes, "memory", 4096, "Heddle's memory for a query, in MiB")
	flags.StringVar(&c.data, "data", "", "directory for the data; made if it is missing (default ../data/tpch-sfSF)")
	flags.StringVar(&storages, "storages", "parquet,native", "what to read: parquet, native")
	flags.StringVar(&ways, "ways", strings.Join(allWays, ","), "ways to run Heddle to measure; DuckDB alone if empty")
	flags.StringVar(&c.engine, "engine", "", "Heddle's WebAssembly engine; the best of this build if empty")
	flags.StringVar(&c.json, "json", "", "file for the figures as JSON")
	flags.StringVar(&c.cpuProfile, "cpuprofile", "", "file for a CPU profile of the counted runs, DuckDB's and Heddle's")
	flags.BoolVar(&c.phases, "phases", false, "print where Heddle's time goes")
	if err := flags.Parse(args); err != nil {
		return nil, flag.ErrHelp
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if c.threads < 1 || c.runs < 1 || c.warm < 1 || mebibytes < 1 {
		return nil, errors.New("-threads, -runs, -warm and -memory must be at least 1")
	}
	c.memory = mebibytes << 20
	var err error
	if c.queries, err = queryNumbers(queries); err != nil {
		return nil, err
	}
	if c.storages, err = choices("-storages", storages, []string{parquetStorage, nativeStorage}); err != nil {
		return nil, err
	}
	if c.ways, err = choices("-ways", ways, allWays); err != nil {
		return nil, err
	}
	if c.data == "" {
		c.data = filepath.Join("..", "data", "tpch-sf"+strconv.FormatFloat(c.scale, 'f', -1, 64))
	}
	return c, nil
}

func queryNumbers(text string) ([]int, error) {
	if text == "" {
		return tpch.Queries, nil
	}
	var numbers []int
	for field := range strings.SplitSeq(text, ",") {
		number, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil || tpch.Query(number) == "" {
			return nil, fmt.Errorf("-queries: %q is none of %v", field, tpch.Queries)
		}
		numbers = append(numbers, number)
	}
	return numbers, nil
}

// choices reads a list of words, each of which is one of allowed; it keeps the order of
// allowed.
func choices(name, text string, allowed []string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	words := strings.Split(text, ",")
	for i, word := range words {
		words[i] = strings.TrimSpace(word)
		if !slices.Contains(allowed, words[i]) {
			return nil, fmt.Errorf("%s: %q is none of %s", name, word, strings.Join(allowed, ", "))
		}
	}
	var chosen []string
	for _, word := range allowed {
		if slices.Contains(words, word) {
			chosen = append(chosen, word)
		}
	}
	return chosen, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	c, err := parseFlags(args, stderr)
	if err != nil {
		return err
	}
	data, err := prepareData(ctx, c, stderr)
	if err != nil {
		return fmt.Errorf("make the data in %s: %w", c.data, err)
	}
	report := &Report{
		ScaleFactor: c.scale, Threads: c.threads, Runs: c.runs, Processors: runtime.NumCPU(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
	profile, err := startProfile(c.cpuProfile)
	if err != nil {
		return err
	}
	for _, storage := range c.storages {
		if err := measureStorage(ctx, c, data, storage, report, stdout, stderr); err != nil {
			return errors.Join(err, profile())
		}
	}
	if err := profile(); err != nil {
		return err
	}
	report.summarise()
	if c.json != "" {
		if err := report.writeJSON(c.json); err != nil {
			return err
		}
	}
	report.writeMeans(stdout)
	if report.Failures > 0 {
		return fmt.Errorf("%d queries failed or gave other results than DuckDB", report.Failures)
	}
	return nil
}

// startProfile starts a profile and gives the function that ends it.
func startProfile(path string) (end func() error, err error) {
	if path == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}
