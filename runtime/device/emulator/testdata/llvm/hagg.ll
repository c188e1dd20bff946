target triple = "nvptx64-nvidia-cuda"

define ptx_kernel void @hagg(i64 addrspace(1)* noalias nocapture readonly align 16 %key, double addrspace(1)* noalias nocapture readonly align 16 %val, i64 addrspace(1)* noalias nocapture readonly align 16 %ival, i64 addrspace(1)* nocapture %ht_key, double addrspace(1)* nocapture %sum, i64 addrspace(1)* nocapture %cnt, i64 addrspace(1)* nocapture %min, i64 %mask, i64 %n) nounwind {
entry:
	%0 = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
	%1 = call i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
	%2 = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
	%3 = call i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()
	%4 = zext i32 %2 to i64
	%5 = zext i32 %1 to i64
	%6 = mul i64 %4, %5
	%7 = zext i32 %0 to i64
	%8 = add i64 %6, %7
	%9 = zext i32 %3 to i64
	%10 = zext i32 %1 to i64
	%11 = mul i64 %9, %10
	br label %head.1

head.1:
	%12 = phi i64 [ %8, %entry ], [ %41, %found.6 ]
	%13 = icmp ult i64 %12, %n
	br i1 %13, label %body.2, label %exit.3

body.2:
	%14 = getelementptr inbounds i64, i64 addrspace(1)* %key, i64 %12
	%15 = load i64, i64 addrspace(1)* %14, align 8, !invariant.load !1
	%16 = lshr i64 %15, 33
	%17 = xor i64 %15, %16
	%18 = mul i64 %17, -49064778989728563
	%19 = lshr i64 %18, 33
	%20 = xor i64 %18, %19
	%21 = mul i64 %20, -4265267296055464877
	%22 = lshr i64 %21, 33
	%23 = xor i64 %21, %22
	%24 = and i64 %23, %mask
	br label %probe.4

exit.3:
	ret void

probe.4:
	%25 = phi i64 [ %24, %body.2 ], [ %30, %next.5 ]
	%26 = getelementptr inbounds i64, i64 addrspace(1)* %ht_key, i64 %25
	%27 = load volatile i64, i64 addrspace(1)* %26
	%28 = icmp eq i64 %27, %15
	br i1 %28, label %found.6, label %try.7

next.5:
	%29 = add i64 %25, 1
	%30 = and i64 %29, %mask
	br label %probe.4

found.6:
	%31 = getelementptr inbounds double, double addrspace(1)* %sum, i64 %25
	%32 = getelementptr inbounds double, double addrspace(1)* %val, i64 %12
	%33 = load double, double addrspace(1)* %32, align 8, !invariant.load !1
	%34 = atomicrmw fadd double addrspace(1)* %31, double %33 syncscope("device") monotonic
	%35 = getelementptr inbounds i64, i64 addrspace(1)* %cnt, i64 %25
	%36 = atomicrmw add i64 addrspace(1)* %35, i64 1 syncscope("device") monotonic
	%37 = getelementptr inbounds i64, i64 addrspace(1)* %min, i64 %25
	%38 = getelementptr inbounds i64, i64 addrspace(1)* %ival, i64 %12
	%39 = load i64, i64 addrspace(1)* %38, align 8, !invariant.load !1
	%40 = atomicrmw min i64 addrspace(1)* %37, i64 %39 syncscope("device") monotonic
	%41 = add nuw nsw i64 %12, %11
	br label %head.1

try.7:
	%42 = icmp eq i64 %27, -1
	br i1 %42, label %cas.8, label %next.5

cas.8:
	%43 = cmpxchg i64 addrspace(1)* %26, i64 -1, i64 %15 syncscope("device") monotonic monotonic
	%44 = extractvalue { i64, i1 } %43, 0
	%45 = icmp eq i64 %44, -1
	%46 = icmp eq i64 %44, %15
	%47 = or i1 %45, %46
	br i1 %47, label %found.6, label %next.5
}

declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.ntid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()

!nvvm.annotations = !{!0}

!0 = !{void (i64 addrspace(1)*, double addrspace(1)*, i64 addrspace(1)*, i64 addrspace(1)*, double addrspace(1)*, i64 addrspace(1)*, i64 addrspace(1)*, i64, i64)* @hagg, !"maxntidx", i32 256}
!1 = !{}
