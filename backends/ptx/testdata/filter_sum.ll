target datalayout = "e-i64:64-i128:128-v16:16-v32:32-n16:32:64"
target triple = "nvptx64-nvidia-cuda"

@filter_sum$shared0 = internal addrspace(3) global [64 x i8] undef, align 16

define ptx_kernel void @filter_sum(i8 addrspace(1)* %mirror, i32 %p0, i64 %p1) nounwind {
0:
	%1 = ptrtoint [64 x i8] addrspace(3)* @filter_sum$shared0 to i32
	%2 = inttoptr i64 %p1 to i8 addrspace(1)*
	%3 = bitcast i8 addrspace(1)* %2 to i32 addrspace(1)*
	%4 = load i32, i32 addrspace(1)* %3, align 4, !invariant.load !1
	%5 = getelementptr i8, i8 addrspace(1)* %2, i64 64
	%6 = bitcast i8 addrspace(1)* %5 to i64 addrspace(1)*
	%7 = load i64, i64 addrspace(1)* %6, align 8, !invariant.load !1
	%8 = getelementptr i8, i8 addrspace(1)* %2, i64 96
	%9 = bitcast i8 addrspace(1)* %8 to i64 addrspace(1)*
	%10 = load i64, i64 addrspace(1)* %9, align 8, !invariant.load !1
	%11 = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
	%12 = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
	%13 = call i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()
	%14 = mul i32 %12, 256
	%15 = add i32 %14, %11
	%16 = mul i32 %15, 4
	%17 = mul i32 %13, 1024
	br label %18

18:
	%19 = phi i64 [ 0, %0 ], [ %70, %69 ]
	%20 = phi i32 [ %16, %0 ], [ %71, %69 ]
	%21 = icmp uge i32 %20, %4
	%22 = zext i1 %21 to i32
	br i1 %21, label %72, label %23

23:
	%24 = zext i32 %20 to i64
	%25 = mul i64 %24, 4
	%26 = add i64 %7, %25
	%27 = inttoptr i64 %26 to i8 addrspace(1)*
	%28 = bitcast i8 addrspace(1)* %27 to i32 addrspace(1)*
	%29 = load i32, i32 addrspace(1)* %28, align 16, !invariant.load !1
	%30 = getelementptr i8, i8 addrspace(1)* %27, i64 4
	%31 = bitcast i8 addrspace(1)* %30 to i32 addrspace(1)*
	%32 = load i32, i32 addrspace(1)* %31, align 4, !invariant.load !1
	%33 = getelementptr i8, i8 addrspace(1)* %27, i64 8
	%34 = bitcast i8 addrspace(1)* %33 to i32 addrspace(1)*
	%35 = load i32, i32 addrspace(1)* %34, align 4, !invariant.load !1
	%36 = getelementptr i8, i8 addrspace(1)* %27, i64 12
	%37 = bitcast i8 addrspace(1)* %36 to i32 addrspace(1)*
	%38 = load i32, i32 addrspace(1)* %37, align 4, !invariant.load !1
	%39 = mul i64 %24, 8
	%40 = add i64 %10, %39
	%41 = icmp slt i32 %29, 100
	%42 = zext i1 %41 to i32
	br i1 %41, label %43, label %48

43:
	%44 = inttoptr i64 %40 to i8 addrspace(1)*
	%45 = bitcast i8 addrspace(1)* %44 to i64 addrspace(1)*
	%46 = load i64, i64 addrspace(1)* %45, align 8, !invariant.load !1
	%47 = add i64 %19, %46
	br label %48

48:
	%49 = phi i64 [ %47, %43 ], [ %19, %23 ]
	%50 = icmp slt i32 %32, 100
	%51 = zext i1 %50 to i32
	br i1 %50, label %52, label %58

52:
	%53 = inttoptr i64 %40 to i8 addrspace(1)*
	%54 = getelementptr i8, i8 addrspace(1)* %53, i64 8
	%55 = bitcast i8 addrspace(1)* %54 to i64 addrspace(1)*
	%56 = load i64, i64 addrspace(1)* %55, align 8, !invariant.load !1
	%57 = add i64 %49, %56
	br label %58

58:
	%59 = phi i64 [ %57, %52 ], [ %49, %48 ]
	%60 = add i32 %35, %38
	%61 = icmp slt i32 %60, 100
	%62 = zext i1 %61 to i32
	br i1 %61, label %63, label %69

63:
	%64 = inttoptr i64 %40 to i8 addrspace(1)*
	%65 = getelementptr i8, i8 addrspace(1)* %64, i64 16
	%66 = bitcast i8 addrspace(1)* %65 to i64 addrspace(1)*
	%67 = load i64, i64 addrspace(1)* %66, align 8, !invariant.load !1
	%68 = add i64 %59, %67
	br label %69

69:
	%70 = phi i64 [ %68, %63 ], [ %59, %58 ]
	%71 = add i32 %20, %17
	br label %18

72:
	%73 = trunc i64 %19 to i32
	%74 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %73, i32 16, i32 31)
	%75 = zext i32 %74 to i64
	%76 = lshr i64 %19, 32
	%77 = trunc i64 %76 to i32
	%78 = call i32 @llvm.nvvm.shfl.sync.down.i32(i32 -1, i32 %77, i32 16, i32 31)
	%79 = zext i32 %78 to i64
	%80 = shl i64 %79, 32
	%81 = or i64 %75, %80
	%82 = add i64 %19, %81
	%83 = and i32 %11, 31
	%84 = icmp eq i32 %83, 0
	%85 = zext i1 %84 to i32
	br i1 %84, label %86, label %93

86:
	%87 = lshr i32 %11, 5
	%88 = mul i32 %87, 8
	%89 = add i32 %1, %88
	%90 = zext i32 %89 to i64
	%91 = inttoptr i64 %90 to i8 addrspace(3)*
	%92 = bitcast i8 addrspace(3)* %91 to i64 addrspace(3)*
	store i64 %82, i64 addrspace(3)* %92, align 8
	br label %93

93:
	call void @llvm.nvvm.barrier0()
	%94 = icmp eq i32 %11, 0
	%95 = zext i1 %94 to i32
	br i1 %94, label %96, label %108

96:
	%97 = zext i32 %1 to i64
	%98 = inttoptr i64 %97 to i8 addrspace(3)*
	%99 = bitcast i8 addrspace(3)* %98 to i64 addrspace(3)*
	%100 = load i64, i64 addrspace(3)* %99, align 8
	%101 = inttoptr i64 %p1 to i8 addrspace(1)*
	%102 = getelementptr i8, i8 addrspace(1)* %101, i64 28
	%103 = bitcast i8 addrspace(1)* %102 to i32 addrspace(1)*
	%104 = load i32, i32 addrspace(1)* %103, align 4, !invariant.load !1
	%105 = zext i32 %104 to i64
	%106 = getelementptr i8, i8 addrspace(1)* %mirror, i64 %105
	%107 = bitcast i8 addrspace(1)* %106 to i64 addrspace(1)*
	store i64 %100, i64 addrspace(1)* %107, align 8
	br label %108

108:
	br label %109

109:
	ret void
}

declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()

declare i32 @llvm.nvvm.read.ptx.sreg.nctaid.x()

declare i32 @llvm.nvvm.shfl.sync.down.i32(i32 %0, i32 %1, i32 %2, i32 %3) convergent nounwind

declare void @llvm.nvvm.barrier0() convergent nounwind

!nvvm.annotations = !{!0}

!0 = !{void (i8 addrspace(1)*, i32, i64)* @filter_sum, !"maxntidx", i32 256}
!1 = !{}
