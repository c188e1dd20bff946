target triple = "nvptx64-nvidia-cuda"

define ptx_kernel void @i128div(i128 addrspace(1)* noalias nocapture readonly align 16 %a, i128 addrspace(1)* noalias nocapture readonly align 16 %b, i128 addrspace(1)* nocapture %o) nounwind {
entry:
	%0 = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
	%1 = zext i32 %0 to i64
	%2 = getelementptr inbounds i128, i128 addrspace(1)* %a, i64 %1
	%3 = load i128, i128 addrspace(1)* %2, align 16, !invariant.load !0
	%4 = getelementptr inbounds i128, i128 addrspace(1)* %b, i64 %1
	%5 = load i128, i128 addrspace(1)* %4, align 16, !invariant.load !0
	%6 = sdiv i128 %3, %5
	%7 = add i128 %6, 10000000000000000000000
	%8 = getelementptr inbounds i128, i128 addrspace(1)* %o, i64 %1
	store i128 %7, i128 addrspace(1)* %8
	ret void
}

declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()

!0 = !{}
