package tpch

// region and nation have one row per value of their list.

type regionSource struct {
	streams
	pool    *textPool
	comment *stream
	names   []string
}

func openRegion(*scale) source {
	s := &regionSource{pool: openPool(), names: values("regions")}
	s.comment = s.open(1500869201, 2)
	return s
}

func (s *regionSource) emit(batch *Batch, row int64) int {
	columns := batch.Columns
	columns[0].addInt32(int32(row))
	columns[1].addText(s.names[row])
	columns[2].Bytes = s.pool.comment(columns[2].Bytes, s.comment, 72)
	columns[2].endText()
	s.nextRow()
	return 1
}

type nationSource struct {
	streams
	pool    *textPool
	comment *stream
	nations distribution
}

func openNation(*scale) source {
	s := &nationSource{pool: openPool(), nations: lookupDistribution("nations")}
	s.comment = s.open(606179079, 2)
	return s
}

func (s *nationSource) emit(batch *Batch, row int64) int {
	columns := batch.Columns
	columns[0].addInt32(int32(row))
	columns[1].addText(s.nations.values[row])
	columns[2].addInt32(int32(s.nations.numbers[row]))
	columns[3].Bytes = s.pool.comment(columns[3].Bytes, s.comment, 72)
	columns[3].endText()
	s.nextRow()
	return 1
}
