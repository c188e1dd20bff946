package encode

import "sort"

// Bytes returns the module. All bodies must be finished. It may be called again
// after more was added.
func (m *ModuleBuilder) Bytes() []byte {
	b := make([]byte, 0, m.estimate())
	b = append(b, magic...)
	b = append(b, version...)
	b = appendSection(b, sectionType, uint32(len(m.params)), m.types)
	var imports uint32
	for _, count := range m.importCount {
		imports += count
	}
	b = appendSection(b, sectionImport, imports, m.imports)
	b = m.appendDeclarations(b)
	b = appendSection(b, sectionExport, m.exported, m.exports)
	if m.start >= 0 {
		var at int
		b, at = openSection(b, sectionStart)
		b = closeSection(appendU32(b, uint32(m.start)), at)
	}
	b = appendSection(b, sectionElement, m.elemCount, m.elements)
	if m.passive { // only memory.init and data.drop need the count beforehand
		var at int
		b, at = openSection(b, sectionDataCount)
		b = closeSection(appendU32(b, m.dataCount), at)
	}
	b = m.appendCode(b)
	b = appendSection(b, sectionData, m.dataCount, m.data)
	if !m.StripNames {
		b = m.appendNames(b)
	}
	return append(b, m.customs...)
}

// estimate returns a capacity that spares most modules a second allocation.
func (m *ModuleBuilder) estimate() int {
	size := 256 + len(m.types) + len(m.imports) + len(m.exports) + len(m.elements) + len(m.data) + len(m.customs)
	for i := range m.functions {
		if f := m.functions[i].builder; f != nil {
			size += f.bodySize() + len(f.Name) + 32*len(f.localNames)
		} else {
			size += len(m.functions[i].body)
		}
		size += 16
	}
	return size + 24*(len(m.globals)+len(m.names[nameGlobal])+len(m.names[nameFunc]))
}

// openSection appends the header of a section and returns where its payload
// begins. The size is not known yet; closeSection puts it in.
func openSection(b []byte, id section) (out []byte, payload int) {
	b = append(b, byte(id))
	return b, len(b)
}

// closeSection moves the payload up by the length of its size, which is the
// shortest encoding: tools that compare modules byte for byte expect it.
func closeSection(b []byte, payload int) []byte {
	size := len(b) - payload
	width := sizeU32(uint32(size))
	b = append(b, "\x00\x00\x00\x00\x00"[:width]...)
	copy(b[payload+width:], b[payload:payload+size])
	appendU32(b[:payload], uint32(size))
	return b
}

// appendSection appends a section that is a vector; an empty one is left out.
func appendSection(b []byte, id section, count uint32, items []byte) []byte {
	if count == 0 {
		return b
	}
	b = appendU32(append(b, byte(id)), uint32(sizeU32(count)+len(items)))
	return append(appendU32(b, count), items...)
}

func (m *ModuleBuilder) appendDeclarations(b []byte) []byte {
	var at int
	if len(m.functions) > 0 {
		b, at = openSection(b, sectionFunction)
		b = appendU32(b, uint32(len(m.functions)))
		for i := range m.functions {
			b = appendU32(b, m.functions[i].typeIndex)
		}
		b = closeSection(b, at)
	}
	if len(m.tables) > 0 {
		b, at = openSection(b, sectionTable)
		b = appendU32(b, uint32(len(m.tables)))
		for _, t := range m.tables {
			b = appendLimits(append(b, byte(t.Elem)), t.Limits)
		}
		b = closeSection(b, at)
	}
	if len(m.memories) > 0 {
		b, at = openSection(b, sectionMemory)
		b = appendU32(b, uint32(len(m.memories)))
		for _, limits := range m.memories {
			b = appendLimits(b, limits)
		}
		b = closeSection(b, at)
	}
	if len(m.globals) > 0 {
		b, at = openSection(b, sectionGlobal)
		b = appendU32(b, uint32(len(m.globals)))
		for i := range m.globals {
			b = m.globals[i].init.append(appendGlobalType(b, m.globals[i].typ))
		}
		b = closeSection(b, at)
	}
	return b
}

func appendLimits(b []byte, l Limits) []byte {
	var flags byte
	if l.HasMax {
		flags = 1
	}
	if l.Shared {
		flags |= 2
	}
	b = appendU32(append(b, flags), l.Min)
	if l.HasMax {
		b = appendU32(b, l.Max)
	}
	return b
}

func appendGlobalType(b []byte, t GlobalType) []byte {
	if t.Mutable {
		return append(b, byte(t.Type), 1)
	}
	return append(b, byte(t.Type), 0)
}

func (m *ModuleBuilder) appendCode(b []byte) []byte {
	if len(m.functions) == 0 {
		return b
	}
	size := sizeU32(uint32(len(m.functions)))
	for i := range m.functions {
		n := m.functions[i].size()
		size += sizeU32(uint32(n)) + n
	}
	b = appendU32(append(b, byte(sectionCode)), uint32(size))
	b = appendU32(b, uint32(len(m.functions)))
	for i := range m.functions {
		f := &m.functions[i]
		b = appendU32(b, uint32(f.size()))
		if f.builder != nil {
			b = f.builder.AppendBody(b)
		} else {
			b = append(b, f.body...)
		}
	}
	return b
}

func (f *function) size() int {
	if f.builder != nil {
		return f.builder.bodySize()
	}
	return len(f.body)
}

// appendNames appends the custom section that debuggers, profilers and the
// printer read (Core Specification, appendix "Custom Sections").
func (m *ModuleBuilder) appendNames(b []byte) []byte {
	functions := m.names[nameFunc]
	functions = functions[:len(functions):len(functions)] // Bytes may be called again
	locals := false
	for i := range m.functions {
		if f := m.functions[i].builder; f != nil {
			if f.Name != "" {
				functions = append(functions, nameEntry{f.index, f.Name})
			}
			locals = locals || len(f.localNames) > 0
		}
	}
	if m.Name == "" && len(functions) == 0 && !locals &&
		len(m.names[nameTable]) == 0 && len(m.names[nameMemory]) == 0 && len(m.names[nameGlobal]) == 0 {
		return b
	}
	var start, at int
	b, start = openSection(b, sectionCustom)
	b = appendName(b, "name")
	if m.Name != "" {
		b, at = openSection(b, nameModule)
		b = closeSection(appendName(b, m.Name), at)
	}
	b = appendNameMap(b, nameFunc, functions)
	if locals {
		b, at = openSection(b, nameLocal)
		b = m.appendLocalNames(b)
		b = closeSection(b, at)
	}
	for _, space := range []section{nameTable, nameMemory, nameGlobal} {
		b = appendNameMap(b, space, m.names[space])
	}
	return closeSection(b, start)
}

func (m *ModuleBuilder) appendLocalNames(b []byte) []byte {
	var count uint32
	for i := range m.functions {
		if f := m.functions[i].builder; f != nil && len(f.localNames) > 0 {
			count++
		}
	}
	b = appendU32(b, count)
	for i := range m.functions {
		if f := m.functions[i].builder; f != nil && len(f.localNames) > 0 {
			b = appendNameEntries(appendU32(b, f.index), f.localNames)
		}
	}
	return b
}

func appendNameMap(b []byte, space section, entries []nameEntry) []byte {
	if len(entries) == 0 {
		return b
	}
	b, at := openSection(b, space)
	return closeSection(appendNameEntries(b, entries), at)
}

// appendNameEntries writes the entries by index, each index once: the last name
// given to it counts.
func appendNameEntries(b []byte, entries []nameEntry) []byte {
	less := func(i, j int) bool { return entries[i].index < entries[j].index }
	if !sort.SliceIsSorted(entries, less) {
		entries = append([]nameEntry(nil), entries...)
		sort.SliceStable(entries, less)
	}
	var count uint32
	for i := range entries {
		if i+1 == len(entries) || entries[i+1].index != entries[i].index {
			count++
		}
	}
	b = appendU32(b, count)
	for i, e := range entries {
		if i+1 == len(entries) || entries[i+1].index != e.index {
			b = appendName(appendU32(b, e.index), e.name)
		}
	}
	return b
}
