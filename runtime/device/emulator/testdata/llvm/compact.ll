target triple = "nvptx64-nvidia-cuda"

define ptx_kernel void @compact(i32 addrspace(1)* noalias nocapture readonly align 16 %v, i32 addrspace(1)* nocapture %ids, i32 addrspace(1)* nocapture %cnt, i32 %n, i32 %lim) nounwind {
entry:
	%0 = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
	%1 = call i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
	%2 = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
	%3 = call i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()
	%4 = mul i32 %2, %1
	%5 = add i32 %4, %0
	%6 = mul i32 %3, %1
	%7 = add i32 %n, 31
	%8 = and i32 %7, -32
	%9 = and i32 %0, 31
	br label %head.1

head.1:
	%10 = phi i32 [ %5, %entry ], [ %30, %sn.9 ]
	%11 = icmp ult i32 %10, %8
	br i1 %11, label %body.2, label %exit.3

body.2:
	%12 = icmp ult i32 %10, %n
	br i1 %12, label %ld.4, label %lj.5

exit.3:
	ret void

ld.4:
	%13 = zext i32 %10 to i64
	%14 = getelementptr inbounds i32, i32 addrspace(1)* %v, i64 %13
	%15 = load i32, i32 addrspace(1)* %14, align 4, !invariant.load !1
	%16 = icmp slt i32 %15, %lim
	br label %lj.5

lj.5:
	%17 = phi i1 [ false, %body.2 ], [ %16, %ld.4 ]
	%18 = call i32 @llvm.nvvm.vote.ballot.sync(i32 -1, i1 %17)
	%19 = call i32 @llvm.nvvm.read.ptx.sreg.lanemask.lt()
	%20 = and i32 %18, %19
	%21 = call i32 @llvm.ctpop.i32(i32 %20)
	%22 = call i32 @llvm.ctpop.i32(i32 %18)
	%23 = icmp eq i32 %9, 0
	br i1 %23, label %at.6, label %atj.7

at.6:
	%24 = atomicrmw add i32 addrspace(1)* %cnt, i32 %22 syncscope("device") monotonic
	br label %atj.7

atj.7:
	%25 = phi i32 [ 0, %lj.5 ], [ %24, %at.6 ]
	%26 = call i32 @llvm.nvvm.shfl.sync.idx.i32(i32 -1, i32 %25, i32 0, i32 31)
	br i1 %17, label %st.8, label %sn.9

st.8:
	%27 = add i32 %26, %21
	%28 = zext i32 %27 to i64
	%29 = getelementptr inbounds i32, i32 addrspace(1)* %ids, i64 %28
	store i32 %10, i32 addrspace(1)* %29
	br label %sn.9

sn.9:
	%30 = add nuw nsw i32 %10, %6
	br label %head.1
}

declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.ntid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()

declare i32 @llvm.nvvm.vote.ballot.sync(i32 %0, i1 %1) convergent nounwind

declare i32 @llvm.nvvm.read.ptx.sreg.lanemask.lt()

declare i32 @llvm.ctpop.i32(i32 %0)

declare i32 @llvm.nvvm.shfl.sync.idx.i32(i32 %0, i32 %1, i32 %2, i32 %3) convergent nounwind

!nvvm.annotations = !{!0}

!0 = !{void (i32 addrspace(1)*, i32 addrspace(1)*, i32 addrspace(1)*, i32, i32)* @compact, !"maxntidx", i32 256}
!1 = !{}
