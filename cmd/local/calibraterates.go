package local

import (
	"math"
	"time"
)

// sample is how long so many rows and bytes took.
type sample struct {
	rows, bytes float64
	elapsed     time.Duration
}

// rate is so much per second; the fallback where no time passed.
func rate(amount float64, elapsed time.Duration, fallback float64) float64 {
	if elapsed <= 0 || amount <= 0 {
		return fallback
	}
	return amount / elapsed.Seconds()
}

// What measurements can tell.
const (
	// noise is the part of a time that is not to be told from chance.
	noise = 0.1
	// mostOfCopy is how many times as fast as it copies memory a thread can be thought to
	// read columns: a copy also writes, and a part of the columns may lie in the cache.
	mostOfCopy = 4
)

// scanRates tells what a scan takes for its bytes from what it takes for its rows: two
// scans of as many rows, with few bytes each and with many. Where the times are so near
// that bytes would be read faster than memory allows, which is copied at a rate, the
// assumed rate of bytes stands, within what is possible, and certain is false.
func scanRates(narrow, wide sample, copied, assumedBytes, assumedRows float64) (bytes, rows float64, certain bool) {
	whole := rate(wide.bytes, wide.elapsed, 0)
	most := max(copied*mostOfCopy, whole)
	bytes = rate(wide.bytes-narrow.bytes, wide.elapsed-narrow.elapsed, 0)
	certain = bytes > 0 && bytes <= most
	if !certain {
		bytes = max(min(assumedBytes, most), whole)
	}
	seconds := narrow.elapsed.Seconds()
	left := seconds - narrow.bytes/bytes
	if left <= seconds*noise { // its bytes explain it: no more than the whole can be meant
		return bytes, rate(narrow.rows, narrow.elapsed, assumedRows), certain
	}
	return bytes, narrow.rows / left, certain
}

// beyond is the rate of what a pipeline does with its rows beyond reading them. Where that
// is as small a part of the whole as noise, the assumed rate stands, within what is
// possible, and certain is false.
func beyond(whole sample, scanBytes, scanRows, assumed float64) (each float64, certain bool) {
	if whole.elapsed <= 0 || whole.rows <= 0 {
		return assumed, false
	}
	seconds := whole.elapsed.Seconds()
	left := seconds - whole.bytes/scanBytes - whole.rows/scanRows
	if left < seconds*noise {
		return min(max(assumed, whole.rows/seconds), whole.rows/(seconds*noise)), false
	}
	return whole.rows / left, true
}

// uncached is the rate of accesses that find nothing in the cache, from a rate over a
// structure of which a part lies there. It is never above the cached rate.
func uncached(cachedRate, mixedRate, part float64) float64 {
	missed := 1 - part
	if missed <= 0 {
		return min(cachedRate, mixedRate)
	}
	seconds := (1/mixedRate - part/cachedRate) / missed
	return 1 / max(seconds, 1/mixedRate, 1/cachedRate)
}

// part is how much of a structure lies in a cache, as package place has it.
func part(cache, size float64) float64 { return -math.Expm1(-cache / size) }

// comparisons is the rate of sorting: n log2 n over its time.
func comparisons(rows float64, elapsed time.Duration, fallback float64) float64 {
	return rate(rows*math.Log2(rows+1), elapsed, fallback)
}

// difference is the rate of what one sample has more than another, so that what both
// spend on starting counts in neither; the rate of the larger one where most of it seems
// to be the start.
func difference(small, large sample, fallback float64) float64 {
	if small.elapsed > large.elapsed/2 {
		return rate(large.bytes, large.elapsed, fallback)
	}
	return rate(large.bytes-small.bytes, large.elapsed-small.elapsed, fallback)
}

// access is the time of random accesses over structures of one size.
type access struct{ size, rate float64 }

// cacheOf finds the cache, among the sizes between the smallest structure and the largest,
// that explains rates best: rates near that of the smallest as long as a structure fits,
// near that of the largest beyond. It gives the rates inside and beyond with it.
func cacheOf(all []access) (cache, cachedRate, missedRate float64) {
	if len(all) == 0 {
		return 0, 0, 0
	}
	const steps = 200
	first, last := all[0], all[len(all)-1]
	least := math.Inf(1)
	for step := range steps + 1 {
		candidate := first.size * math.Pow(last.size/first.size, float64(step)/steps)
		// Inside, the rate of the smallest; beyond, what the largest then implies.
		inside := first.rate
		missed := uncached(inside, last.rate, part(candidate, last.size))
		wrong := 0.0
		for _, a := range all {
			p := part(candidate, a.size)
			predicted := p/inside + (1-p)/missed
			wrong += math.Pow(math.Log(predicted*a.rate), 2)
		}
		if wrong < least {
			least, cache, cachedRate, missedRate = wrong, candidate, inside, missed
		}
	}
	return cache, cachedRate, missedRate
}
