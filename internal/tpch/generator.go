package tpch

import (
	"fmt"
	"iter"
	"math"
)

// batchRows is how many rows a batch holds, but for the last of a part, which
// holds fewer, and for lineitem, where it holds the lines of the last order too.
const batchRows = 64 << 10

const (
	smallestScale = 0.001
	largestScale  = 10_000
)

// scale is a scale factor with the row counts that the tables refer to.
type scale struct {
	factor                      float64
	suppliers, customers, parts int64
}

// A source makes the rows of one table. It is at a driver row at any time.
type source interface {
	// skip moves from the first driver row to the one with that index.
	skip(drivers int64)
	// emit appends the rows of the driver row with that index to the batch,
	// gives their number, and moves to the next driver row.
	emit(batch *Batch, driver int64) int
	// finish appends what emit put off; it is called once per batch.
	finish(batch *Batch)
}

// A Generator gives the rows of one part of one table in order. It is for one
// goroutine; several generators may run at once.
type Generator struct {
	table       *Table
	source      source
	driver, end int64
}

// NewGenerator gives the generator of part (from 0) of parts of a table. The
// parts cover the table in order and are of nearly equal size. It is an error
// if the scale factor is not from 0.001 to 10,000, or part not in 0..parts-1.
func NewGenerator(table *Table, scaleFactor float64, part, parts int) (*Generator, error) {
	drivers, err := driverRows(table, scaleFactor)
	if err != nil {
		return nil, err
	}
	if part < 0 || part >= parts {
		return nil, fmt.Errorf("generate %s: part %d of %d does not exist; parts count from 0", table.Name, part, parts)
	}
	first, end := split(drivers, part, parts), split(drivers, part+1, parts)
	source := table.open(newScale(scaleFactor))
	source.skip(first)
	return &Generator{table: table, source: source, driver: first, end: end}, nil
}

// Next fills the batch with the next rows and reports whether there were any.
// It overwrites what the batch held and uses its memory again.
func (g *Generator) Next(batch *Batch) bool {
	batch.reset(g.table, int(min(batchRows+maxLines, (g.end-g.driver)*g.table.perDriver())))
	for g.driver < g.end && batch.Rows < batchRows {
		batch.Rows += g.source.emit(batch, g.driver)
		g.driver++
	}
	g.source.finish(batch)
	return batch.Rows > 0
}

// Generate gives the rows of a part of a table as batches of about 64k rows.
// The batch is valid until the loop's next turn, which overwrites it; whoever
// needs it longer uses a Generator with batches of their own. The iterator may
// be ranged over once. Errors are those of NewGenerator.
func Generate(table *Table, scaleFactor float64, part, parts int) (iter.Seq[*Batch], error) {
	generator, err := NewGenerator(table, scaleFactor, part, parts)
	if err != nil {
		return nil, err
	}
	return func(yield func(*Batch) bool) {
		var batch Batch
		for generator.Next(&batch) && yield(&batch) {
		}
	}, nil
}

// GenerateOrders gives the rows of orders and lineitem of the same orders
// together, which is cheaper than one after the other: pairs of batches, the
// lines second, of about 64k lines. The rows and their order are those of
// Generate with the same part. What Generate says about the life of batches and
// about errors holds here too.
func GenerateOrders(scaleFactor float64, part, parts int) (iter.Seq2[*Batch, *Batch], error) {
	ordersTable, lineTable := mustLookup("orders"), mustLookup("lineitem")
	orders, err := NewGenerator(ordersTable, scaleFactor, part, parts)
	if err != nil {
		return nil, err
	}
	lines, err := NewGenerator(lineTable, scaleFactor, part, parts)
	if err != nil {
		return nil, err
	}
	orderSource, lineSource := orders.source.(*ordersSource), lines.source.(*lineItemSource)
	return func(yield func(orders, lines *Batch) bool) {
		var orderBatch, lineBatch Batch
		for orders.driver < orders.end {
			left := orders.end - orders.driver
			orderBatch.reset(ordersTable, int(min(batchRows/2, left)))
			lineBatch.reset(lineTable, int(min(batchRows+maxLines, left*maxLines)))
			for orders.driver < orders.end && lineBatch.Rows < batchRows {
				drawn := &orderSource.drawn
				orderSource.draw(drawn)
				orderBatch.Rows += orderSource.emitOrder(&orderBatch, orders.driver, drawn)
				lineBatch.Rows += lineSource.emitLines(&lineBatch, orders.driver, drawn)
				orders.driver++
			}
			orderSource.finish(&orderBatch)
			lineSource.finish(&lineBatch)
			if !yield(&orderBatch, &lineBatch) {
				return
			}
		}
	}, nil
}

// Rows gives the exact number of rows of a table. For lineitem it counts the
// lines of all orders, about 3 ms per unit of scale factor. Errors are those of
// NewGenerator for the scale factor.
func Rows(table *Table, scaleFactor float64) (int64, error) {
	drivers, err := driverRows(table, scaleFactor)
	if err != nil {
		return 0, err
	}
	if table.Name == "lineitem" {
		lines, counts := int64(0), newStream(lineCountSeed, 1)
		for range drivers {
			lines += counts.between(1, maxLines)
		}
		return lines, nil
	}
	return drivers * table.perDriver(), nil
}

// driverRows gives the number of driver rows of a table.
func driverRows(table *Table, scaleFactor float64) (int64, error) {
	// Not a number fails every comparison.
	if !(scaleFactor >= smallestScale && scaleFactor <= largestScale) {
		return 0, fmt.Errorf("generate %s: scale factor %v is out of range; it must be from %v to %d",
			table.Name, scaleFactor, smallestScale, largestScale)
	}
	if table.fixed {
		return table.drivers, nil
	}
	return scaled(table.drivers, scaleFactor), nil
}

func newScale(factor float64) *scale {
	return &scale{
		factor:    factor,
		suppliers: scaled(suppliersPerScale, factor),
		customers: scaled(customersPerScale, factor),
		parts:     scaled(partsPerScale, factor),
	}
}

// scaled gives a row count. Rounding makes it right for every official scale
// factor, as thousandths are not exact in floating point.
func scaled(base int64, factor float64) int64 {
	return int64(math.Round(float64(base) * factor))
}

// split gives the first row of a part when rows are split into parts.
func split(rows int64, part, parts int) int64 {
	whole, rest := rows/int64(parts), rows%int64(parts)
	return whole*int64(part) + min(int64(part), rest)
}
