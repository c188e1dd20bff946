package place

import "math"

// exhaustive is how many pipelines are placed by trying all combinations. It bounds the
// time of compiling, not the plans: what is beyond is improved step by step.
const exhaustive = 10

// search finds the devices of least likely cost. Up to a number of free pipelines it
// tries all plans. Beyond it starts from the plan without a GPU, from the one with as much
// GPU as possible, and from each pipeline's own best, and improves each by moving single
// pipelines and those on both sides of a state together until nothing gains; the
// result is never worse than those it started from. Of plans that cost the same the one that
// uses the CPU more wins.
func (m *model) search(fixed []choice) []bool {
	var open []int
	start := make([]bool, len(fixed))
	for i, c := range fixed {
		start[i] = c == onGPU
		if c == free {
			open = append(open, i)
		}
	}
	if len(open) <= exhaustive {
		return m.all(start, open)
	}
	own := append([]bool(nil), start...)
	most := append([]bool(nil), start...)
	for _, i := range open {
		p := &m.pipelines[i]
		own[i] = p.own[1].time()[likely] < p.own[0].time()[likely]
		most[i] = true
	}
	best := m.improve(start, open)
	for _, from := range [][]bool{own, most} {
		if other := m.improve(from, open); m.price(other) < m.price(best) {
			best = other
		}
	}
	return best
}

// all tries all plans.
func (m *model) all(start []bool, open []int) []bool {
	best := append([]bool(nil), start...)
	least := m.price(best)
	trial := append([]bool(nil), start...)
	for set := 1; set < 1<<len(open); set++ {
		for bit, i := range open {
			trial[i] = set&(1<<bit) != 0
		}
		if total := m.price(trial); total < least {
			least = total
			copy(best, trial)
		}
	}
	return best
}

// improve moves pipelines as long as that gains.
func (m *model) improve(from []bool, open []int) []bool {
	devices := append([]bool(nil), from...)
	isOpen := make([]bool, len(devices))
	var moves [][]int
	for _, i := range open {
		isOpen[i] = true
		moves = append(moves, []int{i})
	}
	for s := range m.states {
		var group []int
		for _, i := range m.states[s].touches {
			if isOpen[i] {
				group = append(group, i)
			}
		}
		if len(group) > 1 {
			moves = append(moves, group)
		}
	}
	least := m.price(devices)
	trial := append([]bool(nil), devices...)
	for gained := true; gained; {
		gained = false
		for _, move := range moves {
			for _, device := range []bool{false, true} {
				copy(trial, devices)
				for _, i := range move {
					trial[i] = device
				}
				if total := m.price(trial); total < least {
					least, gained = total, true
					copy(devices, trial)
				}
			}
		}
	}
	return devices
}

// mostKept bounds the pipelines of a state whose costs are kept for all their devices.
const mostKept = 10

// price is the likely cost of a plan, as total gives it. The costs of a state depend on
// the devices of few pipelines, and are kept.
func (m *model) price(devices []bool) float64 {
	sum := 0.0
	for i, device := range devices {
		sum += m.pipelines[i].times[side(device)]
	}
	add := func(c contribution) { sum += c.seconds[likely] }
	m.columnsAndCode(devices, add)
	for at := range m.states {
		s := &m.states[at]
		if len(s.touches) > mostKept {
			m.finish(at, devices, add)
			continue
		}
		if s.kept == nil {
			s.kept = make([]float64, 1<<len(s.touches))
			for set := range s.kept {
				s.kept[set] = math.NaN()
			}
		}
		set := 0
		for bit, i := range s.touches {
			set |= side(devices[i]) << bit
		}
		if math.IsNaN(s.kept[set]) {
			s.kept[set] = 0
			m.finish(at, devices, func(c contribution) { s.kept[set] += c.seconds[likely] })
		}
		sum += s.kept[set]
	}
	return sum
}
