package exec

import (
	"os"

	"github.com/heddle-lang/heddle/ir/abi"
	"github.com/heddle-lang/heddle/runtime/store"
)

// The window region has two parts. In the lower one, columns are pinned: mapped at the
// same address in every worker for as long as the session has room, so that the text
// in them is stable and mappings serve many queries. The upper one belongs to the
// pipeline at work: the segment of a table that is too large to be pinned, or the
// memory into which a worker decodes batches.
const (
	pinnedLimit = 0xE0000000
	passingBase = pinnedLimit
)

// guardBytes is how far compiled code may read behind a column: it loads whole
// vectors.
const guardBytes = 64

// pin is a region that is mapped at a fixed address.
type pin struct {
	region  store.Region
	address uint32
}

// windows are the pinned columns of a session.
type windows struct {
	pins  []pin
	index map[store.Region]uint32
	end   uint32 // behind the last pin, a multiple of the page size; 0: none
	epoch int    // counts how often all pins were dropped
	limit uint32 // of end, in tests; 0 stands for pinnedLimit
}

// pinnedEnd ends the addresses that are pinned.
func (ws *windows) pinnedEnd() uint32 { return max(ws.end, abi.WindowBase) }

// footprint is how many bytes of addresses a region takes: whole pages, and readable
// ones behind it.
func footprint(region store.Region) int64 {
	page := int64(os.Getpagesize())
	return (region.Length+guardBytes+page-1)/page*page + page
}

// pinAll assigns addresses to regions, and says false when they do not fit.
func (ws *windows) pinAll(regions []store.Region) bool {
	need := int64(0)
	for _, region := range regions {
		if _, found := ws.index[region]; !found {
			need += footprint(region)
		}
	}
	limit := uint32(pinnedLimit)
	if ws.limit != 0 {
		limit = ws.limit
	}
	if int64(ws.pinnedEnd())+need > int64(limit) {
		return false
	}
	if ws.index == nil {
		ws.index = map[store.Region]uint32{}
	}
	for _, region := range regions {
		if _, found := ws.index[region]; found {
			continue
		}
		address := ws.pinnedEnd()
		ws.pins = append(ws.pins, pin{region, address})
		ws.index[region] = address
		ws.end = address + uint32(footprint(region))
	}
	return true
}

// drop forgets all pins; workers unmap them when they next look.
func (ws *windows) drop() { *ws = windows{epoch: ws.epoch + 1, limit: ws.limit} }

// view is what a worker's windows show.
type view struct {
	epoch   int
	pins    int    // of the session's, how many are mapped
	end     uint32 // behind the mapped pins
	scratch int    // bytes of scratch memory at passingBase
	segment *segmentView
}

// segmentView is the segment that a worker has in its passing window.
type segmentView struct {
	scan      *scan
	segment   int
	addresses []columnAddresses
}

// showPins maps the pins that the worker does not have yet.
func (w *worker) showPins(ws *windows) error {
	v := &w.view
	if v.epoch != ws.epoch {
		if v.end > abi.WindowBase {
			if err := w.instance.Unmap(abi.WindowBase, int(v.end-abi.WindowBase)); err != nil {
				return err
			}
		}
		*v = view{epoch: ws.epoch, scratch: v.scratch, segment: v.segment}
	}
	for ; v.pins < len(ws.pins); v.pins++ {
		p := ws.pins[v.pins]
		if err := w.mapRegion(p.address, p.region); err != nil {
			return err
		}
		v.end = p.address + uint32(footprint(p.region))
	}
	return nil
}

// mapRegion maps a region with readable zeroes behind it.
func (w *worker) mapRegion(address uint32, region store.Region) error {
	if err := w.instance.MapFile(address, int(region.Length), region.File.Fd(), region.Offset); err != nil {
		return err
	}
	page := int64(os.Getpagesize())
	mapped := (region.Length + page - 1) / page * page
	return w.instance.MapScratch(address+uint32(mapped), int(footprint(region)-mapped))
}

// showScratch makes sure of scratch memory at passingBase.
func (w *worker) showScratch(size int) error {
	if w.view.scratch >= size {
		return nil
	}
	if err := w.instance.MapScratch(passingBase, size); err != nil {
		return err
	}
	w.view.scratch, w.view.segment = size, nil
	return nil
}

// showSegment maps the columns of a segment into the passing window and says where. ok
// is false when they do not fit.
func (w *worker) showSegment(sc *scan, number int) (addresses []columnAddresses, ok bool, err error) {
	if shown := w.view.segment; shown != nil && shown.scan == sc && shown.segment == number {
		return shown.addresses, true, nil
	}
	segment := &sc.source.Segments()[number]
	need := int64(0)
	for i := range segment.Columns {
		for _, region := range regionsOf(&segment.Columns[i]) {
			need += footprint(region)
		}
	}
	if passingBase+need > abi.WindowLimit {
		return nil, false, nil
	}
	if err := w.instance.Unmap(passingBase, abi.WindowLimit-passingBase); err != nil {
		return nil, false, err
	}
	w.view.scratch, w.view.segment = 0, nil
	next := uint32(passingBase)
	place := func(region store.Region) uint32 {
		if err != nil || region.Length == 0 {
			return 0
		}
		address := next
		err = w.mapRegion(address, region)
		next += uint32(footprint(region))
		return address
	}
	addresses = make([]columnAddresses, len(segment.Columns))
	for i := range segment.Columns {
		c := &segment.Columns[i]
		addresses[i] = columnAddresses{values: place(c.Values), text: place(c.Text), validity: place(c.Validity)}
	}
	if err != nil {
		return nil, false, err
	}
	w.view.segment = &segmentView{scan: sc, segment: number, addresses: addresses}
	return addresses, true, nil
}

// regionsOf lists the parts of a column that are there.
func regionsOf(c *store.MappedColumn) []store.Region {
	var regions []store.Region
	for _, region := range []store.Region{c.Values, c.Text, c.Validity} {
		if region.Length > 0 {
			regions = append(regions, region)
		}
	}
	return regions
}
