package tpch

import "strconv"

// supplier and customer share the shape of addresses, phones and balances.

const (
	suppliersPerScale = 10_000
	customersPerScale = 150_000

	lowestBalance, highestBalance = -999_99, 9_999_99 // hundredths

	nationCount = 25
)

// partnerStreams are the streams that suppliers and customers have in common.
type partnerStreams struct {
	address, nation, phone, balance *stream
}

// addressDraws are the most draws of an address: its length, and one per five
// characters of the longest, which has 40.
const addressDraws = 9

// addressAlphabet is indexed by six bits of a draw.
const addressAlphabet = "0123456789abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ,"

// appendAddress appends 10 to 40 random characters. A draw of 31 bits gives five
// of them, six bits each from the lowest.
func appendAddress(to []byte, from *stream) []byte {
	bits := int64(0)
	for i := range from.between(10, 40) {
		if i%5 == 0 {
			bits = from.between(0, 1<<31-1)
		}
		to = append(to, addressAlphabet[bits&63])
		bits >>= 6
	}
	return to
}

// appendPhone appends a phone number, whose country code tells the nation.
func appendPhone(to []byte, from *stream, nation int64) []byte {
	to = strconv.AppendInt(to, 10+nation, 10)
	for _, group := range [...][2]int64{{100, 999}, {100, 999}, {1000, 9999}} {
		to = append(to, '-')
		to = strconv.AppendInt(to, from.between(group[0], group[1]), 10)
	}
	return to
}

// addContact appends address, nation, phone and balance to four columns.
func (s *partnerStreams) addContact(columns []Column) {
	nation := s.nation.between(0, nationCount-1)
	columns[0].Bytes = appendAddress(columns[0].Bytes, s.address)
	columns[0].endText()
	columns[1].addInt32(int32(nation))
	columns[2].Bytes = appendPhone(columns[2].Bytes, s.phone, nation)
	columns[2].endText()
	columns[3].addInt64(s.balance.between(lowestBalance, highestBalance))
}

type customerSource struct {
	streams
	partnerStreams
	comments
	segment  *stream
	segments []string
}

func openCustomer(*scale) source {
	s := &customerSource{segments: values("segments")}
	s.address = s.open(881155353, addressDraws)
	s.nation = s.open(1489529863, 1)
	s.phone = s.open(1521138112, 3)
	s.balance = s.open(298370230, 1)
	s.segment = s.open(1140279430, 1)
	s.comments = newComments(s.open(1335826707, 2), 73)
	return s
}

func (s *customerSource) emit(batch *Batch, row int64) int {
	columns := batch.Columns
	columns[0].addInt64(row + 1)
	columns[1].addNumbered("Customer#", row+1, 9)
	s.addContact(columns[2:6])
	columns[6].addText(s.segment.pick(s.segments))
	s.note()
	s.nextRow()
	return 1
}

type supplierSource struct {
	streams
	partnerStreams
	comments
	// Whether a comment tells of customers' opinions, how many bytes apart its
	// two words stand, where it begins, and which opinion it is.
	opinion, opinionGap, opinionPlace, opinionKind *stream
}

func openSupplier(*scale) source {
	s := &supplierSource{}
	s.address = s.open(706178559, addressDraws)
	s.nation = s.open(110356601, 1)
	s.phone = s.open(884434366, 3)
	s.balance = s.open(962338209, 1)
	s.comments = newComments(s.open(1341315363, 2), 63)
	s.opinion = s.open(202794285, 1)
	s.opinionGap = s.open(263032577, 1)
	s.opinionPlace = s.open(715851524, 1)
	s.opinionKind = s.open(753643799, 1)
	return s
}

func (s *supplierSource) emit(batch *Batch, row int64) int {
	columns := batch.Columns
	columns[0].addInt64(row + 1)
	columns[1].addNumbered("Supplier#", row+1, 9)
	s.addContact(columns[2:6])
	span, begin := s.next(), len(columns[6].Bytes)
	columns[6].Bytes = append(columns[6].Bytes, s.pool.text[span.begin:span.end]...)
	s.addOpinion(columns[6].Bytes[begin:])
	columns[6].endText()
	s.nextRow()
	return 1
}

// addOpinion writes "Customer ... Complaints" or "Customer ... Recommends" over
// the comments of ten in 10,000 suppliers, half of them each.
func (s *supplierSource) addOpinion(comment []byte) {
	const who, complaints, recommends = "Customer ", "Complaints", "Recommends"
	if s.opinion.between(1, 10_000) > 10 {
		return
	}
	room := int64(len(comment) - len(who) - len(complaints))
	gap := s.opinionGap.between(0, room)
	place := s.opinionPlace.between(0, room-gap)
	what := recommends
	if s.opinionKind.between(0, 100) < 50 {
		what = complaints
	}
	copy(comment[place:], who)
	copy(comment[place+int64(len(who))+gap:], what)
}
