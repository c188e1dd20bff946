target datalayout = "e-i64:64-i128:128-v16:16-v32:32-n16:32:64"
target triple = "nvptx64-nvidia-cuda"

define ptx_kernel void @rows(i8 addrspace(1)* %mirror, i32 %p0, i64 %p1) nounwind {
0:
	%1 = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
	%2 = mul i32 %1, 12
	%3 = add i32 %p0, %2
	br label %4

4:
	%5 = phi i32 [ 0, %0 ], [ %46, %45 ]
	%6 = phi i32 [ 0, %0 ], [ %48, %45 ]
	%7 = icmp uge i32 %6, 3
	%8 = zext i1 %7 to i32
	br i1 %7, label %49, label %9

9:
	%10 = mul i32 %6, 4
	%11 = add i32 %3, %10
	%12 = zext i32 %11 to i64
	%13 = getelementptr i8, i8 addrspace(1)* %mirror, i64 %12
	%14 = bitcast i8 addrspace(1)* %13 to i32 addrspace(1)*
	%15 = load i32, i32 addrspace(1)* %14, align 4
	%16 = add i32 %5, 1
	%17 = icmp sgt i32 %15, 100
	%18 = zext i1 %17 to i32
	br i1 %17, label %19, label %24

19:
	%20 = inttoptr i64 %p1 to i8 addrspace(1)*
	%21 = getelementptr i8, i8 addrspace(1)* %20, i64 4
	%22 = bitcast i8 addrspace(1)* %21 to i32 addrspace(1)*
	%23 = atomicrmw umin i32 addrspace(1)* %22, i32 9 syncscope("device") monotonic
	br label %45

24:
	%25 = add i32 %15, %15
	br label %26

26:
	%27 = icmp ne i32 %15, 50
	%28 = zext i1 %27 to i32
	br i1 %27, label %30, label %29

29:
	br label %45

30:
	%31 = icmp eq i32 %15, 0
	%32 = icmp eq i32 1000, -2147483648
	%33 = icmp eq i32 %15, -1
	%34 = and i1 %32, %33
	%35 = or i1 %31, %34
	br i1 %35, label %36, label %41

36:
	%37 = inttoptr i64 %p1 to i8 addrspace(1)*
	%38 = getelementptr i8, i8 addrspace(1)* %37, i64 4
	%39 = bitcast i8 addrspace(1)* %38 to i32 addrspace(1)*
	%40 = atomicrmw umin i32 addrspace(1)* %39, i32 u0xFFFFFFFE syncscope("device") monotonic
	br label %45

41:
	%42 = sdiv i32 1000, %15
	%43 = add i32 %16, %42
	%44 = add i32 %43, %25
	br label %45

45:
	%46 = phi i32 [ %16, %19 ], [ %16, %29 ], [ %16, %36 ], [ %44, %41 ]
	%47 = add i32 %6, 3
	%48 = sub i32 %47, 2
	br label %4

49:
	%50 = zext i32 %3 to i64
	%51 = getelementptr i8, i8 addrspace(1)* %mirror, i64 %50
	%52 = getelementptr i8, i8 addrspace(1)* %51, i64 u0x1000
	%53 = bitcast i8 addrspace(1)* %52 to i32 addrspace(1)*
	store i32 %5, i32 addrspace(1)* %53, align 4
	br label %54

54:
	ret void
}

declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()

!nvvm.annotations = !{!0}

!0 = !{void (i8 addrspace(1)*, i32, i64)* @rows, !"maxntidx", i32 32}
