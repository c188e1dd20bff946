package tpch

// region and nation have one row per value of their list.

type regionSource struct {
	streams
	comments
	names []string
}

func openRegion(*scale) source {
	s := &regionSource{names: values("regions")}
	s.comments = newComments(s.open(1500869201, 2), 72)
	return s
}

func (s *regionSource) emit(batch *Batch, row int64) int {
	columns := batch.Columns
	columns[0].addInt32(int32(row))
	columns[1].addText(s.names[row])
	s.note()
	s.nextRow()
	return 1
}

type nationSource struct {
	streams
	comments
	nations distribution
}

func openNation(*scale) source {
	s := &nationSource{nations: lookupDistribution("nations")}
	s.comments = newComments(s.open(606179079, 2), 72)
	return s
}

func (s *nationSource) emit(batch *Batch, row int64) int {
	columns := batch.Columns
	columns[0].addInt32(int32(row))
	columns[1].addText(s.nations.values[row])
	columns[2].addInt32(int32(s.nations.numbers[row]))
	s.note()
	s.nextRow()
	return 1
}
