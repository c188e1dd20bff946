; Kernels of the pipelines of query.wat, over the same table and states. query.ptx is made of this:
;
;   opt-22 -O2 query.ll | llc-22 -mcpu=sm_70 -mattr=+ptx63 -o query.ptx
target triple = "nvptx64-nvidia-cuda"
target datalayout = "e-p6:32:32-i64:64-i128:128-i256:256-v16:16-v32:32-n16:32:64"

declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()

; The device address of an address in the mirror.
define internal ptr addrspace(1) @at(i64 %mirror, i32 %address) alwaysinline {
  %wide = zext i32 %address to i64
  %sum = add i64 %mirror, %wide
  %p = inttoptr i64 %sum to ptr addrspace(1)
  ret ptr addrspace(1) %p
}
define internal ptr addrspace(1) @field(ptr addrspace(1) %p, i64 %offset) alwaysinline {
  %q = getelementptr i8, ptr addrspace(1) %p, i64 %offset
  ret ptr addrspace(1) %q
}
define internal i32 @word(i64 %block, i64 %offset) alwaysinline {
  %sum = add i64 %block, %offset
  %p = inttoptr i64 %sum to ptr addrspace(1)
  %v = load i32, ptr addrspace(1) %p
  ret i32 %v
}
define internal i64 @long(i64 %block, i64 %offset) alwaysinline {
  %sum = add i64 %block, %offset
  %p = inttoptr i64 %sum to ptr addrspace(1)
  %v = load i64, ptr addrspace(1) %p
  ret i64 %v
}
define internal void @putword(i64 %block, i64 %offset, i32 %v) alwaysinline {
  %sum = add i64 %block, %offset
  %p = inttoptr i64 %sum to ptr addrspace(1)
  store volatile i32 %v, ptr addrspace(1) %p
  ret void
}
define internal i32 @first() alwaysinline {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %b = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %n = call i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
  %m = mul i32 %b, %n
  %r = add i32 %m, %t
  ret i32 %r
}
define internal i32 @stride() alwaysinline {
  %b = call i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()
  %n = call i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
  %r = mul i32 %b, %n
  ret i32 %r
}
define internal i32 @hash(i64 %k) alwaysinline {
  %m = mul i64 %k, -7046029254386353131
  %s = lshr i64 %m, 32
  %r = trunc i64 %s to i32
  ret i32 %r
}

; The columns of a row: k, v (0 where it is NULL), whether v is NULL, t.
define internal i64 @k(i64 %launch, i32 %row) alwaysinline {
  %values = call i64 @long(i64 %launch, i64 64)
  %wide = zext i32 %row to i64
  %offset = shl i64 %wide, 3
  %v = call i64 @long(i64 %values, i64 %offset)
  ret i64 %v
}
define internal i32 @null(i64 %launch, i32 %row) alwaysinline {
  %bits = call i64 @long(i64 %launch, i64 104)
  %byte = lshr i32 %row, 3
  %wide = zext i32 %byte to i64
  %sum = add i64 %bits, %wide
  %p = inttoptr i64 %sum to ptr addrspace(1)
  %b = load i8, ptr addrspace(1) %p
  %b32 = zext i8 %b to i32
  %n = and i32 %row, 7
  %s = lshr i32 %b32, %n
  %bit = and i32 %s, 1
  %r = xor i32 %bit, 1
  ret i32 %r
}
define internal i64 @v(i64 %launch, i32 %row) alwaysinline {
  %values = call i64 @long(i64 %launch, i64 96)
  %wide = zext i32 %row to i64
  %offset = shl i64 %wide, 3
  %v = call i64 @long(i64 %values, i64 %offset)
  %null = call i32 @null(i64 %launch, i32 %row)
  %is = icmp ne i32 %null, 0
  %r = select i1 %is, i64 0, i64 %v
  ret i64 %r
}
define internal i64 @t(i64 %launch, i32 %row) alwaysinline {
  %values = call i64 @long(i64 %launch, i64 128)
  %wide = zext i32 %row to i64
  %offset = shl i64 %wide, 2
  %from = call i32 @word(i64 %values, i64 %offset)
  %next = add i64 %offset, 4
  %end = call i32 @word(i64 %values, i64 %next)
  %text = call i32 @word(i64 %launch, i64 144)
  %address = add i32 %text, %from
  %length = sub i32 %end, %from
  %low = zext i32 %address to i64
  %length64 = zext i32 %length to i64
  %high = shl i64 %length64, 32
  %r = or i64 %low, %high
  ret i64 %r
}

; The place of a record of 32 bytes, 0 when there is none.
define internal i32 @place(i64 %launch) alwaysinline {
  %limit = call i32 @word(i64 %launch, i64 12)
  %at = add i64 %launch, 8
  %p = inttoptr i64 %at to ptr addrspace(1)
  %seen = load volatile i32, ptr addrspace(1) %p
  %full = icmp uge i32 %seen, %limit
  br i1 %full, label %none, label %add
add:
  %record = atomicrmw add ptr addrspace(1) %p, i32 32 monotonic
  %end = add i32 %record, 32
  %over = icmp ugt i32 %end, %limit
  br i1 %over, label %none, label %done
none:
  call void @putword(i64 %launch, i64 16, i32 1)
  ret i32 0
done:
  ret i32 %record
}
define internal void @emit(i64 %mirror, i64 %launch, i64 %k, i64 %v, i32 %null, i64 %t) alwaysinline {
  %place = call i32 @place(i64 %launch)
  %none = icmp eq i32 %place, 0
  br i1 %none, label %done, label %write
write:
  %r = call ptr addrspace(1) @at(i64 %mirror, i32 %place)
  store i64 %k, ptr addrspace(1) %r
  %pv = call ptr addrspace(1) @field(ptr addrspace(1) %r, i64 8)
  store i64 %v, ptr addrspace(1) %pv
  %pn = call ptr addrspace(1) @field(ptr addrspace(1) %r, i64 16)
  %n8 = trunc i32 %null to i8
  store i8 %n8, ptr addrspace(1) %pn
  %pt = call ptr addrspace(1) @field(ptr addrspace(1) %r, i64 24)
  store i64 %t, ptr addrspace(1) %pt
  br label %done
done:
  ret void
}
; The record of a number, in a list of runs.
define internal i32 @run(i64 %mirror, i64 %launch, i32 %row) alwaysinline {
entry:
  %list = call i32 @word(i64 %launch, i64 32)
  %count = call i32 @word(i64 %launch, i64 36)
  %listp = call ptr addrspace(1) @at(i64 %mirror, i32 %list)
  %base = ptrtoint ptr addrspace(1) %listp to i64
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %step ]
  %next = add i32 %i, 1
  %last = icmp uge i32 %next, %count
  br i1 %last, label %done, label %look
look:
  %wide = zext i32 %next to i64
  %offset = shl i64 %wide, 3
  %begins = call i32 @word(i64 %base, i64 %offset)
  %beyond = icmp ugt i32 %begins, %row
  br i1 %beyond, label %done, label %step
step:
  br label %loop
done:
  %iw = zext i32 %i to i64
  %io = shl i64 %iw, 3
  %begin = call i32 @word(i64 %base, i64 %io)
  %ia = add i64 %io, 4
  %address = call i32 @word(i64 %base, i64 %ia)
  %d = sub i32 %row, %begin
  %bytes = shl i32 %d, 5
  %r = add i32 %address, %bytes
  ret i32 %r
}

define ptx_kernel void @emit_table_kernel(i64 %mirror, i32 %context, i64 %launch) {
entry:
  %rows = call i32 @word(i64 %launch, i64 0)
  %first = call i32 @first()
  %stride = call i32 @stride()
  %c = call ptr addrspace(1) @at(i64 %mirror, i32 %context)
  %pb = call ptr addrspace(1) @field(ptr addrspace(1) %c, i64 64)
  %bound = load i64, ptr addrspace(1) %pb
  br label %loop
loop:
  %row = phi i32 [ %first, %entry ], [ %next, %again ]
  %end = icmp uge i32 %row, %rows
  br i1 %end, label %done, label %test
test:
  %k = call i64 @k(i64 %launch, i32 %row)
  %in = icmp slt i64 %k, %bound
  br i1 %in, label %write, label %again
write:
  %v = call i64 @v(i64 %launch, i32 %row)
  %n = call i32 @null(i64 %launch, i32 %row)
  %t = call i64 @t(i64 %launch, i32 %row)
  call void @emit(i64 %mirror, i64 %launch, i64 %k, i64 %v, i32 %n, i64 %t)
  br label %again
again:
  %next = add i32 %row, %stride
  br label %loop
done:
  ret void
}

; The length of the text of each code, from a table over the dictionary, and the text.
define ptx_kernel void @emit_coded_kernel(i64 %mirror, i32 %context, i64 %launch) {
entry:
  %rows = call i32 @word(i64 %launch, i64 0)
  %first = call i32 @first()
  %stride = call i32 @stride()
  %c = call ptr addrspace(1) @at(i64 %mirror, i32 %context)
  %pl = call ptr addrspace(1) @field(ptr addrspace(1) %c, i64 2000)
  %lengths = load i32, ptr addrspace(1) %pl
  %dictionary = call i32 @word(i64 %launch, i64 148)
  %codes = call i64 @long(i64 %launch, i64 128)
  br label %loop
loop:
  %row = phi i32 [ %first, %entry ], [ %next, %write ]
  %end = icmp uge i32 %row, %rows
  br i1 %end, label %done, label %write
write:
  %k = call i64 @k(i64 %launch, i32 %row)
  %wide = zext i32 %row to i64
  %sum = add i64 %codes, %wide
  %pc = inttoptr i64 %sum to ptr addrspace(1)
  %code = load i8, ptr addrspace(1) %pc
  %code32 = zext i8 %code to i32
  %la = add i32 %lengths, %code32
  %lp = call ptr addrspace(1) @at(i64 %mirror, i32 %la)
  %length = load i8, ptr addrspace(1) %lp
  %length64 = zext i8 %length to i64
  %slot = shl i32 %code32, 3
  %da = add i32 %dictionary, %slot
  %dp = call ptr addrspace(1) @at(i64 %mirror, i32 %da)
  %t = load i64, ptr addrspace(1) %dp
  call void @emit(i64 %mirror, i64 %launch, i64 %k, i64 %length64, i32 0, i64 %t)
  %next = add i32 %row, %stride
  br label %loop
done:
  ret void
}

; Groups of k mod 8: thread s of a block has slot s, and looks at all rows of the block.
define ptx_kernel void @direct_kernel(i64 %mirror, i32 %context, i64 %launch) {
entry:
  %rows = call i32 @word(i64 %launch, i64 0)
  %slot = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %block = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %blocks = call i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()
  %mine = icmp ult i32 %slot, 8
  br i1 %mine, label %loop, label %done
loop:
  %row = phi i32 [ %block, %entry ], [ %next, %again ]
  %sum = phi i64 [ 0, %entry ], [ %sum2, %again ]
  %count = phi i64 [ 0, %entry ], [ %count2, %again ]
  %end = icmp uge i32 %row, %rows
  br i1 %end, label %leave, label %test
test:
  %k = call i64 @k(i64 %launch, i32 %row)
  %k32 = trunc i64 %k to i32
  %group = and i32 %k32, 7
  %same = icmp eq i32 %group, %slot
  br i1 %same, label %add, label %again
add:
  %v = call i64 @v(i64 %launch, i32 %row)
  %sum1 = add i64 %sum, %v
  %count1 = add i64 %count, 1
  br label %again
again:
  %sum2 = phi i64 [ %sum, %test ], [ %sum1, %add ]
  %count2 = phi i64 [ %count, %test ], [ %count1, %add ]
  %next = add i32 %row, %blocks
  br label %loop
leave:
  %partials = call i32 @word(i64 %launch, i64 28)
  %n = shl i32 %block, 3
  %number = add i32 %n, %slot
  %bytes = shl i32 %number, 5
  %place = add i32 %partials, %bytes
  %r = call ptr addrspace(1) @at(i64 %mirror, i32 %place)
  %dead = icmp eq i64 %count, 0
  %state = select i1 %dead, i32 -1, i32 0
  store i32 %state, ptr addrspace(1) %r
  %ph = call ptr addrspace(1) @field(ptr addrspace(1) %r, i64 4)
  %key = zext i32 %slot to i64
  %h = call i32 @hash(i64 %key)
  store i32 %h, ptr addrspace(1) %ph
  %pk = call ptr addrspace(1) @field(ptr addrspace(1) %r, i64 8)
  store i64 %key, ptr addrspace(1) %pk
  %ps = call ptr addrspace(1) @field(ptr addrspace(1) %r, i64 16)
  store i64 %sum, ptr addrspace(1) %ps
  %pc = call ptr addrspace(1) @field(ptr addrspace(1) %r, i64 24)
  store i64 %count, ptr addrspace(1) %pc
  br label %done
done:
  ret void
}

define ptx_kernel void @build_kernel(i64 %mirror, i32 %context, i64 %launch) {
entry:
  %rows = call i32 @word(i64 %launch, i64 0)
  %first = call i32 @first()
  %stride = call i32 @stride()
  br label %loop
loop:
  %row = phi i32 [ %first, %entry ], [ %next, %again ]
  %end = icmp uge i32 %row, %rows
  br i1 %end, label %done, label %test
test:
  %place = call i32 @place(i64 %launch)
  %none = icmp eq i32 %place, 0
  br i1 %none, label %again, label %write
write:
  %k = call i64 @k(i64 %launch, i32 %row)
  %v = call i64 @v(i64 %launch, i32 %row)
  %h = call i32 @hash(i64 %k)
  %r = call ptr addrspace(1) @at(i64 %mirror, i32 %place)
  %ph = call ptr addrspace(1) @field(ptr addrspace(1) %r, i64 4)
  store i32 %h, ptr addrspace(1) %ph
  %pk = call ptr addrspace(1) @field(ptr addrspace(1) %r, i64 8)
  store i64 %k, ptr addrspace(1) %pk
  %pv = call ptr addrspace(1) @field(ptr addrspace(1) %r, i64 16)
  store i64 %v, ptr addrspace(1) %pv
  %pm = call ptr addrspace(1) @field(ptr addrspace(1) %r, i64 24)
  store i8 0, ptr addrspace(1) %pm
  br label %again
again:
  %next = add i32 %row, %stride
  br label %loop
done:
  ret void
}

define ptx_kernel void @link_table(i64 %mirror, i32 %context, i64 %launch) {
entry:
  %rows = call i32 @word(i64 %launch, i64 0)
  %first = call i32 @first()
  %stride = call i32 @stride()
  %c = call ptr addrspace(1) @at(i64 %mirror, i32 %context)
  %cb = ptrtoint ptr addrspace(1) %c to i64
  %directory = call i32 @word(i64 %cb, i64 1056)
  %shift = call i32 @word(i64 %cb, i64 1060)
  %filter = call i32 @word(i64 %cb, i64 1072)
  %fshift = call i32 @word(i64 %cb, i64 1076)
  br label %loop
loop:
  %row = phi i32 [ %first, %entry ], [ %next, %link ]
  %end = icmp uge i32 %row, %rows
  br i1 %end, label %done, label %link
link:
  %record = call i32 @run(i64 %mirror, i64 %launch, i32 %row)
  %r = call ptr addrspace(1) @at(i64 %mirror, i32 %record)
  %ph = call ptr addrspace(1) @field(ptr addrspace(1) %r, i64 4)
  %h = load i32, ptr addrspace(1) %ph
  %slot = lshr i32 %h, %shift
  %bytes = shl i32 %slot, 2
  %da = add i32 %directory, %bytes
  %dp = call ptr addrspace(1) @at(i64 %mirror, i32 %da)
  %old = atomicrmw xchg ptr addrspace(1) %dp, i32 %record monotonic
  store i32 %old, ptr addrspace(1) %r
  %bit = lshr i32 %h, %fshift
  %wordn = lshr i32 %bit, 5
  %wb = shl i32 %wordn, 2
  %fa = add i32 %filter, %wb
  %fp = call ptr addrspace(1) @at(i64 %mirror, i32 %fa)
  %inner = and i32 %bit, 31
  %mask = shl i32 1, %inner
  %was = atomicrmw or ptr addrspace(1) %fp, i32 %mask monotonic
  %next = add i32 %row, %stride
  br label %loop
done:
  ret void
}

; A left join: rows without a match have v NULL.
define ptx_kernel void @probe_kernel(i64 %mirror, i32 %context, i64 %launch) {
entry:
  %rows = call i32 @word(i64 %launch, i64 0)
  %first = call i32 @first()
  %stride = call i32 @stride()
  %c = call ptr addrspace(1) @at(i64 %mirror, i32 %context)
  %cb = ptrtoint ptr addrspace(1) %c to i64
  %directory = call i32 @word(i64 %cb, i64 1056)
  %shift = call i32 @word(i64 %cb, i64 1060)
  %filter = call i32 @word(i64 %cb, i64 1072)
  %fshift = call i32 @word(i64 %cb, i64 1076)
  br label %loop
loop:
  %row = phi i32 [ %first, %entry ], [ %next, %again ]
  %end = icmp uge i32 %row, %rows
  br i1 %end, label %done, label %look
look:
  %k = call i64 @k(i64 %launch, i32 %row)
  %h = call i32 @hash(i64 %k)
  %bit = lshr i32 %h, %fshift
  %byte = lshr i32 %bit, 3
  %fa = add i32 %filter, %byte
  %fp = call ptr addrspace(1) @at(i64 %mirror, i32 %fa)
  %b = load i8, ptr addrspace(1) %fp
  %b32 = zext i8 %b to i32
  %inner = and i32 %bit, 7
  %s = lshr i32 %b32, %inner
  %set = and i32 %s, 1
  %there = icmp ne i32 %set, 0
  br i1 %there, label %head, label %missing
head:
  %slot = lshr i32 %h, %shift
  %bytes = shl i32 %slot, 2
  %da = add i32 %directory, %bytes
  %dp = call ptr addrspace(1) @at(i64 %mirror, i32 %da)
  %begin = load i32, ptr addrspace(1) %dp
  br label %chain
chain:
  %record = phi i32 [ %begin, %head ], [ %link, %onward ]
  %found = phi i32 [ 0, %head ], [ %found2, %onward ]
  %last = icmp eq i32 %record, 0
  br i1 %last, label %ended, label %compare
compare:
  %r = call ptr addrspace(1) @at(i64 %mirror, i32 %record)
  %pk = call ptr addrspace(1) @field(ptr addrspace(1) %r, i64 8)
  %key = load i64, ptr addrspace(1) %pk
  %same = icmp eq i64 %key, %k
  br i1 %same, label %match, label %onward
match:
  %pm = call ptr addrspace(1) @field(ptr addrspace(1) %r, i64 24)
  store i8 1, ptr addrspace(1) %pm
  %pv = call ptr addrspace(1) @field(ptr addrspace(1) %r, i64 16)
  %v = load i64, ptr addrspace(1) %pv
  call void @emit(i64 %mirror, i64 %launch, i64 %k, i64 %v, i32 0, i64 0)
  br label %onward
onward:
  %found2 = phi i32 [ %found, %compare ], [ 1, %match ]
  %link = load i32, ptr addrspace(1) %r
  br label %chain
ended:
  %any = icmp ne i32 %found, 0
  br i1 %any, label %again, label %missing
missing:
  call void @emit(i64 %mirror, i64 %launch, i64 %k, i64 0, i32 1, i64 0)
  br label %again
again:
  %next = add i32 %row, %stride
  br label %loop
done:
  ret void
}

define ptx_kernel void @unmatched_kernel(i64 %mirror, i32 %context, i64 %launch) {
entry:
  %rows = call i32 @word(i64 %launch, i64 0)
  %first = call i32 @first()
  %stride = call i32 @stride()
  br label %loop
loop:
  %row = phi i32 [ %first, %entry ], [ %next, %again ]
  %end = icmp uge i32 %row, %rows
  br i1 %end, label %done, label %test
test:
  %record = call i32 @run(i64 %mirror, i64 %launch, i32 %row)
  %r = call ptr addrspace(1) @at(i64 %mirror, i32 %record)
  %pm = call ptr addrspace(1) @field(ptr addrspace(1) %r, i64 24)
  %m = load i8, ptr addrspace(1) %pm
  %free = icmp eq i8 %m, 0
  br i1 %free, label %write, label %again
write:
  %pk = call ptr addrspace(1) @field(ptr addrspace(1) %r, i64 8)
  %k = load i64, ptr addrspace(1) %pk
  %pv = call ptr addrspace(1) @field(ptr addrspace(1) %r, i64 16)
  %v = load i64, ptr addrspace(1) %pv
  call void @emit(i64 %mirror, i64 %launch, i64 %k, i64 %v, i32 0, i64 0)
  br label %again
again:
  %next = add i32 %row, %stride
  br label %loop
done:
  ret void
}

; Groups of k mod parameter 0, through the directory of the launch. Losers of a race leave
; dead records.
define ptx_kernel void @aggregate_kernel(i64 %mirror, i32 %context, i64 %launch) {
entry:
  %rows = call i32 @word(i64 %launch, i64 0)
  %first = call i32 @first()
  %stride = call i32 @stride()
  %c = call ptr addrspace(1) @at(i64 %mirror, i32 %context)
  %pb = call ptr addrspace(1) @field(ptr addrspace(1) %c, i64 64)
  %modulus = load i64, ptr addrspace(1) %pb
  %directory = call i32 @word(i64 %launch, i64 20)
  %shift = call i32 @word(i64 %launch, i64 24)
  br label %loop
loop:
  %row = phi i32 [ %first, %entry ], [ %next, %again ]
  %end = icmp uge i32 %row, %rows
  br i1 %end, label %done, label %begin
begin:
  %k = call i64 @k(i64 %launch, i32 %row)
  %v = call i64 @v(i64 %launch, i32 %row)
  %g = srem i64 %k, %modulus
  %h = call i32 @hash(i64 %g)
  %slot = lshr i32 %h, %shift
  %bytes = shl i32 %slot, 2
  %da = add i32 %directory, %bytes
  %dp = call ptr addrspace(1) @at(i64 %mirror, i32 %da)
  %head0 = load volatile i32, ptr addrspace(1) %dp
  br label %search
search:
  %head = phi i32 [ %head0, %begin ], [ %head2, %lost ]
  br label %chain
chain:
  %record = phi i32 [ %head, %search ], [ %link, %onward ]
  %last = icmp eq i32 %record, 0
  br i1 %last, label %new, label %compare
compare:
  %r = call ptr addrspace(1) @at(i64 %mirror, i32 %record)
  %pk = call ptr addrspace(1) @field(ptr addrspace(1) %r, i64 8)
  %key = load volatile i64, ptr addrspace(1) %pk
  %same = icmp eq i64 %key, %g
  br i1 %same, label %update, label %onward
onward:
  %link = load volatile i32, ptr addrspace(1) %r
  br label %chain
new:
  %place = call i32 @place(i64 %launch)
  %none = icmp eq i32 %place, 0
  br i1 %none, label %again, label %write
write:
  %w = call ptr addrspace(1) @at(i64 %mirror, i32 %place)
  store i32 %head, ptr addrspace(1) %w
  %wh = call ptr addrspace(1) @field(ptr addrspace(1) %w, i64 4)
  store i32 %h, ptr addrspace(1) %wh
  %wk = call ptr addrspace(1) @field(ptr addrspace(1) %w, i64 8)
  store i64 %g, ptr addrspace(1) %wk
  %ws = call ptr addrspace(1) @field(ptr addrspace(1) %w, i64 16)
  store i64 0, ptr addrspace(1) %ws
  %wn = call ptr addrspace(1) @field(ptr addrspace(1) %w, i64 24)
  store i64 0, ptr addrspace(1) %wn
  fence acq_rel
  %pair = cmpxchg ptr addrspace(1) %dp, i32 %head, i32 %place monotonic monotonic
  %held = extractvalue { i32, i1 } %pair, 0
  %won = icmp eq i32 %held, %head
  br i1 %won, label %update, label %lost
lost:
  store volatile i32 -1, ptr addrspace(1) %w
  %head2 = load volatile i32, ptr addrspace(1) %dp
  br label %search
update:
  %group = phi i32 [ %record, %compare ], [ %place, %write ]
  %u = call ptr addrspace(1) @at(i64 %mirror, i32 %group)
  %us = call ptr addrspace(1) @field(ptr addrspace(1) %u, i64 16)
  %a = atomicrmw add ptr addrspace(1) %us, i64 %v monotonic
  %un = call ptr addrspace(1) @field(ptr addrspace(1) %u, i64 24)
  %b = atomicrmw add ptr addrspace(1) %un, i64 1 monotonic
  br label %again
again:
  %next = add i32 %row, %stride
  br label %loop
done:
  ret void
}

define ptx_kernel void @emit_groups_kernel(i64 %mirror, i32 %context, i64 %launch) {
entry:
  %rows = call i32 @word(i64 %launch, i64 0)
  %first = call i32 @first()
  %stride = call i32 @stride()
  br label %loop
loop:
  %row = phi i32 [ %first, %entry ], [ %next, %again ]
  %end = icmp uge i32 %row, %rows
  br i1 %end, label %done, label %test
test:
  %record = call i32 @run(i64 %mirror, i64 %launch, i32 %row)
  %r = call ptr addrspace(1) @at(i64 %mirror, i32 %record)
  %state = load i32, ptr addrspace(1) %r
  %dead = icmp eq i32 %state, -1
  br i1 %dead, label %again, label %write
write:
  %pk = call ptr addrspace(1) @field(ptr addrspace(1) %r, i64 8)
  %k = load i64, ptr addrspace(1) %pk
  %pv = call ptr addrspace(1) @field(ptr addrspace(1) %r, i64 16)
  %v = load i64, ptr addrspace(1) %pv
  call void @emit(i64 %mirror, i64 %launch, i64 %k, i64 %v, i32 0, i64 0)
  br label %again
again:
  %next = add i32 %row, %stride
  br label %loop
done:
  ret void
}

define ptx_kernel void @copy_rows_kernel(i64 %mirror, i32 %context, i64 %launch) {
entry:
  %rows = call i32 @word(i64 %launch, i64 0)
  %first = call i32 @first()
  %stride = call i32 @stride()
  br label %loop
loop:
  %row = phi i32 [ %first, %entry ], [ %next, %write ]
  %end = icmp uge i32 %row, %rows
  br i1 %end, label %done, label %write
write:
  %record = call i32 @run(i64 %mirror, i64 %launch, i32 %row)
  %r = call ptr addrspace(1) @at(i64 %mirror, i32 %record)
  %k = load i64, ptr addrspace(1) %r
  %pv = call ptr addrspace(1) @field(ptr addrspace(1) %r, i64 8)
  %v = load i64, ptr addrspace(1) %pv
  %pn = call ptr addrspace(1) @field(ptr addrspace(1) %r, i64 16)
  %n = load i8, ptr addrspace(1) %pn
  %n32 = zext i8 %n to i32
  %pt = call ptr addrspace(1) @field(ptr addrspace(1) %r, i64 24)
  %t = load i64, ptr addrspace(1) %pt
  call void @emit(i64 %mirror, i64 %launch, i64 %k, i64 %v, i32 %n32, i64 %t)
  %next = add i32 %row, %stride
  br label %loop
done:
  ret void
}

; Mischief.
define ptx_kernel void @fail_kernel(i64 %mirror, i32 %context, i64 %launch) {
  call void @putword(i64 %launch, i64 4, i32 0)
  ret void
}
define ptx_kernel void @fail_wrongly_kernel(i64 %mirror, i32 %context, i64 %launch) {
  call void @putword(i64 %launch, i64 4, i32 77)
  ret void
}
define ptx_kernel void @bad_cursor_kernel(i64 %mirror, i32 %context, i64 %launch) {
  call void @putword(i64 %launch, i64 8, i32 12345)
  ret void
}
define ptx_kernel void @bad_text_kernel(i64 %mirror, i32 %context, i64 %launch) {
  call void @emit(i64 %mirror, i64 %launch, i64 1, i64 1, i32 0, i64 137438953471)
  ret void
}
define ptx_kernel void @illegal_kernel(i64 %mirror, i32 %context, i64 %launch) {
  call void @putword(i64 0, i64 16, i32 1)
  ret void
}
define ptx_kernel void @endless_kernel(i64 %mirror, i32 %context, i64 %launch) {
entry:
  br label %loop
loop:
  call void @putword(i64 %launch, i64 16, i32 0)
  br label %loop
}
