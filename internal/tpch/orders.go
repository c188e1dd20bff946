package tpch

const (
	ordersPerScale = 1_500_000
	maxLines       = 7 // of an order
	lineCountSeed  = 1434868289

	firstDay = 8035                // 1992-01-01, in days since 1970-01-01
	lastDay  = firstDay + 2557 - 1 // 1998-12-31
	today    = 9298                // 1995-06-17: what comes later has not happened

	// An order is placed early enough that its lines arrive before lastDay.
	lastOrderDay = lastDay - maxShipping - maxTransport
	maxShipping  = 121
	maxTransport = 30
)

// orderKey gives the key of the order with that row index: of 32 consecutive
// keys only the first eight are used, which leaves room for refresh orders.
func orderKey(row int64) int64 {
	number := row + 1
	return number>>3<<5 | number&7
}

// lineStreams are the streams that an order and its lines have in common: the
// order's total price and status follow from its lines, so orders draws the
// lines anew, and the two tables can be made apart.
type lineStreams struct {
	scale                                            *scale
	date, lines, quantity, discount, tax, part, ship *stream
}

func openLineStreams(scale *scale, all *streams) lineStreams {
	return lineStreams{
		scale:    scale,
		date:     all.open(1066728069, 1),
		lines:    all.open(lineCountSeed, 1),
		quantity: all.open(209208115, maxLines),
		discount: all.open(554590007, maxLines),
		tax:      all.open(721958466, maxLines),
		part:     all.open(1808217256, maxLines),
		ship:     all.open(1769349045, maxLines),
	}
}

// An order is what orders and lineitem need to know of an order.
type order struct {
	day   int64
	lines []line
	room  [maxLines]line
}

// A line is what orders and lineitem need to know of a line.
type line struct {
	quantity, discount, tax int64 // pieces, hundredths, hundredths
	part                    int64
	price                   int64 // of all pieces, hundredths
	ship                    int64 // day
}

// draw draws an order with its lines.
func (s *lineStreams) draw(into *order) {
	into.day = s.date.between(firstDay, lastOrderDay)
	into.lines = into.room[:s.lines.between(1, maxLines)]
	for i := range into.lines {
		line := &into.lines[i]
		line.quantity = s.quantity.between(1, 50)
		line.discount = s.discount.between(0, 10)
		line.tax = s.tax.between(0, 8)
		line.part = s.part.between(1, s.scale.parts)
		line.price = retailPrice(line.part) * line.quantity
		line.ship = into.day + s.ship.between(1, maxShipping)
	}
}

// ordersSource makes one row per order.
type ordersSource struct {
	streams
	lineStreams
	comments
	drawn                     order
	customer, priority, clerk *stream
	clerks                    int64
	priorities                []string
}

func openOrders(scale *scale) source {
	s := &ordersSource{
		clerks:     max(1000, scaled(1000, scale.factor)),
		priorities: values("priorities"),
	}
	s.lineStreams = openLineStreams(scale, &s.streams)
	s.customer = s.open(851767375, 1)
	s.priority = s.open(591449447, 1)
	s.clerk = s.open(1171034773, 1)
	s.comments = newComments(s.open(276090261, 2), 49)
	return s
}

func (s *ordersSource) emit(batch *Batch, row int64) int {
	s.draw(&s.drawn)
	return s.emitOrder(batch, row, &s.drawn)
}

// emitOrder is emit for an order that is drawn already.
func (s *ordersSource) emitOrder(batch *Batch, row int64, order *order) int {
	columns := batch.Columns
	total, shipped := int64(0), 0
	for _, line := range order.lines {
		// Each factor is cut to hundredths, in this order.
		total += line.price * (100 - line.discount) / 100 * (100 + line.tax) / 100
		if line.ship <= today {
			shipped++
		}
	}
	status := "P"
	switch shipped {
	case len(order.lines):
		status = "F"
	case 0:
		status = "O"
	}
	columns[0].addInt64(orderKey(row))
	columns[1].addInt64(s.buyer())
	columns[2].addText(status)
	columns[3].addInt64(total)
	columns[4].addInt32(int32(order.day))
	columns[5].addText(s.priority.pick(s.priorities))
	columns[6].addNumbered("Clerk#", s.clerk.between(1, s.clerks), 9)
	columns[7].addInt32(0)
	s.note()
	s.nextRow()
	return 1
}

// buyer draws a customer. Those whose key is a multiple of three buy nothing;
// a neighbour takes the order, the next one up to the last key, else the one
// before.
func (s *ordersSource) buyer() int64 {
	key := s.customer.between(1, s.scale.customers)
	for step := int64(1); key%3 == 0; step = -step {
		key = min(key+step, s.scale.customers)
	}
	return key
}

// lineItemSource makes one to seven rows per order.
type lineItemSource struct {
	streams
	lineStreams
	comments
	drawn                                              order
	supplier, commit, receipt, flag, instruction, mode *stream
	flags, instructions, modes                         []string
}

func openLineItem(scale *scale) source {
	s := &lineItemSource{
		flags:        values("returnflags"),
		instructions: values("instructions"),
		modes:        values("modes"),
	}
	s.lineStreams = openLineStreams(scale, &s.streams)
	s.supplier = s.open(2095021727, maxLines)
	s.commit = s.open(904914315, maxLines)
	s.receipt = s.open(373135028, maxLines)
	s.flag = s.open(717419739, maxLines)
	s.instruction = s.open(1371272478, maxLines)
	s.mode = s.open(675466456, maxLines)
	s.comments = newComments(s.open(1095462486, maxLines*2), 27)
	return s
}

func (s *lineItemSource) emit(batch *Batch, row int64) int {
	s.draw(&s.drawn)
	return s.emitLines(batch, row, &s.drawn)
}

// emitLines is emit for an order that is drawn already.
func (s *lineItemSource) emitLines(batch *Batch, row int64, order *order) int {
	columns := batch.Columns
	for number, line := range order.lines {
		commit := order.day + s.commit.between(30, 90)
		receipt := line.ship + s.receipt.between(1, maxTransport)
		// The flag is drawn only for lines that have arrived: the draws of an
		// order that is under way leave the stream where it is.
		flag, status := "N", "O"
		if receipt <= today {
			flag = s.flag.pick(s.flags)
		}
		if line.ship <= today {
			status = "F"
		}
		columns[0].addInt64(orderKey(row))
		columns[1].addInt64(line.part)
		columns[2].addInt64(s.scale.supplierOf(line.part, s.supplier.between(0, suppliersPerPart-1)))
		columns[3].addInt64(int64(number) + 1)
		columns[4].addInt64(line.quantity * 100)
		columns[5].addInt64(line.price)
		columns[6].addInt64(line.discount)
		columns[7].addInt64(line.tax)
		columns[8].addText(flag)
		columns[9].addText(status)
		columns[10].addInt32(int32(line.ship))
		columns[11].addInt32(int32(commit))
		columns[12].addInt32(int32(receipt))
		columns[13].addText(s.instruction.pick(s.instructions))
		columns[14].addText(s.mode.pick(s.modes))
		s.note()
	}
	s.nextRow()
	return len(order.lines)
}
