package tpch

const (
	partsPerScale    = 200_000
	suppliersPerPart = 4
)

// retailPrice gives the price of a part in hundredths, which orders need too.
func retailPrice(part int64) int64 {
	return 900_00 + part/10%20_001 + part%1000*100
}

// supplierOf gives the key of the n-th of a part's four suppliers: they are
// spread over all suppliers, and the spread shifts as parts wrap around.
func (s *scale) supplierOf(part, n int64) int64 {
	return (part+n*(s.suppliers/suppliersPerPart+(part-1)/s.suppliers))%s.suppliers + 1
}

type partSource struct {
	streams
	comments
	name, manufacturer, brand, kind, size, container *stream
	colors, kinds, containers                        []string
	shuffled                                         []int
}

func openPart(*scale) source {
	s := &partSource{
		colors:     values("colors"),
		kinds:      product(values("type-finishes"), values("type-coatings"), values("type-metals")),
		containers: product(values("container-sizes"), values("container-shapes")),
	}
	s.shuffled = make([]int, len(s.colors))
	s.name = s.open(709314158, len(s.colors))
	s.manufacturer = s.open(1, 1)
	s.brand = s.open(46831694, 1)
	s.kind = s.open(1841581359, 1)
	s.size = s.open(1193163244, 1)
	s.container = s.open(727633698, 1)
	s.comments = newComments(s.open(804159733, 2), 14)
	return s
}

func (s *partSource) emit(batch *Batch, row int64) int {
	columns := batch.Columns
	part := row + 1
	manufacturer := s.manufacturer.between(1, 5)
	columns[0].addInt64(part)
	s.addName(&columns[1])
	columns[2].addNumbered("Manufacturer#", manufacturer, 1)
	columns[3].addNumbered("Brand#", manufacturer*10+s.brand.between(1, 5), 2)
	columns[4].addText(s.kind.pick(s.kinds))
	columns[5].addInt32(int32(s.size.between(1, 50)))
	columns[6].addText(s.container.pick(s.containers))
	columns[7].addInt64(retailPrice(part))
	s.note()
	s.nextRow()
	return 1
}

// addName appends five different colors: the first five of a shuffle.
func (s *partSource) addName(column *Column) {
	const words = 5
	for i := range s.shuffled {
		s.shuffled[i] = i
	}
	for i := range words {
		other := s.name.between(int64(i), int64(len(s.shuffled))-1)
		s.shuffled[i], s.shuffled[other] = s.shuffled[other], s.shuffled[i]
		if i > 0 {
			column.Bytes = append(column.Bytes, ' ')
		}
		column.Bytes = append(column.Bytes, s.colors[s.shuffled[i]]...)
	}
	column.endText()
}

// partSupplierSource makes the four rows of a part.
type partSupplierSource struct {
	streams
	comments
	scale          *scale
	quantity, cost *stream
}

func openPartSupplier(scale *scale) source {
	s := &partSupplierSource{scale: scale}
	s.quantity = s.open(1671059989, suppliersPerPart)
	s.cost = s.open(1051288424, suppliersPerPart)
	s.comments = newComments(s.open(1961692154, suppliersPerPart*2), 124)
	return s
}

func (s *partSupplierSource) emit(batch *Batch, row int64) int {
	columns := batch.Columns
	part := row + 1
	for n := range int64(suppliersPerPart) {
		columns[0].addInt64(part)
		columns[1].addInt64(s.scale.supplierOf(part, n))
		columns[2].addInt64(s.quantity.between(1, 9999))
		columns[3].addInt64(s.cost.between(1_00, 1000_00))
		s.note()
	}
	s.nextRow()
	return suppliersPerPart
}
