target datalayout = "e-i64:64-i128:128-v16:16-v32:32-n16:32:64"
target triple = "nvptx64-nvidia-cuda"

@table = internal addrspace(4) constant [8 x i32] [i32 3, i32 1, i32 4, i32 1, i32 5, i32 9, i32 2, i32 6], align 16
@texts = addrspace(1) global [2 x i8 addrspace(1)*] [i8 addrspace(1)* getelementptr inbounds ([6 x i8], [6 x i8] addrspace(1)* @hello, i64 0, i64 1), i8 addrspace(1)* getelementptr inbounds ([6 x i8], [6 x i8] addrspace(1)* @hello, i64 0, i64 2)], align 8
@hello = internal addrspace(1) constant [6 x i8] c"hello\00", align 1
@tile = internal addrspace(3) global [64 x i32] undef, align 16

declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare void @llvm.nvvm.barrier0()
declare i32 @llvm.fshl.i32(i32, i32, i32)
declare i64 @llvm.fshr.i64(i64, i64, i64)
declare i16 @llvm.bitreverse.i16(i16)
declare i32 @llvm.bswap.i32(i32)
declare i64 @llvm.bswap.i64(i64)
declare i16 @llvm.ctpop.i16(i16)
declare i32 @llvm.cttz.i32(i32, i1)
declare i64 @llvm.ctlz.i64(i64, i1)
declare { i64, i1 } @llvm.smul.with.overflow.i64(i64, i64)
declare { i32, i1 } @llvm.uadd.with.overflow.i32(i32, i32)
declare { i64, i1 } @llvm.ssub.with.overflow.i64(i64, i64)
declare i32 @llvm.sadd.sat.i32(i32, i32)
declare i8 @llvm.usub.sat.i8(i8, i8)
declare i32 @llvm.fptosi.sat.i32.f64(double)
declare i64 @llvm.fptoui.sat.i64.f32(float)
declare i32 @llvm.abs.i32(i32, i1)
declare i16 @llvm.smax.i16(i16, i16)
declare i64 @llvm.umin.i64(i64, i64)
declare double @llvm.floor.f64(double)
declare float @llvm.trunc.f32(float)
declare double @llvm.rint.f64(double)
declare float @llvm.copysign.f32(float, float)
declare float @llvm.minnum.f32(float, float)
declare double @llvm.fabs.f64(double)
declare float @llvm.fma.f32(float, float, float)
declare double @llvm.sqrt.f64(double)
declare i32 @llvm.nvvm.match.any.sync.i32(i32, i32)
declare i32 @llvm.nvvm.redux.sync.add(i32, i32)
declare i32 @llvm.nvvm.shfl.sync.bfly.i32(i32, i32, i32, i32)
declare { i32, i1 } @llvm.nvvm.shfl.sync.down.i32p(i32, i32, i32, i32)
declare i1 @llvm.nvvm.vote.any.sync(i32, i1)
declare void @llvm.nvvm.bar.warp.sync(i32)
declare void @llvm.nvvm.membar.gl()
declare i32 @llvm.nvvm.prmt(i32, i32, i32)

define ptx_kernel void @integers(i64 addrspace(1)* %in, i64 addrspace(1)* %out) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %t64 = zext i32 %t to i64
  %i3 = mul i64 %t64, 3
  %pa = getelementptr i64, i64 addrspace(1)* %in, i64 %i3
  %pb = getelementptr i64, i64 addrspace(1)* %pa, i64 1
  %a = load i64, i64 addrspace(1)* %pa
  %b = load i64, i64 addrspace(1)* %pb
  %a32 = trunc i64 %a to i32
  %b32 = trunc i64 %b to i32
  %a16 = trunc i64 %a to i16
  %b16 = trunc i64 %b to i16
  %a8 = trunc i64 %a to i8
  %b8 = trunc i64 %b to i8
  %r1 = call i32 @llvm.fshl.i32(i32 %a32, i32 %b32, i32 %b32)
  %r2 = call i64 @llvm.fshr.i64(i64 %a, i64 %b, i64 %b)
  %r3 = call i16 @llvm.bitreverse.i16(i16 %a16)
  %r4 = call i32 @llvm.bswap.i32(i32 %a32)
  %r5 = call i64 @llvm.bswap.i64(i64 %a)
  %r6 = call i16 @llvm.ctpop.i16(i16 %a16)
  %r7 = call i32 @llvm.cttz.i32(i32 %a32, i1 false)
  %r8 = call i64 @llvm.ctlz.i64(i64 %a, i1 false)
  %m = call { i64, i1 } @llvm.smul.with.overflow.i64(i64 %a, i64 %b)
  %m0 = extractvalue { i64, i1 } %m, 0
  %m1 = extractvalue { i64, i1 } %m, 1
  %u = call { i32, i1 } @llvm.uadd.with.overflow.i32(i32 %a32, i32 %b32)
  %u1 = extractvalue { i32, i1 } %u, 1
  %s = call { i64, i1 } @llvm.ssub.with.overflow.i64(i64 %a, i64 %b)
  %s1 = extractvalue { i64, i1 } %s, 1
  %f1 = and i1 %m1, %u1
  %f2 = xor i1 %f1, %s1
  %r9 = call i32 @llvm.sadd.sat.i32(i32 %a32, i32 %b32)
  %r10 = call i8 @llvm.usub.sat.i8(i8 %a8, i8 %b8)
  %r11 = call i32 @llvm.abs.i32(i32 %a32, i1 false)
  %r12 = call i16 @llvm.smax.i16(i16 %a16, i16 %b16)
  %r13 = call i64 @llvm.umin.i64(i64 %a, i64 %b)
  %d8 = sdiv i8 %a8, 7
  %s8 = ashr i8 %b8, 3
  %d16 = udiv i16 %a16, 10
  %d32 = srem i32 %a32, 1000
  %d64 = sdiv i64 %a, 1000003
  %a128 = sext i64 %a to i128
  %b128 = zext i64 %b to i128
  %p128 = mul i128 %a128, %b128
  %q128 = add i128 %p128, 340282366920938463463374607431768211000
  %sh = and i128 %b128, 127
  %h128 = ashr i128 %q128, %sh
  %hi = lshr i128 %h128, 64
  %w1 = trunc i128 %h128 to i64
  %w2 = trunc i128 %hi to i64
  %c128 = icmp slt i128 %p128, %b128
  %v = bitcast i64 %a to <8 x i8>
  %vb = bitcast i64 %b to <8 x i8>
  %vs = add <8 x i8> %v, %vb
  %vsh = shufflevector <8 x i8> %vs, <8 x i8> %v, <8 x i32> <i32 7, i32 1, i32 9, i32 3, i32 0, i32 12, i32 5, i32 2>
  %vi = bitcast <8 x i8> %vsh to i64
  %z1 = zext i32 %r1 to i64
  %z3 = sext i16 %r3 to i64
  %z4 = zext i32 %r4 to i64
  %z6 = zext i16 %r6 to i64
  %z7 = zext i32 %r7 to i64
  %z9 = sext i32 %r9 to i64
  %z10 = zext i8 %r10 to i64
  %z11 = zext i32 %r11 to i64
  %z12 = sext i16 %r12 to i64
  %zd8 = sext i8 %d8 to i64
  %zs8 = sext i8 %s8 to i64
  %zd16 = zext i16 %d16 to i64
  %zd32 = sext i32 %d32 to i64
  %zf = zext i1 %f2 to i64
  %zc = sext i1 %c128 to i64
  %x1 = add i64 %z1, %r2
  %x2 = xor i64 %x1, %z3
  %y2 = mul i64 %x2, 31
  %x3 = add i64 %y2, %z4
  %x4 = xor i64 %x3, %r5
  %y4 = mul i64 %x4, 31
  %x5 = add i64 %y4, %z6
  %x6 = xor i64 %x5, %z7
  %y6 = mul i64 %x6, 31
  %x7 = add i64 %y6, %r8
  %x8 = xor i64 %x7, %m0
  %y8 = mul i64 %x8, 31
  %x9 = add i64 %y8, %z9
  %x10 = xor i64 %x9, %z10
  %y10 = mul i64 %x10, 31
  %x11 = add i64 %y10, %z11
  %x12 = xor i64 %x11, %z12
  %y12 = mul i64 %x12, 31
  %x13 = add i64 %y12, %r13
  %x14 = xor i64 %x13, %zd8
  %y14 = mul i64 %x14, 31
  %x15 = add i64 %y14, %zs8
  %x16 = xor i64 %x15, %zd16
  %y16 = mul i64 %x16, 31
  %x17 = add i64 %y16, %zd32
  %x18 = xor i64 %x17, %d64
  %y18 = mul i64 %x18, 31
  %x19 = add i64 %y18, %zf
  %x20 = xor i64 %x19, %w1
  %y20 = mul i64 %x20, 31
  %x21 = add i64 %y20, %w2
  %x22 = xor i64 %x21, %vi
  %x23 = add i64 %x22, %zc
  %po = getelementptr i64, i64 addrspace(1)* %out, i64 %t64
  store i64 %x23, i64 addrspace(1)* %po
  ret void
}

define ptx_kernel void @floats(double addrspace(1)* %in, double addrspace(1)* %out) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %t64 = zext i32 %t to i64
  %i3 = mul i64 %t64, 3
  %pa = getelementptr double, double addrspace(1)* %in, i64 %i3
  %pb = getelementptr double, double addrspace(1)* %pa, i64 1
  %a = load double, double addrspace(1)* %pa
  %b = load double, double addrspace(1)* %pb
  %fa = fptrunc double %a to float
  %fb = fptrunc double %b to float
  %h = fptrunc float %fa to half
  %hf = fpext half %h to float
  %fl = call double @llvm.floor.f64(double %a)
  %tr = call float @llvm.trunc.f32(float %fb)
  %ri = call double @llvm.rint.f64(double %b)
  %cs = call float @llvm.copysign.f32(float %fa, float %fb)
  %mn = call float @llvm.minnum.f32(float %fa, float %fb)
  %ab = call double @llvm.fabs.f64(double %b)
  %sq = call double @llvm.sqrt.f64(double %ab)
  %fm = call float @llvm.fma.f32(float %fa, float %fb, float %hf)
  %dv = fdiv double %a, %b
  %i1 = fptosi double %a to i32
  %i2 = fptoui float %mn to i8
  %i4 = uitofp i8 %i2 to float
  %i5 = sitofp i32 %i1 to double
  %s1 = call i32 @llvm.fptosi.sat.i32.f64(double %dv)
  %s2 = call i64 @llvm.fptoui.sat.i64.f32(float %fm)
  %s1d = sitofp i32 %s1 to double
  %s2d = uitofp i64 %s2 to double
  %o = fcmp ult double %a, %b
  %n = fneg double %dv
  %sel = select i1 %o, double %n, double %dv
  %e1 = fadd double %fl, %ri
  %e2 = fadd float %tr, %cs
  %e3 = fsub float %e2, %mn
  %e4 = fmul float %e3, %i4
  %e5 = fadd float %e4, %fm
  %e6 = fpext float %e5 to double
  %e7 = fadd double %e1, %e6
  %e8 = fadd double %e7, %sq
  %e9 = fadd double %e8, %i5
  %e10 = fadd double %e9, %s1d
  %e11 = fadd double %e10, %s2d
  %e12 = fadd double %e11, %sel
  %po = getelementptr double, double addrspace(1)* %out, i64 %t64
  store double %e12, double addrspace(1)* %po
  ret void
}

define ptx_kernel void @control(i64 addrspace(1)* %in, i64 addrspace(1)* %out) {
entry:
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %t64 = zext i32 %t to i64
  %stack = alloca [16 x i32], align 16
  %i3 = mul i64 %t64, 3
  %pa = getelementptr i64, i64 addrspace(1)* %in, i64 %i3
  %a = load i64, i64 addrspace(1)* %pa
  %a32 = trunc i64 %a to i32
  br label %fill
fill:
  %i = phi i32 [ 0, %entry ], [ %i.next, %fill ]
  %slot = getelementptr [16 x i32], [16 x i32]* %stack, i32 0, i32 %i
  %v = mul i32 %i, %a32
  store volatile i32 %v, i32* %slot
  %i.next = add i32 %i, 1
  %more = icmp ult i32 %i.next, 16
  br i1 %more, label %fill, label %choose
choose:
  %which = and i32 %a32, 15
  %chosen = getelementptr [16 x i32], [16 x i32]* %stack, i32 0, i32 %which
  %w = load volatile i32, i32* %chosen
  %case = and i32 %a32, 7
  switch i32 %case, label %other [
    i32 0, label %c0
    i32 1, label %c1
    i32 2, label %c2
    i32 3, label %c3
    i32 4, label %c4
    i32 5, label %c5
  ]
c0:
  %k0 = add i32 %w, 17
  br label %done
c1:
  %k1 = mul i32 %w, %w
  br label %done
c2:
  %k2 = xor i32 %w, 85
  br label %done
c3:
  %k3 = lshr i32 %w, 3
  br label %done
c4:
  %k4 = sub i32 5, %w
  br label %done
c5:
  %i5 = and i32 %w, 7
  %p5 = getelementptr [8 x i32], [8 x i32] addrspace(4)* @table, i32 0, i32 %i5
  %k5 = load i32, i32 addrspace(4)* %p5
  br label %done
other:
  %i6 = and i32 %w, 1
  %p6 = getelementptr [2 x i8 addrspace(1)*], [2 x i8 addrspace(1)*] addrspace(1)* @texts, i32 0, i32 %i6
  %q6 = load i8 addrspace(1)*, i8 addrspace(1)* addrspace(1)* %p6
  %l6 = load i8, i8 addrspace(1)* %q6
  %k6 = sext i8 %l6 to i32
  br label %done
done:
  %r = phi i32 [ %k0, %c0 ], [ %k1, %c1 ], [ %k2, %c2 ], [ %k3, %c3 ], [ %k4, %c4 ], [ %k5, %c5 ], [ %k6, %other ]
  %r64 = sext i32 %r to i64
  %po = getelementptr i64, i64 addrspace(1)* %out, i64 %t64
  store i64 %r64, i64 addrspace(1)* %po
  ret void
}

define ptx_kernel void @together(i64 addrspace(1)* %in, i64 addrspace(1)* %out) {
entry:
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %t64 = zext i32 %t to i64
  %i3 = mul i64 %t64, 3
  %pa = getelementptr i64, i64 addrspace(1)* %in, i64 %i3
  %a = load i64, i64 addrspace(1)* %pa
  %a32 = trunc i64 %a to i32
  %mine = getelementptr [64 x i32], [64 x i32] addrspace(3)* @tile, i32 0, i32 %t
  store i32 %a32, i32 addrspace(3)* %mine
  call void @llvm.nvvm.barrier0()
  %n1 = xor i32 %t, 32
  %theirs = getelementptr [64 x i32], [64 x i32] addrspace(3)* @tile, i32 0, i32 %n1
  %g = addrspacecast i32 addrspace(3)* %theirs to i32*
  %th = load i32, i32* %g
  call void @llvm.nvvm.barrier0()
  %old = atomicrmw umax i32 addrspace(3)* %theirs, i32 %a32 monotonic
  %old2 = atomicrmw nand i32 addrspace(3)* %mine, i32 0 monotonic
  call void @llvm.nvvm.barrier0()
  %l1 = load i32, i32 addrspace(3)* %mine
  %key = and i32 %a32, 3
  %m = call i32 @llvm.nvvm.match.any.sync.i32(i32 -1, i32 %key)
  %s = call i32 @llvm.nvvm.redux.sync.add(i32 %a32, i32 -1)
  %b = call i32 @llvm.nvvm.shfl.sync.bfly.i32(i32 -1, i32 %th, i32 3, i32 31)
  %dp = call { i32, i1 } @llvm.nvvm.shfl.sync.down.i32p(i32 -1, i32 %b, i32 7, i32 31)
  %d = extractvalue { i32, i1 } %dp, 0
  %dq = extractvalue { i32, i1 } %dp, 1
  %any = call i1 @llvm.nvvm.vote.any.sync(i32 -1, i1 %dq)
  %odd = icmp ne i32 %key, 0
  br i1 %odd, label %some, label %rest
some:
  %act = call i32 asm sideeffect "activemask.b32 $0;", "=r,~{memory}"() convergent
  %cnt = call i32 @llvm.nvvm.redux.sync.add(i32 1, i32 %act)
  br label %rest
rest:
  %c = phi i32 [ 0, %entry ], [ %cnt, %some ]
  call void @llvm.nvvm.bar.warp.sync(i32 -1)
  %x1 = add i32 %th, %l1
  %x2 = xor i32 %x1, %m
  %x3 = add i32 %x2, %s
  %x4 = xor i32 %x3, %d
  %x5 = add i32 %x4, %c
  %z = zext i1 %any to i32
  %x6 = add i32 %x5, %z
  %x64 = zext i32 %x6 to i64
  %po = getelementptr i64, i64 addrspace(1)* %out, i64 %t64
  store i64 %x64, i64 addrspace(1)* %po
  %cell = getelementptr i64, i64 addrspace(1)* %out, i64 64
  %e1 = atomicrmw add i64 addrspace(1)* %cell, i64 %a syncscope("device") monotonic
  %cell2 = getelementptr i64, i64 addrspace(1)* %out, i64 65
  %cf = bitcast i64 addrspace(1)* %cell2 to i32 addrspace(1)*
  %e2 = cmpxchg i32 addrspace(1)* %cf, i32 0, i32 7 monotonic monotonic
  %cell3 = getelementptr i64, i64 addrspace(1)* %out, i64 66
  %e3 = atomicrmw max i64 addrspace(1)* %cell3, i64 %a monotonic
  call void @llvm.nvvm.membar.gl()
  ret void
}
