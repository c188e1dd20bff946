// Package shape walks the outer structure of a WebAssembly module: it takes its
// bytes and says whether every count and length in it is no greater than the
// bytes that are left to hold it.
//
// wazero 1.12 allocates as much as a count promises before it reads the
// items, so that a module of thirty bytes can demand a hundred gigabytes, which Go
// answers by ending the process. What passes here can cost wazero no more than
// a constant times its own length. It is no validation: that is the engine's.
package shape

import (
	"errors"
	"fmt"
)

// maxLocals is the most locals of a function, the limit that browsers agreed on.
const maxLocals = 50_000

// Check returns an error for a module whose structure does not add up.
func Check(wasm []byte) error {
	const header = 8 // magic and version, which the engine checks
	if len(wasm) < header {
		return errors.New("it is shorter than its header")
	}
	module := cursor{rest: wasm[header:]}
	for len(module.rest) > 0 {
		id := module.byte()
		body := cursor{rest: module.take(module.u32())}
		if module.broken {
			return fmt.Errorf("section %d is cut off", id)
		}
		body.section(id)
		// What is left over would be read as something else by the engine.
		if body.broken || len(body.rest) > 0 {
			return fmt.Errorf("section %d does not hold what its counts and lengths say", id)
		}
	}
	return nil
}

// cursor reads from the front of rest. Once broken, it stays so, rest is empty
// and every number is 0; hence loops over counts end.
type cursor struct {
	rest   []byte
	broken bool
}

func (c *cursor) fail() {
	c.broken, c.rest = true, nil
}

func (c *cursor) take(length uint32) []byte {
	if uint64(length) > uint64(len(c.rest)) {
		c.fail()
		return nil
	}
	taken := c.rest[:length]
	c.rest = c.rest[length:]
	return taken
}

func (c *cursor) byte() byte {
	if taken := c.take(1); taken != nil {
		return taken[0]
	}
	return 0
}

// number skips a LEB128 number of at most so many bytes and gives its low bits.
func (c *cursor) number(most int) (value uint64) {
	for i := range most {
		b := c.byte()
		value |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			return value
		}
	}
	c.fail()
	return 0
}

func (c *cursor) u32() uint32 {
	value := c.number(5)
	if value > 0xFFFF_FFFF {
		c.fail()
		return 0
	}
	return uint32(value)
}

// each runs item as often as the count that comes first says. Every item takes
// at least one byte, so a count above the bytes left cannot be right.
func (c *cursor) each(item func()) {
	count := c.u32()
	if uint64(count) > uint64(len(c.rest)) {
		c.fail()
		return
	}
	for i := uint32(0); i < count && !c.broken; i++ {
		item()
	}
}

func (c *cursor) text() string { return string(c.take(c.u32())) }
func (c *cursor) index()       { c.u32() }

func (c *cursor) valueType() {
	if b := c.byte(); b == 0x63 || b == 0x64 { // a reference to a heap type
		c.number(5)
	}
}

func (c *cursor) limits() {
	flags := c.byte()
	c.number(10)
	if flags&1 != 0 {
		c.number(10)
	}
}

func (c *cursor) global() { c.valueType(); c.byte() }
func (c *cursor) tag()    { c.byte(); c.index() }

// table skips a table type; one that begins with 0x40 has a first value.
func (c *cursor) table() {
	if len(c.rest) > 0 && c.rest[0] == 0x40 {
		c.take(2)
		defer c.expression()
	}
	c.valueType()
	c.limits()
}

// expression skips a constant expression.
func (c *cursor) expression() {
	for !c.broken {
		switch c.byte() {
		case 0x0b: // end
			return
		case 0x41, 0x23, 0xd2, 0xd0: // i32.const, global.get, ref.func, ref.null
			c.number(5)
		case 0x42: // i64.const
			c.number(10)
		case 0x43: // f32.const
			c.take(4)
		case 0x44: // f64.const
			c.take(8)
		case 0xfd: // v128.const
			if c.u32() != 12 {
				c.fail()
			}
			c.take(16)
		case 0x6a, 0x6b, 0x6c, 0x7c, 0x7d, 0x7e: // add, sub, mul of i32 and i64
		default:
			c.fail()
		}
	}
}

func (c *cursor) section(id byte) {
	switch id {
	case 0:
		c.custom()
	case 1: // types
		c.each(func() {
			if c.byte() != 0x60 {
				c.fail()
			}
			c.each(c.valueType)
			c.each(c.valueType)
		})
	case 2: // imports
		c.each(func() {
			c.text()
			c.text()
			switch c.byte() {
			case 0:
				c.index()
			case 1:
				c.table()
			case 2:
				c.limits()
			case 3:
				c.global()
			case 4:
				c.tag()
			default:
				c.fail()
			}
		})
	case 3: // functions
		c.each(c.index)
	case 4:
		c.each(c.table)
	case 5: // memories
		c.each(c.limits)
	case 6:
		c.each(func() { c.global(); c.expression() })
	case 7: // exports
		c.each(func() { c.text(); c.byte(); c.index() })
	case 8, 12: // start function, count of data segments
		c.index()
	case 9:
		c.each(c.element)
	case 10:
		c.each(c.code)
	case 11: // data
		c.each(func() {
			flags := c.u32()
			if flags == 2 {
				c.index()
			}
			if flags != 1 {
				c.expression()
			}
			c.take(c.u32())
		})
	case 13:
		c.each(c.tag)
	default:
		c.fail()
	}
}

func (c *cursor) element() {
	const passive, explicit, expressions = 1, 2, 4
	flags := c.u32()
	if flags&passive == 0 {
		if flags&explicit != 0 {
			c.index() // of the table
		}
		c.expression()
	}
	item := c.index
	if flags&expressions != 0 {
		item = c.expression
	}
	if flags&(passive|explicit) != 0 {
		c.valueType() // or the kind, a byte as well
	}
	c.each(item)
}

func (c *cursor) code() {
	body := cursor{rest: c.take(c.u32())}
	locals := uint64(0)
	body.each(func() {
		locals += uint64(body.u32())
		body.valueType()
	})
	if body.broken || locals > maxLocals {
		c.fail()
	}
}

func (c *cursor) custom() {
	if c.text() != "name" {
		c.rest = nil
		return
	}
	association := func(of *cursor) func() {
		return func() { of.index(); of.text() }
	}
	for len(c.rest) > 0 {
		id := c.byte()
		names := cursor{rest: c.take(c.u32())}
		switch id {
		case 0: // of the module
			names.text()
		case 1: // of functions
			names.each(association(&names))
		case 2: // of locals
			names.each(func() { names.index(); names.each(association(&names)) })
		default:
			names.rest = nil
		}
		if names.broken || len(names.rest) > 0 {
			c.fail()
		}
	}
}
