target datalayout = "e-i64:64-i128:128-v16:16-v32:32-n16:32:64"
target triple = "nvptx64-nvidia-cuda"

define ptx_kernel void @places(i8 addrspace(1)* %mirror, i32 %p0, i64 %p1) nounwind {
0:
	%1 = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
	%2 = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
	%3 = mul i32 %2, 96
	%4 = add i32 %3, %1
	%5 = mul i32 %4, 8
	%6 = add i32 %p0, %5
	%7 = and i32 %1, 1
	%8 = icmp eq i32 %7, 0
	%9 = zext i1 %8 to i32
	br i1 %8, label %10, label %60

10:
	%11 = inttoptr i64 %p1 to i8 addrspace(1)*
	%12 = getelementptr i8, i8 addrspace(1)* %11, i64 8
	%13 = bitcast i8 addrspace(1)* %12 to i32 addrspace(1)*
	%14 = call i32 asm sideeffect "activemask.b32 $0;", "=r,~{memory}"() convergent nounwind
	%15 = call i32 @llvm.nvvm.read.ptx.sreg.lanemask.lt()
	%16 = and i32 %14, %15
	%17 = call i32 @llvm.bitreverse.i32(i32 %14)
	%18 = call i32 @llvm.ctlz.i32(i32 %17, i1 false)
	%19 = call i32 @llvm.ctpop.i32(i32 %14)
	%20 = mul i32 %19, 24
	%21 = icmp eq i32 %16, 0
	br i1 %21, label %22, label %24

22:
	%23 = atomicrmw add i32 addrspace(1)* %13, i32 %20 syncscope("device") monotonic
	br label %24

24:
	%25 = phi i32 [ 0, %10 ], [ %23, %22 ]
	%26 = call i32 @llvm.nvvm.shfl.sync.idx.i32(i32 %14, i32 %25, i32 %18, i32 31)
	%27 = call i32 @llvm.ctpop.i32(i32 %16)
	%28 = mul i32 %27, 24
	%29 = add i32 %26, %28
	%30 = zext i32 %6 to i64
	%31 = getelementptr i8, i8 addrspace(1)* %mirror, i64 %30
	%32 = bitcast i8 addrspace(1)* %31 to i32 addrspace(1)*
	store i32 %29, i32 addrspace(1)* %32, align 8
	%33 = and i32 %1, 6
	%34 = icmp ne i32 %33, 0
	br i1 %34, label %35, label %59

35:
	%36 = inttoptr i64 %p1 to i8 addrspace(1)*
	%37 = getelementptr i8, i8 addrspace(1)* %36, i64 8
	%38 = bitcast i8 addrspace(1)* %37 to i32 addrspace(1)*
	%39 = call i32 asm sideeffect "activemask.b32 $0;", "=r,~{memory}"() convergent nounwind
	%40 = call i32 @llvm.nvvm.read.ptx.sreg.lanemask.lt()
	%41 = and i32 %39, %40
	%42 = call i32 @llvm.bitreverse.i32(i32 %39)
	%43 = call i32 @llvm.ctlz.i32(i32 %42, i1 false)
	%44 = call i32 @llvm.ctpop.i32(i32 %39)
	%45 = mul i32 %44, 24
	%46 = icmp eq i32 %41, 0
	br i1 %46, label %47, label %49

47:
	%48 = atomicrmw add i32 addrspace(1)* %38, i32 %45 syncscope("device") monotonic
	br label %49

49:
	%50 = phi i32 [ 0, %35 ], [ %48, %47 ]
	%51 = call i32 @llvm.nvvm.shfl.sync.idx.i32(i32 %39, i32 %50, i32 %43, i32 31)
	%52 = call i32 @llvm.ctpop.i32(i32 %41)
	%53 = mul i32 %52, 24
	%54 = add i32 %51, %53
	%55 = zext i32 %6 to i64
	%56 = getelementptr i8, i8 addrspace(1)* %mirror, i64 %55
	%57 = getelementptr i8, i8 addrspace(1)* %56, i64 4
	%58 = bitcast i8 addrspace(1)* %57 to i32 addrspace(1)*
	store i32 %54, i32 addrspace(1)* %58, align 4
	br label %59

59:
	br label %60

60:
	br label %61

61:
	ret void
}

declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.lanemask.lt()

declare i32 @llvm.bitreverse.i32(i32 %0)

declare i32 @llvm.ctlz.i32(i32 %0, i1 %1)

declare i32 @llvm.ctpop.i32(i32 %0)

declare i32 @llvm.nvvm.shfl.sync.idx.i32(i32 %0, i32 %1, i32 %2, i32 %3) convergent nounwind

define ptx_kernel void @lock(i8 addrspace(1)* %mirror, i32 %p0, i64 %p1) nounwind {
0:
	br label %1

1:
	%2 = zext i32 %p0 to i64
	%3 = getelementptr i8, i8 addrspace(1)* %mirror, i64 %2
	%4 = getelementptr i8, i8 addrspace(1)* %3, i64 u0x1000
	%5 = bitcast i8 addrspace(1)* %4 to i32 addrspace(1)*
	%6 = cmpxchg i32 addrspace(1)* %5, i32 0, i32 1 syncscope("device") monotonic monotonic
	%7 = extractvalue { i32, i1 } %6, 0
	%8 = icmp ne i32 %7, 0
	br i1 %8, label %1, label %9

9:
	%10 = zext i32 %p0 to i64
	%11 = getelementptr i8, i8 addrspace(1)* %mirror, i64 %10
	%12 = getelementptr i8, i8 addrspace(1)* %11, i64 4100
	%13 = bitcast i8 addrspace(1)* %12 to i32 addrspace(1)*
	%14 = load volatile i32, i32 addrspace(1)* %13, align 4
	%15 = add i32 %14, 1
	%16 = getelementptr i8, i8 addrspace(1)* %11, i64 4100
	%17 = bitcast i8 addrspace(1)* %16 to i32 addrspace(1)*
	store i32 %15, i32 addrspace(1)* %17, align 4
	call void @llvm.nvvm.membar.gl()
	%18 = getelementptr i8, i8 addrspace(1)* %11, i64 u0x1000
	%19 = bitcast i8 addrspace(1)* %18 to i32 addrspace(1)*
	%20 = atomicrmw xchg i32 addrspace(1)* %19, i32 0 syncscope("device") monotonic
	br label %21

21:
	br label %22

22:
	ret void
}

declare void @llvm.nvvm.membar.gl()

!nvvm.annotations = !{!0, !1}

!0 = !{void (i8 addrspace(1)*, i32, i64)* @places, !"maxntidx", i32 96}
!1 = !{void (i8 addrspace(1)*, i32, i64)* @lock, !"maxntidx", i32 64}
