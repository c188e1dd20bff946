target triple = "nvptx64-nvidia-cuda"

@sh_q1 = internal addrspace(3) global [128 x i64] undef, align 16

define ptx_kernel void @q1shared(i8 addrspace(1)* noalias nocapture readonly align 16 %grp, i64 addrspace(1)* noalias nocapture readonly align 16 %val, i64 addrspace(1)* nocapture %out, i64 %n) nounwind {
entry:
	%0 = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
	br label %head.1

head.1:
	%1 = phi i32 [ %0, %entry ], [ %4, %body.2 ]
	%2 = icmp ult i32 %1, 128
	br i1 %2, label %body.2, label %exit.3

body.2:
	%3 = getelementptr inbounds [128 x i64], [128 x i64] addrspace(3)* @sh_q1, i32 0, i32 %1
	store i64 0, i64 addrspace(3)* %3
	%4 = add nuw nsw i32 %1, 256
	br label %head.1

exit.3:
	call void @llvm.nvvm.barrier0()
	%5 = lshr i32 %0, 5
	%6 = mul i32 %5, 16
	%7 = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
	%8 = call i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
	%9 = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
	%10 = call i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()
	%11 = zext i32 %9 to i64
	%12 = zext i32 %8 to i64
	%13 = mul i64 %11, %12
	%14 = zext i32 %7 to i64
	%15 = add i64 %13, %14
	%16 = zext i32 %10 to i64
	%17 = zext i32 %8 to i64
	%18 = mul i64 %16, %17
	br label %head.4

head.4:
	%19 = phi i64 [ %15, %exit.3 ], [ %33, %body.5 ]
	%20 = icmp ult i64 %19, %n
	br i1 %20, label %body.5, label %exit.6

body.5:
	%21 = getelementptr inbounds i8, i8 addrspace(1)* %grp, i64 %19
	%22 = load i8, i8 addrspace(1)* %21, align 1, !invariant.load !1
	%23 = zext i8 %22 to i32
	%24 = shl i32 %23, 1
	%25 = add i32 %6, %24
	%26 = getelementptr inbounds [128 x i64], [128 x i64] addrspace(3)* @sh_q1, i32 0, i32 %25
	%27 = getelementptr inbounds i64, i64 addrspace(1)* %val, i64 %19
	%28 = load i64, i64 addrspace(1)* %27, align 8, !invariant.load !1
	%29 = atomicrmw add i64 addrspace(3)* %26, i64 %28 syncscope("block") monotonic
	%30 = add i32 %25, 1
	%31 = getelementptr inbounds [128 x i64], [128 x i64] addrspace(3)* @sh_q1, i32 0, i32 %30
	%32 = atomicrmw add i64 addrspace(3)* %31, i64 1 syncscope("block") monotonic
	%33 = add nuw nsw i64 %19, %18
	br label %head.4

exit.6:
	call void @llvm.nvvm.barrier0()
	%34 = icmp ult i32 %0, 16
	br i1 %34, label %flush.7, label %end.8

flush.7:
	%35 = add i32 %0, 0
	%36 = getelementptr inbounds [128 x i64], [128 x i64] addrspace(3)* @sh_q1, i32 0, i32 %35
	%37 = load i64, i64 addrspace(3)* %36
	%38 = add i64 0, %37
	%39 = add i32 %0, 16
	%40 = getelementptr inbounds [128 x i64], [128 x i64] addrspace(3)* @sh_q1, i32 0, i32 %39
	%41 = load i64, i64 addrspace(3)* %40
	%42 = add i64 %38, %41
	%43 = add i32 %0, 32
	%44 = getelementptr inbounds [128 x i64], [128 x i64] addrspace(3)* @sh_q1, i32 0, i32 %43
	%45 = load i64, i64 addrspace(3)* %44
	%46 = add i64 %42, %45
	%47 = add i32 %0, 48
	%48 = getelementptr inbounds [128 x i64], [128 x i64] addrspace(3)* @sh_q1, i32 0, i32 %47
	%49 = load i64, i64 addrspace(3)* %48
	%50 = add i64 %46, %49
	%51 = add i32 %0, 64
	%52 = getelementptr inbounds [128 x i64], [128 x i64] addrspace(3)* @sh_q1, i32 0, i32 %51
	%53 = load i64, i64 addrspace(3)* %52
	%54 = add i64 %50, %53
	%55 = add i32 %0, 80
	%56 = getelementptr inbounds [128 x i64], [128 x i64] addrspace(3)* @sh_q1, i32 0, i32 %55
	%57 = load i64, i64 addrspace(3)* %56
	%58 = add i64 %54, %57
	%59 = add i32 %0, 96
	%60 = getelementptr inbounds [128 x i64], [128 x i64] addrspace(3)* @sh_q1, i32 0, i32 %59
	%61 = load i64, i64 addrspace(3)* %60
	%62 = add i64 %58, %61
	%63 = add i32 %0, 112
	%64 = getelementptr inbounds [128 x i64], [128 x i64] addrspace(3)* @sh_q1, i32 0, i32 %63
	%65 = load i64, i64 addrspace(3)* %64
	%66 = add i64 %62, %65
	%67 = zext i32 %0 to i64
	%68 = getelementptr inbounds i64, i64 addrspace(1)* %out, i64 %67
	%69 = atomicrmw add i64 addrspace(1)* %68, i64 %66 syncscope("device") monotonic
	br label %end.8

end.8:
	ret void
}

declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()

declare void @llvm.nvvm.barrier0() convergent nounwind

declare i32 @llvm.nvvm.read.ptx.sreg.ntid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()

!nvvm.annotations = !{!0}

!0 = !{void (i8 addrspace(1)*, i64 addrspace(1)*, i64 addrspace(1)*, i64)* @q1shared, !"maxntidx", i32 256}
!1 = !{}
